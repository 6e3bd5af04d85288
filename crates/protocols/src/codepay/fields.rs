//! The fields of the envelope and of each method, as data: decoding, the check of the signed text and the OpenAPI
//! document read these.

use super::Method;

mod online;

/// What a value must be. Each kind has its one rule in `draft` (the envelope's in `decode`) and its schema in `openapi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    AppId,
    Format,
    Charset,
    SignType,
    Sign,
    Version,
    Timestamp,
    Method,
    MerchantNo,
    /// A text kept with the order: 1 to `max` characters, none of them a control character.
    Text,
    /// Returned unaltered, whatever it is.
    Attach,
    TerminalSn,
    Application,
    Scenario,
    PayMethod,
    CardType,
    Currency,
    /// Decimal, greater than zero.
    Amount,
    /// Decimal, zero allowed.
    ExtraAmount,
    TransType,
    /// The number of a new order or refund.
    NewOrderNo,
    /// The number of one that should exist: anything else is simply not found.
    KnownOrderNo,
    KnownTransNo,
    NotifyUrl,
    Expires,
    QueueMode,
    Flag,
    ReceiptPrint,
    ApiVersion,
    ReturnUrl,
    Ip,
    Longitude,
    Latitude,
    /// A card, encrypted: [`SealedCard`](super::SealedCard).
    Card,
    EncType,
    /// JSON text of an [`Address`](tillgate_core::Address).
    Address,
    /// JSON text of an [`OrderDetail`](super::OrderDetail).
    OrderDetail,
    /// JSON text of a list of serial numbers.
    Terminals,
}

