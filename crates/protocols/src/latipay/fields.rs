//! The fields of each route as data: decoding, the check of the signed text and the OpenAPI document all read these.

use super::Route;

/// What a value must be. Each kind has its one rule in `decode` and its schema in `openapi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    UserId,
    WalletId,
    Amount,
    Reference,
    /// The number of an order that should exist: anything else is simply not found.
    KnownReference,
    Method,
    ReturnUrl,
    CallbackUrl,
    Ip,
    Version,
    ProductName,
    HostType,
    PayCode,
    /// Must agree with the wallet's.
    Currency,
    OrderId,
    RefundAmount,
    Note,
    Wait,
    Nonce,
    Signature,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Absent, null and empty are refused (204).
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
    /// Document and section.
    pub source: &'static str,
}

impl FieldSpec {
    pub fn is_required(&self) -> bool {
        self.presence == Presence::Required
    }
}

const fn required(
    name: &'static str,
    kind: Kind,
    max: usize,
    source: &'static str,
    about: &'static str,
) -> FieldSpec {
    FieldSpec { name, kind, presence: Presence::Required, max, about, source }
}

const fn optional(
    name: &'static str,
    kind: Kind,
    max: usize,
    source: &'static str,
    about: &'static str,
) -> FieldSpec {
    FieldSpec { name, kind, presence: Presence::Optional, max, about, source }
}

pub const SIGNATURE: &str = "signature";
pub const USER_ID: &str = "user_id";

const MHO_CREATE: &str = "Merchant Hosted Offline, 1 Latipay Transaction Interface";
const MHO_PAY: &str = "Merchant Hosted Offline, 2 Payment Interface";
const MHO_QUERY: &str = "Merchant Hosted Offline, 4 Payment Result Interface";
const MHO_REFUND: &str = "Merchant Hosted Offline, 5 Refund";
const MHO_CANCEL: &str = "Merchant Hosted Offline, 6 Cancel Transaction";
const BAR_CREATE: &str = "Barcode Payment, 1 Latipay Transaction Interface";
const MINI_CREATE: &str = "Alipay Mini App, 1 Latipay Transaction Interface";
const ONLINE: &str = "Latipay Hosted Online";
const OBSERVED: &str = "seen of real clients";
const OURS: &str = "tillgate";

const ABOUT_USER: &str = "The merchant's user.";
const ABOUT_WALLET: &str = "The merchant's wallet the money goes to; it has one currency.";
const ABOUT_AMOUNT: &str =
    "Decimal amount in the wallet's currency, greater than zero, at most its digits after the point.";
const ABOUT_REFERENCE: &str = "The merchant's number of the order, unique per merchant. A number of a finished order cannot be used again.";
const ABOUT_CALLBACK: &str =
    "Where the result is posted: an absolute http(s) URL without credentials and fragment.";
const ABOUT_RETURN: &str = "Where the payer's browser goes from the hosted page; empty: nowhere.";
const ABOUT_CURRENCY: &str = "If sent it must be the wallet's currency.";
const ABOUT_SIGNATURE: &str = "HMAC-SHA256, 64 lower-case hexadecimal digits.";

const TRANSACTION: &[FieldSpec] = &[
    required(USER_ID, Kind::UserId, 64, MHO_CREATE, ABOUT_USER),
    required("wallet_id", Kind::WalletId, 64, MHO_CREATE, ABOUT_WALLET),
    required("amount", Kind::Amount, 32, MHO_CREATE, ABOUT_AMOUNT),
    required("merchant_reference", Kind::Reference, 64, MHO_CREATE, ABOUT_REFERENCE),
    required("payment_method", Kind::Method, 32, MHO_CREATE, "How the payer pays; the wallet must have it."),
    optional("return_url", Kind::ReturnUrl, 512, MHO_CREATE, ABOUT_RETURN),
    required("callback_url", Kind::CallbackUrl, 512, MHO_CREATE, ABOUT_CALLBACK),
    required("ip", Kind::Ip, 45, MHO_CREATE, "The payer's IPv4 or IPv6 address."),
    required("version", Kind::Version, 8, MHO_CREATE, "`2.0`."),
    required("product_name", Kind::ProductName, 256, MHO_CREATE, "What is sold, shown to the payer."),
    optional(
        "host_type",
        Kind::HostType,
        8,
        MHO_CREATE,
        "`1`: the till shows the QR code it fetches from host_url. Absent or empty: host_url is a page that shows it.",
    ),
    optional("currency", Kind::Currency, 8, ONLINE, ABOUT_CURRENCY),
    required(SIGNATURE, Kind::Signature, 64, MHO_CREATE, ABOUT_SIGNATURE),
];

