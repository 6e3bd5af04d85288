//! Answers: `rsp_code`, `rsp_msg`, and a data object digested and encrypted with the profile's first key.
//!
//! Every value is a JSON string, inside and outside. The outer text has no `%` and no `+`: one client URL-decodes it.

use tillgate_core::{
    CloseReason, Currency, FailReason, Order, OrderState, Presentation, Rate, Refund, RefundState, Refusal,
    Timestamp,
};

use super::codes::{self, Reject};
use super::fields::particular;
use super::{Action, Profile, biz_type, sign};
use crate::wire::time;

/// Name and value; what a message has no value for is left out.
pub(super) type Data = Vec<(&'static str, String)>;

/// One whole message. `more` are further fields of the envelope.
pub(super) fn message(
    profile: Option<&Profile>,
    code: &str,
    text: &str,
    more: &[(&str, &str)],
    data: &Data,
) -> String {
    let pairs: Vec<(&str, &str)> = data.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let key = profile.and_then(|profile| profile.keys.first());
    let sealed = key.and_then(|key| sign::seal(&pairs, key));
    let mut envelope = vec![("rsp_code", code), ("rsp_msg", text)];
    envelope.extend(more);
    if let Some(sealed) = &sealed {
        envelope.extend([("data", sealed.data.as_str()), ("md5", sealed.md5.as_str())]);
    }
    outer(&envelope)
}

/// JSON whose text a URL decoder leaves alone.
pub(super) fn outer(envelope: &[(&str, &str)]) -> String {
    sign::plaintext(envelope).replace('%', "\\u0025").replace('+', "\\u002b")
}

fn success(profile: &Profile, data: &Data) -> String {
    message(Some(profile), codes::SUCCESS, codes::SUCCESS_MESSAGE, &[], data)
}

/// The words clients test. A declined payment is `failure`, one whose time ran out `orderclosed`.
pub fn order_status(order: &Order) -> &'static str {
    match &order.state {
        OrderState::Pending if order.presentation == Presentation::None => "init",
        OrderState::Pending | OrderState::Authorized { .. } => "notpay",
        OrderState::Closing(CloseReason::Cancelled | CloseReason::Expired) => "canceling",
        OrderState::Paid { .. } if order.funds.refunded_minor == 0 => "success",
        OrderState::Paid { .. } => refunded_status(order),
        OrderState::Failed { reason: FailReason::Declined(_), .. } => "failure",
        OrderState::Failed { reason: FailReason::Expired, .. }
        | OrderState::Cancelled { .. }
        | OrderState::Voided { .. } => "orderclosed",
    }
}

fn refunded_status(order: &Order) -> &'static str {
    let rest_minor = order.funds.captured_minor - order.funds.refunded_minor;
    if rest_minor > 0 { "partial_refunded" } else { "fully_refunded" }
}

/// The wallet's two letters and our 16 digits; empty while the payer has not chosen a wallet.
pub fn bizpay_order_id(order: &Order) -> String {
    biz_type(order).map_or_else(String::new, |known| format!("{}{:016}", known.prefix, order.number.0))
}

fn paid_at(order: &Order) -> Option<Timestamp> {
    match &order.state {
        OrderState::Paid { at, .. } => Some(*at),
        OrderState::Pending
        | OrderState::Closing(_)
        | OrderState::Authorized { .. }
        | OrderState::Failed { .. }
        | OrderState::Cancelled { .. }
        | OrderState::Voided { .. } => None,
    }
}

/// `Aug 21, 2020 11:44:18 AM` where the merchant is.
fn trade_time(profile: &Profile, at: Option<Timestamp>) -> Option<(&'static str, String)> {
    Some(("trade_time", time::english(at?, &profile.zone)))
}

pub(super) fn total(order: &Order) -> String {
    order.terms.total().minor.to_string()
}

pub(super) fn sale_num(order: &Order) -> Option<(&'static str, String)> {
    Some(("sale_num", order.terms.particulars.get(particular::SALE_NUM)?.clone()))
}

/// A code's text, or the fields for a mini program as JSON.
fn pay_info(presentation: &Presentation) -> String {
    match presentation {
        Presentation::Code(text) => text.clone(),
        Presentation::App(fields) => {
            // WeChat's own name is a word of Java, so the documents have another.
            let documented = |name| if name == "package" { "packageStr" } else { name };
            let renamed = fields.iter().map(|(name, value)| (documented(name.as_str()), value.as_str()));
            sign::plaintext(&renamed.collect::<Vec<_>>())
        }
        Presentation::None | Presentation::Charge | Presentation::Scanned(_) | Presentation::Challenge(_) => {
            String::new()
        }
    }
}

