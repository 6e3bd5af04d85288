//! The wallets of the sandbox: Alipay, WeChat Pay and UnionPay behind one JSON interface.
//!
//! Knows: what to send and what an answer means. Deliberately does not know: how the simulated world behaves.
//! An answer counts only if it is signed and speaks of the very call that was made: service, trade, refund
//! and amounts.

mod answer;
mod app_order;
mod wire;

use std::borrow::Cow;
use std::fmt;

use tillgate_core::{Flow, Method, Outcome};

use crate::{ALIPAY, Answer, Call, Callback, Capabilities, Payment, UNIONPAY, WECHAT, WalletChannel};
use app_order::Addresses;
use wire::Fields;

/// All simulated wallets; they share one key with the simulated world.
pub struct SimulatedWallet {
    name: String,
    key: String,
    addresses: Addresses,
    capabilities: Capabilities,
}

impl SimulatedWallet {
    pub fn new(name: &str, key: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: key.to_owned(),
            addresses: Addresses {
                notify_url: "https://sandbox.example/channels/notify".to_owned(),
                return_url: "https://sandbox.example/channels/return".to_owned(),
            },
            capabilities: Capabilities {
                methods: [ALIPAY, WECHAT, UNIONPAY].map(Method::new).to_vec(),
                flows: Flow::ALL.to_vec(),
                refund_number_is_key: true,
            },
        }
    }

    /// The addresses that stand in a mini app's fields. The simulated world does not call them.
    #[must_use]
    pub fn with_addresses(mut self, notify_url: &str, return_url: &str) -> Self {
        self.addresses = Addresses { notify_url: notify_url.to_owned(), return_url: return_url.to_owned() };
        self
    }
}

impl fmt::Debug for SimulatedWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedWallet").field("name", &self.name).finish_non_exhaustive()
    }
}

impl WalletChannel for SimulatedWallet {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn offers(&self, method: &Method, flow: Flow) -> bool {
        self.capabilities.offers(method, flow) && (flow != Flow::MiniApp || method.as_str() == ALIPAY)
    }

    fn encode(&self, call: &Call) -> Vec<u8> {
        let mut fields = payment_fields(call.payment());
        fields.push(("service", service(call).into()));
        if let Call::Refund(_, refund) | Call::QueryRefund(_, refund) = call {
            fields.push(("refund_no", (&refund.refund_no).into()));
            fields.push(("refund_amount", refund.amount.to_string().into()));
        }
        wire::seal(fields, &self.key)
    }

    fn decode(&self, call: &Call, answer: &[u8]) -> Answer {
        Fields::read(answer, &self.key)
            .filter(|fields| answer::is_about(fields, call))
            .and_then(|fields| match answer::read(&fields, call)? {
                answer::Read::App => {
                    let fields = app_order::fields(call.payment(), &self.addresses, &self.key);
                    Some(Answer::Presented(tillgate_core::Presentation::App(fields)))
                }
                answer::Read::Whole(answer) => Some(answer),
            })
            .unwrap_or(Answer::Outcome(Outcome::Unknown))
    }

    fn decode_callback(&self, body: &[u8]) -> Option<Callback> {
        answer::callback(&Fields::read(body, &self.key)?)
    }
}

fn service(call: &Call) -> &'static str {
    match call {
        Call::Present(_) => "present",
        Call::Charge(_) => "charge",
        Call::Query(_) => "query",
        Call::Close(_) => "close",
        Call::Refund(..) => "refund",
        Call::QueryRefund(..) => "refund_query",
    }
}