const GATEWAYDATA: &[FieldSpec] =
    &[required("nonce", Kind::Nonce, 50, MHO_PAY, "The nonce of the transaction's answer, still fresh.")];

const QUERY: &[FieldSpec] = &[
    required(
        "merchant_reference",
        Kind::KnownReference,
        64,
        MHO_QUERY,
        "The merchant's number of the order.",
    ),
    required(USER_ID, Kind::UserId, 64, MHO_QUERY, ABOUT_USER),
    optional(
        "is_block",
        Kind::Wait,
        8,
        MHO_QUERY,
        "`1`: answer when the order is final, at the latest after 180 s.",
    ),
    required(SIGNATURE, Kind::Signature, 64, MHO_QUERY, ABOUT_SIGNATURE),
];

const BARCODE: &[FieldSpec] = &[
    required(USER_ID, Kind::UserId, 64, BAR_CREATE, ABOUT_USER),
    required("wallet_id", Kind::WalletId, 64, BAR_CREATE, ABOUT_WALLET),
    required("amount", Kind::Amount, 32, BAR_CREATE, ABOUT_AMOUNT),
    optional(
        "merchant_reference",
        Kind::Reference,
        64,
        BAR_CREATE,
        "The merchant's number of the order; if absent one is made and returned.",
    ),
    required("pay_code", Kind::PayCode, 32, BAR_CREATE, "The digits of the code the payer's wallet shows."),
    optional("callback_url", Kind::CallbackUrl, 512, OURS, ABOUT_CALLBACK),
    optional("currency", Kind::Currency, 8, OURS, ABOUT_CURRENCY),
    required(SIGNATURE, Kind::Signature, 64, BAR_CREATE, ABOUT_SIGNATURE),
];

const MINI_ALIPAY: &[FieldSpec] = &[
    required(USER_ID, Kind::UserId, 64, MINI_CREATE, ABOUT_USER),
    required("wallet_id", Kind::WalletId, 64, MINI_CREATE, ABOUT_WALLET),
    required("amount", Kind::Amount, 32, MINI_CREATE, ABOUT_AMOUNT),
    required("callback_url", Kind::CallbackUrl, 512, MINI_CREATE, ABOUT_CALLBACK),
    required("merchant_reference", Kind::Reference, 64, MINI_CREATE, ABOUT_REFERENCE),
    required("ip", Kind::Ip, 45, MINI_CREATE, "The payer's IPv4 or IPv6 address."),
    required("version", Kind::Version, 8, MINI_CREATE, "`2.0`."),
    required("product_name", Kind::ProductName, 256, MINI_CREATE, "What is sold, shown to the payer."),
    optional(
        "payment_method",
        Kind::Method,
        32,
        MINI_CREATE,
        "`alipay`, also if absent; it may be left unsigned.",
    ),
    optional("currency", Kind::Currency, 8, OURS, ABOUT_CURRENCY),
    required(SIGNATURE, Kind::Signature, 64, MINI_CREATE, ABOUT_SIGNATURE),
];

