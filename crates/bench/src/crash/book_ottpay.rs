//! What the OTT Pay merchant knows for certain: every answer he was given, and every callback.

use std::collections::HashMap;

use super::book::Answer;

/// Totals that end so have every refund declined.
const REFUNDS_DECLINED: i64 = 58;

/// How a sale is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// ACTIVEPAY: the till shows a code.
    #[default]
    Active,
    /// PASSIVEPAY: the till scans the payer's code. Nobody is called back.
    Passive,
    /// PREPAY_INIT: the payer chooses on a page.
    Page,
}

/// How a sale ended; it never ends another way afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Paid,
    Declined,
    Closed,
}

impl End {
    /// By the `order_status`; `None`: not over.
    pub fn of(status: &str) -> Option<Self> {
        match status {
            "success" | "partial_refunded" | "fully_refunded" => Some(Self::Paid),
            "failure" => Some(Self::Declined),
            "orderclosed" => Some(Self::Closed),
            _ => None,
        }
    }
}

/// A sale the merchant asked for. Its number is written down before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OttSale {
    pub order_id: String,
    pub way: Way,
    pub amount_minor: i64,
    pub tip_minor: i64,
    /// The body as it was sent, to send the same bytes again.
    pub sent: String,
    pub created: Answer,
    /// It was sent twice, perhaps at the same time.
    pub sent_again: bool,
    /// The digits of the gateway's number, from the first answer that gave it.
    pub number: Option<String>,
    /// The code an answer gave to show.
    pub code: Option<String>,
    pub seen: Option<End>,
    /// An answer said that it is being closed.
    pub seen_closing: bool,
    /// All of different amounts.
    pub refunds: Vec<OttRefund>,
}

impl OttSale {
    pub fn total_minor(&self) -> i64 {
        self.amount_minor + self.tip_minor
    }

    /// A rule of the sandbox's wallets: late money stays for a person to see.
    pub fn has_refunds_declined(&self) -> bool {
        self.total_minor() % 100 == REFUNDS_DECLINED
    }
}

/// What a refund's answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefundAnswer {
    /// None: it may have been made or not.
    #[default]
    Silence,
    /// SUCCESS: the money has gone back.
    Made,
    /// PROCESSING: it is written down and will be carried on.
    Open,
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OttRefund {
    pub amount_minor: i64,
    /// The merchant's own, or the one the gateway made and answered.
    pub number: Option<String>,
    pub answer: RefundAnswer,
}

/// A callback as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBack {
    pub status: String,
    pub amount: String,
    pub tip: String,
    /// The digits of the gateway's number.
    pub number: String,
}

#[derive(Debug, Default)]
pub struct OttBook {
    pub sales: Vec<OttSale>,
    pub callbacks: HashMap<String, Vec<CallBack>>,
}

impl OttBook {
    /// Written down before it is sent.
    pub fn open(&mut self, sale: OttSale) -> usize {
        self.sales.push(sale);
        self.sales.len() - 1
    }

    pub fn acknowledged(&self) -> usize {
        self.sales.iter().filter(|sale| sale.created == Answer::Yes).count()
    }
}

/// The gateway's number in a `bizpay_order_id`: two letters stand for the wallet. Empty while there is none.
pub fn number_in(bizpay_order_id: &str) -> &str {
    bizpay_order_id.trim_start_matches(|c: char| c.is_ascii_uppercase())
}
