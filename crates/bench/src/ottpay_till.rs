//! The OTT Pay merchant of the sandbox, as his software sees the gateway: what he sends, encrypted.

use tillgate_protocols::ottpay::client::{self, Answer, ClientError, Envelope};
use tillgate_protocols::ottpay::{Action, SignKey};

use crate::dice::Dice;

/// The merchant of the documents, with the key printed there; he sells in Canadian dollars.
pub const MERCHANT: &str = "QC00005496";
const KEY: &str = "6698851A525C9433";
/// How long a page can be paid: the least there is.
const PAGE_LIFETIME_S: &str = "30";
/// Where all actions go.
pub const PATH: &str = "/processV2";

#[derive(Debug)]
pub struct OttTill {
    pub key: SignKey,
}

impl Default for OttTill {
    fn default() -> Self {
        Self { key: SignKey::new(KEY) }
    }
}

/// The payer's wallet: `biz_type`, the channels' word, how the codes its phone shows begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayerWallet {
    pub biz_type: &'static str,
    pub method: &'static str,
    prefix: &'static str,
    digits: usize,
}

pub const WALLETS: [PayerWallet; 3] = [
    PayerWallet { biz_type: "ALIPAY", method: "alipay", prefix: "28", digits: 18 },
    PayerWallet { biz_type: "WECHATPAY", method: "wechat", prefix: "13", digits: 18 },
    PayerWallet { biz_type: "UNIONPAY", method: "unionpay", prefix: "62", digits: 19 },
];

impl PayerWallet {
    /// What a phone may show; the wallets of the sandbox charge any code of their shape.
    pub fn payer_code(self, number: u64) -> String {
        let rest = self.digits - self.prefix.len();
        format!("{}{:0rest$}", self.prefix, number % 10_u64.pow(rest as u32))
    }

    pub fn any(dice: &mut Dice) -> Self {
        *dice.pick(&WALLETS).unwrap_or(&WALLETS[0])
    }
}

/// The terms of a sale. An empty `order_id` is left out.
#[derive(Debug, Clone, Copy)]
pub struct OttTerms<'a> {
    pub order_id: &'a str,
    pub amount_minor: i64,
    pub tip_minor: i64,
}

impl OttTill {
    fn body(&self, action: Action, fields: &[(&str, &str)]) -> String {
        let sent: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).copied().collect();
        client::request_body(&Envelope::new(action, MERCHANT), &sent, &self.key)
    }

    fn sale(&self, action: Action, terms: OttTerms<'_>, number: &str, more: &[(&str, &str)]) -> String {
        let (amount, tip) = (terms.amount_minor.to_string(), terms.tip_minor.to_string());
        let tip = if terms.tip_minor == 0 { "" } else { &tip };
        let mut fields =
            vec![(number, terms.order_id), ("operator_id", "till 3"), ("amount", &amount), ("tip", tip)];
        fields.extend(more);
        self.body(action, &fields)
    }

    /// A code the till shows.
    pub fn active(&self, terms: OttTerms<'_>, wallet: PayerWallet, call_back_url: &str) -> String {
        let more = [("biz_type", wallet.biz_type), ("call_back_url", call_back_url)];
        self.sale(Action::ActivePay, terms, "order_id", &more)
    }

    /// A charge of the payer's code.
    pub fn passive(&self, terms: OttTerms<'_>, wallet: PayerWallet, auth_code: &str) -> String {
        let more = [("biz_type", wallet.biz_type), ("auth_code", auth_code)];
        self.sale(Action::PassivePay, terms, "order_id", &more)
    }

    /// A page where the payer chooses.
    pub fn prepay(&self, terms: OttTerms<'_>, call_back_url: &str) -> String {
        let more = [
            ("sale_num", terms.order_id),
            ("currency_type", "CAD"),
            ("shop_id", "shop 1"),
            ("duration", PAGE_LIFETIME_S),
            ("biz_type", "PREPAY"),
            ("call_back_url", call_back_url),
            ("redirect_url", "http://127.0.0.1:9/thanks"),
        ];
        self.sale(Action::PrepayInit, terms, "prepay_order_id", &more)
    }

    /// `own_id` is the refund's number; left out if empty.
    pub fn refund(&self, order_id: &str, amount_minor: i64, own_id: &str) -> String {
        let amount = amount_minor.to_string();
        let fields = [("ori_order_id", order_id), ("refund_amt", &*amount), ("order_id", own_id)];
        self.body(Action::Refund, &fields)
    }

    /// Of an order or a refund.
    pub fn status(&self, order_id: &str) -> String {
        self.body(Action::StatusQuery, &[("order_id", order_id)])
    }

    pub fn page_status(&self, order_id: &str) -> String {
        self.body(Action::PrepayQuery, &[("prepay_order_id", order_id)])
    }

    pub fn read(&self, body: &str) -> Result<Answer, ClientError> {
        client::read_answer(body, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_wallets_own() {
        use tillgate_protocols::wire::pay_code;
        for wallet in WALLETS {
            for number in [0, 7, 123_456_789_012_345_678, u64::MAX] {
                assert_eq!(pay_code::method_of(&wallet.payer_code(number)), Some(wallet.method));
            }
        }
    }
}
