//! What pages, tests and checkers get to see of the trades, ready to serialise.
//!
//! Knows: trades. Deliberately does not know: how they change.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::refund::Refund;
use crate::trade::{State, Trade};
use crate::wallet::Wallet;

/// A payment on the phone page and in the JSON API. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentView {
    /// Counts payments from 0; for [`Filter::before`].
    pub position: usize,
    /// The gateway's number, for all calls here.
    pub trade_no: String,
    pub wallet_trade_no: String,
    pub wallet: Wallet,
    /// `merchant_presented`, `customer_presented`, `hosted_page` or `mini_app`.
    pub flow: String,
    pub amount: String,
    pub currency: String,
    pub payer_amount: String,
    pub payer_currency: String,
    pub subject: String,
    pub seller: String,
    pub payer: String,
    /// The mini app it is paid in, empty unless the gateway said so.
    pub app_id: String,
    /// What the till scanned, empty otherwise.
    pub payer_code: String,
    /// The QR code's text, empty for bar codes and mini apps.
    pub code_url: String,
    pub state: StateWord,
    /// It was paid after it had been closed or had expired.
    pub late: bool,
    /// The wallet's word for a declined payment.
    pub reason: Option<String>,
    pub walked_away: bool,
    pub created_ms: i64,
    pub expires_ms: i64,
    /// When it left `pending`.
    pub ended_ms: Option<i64>,
    /// The ending of the rule that applies, see [`crate::rule_for`].
    pub rule: Option<u8>,
    pub refunds: Vec<RefundView>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundView {
    pub refund_no: String,
    pub wallet_trade_no: String,
    pub amount: String,
    pub at_ms: i64,
    /// The wallet's word if it was declined.
    pub declined: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    Pending,
    Paid,
    Declined,
    Closed,
    Expired,
}

/// Which payments to list. Looks no further back than 10,000 payments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    pub wallet: Option<Wallet>,
    pub state: Option<StateWord>,
    /// What the phone shows, to find a charge that waits for it.
    pub payer_code: Option<String>,
    /// Only older than this position.
    pub before: Option<usize>,
    /// At most so many, 100 unless told.
    pub limit: usize,
}

impl Default for Filter {
    fn default() -> Self {
        Self { wallet: None, state: None, payer_code: None, before: None, limit: 100 }
    }
}

impl Filter {
    pub(crate) fn wants(&self, trade: &Trade) -> bool {
        self.wallet.is_none_or(|wallet| wallet == trade.terms.wallet)
            && self.state.is_none_or(|state| state == StateWord::of(&trade.state))
            && self.payer_code.as_ref().is_none_or(|code| *code == trade.terms.payer_code)
    }
}

/// What money moved for one trade, in minor units of the shop's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ledger {
    pub trade_no: String,
    /// The same without the payer's choice: an order has a trade for each wallet that its payer chose.
    pub order: String,
    pub currency: String,
    /// Executed charges. More than 1 must never be seen.
    pub charges: u32,
    pub charged_minor: i64,
    /// The charge came after the trade was closed or had expired.
    pub late: bool,
    /// Executed refunds.
    pub refunds: u32,
    pub refunded_minor: i64,
    /// Requests with a number that was there already; the wallet answered with the first one's state.
    pub duplicate_presents: u32,
    pub duplicate_charges: u32,
    pub duplicate_refunds: u32,
}

/// The same over all trades.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Totals {
    /// With trades of one order counted once.
    pub orders: usize,
    pub trades: usize,
    pub charges: u64,
    /// Of them, those after the trade was closed or had expired.
    pub late_charges: u64,
    pub refunds: u64,
    /// Minor units by currency, charges less refunds.
    pub net_minor: BTreeMap<String, i64>,
    /// Of it, what came late and has not gone back.
    pub late_net_minor: BTreeMap<String, i64>,
    pub duplicate_presents: u64,
    pub duplicate_charges: u64,
    pub duplicate_refunds: u64,
}