/// PASSIVEPAY: the payment as it stands. PROCESSING while it is open, FAIL with the channel's reason if it was
/// declined, TIMEOUT if it was closed unpaid.
pub fn passive_answer(profile: &Profile, order: &Order) -> String {
    let (code, text) = match &order.state {
        OrderState::Paid { .. } => (codes::SUCCESS, codes::SUCCESS_MESSAGE),
        OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => {
            (codes::PROCESSING, "waiting for the payer")
        }
        OrderState::Failed { reason: FailReason::Declined(reason), .. } if reason.is_empty() => {
            (codes::FAIL, "declined")
        }
        OrderState::Failed { reason: FailReason::Declined(reason), .. } => (codes::FAIL, reason.as_str()),
        OrderState::Failed { reason: FailReason::Expired, .. } => {
            (codes::TIMEOUT, "the payer did not pay in time")
        }
        OrderState::Cancelled { .. } | OrderState::Voided { .. } => (codes::FAIL, "the order was closed"),
    };
    let payer = match &order.state {
        OrderState::Paid { payer, .. } => payer.clone(),
        OrderState::Pending
        | OrderState::Closing(_)
        | OrderState::Authorized { .. }
        | OrderState::Failed { .. }
        | OrderState::Cancelled { .. }
        | OrderState::Voided { .. } => String::new(),
    };
    let status = match order_status(order) {
        // The code is being charged from the first moment on.
        "init" => "notpay",
        status => status,
    };
    let mut data: Data = vec![
        ("order_status", status.to_owned()),
        ("order_id", order.reference.clone()),
        ("bizpay_order_id", bizpay_order_id(order)),
        ("buyer_login_id", payer.clone()),
        ("buyer_logon_id", payer),
        ("total_amount", total(order)),
        ("receive_amount", total(order)),
        ("pay_amount", total(order)),
        ("exchange_rate", order.terms.payer_rate.to_string()),
    ];
    data.extend(trade_time(profile, paid_at(order)));
    message(Some(profile), code, text, &[], &data)
}

/// ACTIVEPAY. An order without a code to show is our fault.
pub fn active_answer(profile: &Profile, order: &Order) -> String {
    let Presentation::Code(text) = &order.presentation else { return fault_answer(Some(profile)) };
    let data = vec![
        ("code_url", text.clone()),
        ("order_id", order.reference.clone()),
        ("bizpay_order_id", bizpay_order_id(order)),
    ];
    success(profile, &data)
}

/// MAPPPAY. An order without fields for the mini program is our fault.
pub fn mapp_answer(profile: &Profile, order: &Order) -> String {
    let Presentation::App(_) = &order.presentation else { return fault_answer(Some(profile)) };
    let data = vec![
        ("payInfo", pay_info(&order.presentation)),
        ("merchant_id", profile.merchant_id.clone()),
        ("order_id", order.reference.clone()),
        ("amount", order.terms.amount.minor.to_string()),
        ("bizpay_order_id", bizpay_order_id(order)),
    ];
    success(profile, &data)
}

fn beijing(at: Timestamp) -> String {
    time::compact(at, time::BEIJING_HOURS)
}

/// PREPAY_INIT. `page_url` is the order's page at our public address.
pub fn prepay_init_answer(profile: &Profile, order: &Order, page_url: &str) -> String {
    let data = vec![
        ("payinfo", page_url.to_owned()),
        ("payInfo", page_url.to_owned()),
        ("expire_time", beijing(order.terms.expires_at)),
        ("prepay_order_id", order.reference.clone()),
    ];
    success(profile, &data)
}

/// PREPAY_QUERY: the page's order, in the words of its document. Amount and tip stand apart.
pub fn prepay_query_answer(profile: &Profile, order: &Order) -> String {
    let terms = &order.terms;
    let status = match &order.state {
        OrderState::Paid { .. } => "SUCCESS",
        OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => "PROCESSING",
        OrderState::Failed { .. } | OrderState::Cancelled { .. } | OrderState::Voided { .. } => "ORDERCLOSE",
    };
    let mut data: Data = vec![
        ("rspCode", codes::SUCCESS.to_owned()),
        ("rspMsg", codes::SUCCESS_MESSAGE.to_owned()),
        ("merchant_id", profile.merchant_id.clone()),
        ("amount", terms.amount.minor.to_string()),
        ("tip", terms.tip_minor.to_string()),
        ("status", status.to_owned()),
        ("order_status", order_status(order).to_owned()),
        ("prepay_order_id", order.reference.clone()),
        ("order_id", order.reference.clone()),
        ("currency_type", terms.amount.currency.code().to_owned()),
        ("exchange_rate", terms.payer_rate.to_string()),
        ("create_time", beijing(terms.created_at)),
        ("expire_time", beijing(terms.expires_at)),
        ("operator_id", terms.operator.clone()),
        ("remarks", terms.description.clone()),
        ("bizpay_order_id", bizpay_order_id(order)),
    ];
    data.extend(paid_at(order).map(|at| ("finish_time", beijing(at))));
    data.extend(biz_type(order).map(|known| ("biz_type", known.word.to_owned())));
    for name in [particular::SALE_NUM, particular::SHOP_ID, particular::EMAIL] {
        data.extend(terms.particulars.get(name).map(|value| (name, value.clone())));
    }
    success(profile, &data)
}