const REFUND: &[FieldSpec] = &[
    required(USER_ID, Kind::UserId, 64, MHO_REFUND, ABOUT_USER),
    required("order_id", Kind::OrderId, 64, MHO_REFUND, "Our number of the order, with or without its `S`."),
    required(
        "refund_amount",
        Kind::RefundAmount,
        32,
        MHO_REFUND,
        "Decimal amount in the order's currency, greater than zero, at most what is left of it.",
    ),
    optional(
        "reference",
        Kind::Note,
        256,
        MHO_REFUND,
        "Notes about this refund. The same order, amount and reference again is the same refund: 562, no money moves.",
    ),
    required(SIGNATURE, Kind::Signature, 64, MHO_REFUND, ABOUT_SIGNATURE),
];

const CANCEL: &[FieldSpec] = &[
    required(USER_ID, Kind::UserId, 64, MHO_CANCEL, ABOUT_USER),
    required(
        "merchant_reference",
        Kind::KnownReference,
        64,
        MHO_CANCEL,
        "The merchant's number of the order.",
    ),
    required(SIGNATURE, Kind::Signature, 64, MHO_CANCEL, ABOUT_SIGNATURE),
];

const DETAIL: &[FieldSpec] = &[
    required("wallet_id", Kind::WalletId, 64, OBSERVED, "The wallet asked about."),
    required(USER_ID, Kind::UserId, 64, OBSERVED, ABOUT_USER),
    required(SIGNATURE, Kind::Signature, 64, OBSERVED, ABOUT_SIGNATURE),
];

/// The fields of a request in the order of its document; ours and observed ones last.
pub fn of(route: Route) -> &'static [FieldSpec] {
    match route {
        Route::Transaction => TRANSACTION,
        Route::Gatewaydata => GATEWAYDATA,
        Route::Query => QUERY,
        Route::Barcode => BARCODE,
        Route::MiniAlipay => MINI_ALIPAY,
        Route::Refund => REFUND,
        Route::Cancel => CANCEL,
        Route::Detail => DETAIL,
    }
}

/// Whether a route refuses fields it does not know.
///
/// Requests of every route, and our gatewaydata answer, are signed by one rule with one key. Who may bring further
/// fields along could pass the text of a new order, which has a `merchant_reference` and a `user_id`, for a signed
/// cancel. So unknown fields are allowed only where an order is made, for there `amount` is required: it keeps those
/// texts apart from all closed routes', whose first name is another.
pub fn is_closed(route: Route) -> bool {
    match route {
        Route::Query | Route::Refund | Route::Cancel | Route::Detail => true,
        Route::Transaction | Route::Barcode | Route::MiniAlipay | Route::Gatewaydata => false,
    }
}

/// Two fields every gatewaydata answer has, before any value others can choose. No request has both.
const ANSWER_MARKS: [&str; 2] = ["amount_cny", "currency_rate"];

/// What is said of a [`stray`] field.
pub const NOT_A_FIELD: &str = "is not a field of this request";

/// A field that must not be among `names`.
pub fn stray<'n>(route: Route, mut names: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    if is_closed(route) {
        return names.find(|name| find(route, name).is_none());
    }
    let [mark, other] = ANSWER_MARKS;
    names.clone().find(|name| *name == mark).filter(|_| names.any(|name| name == other))
}

/// The row of a field, if the route knows it.
pub fn find(route: Route, name: &str) -> Option<&'static FieldSpec> {
    of(route).iter().find(|spec| spec.name == name)
}

/// Where answers and notifications are documented, for `openapi`.
pub mod source {
    pub const CREATE: &str = super::MHO_CREATE;
    pub const PAY: &str = super::MHO_PAY;
    pub const NOTIFY: &str = "Merchant Hosted Offline, 3 Payment Result Asynchronous Notification";
    pub const QUERY: &str = super::MHO_QUERY;
    pub const REFUND: &str = super::MHO_REFUND;
    pub const CANCEL: &str = super::MHO_CANCEL;
    pub const BARCODE: &str = super::BAR_CREATE;
    pub const MINI: &str = super::MINI_CREATE;
    pub const ONLINE: &str = super::ONLINE;
    pub const OBSERVED: &str = super::OBSERVED;
}