impl Totals {
    pub(crate) fn of(ledgers: &[Ledger]) -> Self {
        let orders: HashSet<&str> = ledgers.iter().map(|ledger| ledger.order.as_str()).collect();
        let mut totals = Self { orders: orders.len(), ..Self::default() };
        ledgers.iter().for_each(|ledger| totals.add(ledger));
        totals
    }

    fn add(&mut self, ledger: &Ledger) {
        self.trades += 1;
        self.charges += u64::from(ledger.charges);
        self.refunds += u64::from(ledger.refunds);
        let net = ledger.charged_minor - ledger.refunded_minor;
        add_to(&mut self.net_minor, &ledger.currency, net);
        if ledger.late {
            self.late_charges += u64::from(ledger.charges);
            add_to(&mut self.late_net_minor, &ledger.currency, net);
        }
        self.duplicate_presents += u64::from(ledger.duplicate_presents);
        self.duplicate_charges += u64::from(ledger.duplicate_charges);
        self.duplicate_refunds += u64::from(ledger.duplicate_refunds);
    }
}

fn add_to(sums: &mut BTreeMap<String, i64>, currency: &str, minor: i64) {
    match sums.get_mut(currency) {
        Some(sum) => *sum += minor,
        None => drop(sums.insert(currency.to_owned(), minor)),
    }
}

impl StateWord {
    pub(crate) fn of(state: &State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Paid { .. } => Self::Paid,
            State::Declined { .. } => Self::Declined,
            State::Closed { .. } => Self::Closed,
            State::Expired { .. } => Self::Expired,
        }
    }
}

impl From<&Trade> for PaymentView {
    fn from(trade: &Trade) -> Self {
        let (terms, state) = (trade.terms.clone(), StateWord::of(&trade.state));
        let (ended_ms, reason) = match &trade.state {
            State::Pending => (None, None),
            State::Paid { at_ms } | State::Closed { at_ms } | State::Expired { at_ms } => {
                (Some(*at_ms), None)
            }
            State::Declined { at_ms, reason } => (Some(*at_ms), Some(reason.clone())),
        };
        Self {
            position: trade.position,
            trade_no: terms.number,
            wallet_trade_no: trade.wallet_no.clone(),
            wallet: terms.wallet,
            flow: terms.flow,
            currency: terms.currency,
            payer_amount: terms.payer_amount,
            payer_currency: terms.payer_currency,
            subject: terms.subject,
            seller: terms.seller,
            payer: trade.payer.clone(),
            app_id: terms.app_id,
            payer_code: terms.payer_code,
            code_url: trade.code_url.clone(),
            state,
            late: trade.late,
            reason,
            walked_away: trade.walked_away,
            created_ms: trade.created_ms,
            expires_ms: terms.expires_ms,
            ended_ms,
            rule: trade.rule().map(|rule| rule.ending),
            refunds: trade.refunds.iter().map(RefundView::from).collect(),
            amount: terms.amount.text,
        }
    }
}

impl From<&Refund> for RefundView {
    fn from(refund: &Refund) -> Self {
        Self {
            refund_no: refund.number.clone(),
            wallet_trade_no: refund.wallet_no.clone(),
            amount: refund.amount.text.clone(),
            at_ms: refund.at_ms,
            declined: refund.declined.clone(),
        }
    }
}

impl From<&Trade> for Ledger {
    fn from(trade: &Trade) -> Self {
        Self {
            trade_no: trade.terms.number.clone(),
            order: trade.terms.order().to_owned(),
            currency: trade.terms.currency.clone(),
            charges: trade.charges,
            charged_minor: i64::from(trade.charges) * trade.terms.amount.minor,
            late: trade.late,
            refunds: u32::try_from(trade.refunds_made().count()).unwrap_or(u32::MAX),
            refunded_minor: trade.refunded_minor(),
            duplicate_presents: trade.duplicate_presents,
            duplicate_charges: trade.duplicate_charges,
            duplicate_refunds: trade.duplicate_refunds,
        }
    }
}