fn status_data(profile: &Profile, order: &Order) -> Data {
    let is_payable = order.state == OrderState::Pending;
    let mut data: Data = vec![
        ("order_id", order.reference.clone()),
        ("bizpay_order_id", bizpay_order_id(order)),
        ("total_amount", total(order)),
        ("refund_fee", order.funds.refunded_minor.to_string()),
        ("order_status", order_status(order).to_owned()),
        ("tip", order.terms.tip_minor.to_string()),
        ("exchange_rate", order.terms.payer_rate.to_string()),
        ("payInfo", if is_payable { pay_info(&order.presentation) } else { String::new() }),
        ("return_code", codes::SUCCESS.to_owned()),
    ];
    data.extend(trade_time(profile, paid_at(order)));
    data
}

/// STATUS_QUERY of an order. SUCCESS says that it was found; how it stands says `order_status`.
pub fn status_answer(profile: &Profile, order: &Order) -> String {
    success(profile, &status_data(profile, order))
}

fn refund_data(profile: &Profile, order: &Order, refund: &Refund) -> Data {
    let (status, done_at) = match &refund.state {
        RefundState::Requested => ("init", None),
        RefundState::Succeeded { at, .. } => (refunded_status(order), Some(*at)),
        RefundState::Failed { .. } => ("failure", None),
    };
    let mut data: Data = vec![
        ("order_id", refund.reference.clone().unwrap_or_default()),
        ("ori_order_id", order.reference.clone()),
        ("refund_amt", refund.amount_minor.to_string()),
        ("order_status", status.to_owned()),
        ("bizpay_order_id", bizpay_order_id(order)),
    ];
    data.extend(trade_time(profile, done_at));
    data
}

/// REFUND: SUCCESS once the money has gone back, PROCESSING while that is open, FAIL if it was declined.
pub fn refund_answer(profile: &Profile, order: &Order, refund: &Refund) -> String {
    let (code, text) = match &refund.state {
        RefundState::Requested => (codes::PROCESSING, "the refund is under way"),
        RefundState::Succeeded { .. } => (codes::SUCCESS, codes::SUCCESS_MESSAGE),
        RefundState::Failed { reason, .. } if reason.is_empty() => (codes::FAIL, "declined"),
        RefundState::Failed { reason, .. } => (codes::FAIL, reason.as_str()),
    };
    message(Some(profile), code, text, &[], &refund_data(profile, order, refund))
}

/// STATUS_QUERY of a refund: the same object, but SUCCESS says only that it was found.
pub fn refund_status_answer(profile: &Profile, order: &Order, refund: &Refund) -> String {
    let mut data = refund_data(profile, order, refund);
    data.push(("return_code", codes::SUCCESS.to_owned()));
    success(profile, &data)
}

/// EX_RATE_QUERY: yuan for one unit, times 10^8.
pub fn rate_answer(profile: &Profile, currency: Currency, rate: Rate) -> String {
    let data = vec![("feeType", currency.code().to_owned()), ("rate", rate.e8().to_string())];
    success(profile, &data)
}

/// The engine's no. `order_id` is the number the request gave, empty if it gave none. `order` is the one it was
/// refused for, as far as it is known: the answer to a repeat of a paid order says how that one stands.
pub fn refusal_answer(
    profile: &Profile,
    action: Action,
    refusal: &Refusal,
    order_id: &str,
    order: Option<&Order>,
) -> String {
    let reject = codes::refusal(action, refusal);
    let mut data = reject_data(&reject, order_id);
    if let Some(order) = order.filter(|_| reject.code == codes::ORDER_PAID) {
        data.retain(|(name, _)| *name != "order_id");
        data.extend(status_data(profile, order));
    }
    message(Some(profile), reject.code, &reject.message, &[], &data)
}

fn reject_data(reject: &Reject, order_id: &str) -> Data {
    let mut data: Data = vec![("rsp_code", reject.code.to_owned()), ("rsp_msg", reject.message.clone())];
    if !order_id.is_empty() {
        data.push(("order_id", order_id.to_owned()));
    }
    data
}

/// With a data object if the sender has been recognised (`profile` as [`super::Opened::answering`] gives it), but
/// never for [`codes::PARAM_INVALID`].
pub fn reject_answer(profile: Option<&Profile>, reject: &Reject) -> String {
    let profile = profile.filter(|_| !reject.is_uniform());
    message(profile, reject.code, &reject.message, &[], &reject_data(reject, &reject.order_id))
}

/// SYSTEM_ERROR, our fault; what it was is in our log.
pub fn fault_answer(profile: Option<&Profile>) -> String {
    let text = "internal error, ask with STATUS_QUERY before you try again";
    let data = vec![("rsp_code", codes::SYSTEM_ERROR.to_owned()), ("rsp_msg", text.to_owned())];
    message(profile, codes::SYSTEM_ERROR, text, &[], &data)
}
