//! Telling the merchant that an order was paid: the callback, his receipt, when to try again, and the redirect that
//! brings the payer's browser back to his shop.

use tillgate_core::{Order, OrderState};

use super::encode::{self, bizpay_order_id, order_status, sale_num};
use super::{Profile, codes};
use crate::wire::json::{Value, read_object};
use crate::wire::query::append_query;
use crate::wire::time;

/// A POST. The same payment gives the same bytes, whatever was refunded since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub url: String,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

/// Of a paid order (`Payment Web API`, Call-Back Message). The caller checks that `notify_url` is not empty; a
/// PASSIVEPAY has none.
pub fn notification(profile: &Profile, order: &Order) -> Notification {
    let (code, text, status) = match &order.state {
        OrderState::Paid { .. } => (codes::SUCCESS, codes::SUCCESS_MESSAGE, "success"),
        OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => {
            (codes::PROCESSING, "not paid yet", order_status(order))
        }
        OrderState::Failed { .. } | OrderState::Cancelled { .. } | OrderState::Voided { .. } => {
            (codes::FAIL, "not paid", order_status(order))
        }
    };
    let finished_at = order.state.ended_at().unwrap_or(order.terms.created_at);
    let mut data = vec![
        ("amount", order.terms.amount.minor.to_string()),
        ("bizpay_order_id", bizpay_order_id(order)),
        ("tip", order.terms.tip_minor.to_string()),
        ("merchant_id", profile.merchant_id.clone()),
        ("order_id", order.reference.clone()),
        ("finish_time", time::compact(finished_at, time::BEIJING_HOURS)),
        ("order_status", status.to_owned()),
        ("exchange_rate", order.terms.payer_rate.to_string()),
    ];
    data.extend(sale_num(order));
    let more = [("merchant_id", profile.merchant_id.as_str())];
    Notification {
        url: order.terms.notify_url.clone(),
        content_type: "application/json",
        body: encode::message(Some(profile), code, text, &more, &data).into_bytes(),
    }
}

/// Whether the merchant's answer is his receipt: any 2xx, unless its JSON (or the bare word) says FAIL.
pub fn acknowledged(status: u16, body: &[u8]) -> bool {
    let is_fail = |word: &[u8]| word.trim_ascii().eq_ignore_ascii_case(codes::FAIL.as_bytes());
    let says_fail = match read_object(body) {
        Ok(fields) => fields.iter().any(|field| {
            field.name == "rsp_code" && matches!(&field.value, Value::Text(word) if is_fail(word.as_bytes()))
        }),
        Err(_) => is_fail(body),
    };
    (200..300).contains(&status) && !says_fail
}

/// Seconds until the next try after `attempt` tries; `None`: no more by itself.
pub fn retry_delay_s(attempt: u32) -> Option<i64> {
    const DELAYS_S: [i64; 8] = [15, 60, 300, 1_800, 3_600, 7_200, 21_600, 43_200];
    match attempt {
        0 => Some(0),
        _ => DELAYS_S.get(attempt as usize - 1).copied(),
    }
}

/// Where our page sends the browser; `None` without a `redirect_url`. The URL's own query stays in front.
///
/// `trade_status` is the documents' `Trade_Finished` only if the order is paid. The documents have no word for the
/// rest: we say `Trade_Closed` of an order that can no longer be paid and `Trade_Pending` of one that is open, which
/// our page does not send back yet.
pub fn return_location(order: &Order) -> Option<String> {
    let status = match &order.state {
        OrderState::Paid { .. } => "Trade_Finished",
        OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => "Trade_Pending",
        OrderState::Failed { .. } | OrderState::Cancelled { .. } | OrderState::Voided { .. } => {
            "Trade_Closed"
        }
    };
    let fields = [
        ("total_fee", &*encode::total(order)),
        ("trade_no", &order.number.to_string()),
        ("out_trade_no", &order.reference),
        ("trade_status", status),
    ];
    append_query(&order.terms.return_url, &fields)
}