fn payment_fields(payment: &Payment) -> Vec<(&'static str, Cow<'_, str>)> {
    let mut fields: Vec<(&'static str, Cow<'_, str>)> = Vec::with_capacity(18);
    fields.extend([
        ("out_trade_no", Cow::from(&payment.trade_no)),
        ("method", payment.method.as_str().into()),
        ("flow", payment.flow.as_str().into()),
        ("amount", payment.amount.to_string().into()),
        ("currency", payment.amount.currency.code().into()),
        ("payer_amount", payment.payer_amount.to_string().into()),
        ("payer_currency", payment.payer_amount.currency.code().into()),
        ("subject", wire::free_text(&payment.description)),
        ("seller", wire::free_text(&payment.seller)),
        ("payer_code", wire::free_text(payment.payer_code.as_deref().unwrap_or_default())),
        ("expires_at_ms", payment.expires_at.millis().to_string().into()),
    ]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use tillgate_core::{Currency, Money, Presentation, Timestamp};

    fn payment(flow: Flow) -> Payment {
        let money = |minor, code| Money::new(minor, Currency::from_code(code).unwrap());
        Payment {
            trade_no: "7-2018071000000033".into(),
            method: Method::new(ALIPAY),
            flow,
            amount: money(12_000, "NZD"),
            payer_amount: money(55_000, "CNY"),
            description: "Pinot & Noir".into(),
            seller: "Wine Shop".into(),
            payer_code: None,
            expires_at: Timestamp::from_millis(1_000_000),
        }
    }

    fn said(pairs: &[(&'static str, &'static str)]) -> Vec<u8> {
        wire::seal(pairs.iter().map(|(name, value)| (*name, (*value).into())).collect(), "key")
    }

    const PAID: [(&str, &str); 8] = [
        ("service", "query"),
        ("out_trade_no", "7-2018071000000033"),
        ("amount", "120.00"),
        ("currency", "NZD"),
        ("status", "paid"),
        ("trade_no", "4200"),
        ("payer", "someone"),
        ("paid_at_ms", "5"),
    ];

    #[test]
    fn only_an_answer_to_this_very_call_counts() {
        let (wallet, call) =
            (SimulatedWallet::new("sim", "key"), Call::Query(payment(Flow::MerchantPresented)));
        let paid = Outcome::Paid {
            channel_ref: "4200".into(),
            payer: "someone".into(),
            at: Timestamp::from_millis(5),
        };
        assert_eq!(wallet.decode(&call, &said(&PAID)), Answer::Outcome(paid));
        for (name, other) in [
            ("service", "close"),
            ("out_trade_no", "7-2018071000000034"),
            ("amount", "12.00"),
            ("currency", "AUD"),
            ("status", "paid?"),
            ("trade_no", ""),
            ("paid_at_ms", "-5"),
        ] {
            let altered = PAID.map(|(key, value)| (key, if key == name { other } else { value }));
            assert_eq!(wallet.decode(&call, &said(&altered)), Answer::Outcome(Outcome::Unknown), "{name}");
        }
        let foreign = SimulatedWallet::new("sim", "another key").decode(&call, &said(&PAID));
        assert_eq!(foreign, Answer::Outcome(Outcome::Unknown));
        assert_eq!(wallet.decode(&call, b"<html>"), Answer::Outcome(Outcome::Unknown));
        assert_eq!(wallet.decode_callback(&said(&PAID)), None, "an answer is no callback");
    }

    #[test]
    fn a_mini_app_gets_exactly_the_documented_fields() {
        let (wallet, call) = (SimulatedWallet::new("sim", "key"), Call::Present(payment(Flow::MiniApp)));
        let answer = said(&[
            ("service", "present"),
            ("out_trade_no", "7-2018071000000033"),
            ("amount", "120.00"),
            ("currency", "NZD"),
            ("status", "presented"),
        ]);
        let Answer::Presented(Presentation::App(fields)) = wallet.decode(&call, &answer) else {
            panic!("no fields");
        };
        let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names.join(" "),
            "service partner _input_charset sign_type sign notify_url return_url subject body out_trade_no \
             currency total_fee supplier secondary_merchant_id secondary_merchant_name \
             secondary_merchant_industry product_code app_pay"
        );
        let value = |name| fields.iter().find(|(key, _)| key == name).unwrap().1.as_str();
        assert_eq!((value("total_fee"), value("subject")), ("120.00", "Pinot ＆ Noir"));
        assert_eq!(value("sign").len(), 32);
    }

    #[test]
    fn only_alipay_has_mini_apps() {
        let wallet = SimulatedWallet::new("sim", "key");
        let offers = |method, flow| wallet.offers(&Method::new(method), flow);
        assert!(offers(ALIPAY, Flow::MiniApp) && offers(WECHAT, Flow::HostedPage));
        assert!(!offers(WECHAT, Flow::MiniApp) && !offers("paypal", Flow::HostedPage));
        assert!(!format!("{:?}", SimulatedWallet::new("sim", "s3cret")).contains("s3cret"));
    }
}
