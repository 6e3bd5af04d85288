//! An order as the gateway sends it.
//!
//! Knows: its fields, and which of them a terminal cannot work with. Deliberately does not know: what becomes of it.

use serde::{Deserialize, Serialize};

use super::codes::Code;
use super::frame::{Fields, Frame, switch, text, whole};
use crate::money;

/// How long an order stays on the screen if the gateway does not say, in seconds.
const EXPIRES_S: i64 = 300;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransType {
    Sale,
    Void,
    Refund,
    Authorization,
    Completion,
    SaleWithCashback,
}

impl TransType {
    fn of(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::Sale,
            2 => Self::Void,
            3 => Self::Refund,
            4 => Self::Authorization,
            6 => Self::Completion,
            11 => Self::SaleWithCashback,
            _ => return None,
        })
    }

    /// Acts on an earlier order: no card is asked for.
    pub fn is_follow_up(self) -> bool {
        matches!(self, Self::Void | Self::Refund | Self::Completion)
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Sale => "SALE",
            Self::Void => "VOID",
            Self::Refund => "REFUND",
            Self::Authorization => "AUTHORIZATION",
            Self::Completion => "COMPLETION",
            Self::SaleWithCashback => "SALE WITH CASHBACK",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scenario {
    Card,
    /// We show a code, the payer scans it.
    ShowCode,
    /// The payer shows a code, we scan it.
    ScanCode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// Of the request; its answers and its result carry it.
    pub request_id: String,
    pub trade_no: String,
    pub orig_trade_no: String,
    pub merchant_order_no: String,
    pub merchant_name: String,
    pub trans_type: TransType,
    pub scenario: Scenario,
    /// Minor units, like tip and cashback.
    pub amount: i64,
    pub tip: i64,
    pub cashback: i64,
    pub currency: String,
    pub pay_method_id: String,
    pub qr_code: String,
    pub asks_tip: bool,
    pub asks_signature: bool,
    pub asks_cashier: bool,
    pub asks_manager: bool,
    /// 0 none, 1 merchant, 2 customer, 3 both.
    pub prints: i64,
    pub expires_s: i64,
}

/// Why an order is not taken: the code, and words beside it.
pub type Refusal = (Code, &'static str);

impl Order {
    pub fn read(frame: &Frame) -> Result<Self, Refusal> {
        if frame.trade_no().is_empty() {
            return Err((Code::ParameterError, "trade_no"));
        }
        let biz = &frame.biz;
        let word = |name| text(biz, name).to_owned();
        let flag = |name| switch(biz, name).ok_or((Code::ParameterError, name));
        let number = |name| whole(biz, name).ok_or((Code::ParameterError, name));
        let trans_type = number("trans_type")?.ok_or((Code::ParameterError, "trans_type"))?;
        let trans_type = TransType::of(trans_type).ok_or((Code::TypeUnsupported, ""))?;
        let order = Self {
            request_id: frame.request_id.clone(),
            trade_no: word("trade_no"),
            orig_trade_no: word("orig_trade_no"),
            merchant_order_no: word("merchant_order_no"),
            merchant_name: word("merchant_name"),
            trans_type,
            scenario: scenario(biz)?,
            amount: amount(biz, "order_amount")?,
            tip: amount(biz, "tip_amount")?,
            cashback: amount(biz, "cashback_amount")?,
            currency: word("price_currency"),
            pay_method_id: word("pay_method_id"),
            qr_code: word("qr_code"),
            asks_tip: flag("on_screen_tip")?,
            asks_signature: flag("on_screen_signature")?,
            asks_cashier: flag("confirm_on_terminal")?,
            asks_manager: flag("required_terminal_authentication")?,
            prints: number("receipt_print_mode")?.unwrap_or(0),
            expires_s: number("expires")?.unwrap_or(EXPIRES_S).clamp(0, 31_536_000),
        };
        order.check()
    }

    fn check(self) -> Result<Self, Refusal> {
        if self.currency.len() != 3 {
            return Err((Code::ParameterError, "price_currency"));
        }
        if self.trans_type.is_follow_up() && self.orig_trade_no.is_empty() {
            return Err((Code::ParameterError, "orig_trade_no"));
        }
        // What is voided is known by its number; everything else says how much.
        if self.amount == 0 && self.trans_type != TransType::Void {
            return Err((Code::AmountFormat, "order_amount"));
        }
        if self.scenario != Scenario::Card && self.trans_type != TransType::Sale {
            return Err((Code::ScenarioUnsupported, "only sales are paid by QR code"));
        }
        if self.scenario == Scenario::ShowCode && self.qr_code.is_empty() {
            return Err((Code::ParameterError, "qr_code"));
        }
        Ok(self)
    }

    pub fn digits(&self) -> usize {
        money::digits(&self.currency)
    }

    /// Order, tip and cashback together.
    pub fn total(&self) -> i64 {
        self.amount + self.tip + self.cashback
    }

    pub fn print(&self, minor: i64) -> String {
        money::print(minor, self.digits())
    }
}

fn scenario(biz: &Fields) -> Result<Scenario, Refusal> {
    match text(biz, "pay_scenario") {
        "SWIPE_CARD" => Ok(Scenario::Card),
        "SCANQR_PAY" => Ok(Scenario::ShowCode),
        "BSCANQR_PAY" => Ok(Scenario::ScanCode),
        _ => Err((Code::ScenarioUnsupported, "")),
    }
}

/// Nothing if absent: only text is an amount.
fn amount(biz: &Fields, name: &'static str) -> Result<i64, Refusal> {
    match biz.get(name) {
        None | Some(serde_json::Value::Null) => Ok(0),
        Some(value) => value
            .as_str()
            .and_then(|text| money::parse(text, money::digits(super::frame::text(biz, "price_currency"))))
            .ok_or((Code::AmountFormat, name)),
    }
}
