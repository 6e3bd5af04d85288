//! What the simulated wallets' answers and callbacks mean. `None` is for words that are not understood.

use tillgate_core::{Currency, Flow, Money, Outcome, Presentation, Timestamp};

use crate::{Answer, Call, Callback, WECHAT};

use super::mini_program::{self, Prepaid};
use super::service;
use super::wire::Fields;

/// An answer that was understood.
pub enum Read {
    Whole(Answer),
    /// The payment is known and Alipay's mini app may pay it; its fields are ours to make.
    App,
    /// The same for a WeChat mini program.
    MiniProgram(Prepaid),
}

/// Whether the answer speaks of this call: service, trade, refund and amounts.
pub fn is_about(fields: &Fields<'_>, call: &Call) -> bool {
    let payment = call.payment();
    let same_refund = match call {
        Call::Refund(_, refund) | Call::QueryRefund(_, refund) => {
            fields.get("refund_no") == refund.refund_no
                && fields.get("refund_amount") == refund.amount.to_string()
        }
        Call::Present(_) | Call::Charge(_) | Call::Query(_) | Call::Close(_) => true,
    };
    same_refund
        && fields.get("service") == service(call)
        && fields.get("out_trade_no") == payment.trade_no
        && fields.get("amount") == payment.amount.to_string()
        && fields.get("currency") == payment.amount.currency.code()
}

pub fn read(fields: &Fields<'_>, call: &Call) -> Option<Read> {
    let status = fields.get("status");
    let answer = match call {
        Call::Present(payment) if status == "presented" => match payment.flow {
            Flow::MiniApp if payment.method.as_str() == WECHAT => {
                return mini_program::read(fields, payment).map(Read::MiniProgram);
            }
            Flow::MiniApp => return Some(Read::App),
            Flow::CardPresent | Flow::CardOnline => return None,
            Flow::MerchantPresented | Flow::CustomerPresented | Flow::HostedPage => {
                Answer::Presented(Presentation::Code(present(fields, "code_url")?))
            }
        },
        Call::Query(_) | Call::QueryRefund(..) if status == "not_found" => Answer::NeverHeardOf,
        Call::Present(_) | Call::Charge(_) | Call::Query(_) | Call::Close(_) => {
            Answer::Outcome(outcome(fields, "paid")?)
        }
        Call::Refund(..) | Call::QueryRefund(..) => Answer::Outcome(outcome(fields, "refunded")?),
    };
    Some(Read::Whole(answer))
}

pub fn callback(fields: &Fields<'_>) -> Option<Callback> {
    let outcome = (fields.get("service") == "notify").then(|| outcome(fields, "paid")).flatten()?;
    let currency = Currency::from_code(fields.get("currency"))?;
    let amount = Money::parse_decimal(fields.get("amount"), currency).ok()?;
    Some(Callback { trade_no: present(fields, "out_trade_no")?, amount, outcome })
}

/// `done` is the word for money that has moved.
fn outcome(fields: &Fields<'_>, done: &str) -> Option<Outcome> {
    match fields.get("status") {
        status if status == done => Some(Outcome::Paid {
            channel_ref: present(fields, "trade_no")?,
            payer: present(fields, "payer")?,
            at: Timestamp::from_millis(fields.get("paid_at_ms").parse().ok().filter(|ms| *ms >= 0)?),
        }),
        "declined" | "closed" => Some(Outcome::Declined { reason: present(fields, "reason")? }),
        "pending" => Some(Outcome::Pending),
        _ => None,
    }
}

fn present(fields: &Fields<'_>, name: &str) -> Option<String> {
    Some(fields.get(name)).filter(|value| !value.is_empty()).map(str::to_owned)
}
