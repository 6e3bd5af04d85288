//! The wallets of the sandbox: Alipay, WeChat Pay and UnionPay behind one JSON interface.
//!
//! Knows: what to send and what an answer means. Deliberately does not know: how the simulated world behaves.
//! An answer counts only if it is signed and speaks of the very call that was made: service, trade, refund
//! and amounts.

mod answer;
mod app_order;
mod mini_program;
mod wire;

use std::borrow::Cow;
use std::fmt;

use tillgate_core::{Flow, Method, Outcome, Presentation};

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
                flows: Flow::OF_WALLETS.to_vec(),
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
        self.capabilities.offers(method, flow)
            && (flow != Flow::MiniApp || [ALIPAY, WECHAT].contains(&method.as_str()))
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
                    Some(Answer::Presented(Presentation::App(fields)))
                }
                answer::Read::MiniProgram(prepaid) => {
                    let fields = mini_program::fields(&prepaid, &self.key);
                    Some(Answer::Presented(Presentation::App(fields)))
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
    let payer = payment.app_payer.as_ref();
    let mut fields: Vec<(&'static str, Cow<'_, str>)> = Vec::with_capacity(20);
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
        ("app_id", wire::free_text(payer.map_or("", |payer| &payer.app_id))),
        ("payer_id", wire::free_text(payer.map_or("", |payer| &payer.payer_id))),
        ("expires_at_ms", payment.expires_at.millis().to_string().into()),
    ]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RefundOrder;
    use tillgate_core::{AppPayer, Currency, Money, Timestamp};

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
            app_payer: None,
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

    fn mini_program() -> Payment {
        let app_payer = Some(AppPayer { app_id: "wx8888888888888888".into(), payer_id: "oUpF8".into() });
        Payment { method: Method::new(WECHAT), app_payer, ..payment(Flow::MiniApp) }
    }

    const PREPAID: [(&str, &str); 10] = [
        ("service", "present"),
        ("out_trade_no", "7-2018071000000033"),
        ("amount", "120.00"),
        ("currency", "NZD"),
        ("status", "presented"),
        ("app_id", "wx8888888888888888"),
        ("payer_id", "oUpF8"),
        ("prepay_id", "wx20"),
        ("nonce_str", "N0NCE"),
        ("made_at_ms", "1531180800999"),
    ];

    #[test]
    fn a_mini_program_gets_wechats_fields() {
        let (wallet, call) = (SimulatedWallet::new("sim", "key"), Call::Present(mini_program()));
        let sent = String::from_utf8(wallet.encode(&call)).unwrap();
        assert!(sent.contains(r#""app_id":"wx8888888888888888""#) && sent.contains(r#""payer_id":"oUpF8""#));
        let Answer::Presented(Presentation::App(fields)) = wallet.decode(&call, &said(&PREPAID)) else {
            panic!("no fields");
        };
        let shown: Vec<_> = fields.iter().take(5).map(|(name, value)| format!("{name}:{value}")).collect();
        assert_eq!(
            shown.join(" "),
            "appId:wx8888888888888888 timeStamp:1531180800 nonceStr:N0NCE packageStr:prepay_id=wx20 signType:MD5"
        );
        assert_eq!((fields.len(), fields[5].0.as_str(), fields[5].1.len()), (6, "paySign", 32));
    }

    #[test]
    fn fields_for_another_payer_or_none_are_unknown() {
        let wallet = SimulatedWallet::new("sim", "key");
        let unknown = Answer::Outcome(Outcome::Unknown);
        for (name, other) in [
            ("app_id", "wx9"),
            ("payer_id", "o9"),
            ("payer_id", ""),
            ("prepay_id", ""),
            ("nonce_str", ""),
            ("made_at_ms", ""),
            ("made_at_ms", "-1"),
        ] {
            let altered = PREPAID.map(|(key, value)| (key, if key == name { other } else { value }));
            assert_eq!(wallet.decode(&Call::Present(mini_program()), &said(&altered)), unknown, "{name}");
        }
        let nobody = Payment { app_payer: None, ..mini_program() };
        assert_eq!(wallet.decode(&Call::Present(nobody.clone()), &said(&PREPAID)), unknown);
        let nameless =
            PREPAID.map(|(key, value)| (key, if matches!(key, "app_id" | "payer_id") { "" } else { value }));
        let empty = Some(AppPayer { app_id: String::new(), payer_id: String::new() });
        let nameless_payment = Payment { app_payer: empty, ..nobody };
        assert_eq!(wallet.decode(&Call::Present(nameless_payment), &said(&nameless)), unknown);
    }

    #[test]
    fn numbers_of_a_later_choice_go_there_and_back() {
        let wallet = SimulatedWallet::new("sim", "key");
        let later = Payment { trade_no: "7-2018071000000033.2".into(), ..payment(Flow::HostedPage) };
        let refund = RefundOrder {
            refund_no: "7-2018071000000033.2-1".into(),
            amount: Money::new(5, later.amount.currency),
        };
        let sent = wallet.encode(&Call::Refund(later.clone(), refund));
        let sent = Fields::read(&sent, "key").unwrap();
        assert_eq!(sent.get("out_trade_no"), "7-2018071000000033.2");
        assert_eq!(sent.get("refund_no"), "7-2018071000000033.2-1");

        let unknown = Answer::Outcome(Outcome::Unknown);
        assert_eq!(wallet.decode(&Call::Query(later.clone()), &said(&PAID)), unknown, "the first choice's");
        let its = PAID
            .map(|(name, value)| (name, if name == "out_trade_no" { "7-2018071000000033.2" } else { value }));
        assert_ne!(wallet.decode(&Call::Query(later), &said(&its)), unknown);
        let told = its.map(|(name, value)| (name, if name == "service" { "notify" } else { value }));
        assert_eq!(wallet.decode_callback(&said(&told)).unwrap().trade_no, "7-2018071000000033.2");
    }

    #[test]
    fn alipay_and_wechat_have_mini_apps() {
        let wallet = SimulatedWallet::new("sim", "key");
        let offers = |method, flow| wallet.offers(&Method::new(method), flow);
        assert!(offers(ALIPAY, Flow::MiniApp) && offers(WECHAT, Flow::MiniApp));
        assert!(offers(UNIONPAY, Flow::HostedPage) && !offers(UNIONPAY, Flow::MiniApp));
        assert!(!offers("paypal", Flow::HostedPage));
        assert!(!format!("{:?}", SimulatedWallet::new("sim", "s3cret")).contains("s3cret"));
    }
}