impl Kind {
    /// Whether it may come as an object or a list, besides JSON text.
    pub fn may_be_nested(self) -> bool {
        matches!(self, Self::Card | Self::Address | Self::OrderDetail | Self::Terminals)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Absent, null and empty are refused.
    Required,
    Optional,
}

/// One row of a document's table.
#[derive(Debug)]
pub struct FieldSpec {
    pub name: &'static str,
    pub kind: Kind,
    pub presence: Presence,
    /// Largest length in characters (URLs: bytes).
    pub max: usize,
    pub about: &'static str,
}

impl FieldSpec {
    pub fn is_required(&self) -> bool {
        self.presence == Presence::Required
    }
}

const fn required(name: &'static str, kind: Kind, max: usize, about: &'static str) -> FieldSpec {
    FieldSpec { name, kind, presence: Presence::Required, max, about }
}

const fn optional(name: &'static str, kind: Kind, max: usize, about: &'static str) -> FieldSpec {
    FieldSpec { name, kind, presence: Presence::Optional, max, about }
}

pub const APP_ID: &str = "app_id";
pub const SIGN: &str = "sign";
pub const SIGN_TYPE: &str = "sign_type";
pub const METHOD: &str = "method";
pub const TIMESTAMP: &str = "timestamp";
pub(super) const CARD: &str = "card";
pub(super) const ENC_TYPE: &str = "enc_type";
pub(super) const BILLING: &str = "billing_address";
pub(super) const ORDER_DETAIL: &str = "order_detail";
pub(super) const TERMINALS: &str = "terminal_sn_list";

/// Before the fields of every method. What has no `method` of its own needs `app_id` and `sign` only.
pub const ENVELOPE: &[FieldSpec] = &[
    required(APP_ID, Kind::AppId, 32, "The app: who asks."),
    required("format", Kind::Format, 4, "`JSON`."),
    required("charset", Kind::Charset, 8, "`UTF-8`."),
    required(SIGN_TYPE, Kind::SignType, 8, "`RSA2`, or `NONE` with Basic authentication; fixed per app."),
    optional(
        SIGN,
        Kind::Sign,
        1_024,
        "SHA256withRSA of the signed text, base64; required unless the app uses Basic authentication.",
    ),
    required("version", Kind::Version, 16, "`1.0`."),
    required(
        TIMESTAMP,
        Kind::Timestamp,
        13,
        "Milliseconds since 1970, 13 digits, at most 15 minutes from our time; a number or a text.",
    ),
    required(METHOD, Kind::Method, 32, "What is wanted."),
];

const MERCHANT_NO: FieldSpec =
    required("merchant_no", Kind::MerchantNo, 32, "The merchant; one of the app's.");
const STORE_NO: FieldSpec = optional("store_no", Kind::Text, 32, "The store.");
const TERMINAL_SN: FieldSpec = required("terminal_sn", Kind::TerminalSn, 32, "The terminal's serial number.");
const APPLICATION: FieldSpec =
    required("message_receiving_application", Kind::Application, 32, "`CodePay Register`.");
const NOTIFY_URL: FieldSpec = optional(
    "notify_url",
    Kind::NotifyUrl,
    256,
    "Where the result is posted: an absolute http(s) URL without credentials and fragment.",
);
const KNOWN_ORDER_NO: FieldSpec =
    required("merchant_order_no", Kind::KnownOrderNo, 32, "The merchant's number of the order.");

const PAY_ORDER: &[FieldSpec] = &[
    MERCHANT_NO,
    STORE_NO,
    TERMINAL_SN,
    APPLICATION,
    optional("pay_scenario", Kind::Scenario, 32, "How it is paid; `SWIPE_CARD` if absent."),
    optional("pay_method_id", Kind::PayMethod, 32, "With what; required for the two QR scenarios."),
    optional("card_type", Kind::CardType, 1, "1 debit, 2 credit, 3 EBT, 4 gift."),
    required("price_currency", Kind::Currency, 8, "ISO 4217 code: `USD`."),
    required(
        "order_amount",
        Kind::Amount,
        32,
        "Decimal in units of the currency (`12.34`), a number or a text, greater than zero.",
    ),
    optional("tip_amount", Kind::ExtraAmount, 32, "Tip on top of the amount; decimal, zero allowed."),
    optional(
        "on_screen_tip",
        Kind::Flag,
        5,
        "Whether the terminal asks for a tip; only trans_type 1, 3 and 4. `false` if absent.",
    ),
    optional(
        "cashback_amount",
        Kind::ExtraAmount,
        32,
        "Cash for the payer on top of the amount; only trans_type 11.",
    ),
    required(
        "trans_type",
        Kind::TransType,
        2,
        "1 sale, 2 void, 3 refund, 4 authorization, 6 completion, 11 sale with cashback.",
    ),
    required(
        "merchant_order_no",
        Kind::NewOrderNo,
        32,
        "The merchant's number of the order: letters, digits and `_-|*@`, unique per merchant.",
    ),
    optional(
        "orig_merchant_order_no",
        Kind::KnownOrderNo,
        32,
        "The original order's number; required for trans_type 2, 3 and 6.",
    ),
    required("description", Kind::Text, 128, "What is sold."),
    optional("attach", Kind::Attach, 128, "Returned unaltered in queries and callbacks."),
    NOTIFY_URL,
    optional(
        "expires",
        Kind::Expires,
        6,
        "Seconds until the order can no longer be paid, 1 to 604800. If absent the gateway's own time counts.",
    ),
    optional("order_queue_mode", Kind::QueueMode, 8, "`FIFO` (if absent) or `FILO`. Deprecated."),
    optional(
        "reject_trade_when_terminal_offline",
        Kind::Flag,
        5,
        "Whether to refuse when the terminal is not connected. `false` if absent.",
    ),
    optional(
        "required_terminal_authentication",
        Kind::Flag,
        5,
        "Whether a manager must allow a refund or a void on the terminal. `false` if absent.",
    ),
    optional(
        "on_screen_signature",
        Kind::Flag,
        5,
        "Whether the payer signs on the screen. `true` if absent.",
    ),
    optional(
        "receipt_print_mode",
        Kind::ReceiptPrint,
        1,
        "0 none (if absent), 1 merchant, 2 customer, 3 both.",
    ),
    optional(
        "confirm_on_terminal",
        Kind::Flag,
        5,
        "Whether the cashier confirms on the terminal first. `false` if absent.",
    ),
    required("api_version", Kind::ApiVersion, 8, "`2.0`."),
];

const PAY_CLOSE: &[FieldSpec] = &[
    MERCHANT_NO,
    STORE_NO,
    TERMINAL_SN,
    KNOWN_ORDER_NO,
    optional("description", Kind::Text, 128, "Why it is closed."),
    APPLICATION,
];

const ORDER_QUERY: &[FieldSpec] = &[
    MERCHANT_NO,
    optional(
        "merchant_order_no",
        Kind::KnownOrderNo,
        32,
        "The merchant's number; this or trans_no, and trans_no counts if both are sent.",
    ),
    optional("trans_no", Kind::KnownTransNo, 32, "Our number of the transaction."),
];

const REFUND_SUBMIT: &[FieldSpec] = &[
    MERCHANT_NO,
    optional(
        "orig_merchant_order_no",
        Kind::KnownOrderNo,
        32,
        "The paid order's number; this or orig_trans_no, and orig_trans_no counts if both are sent.",
    ),
    optional("orig_trans_no", Kind::KnownTransNo, 32, "Our number of the paid transaction."),
    required(
        "merchant_order_no",
        Kind::NewOrderNo,
        32,
        "The refund's own number: letters, digits and `_-|*@`, unique per merchant.",
    ),
    optional(
        "price_currency",
        Kind::Currency,
        8,
        "The order's currency; if absent it is meant. The document requires it, its sample lacks it.",
    ),
    optional(
        "order_amount",
        Kind::Amount,
        32,
        "How much goes back; decimal, greater than zero. This or trans_amount is required.",
    ),
    optional(
        "trans_amount",
        Kind::Amount,
        32,
        "The same under the name of the document's sample. If both are sent they must be equal.",
    ),
    required("description", Kind::Text, 64, "Why."),
    NOTIFY_URL,
];

const REVOKE: &[FieldSpec] = &[MERCHANT_NO, KNOWN_ORDER_NO];

const TIP_ADJUSTMENT: &[FieldSpec] = &[
    MERCHANT_NO,
    KNOWN_ORDER_NO,
    required(
        "tip_adjustment_amount",
        Kind::ExtraAmount,
        32,
        "The tip from now on, in the order's currency; decimal, zero allowed.",
    ),
];

const BATCH_CLOSE: &[FieldSpec] = &[MERCHANT_NO, TERMINAL_SN];

/// The fields of a request besides the envelope's, in the order of its document.
pub fn of(method: Method) -> &'static [FieldSpec] {
    match method {
        Method::PayOrder => PAY_ORDER,
        Method::PayClose => PAY_CLOSE,
        Method::OrderQuery | Method::RefundQuery => ORDER_QUERY,
        Method::RefundSubmit => REFUND_SUBMIT,
        Method::Revoke => REVOKE,
        Method::TipAdjustment => TIP_ADJUSTMENT,
        Method::BatchClose => BATCH_CLOSE,
        Method::Checkout => online::CHECKOUT,
        Method::MerchantCheckout => online::MERCHANT_CHECKOUT,
        Method::PaymentCapture => online::CAPTURE,
        Method::PaymentIncrement => online::INCREMENT,
        Method::PaymentCancel => online::CANCEL,
        Method::PaymentRefund => online::REFUND,
        Method::PaymentTip => online::TIP,
        Method::PaymentRecall => online::RECALL,
        Method::OpenBatchClose | Method::OpenBatch => online::BATCH,
    }
}

