//! The fields of each answer, as data.

use crate::codepay::Method;

/// A field of an answer.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) is_required: bool,
}

const fn always(name: &'static str, about: &'static str) -> Row {
    Row { name, about, is_required: true }
}

const fn maybe(name: &'static str, about: &'static str) -> Row {
    Row { name, about, is_required: false }
}

const TRANS_NO: Row = always("trans_no", "Our number of the transaction.");
const ORDER_NO: Row = always("merchant_order_no", "The merchant's number.");
const TRANS_TYPE: Row = always("trans_type", "As in the request.");
const STATUS: Row = always(
    "trans_status",
    "9 created, 0 processing, 1 closed or failed, 2 successful, 3 void or cancelled, 4 captured.",
);
const CURRENCY: Row = always("price_currency", "ISO 4217.");
const ORDER_AMOUNT: Row = always("order_amount", "Decimal text without zeros at its end, like all amounts.");
const FEE: Row = always("trans_fee_c", "The fee.");
const VAT: Row = always("vat_amount", "VAT.");
const END_TIME: Row = maybe("trans_end_time", "`yyyy-MM-dd HH:mm:ss`, UTC; once it has ended.");
const PAY_METHOD: Row = maybe("pay_method_id", "With what.");
const ACCOUNT: Row =
    maybe("pay_user_account_id", "The card, masked `411111****1111`, or the payer's account.");
const REF_NO: Row = maybe("ref_no", "Retrieval reference number.");
const AUTH_NO: Row = maybe("auth_no", "Authorization code.");
const CHANNEL_NO: Row = maybe("pay_channel_trans_no", "The channel's number.");

const SENT: &[Row] = &[
    always("message_id", "The message to the terminal."),
    TRANS_NO,
    maybe("terminal_online_status", "Of wisehub.cloud.pay.order: `online` or `offline`."),
];
pub(super) const ORDER: &[Row] = &[
    ORDER_NO,
    TRANS_NO,
    TRANS_TYPE,
    STATUS,
    CURRENCY,
    ORDER_AMOUNT,
    always("trans_amount", "The order with tip and cashback."),
    maybe("paid_amount", "What was paid; absent before."),
    maybe("tip_amount", "The tip."),
    maybe("cashback_amount", "The cash the payer was given."),
    FEE,
    VAT,
    always("discount_bpc", "Discount of the channel."),
    always("discount_bmopc", "Discount of the merchant."),
    END_TIME,
    maybe("store_no", "As sent."),
    maybe("terminal_sn", "The terminal."),
    maybe("pay_scenario", "How it was paid."),
    PAY_METHOD,
    ACCOUNT,
    CHANNEL_NO,
    maybe("pay_platform_trans_no", "The wallet's number."),
    maybe("entry_model", "1 swipe, 2 chip, 3 contactless, 4 manual."),
    REF_NO,
    AUTH_NO,
    maybe("attach", "As sent."),
    maybe("trans_error_code", "With trans_status 1: one of `x-terminal-codes` or the channel's code."),
    maybe("trans_error_msg", "Its text."),
    maybe("electron_sign_url", "Where the signature can be seen."),
];
pub(super) const REFUND: &[Row] = &[
    ORDER_NO,
    TRANS_NO,
    TRANS_TYPE,
    STATUS,
    CURRENCY,
    ORDER_AMOUNT,
    always("trans_amount", "The same."),
    FEE,
    VAT,
    END_TIME,
    CHANNEL_NO,
];
const SUBMITTED: &[Row] = &[TRANS_NO, always("trans_amount", "What goes back."), FEE, VAT];
const BATCH: &[Row] = &[
    maybe("count", "Transactions in the batch. Ours."),
    maybe("total_amount", "Their sum, a number. Ours."),
];
const CHECKOUT: &[Row] = &[always("pay_url", "Where the payer's browser goes.")];
const MERCHANT_CHECKOUT: &[Row] = &[
    TRANS_NO,
    STATUS,
    CHANNEL_NO,
    ACCOUNT,
    END_TIME,
    REF_NO,
    PAY_METHOD,
    maybe("redirect_url_3dsecure", "Where the payer's browser goes for 3-D Secure; trans_status is then 0."),
];
const RESP_MSG: Row = always("resp_msg", "The same with its words: `[000]APPROVAL`.");
const RESP_CODE: Row = always("resp_code", "`000`: approved. Otherwise the issuer's code.");
const TRANS_TIME: Row = always("trans_time", "When that was, `yyyy-MM-dd HH:mm:ss`, UTC.");
const PAYMENT: &[Row] = &[RESP_MSG, RESP_CODE, TRANS_NO, AUTH_NO, TRANS_TIME, STATUS];
const INCREMENT: &[Row] = &[RESP_MSG, RESP_CODE, AUTH_NO, TRANS_TIME, STATUS];
const PAYMENT_TIP: &[Row] = &[TRANS_TIME, STATUS];
const BATCHES: &[Row] = &[
    always("count", "Transactions in the batches."),
    maybe("total_amount", "Their sum, a number; absent if they are of several currencies."),
];
pub(super) const CALL_BACK: &[Row] = &[
    always("app_id", "The app."),
    always("merchant_no", "The merchant."),
    always("method", "What made the transaction."),
    always("format", "JSON."),
    always("charset", "UTF-8."),
    always("sign_type", "RSA2."),
    always("version", "1.0."),
    always("timestamp", "Milliseconds since 1970, 13 digits."),
    always("sign", "By the gateway's key."),
];

pub(super) fn answer_rows(method: Method) -> &'static [Row] {
    match method {
        Method::PayOrder | Method::PayClose | Method::Revoke => SENT,
        Method::OrderQuery => ORDER,
        Method::RefundQuery => REFUND,
        Method::RefundSubmit => SUBMITTED,
        Method::BatchClose => BATCH,
        Method::TipAdjustment => &[],
        Method::Checkout => CHECKOUT,
        Method::MerchantCheckout => MERCHANT_CHECKOUT,
        Method::PaymentCapture | Method::PaymentCancel | Method::PaymentRefund | Method::PaymentRecall => {
            PAYMENT
        }
        Method::PaymentIncrement => INCREMENT,
        Method::PaymentTip => PAYMENT_TIP,
        Method::OpenBatchClose | Method::OpenBatch => BATCHES,
    }
}