/// Whether a method cannot do without a field of its table or the envelope's.
pub fn is_required(method: Method, spec: &FieldSpec) -> bool {
    let is_of_envelope = ENVELOPE.iter().any(|known| known.name == spec.name);
    spec.is_required() && (method.has_word() || !is_of_envelope || spec.name == APP_ID)
}

/// The row of a field, if the method knows it.
pub fn find(method: Method, name: &str) -> Option<&'static FieldSpec> {
    ENVELOPE.iter().chain(of(method)).find(|spec| spec.name == name)
}

/// Fields of all answers and callbacks.
const OTHER_NAMES: &[&str] = &[
    "auth_no",
    "code",
    "data",
    "discount_bmopc",
    "discount_bpc",
    "electron_sign_url",
    "entry_model",
    "msg",
    "paid_amount",
    "pay_channel_trans_no",
    "pay_platform_trans_no",
    "pay_user_account_id",
    "psn",
    "ref_no",
    "trans_end_time",
    "trans_error_code",
    "trans_error_msg",
    "trans_fee_c",
    "trans_status",
    "vat_amount",
];

/// Whether any message of the room has such a field. Looks at nothing but the name, so that a signed text has one
/// reading for all methods.
pub(super) fn is_known(name: &str) -> bool {
    OTHER_NAMES.contains(&name)
        || ENVELOPE.iter().any(|spec| spec.name == name)
        || Method::ALL.into_iter().any(|method| of(method).iter().any(|spec| spec.name == name))
}

/// Fields whose value is JSON text.
pub(super) fn is_nested(name: &str) -> bool {
    matches!(name, BILLING | CARD | "data" | ORDER_DETAIL | TERMINALS)
}
