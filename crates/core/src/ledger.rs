//! Double entry. Each entry is written with the event that caused it and sums to zero in its currency.

use std::fmt;

use crate::fee::Cost;
use crate::money::Money;
use crate::order::{Method, Terms};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LedgerAccount {
    /// What we owe the merchant.
    MerchantPayable(String),
    /// The part of it that is tips, for the people who earned them.
    TipsPayable(String),
    /// What the channel owes us.
    ChannelReceivable(String),
    /// The part of it the channel has taken note of: a batch was closed.
    SettlementReceivable(String),
    /// What we earned.
    FeeIncome,
    /// The VAT on it, which we owe to the state.
    VatPayable,
    /// Money that is nobody's sale: it came too late and is on its way back.
    LatePayments,
}

/// The text that is stored: `merchant_payable:W00000001`.
impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MerchantPayable(account) => write!(f, "merchant_payable:{account}"),
            Self::TipsPayable(account) => write!(f, "tips_payable:{account}"),
            Self::ChannelReceivable(method) => write!(f, "channel_receivable:{method}"),
            Self::SettlementReceivable(method) => write!(f, "settlement_receivable:{method}"),
            Self::FeeIncome => f.write_str("fee_income"),
            Self::VatPayable => f.write_str("vat_payable"),
            Self::LatePayments => f.write_str("late_payments"),
        }
    }
}

/// One line: a debit is positive, a credit negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub account: LedgerAccount,
    pub amount: Money,
}

fn entry(lines: Vec<(LedgerAccount, i64)>, terms: &Terms) -> Vec<Posting> {
    assert_eq!(lines.iter().map(|(_, minor)| minor).sum::<i64>(), 0, "an entry balances");
    lines
        .into_iter()
        .filter(|(_, minor)| *minor != 0)
        .map(|(account, minor)| Posting { account, amount: Money::new(minor, terms.amount.currency) })
        .collect()
}

fn receivable(method: &Method) -> LedgerAccount {
    LedgerAccount::ChannelReceivable(method.as_str().to_owned())
}

fn payable(terms: &Terms) -> LedgerAccount {
    LedgerAccount::MerchantPayable(terms.account.clone())
}

fn tips(terms: &Terms) -> LedgerAccount {
    LedgerAccount::TipsPayable(terms.account.clone())
}

/// The payer paid: the channel owes us all of it, we owe the merchant the tip and the rest after our fee and its VAT.
/// The fee is of all that was paid and comes out of the sale, never out of the tip; where the tip is far above the sale
/// the merchant may owe us the rest of it.
pub fn payment(terms: &Terms, method: &Method, sale: i64, tip: i64) -> Vec<Posting> {
    taken(terms, method, (sale, tip), cost(terms, method, sale + tip))
}

fn taken(terms: &Terms, method: &Method, (sale, tip): (i64, i64), cost: Cost) -> Vec<Posting> {
    entry(
        vec![
            (receivable(method), sale + tip),
            (payable(terms), cost.total_minor() - sale),
            (tips(terms), -tip),
            (LedgerAccount::FeeIncome, -cost.fee_minor),
            (LedgerAccount::VatPayable, -cost.vat_minor),
        ],
        terms,
    )
}

fn cost(terms: &Terms, method: &Method, total_minor: i64) -> Cost {
    terms.fees.of(method).of(Money::new(total_minor, terms.amount.currency))
}

/// A payment was undone before it was settled: the lines of [`payment`] the other way round, the fee as well.
pub fn void(terms: &Terms, method: &Method, sale: i64, tip: i64) -> Vec<Posting> {
    let mut lines = payment(terms, method, sale, tip);
    for line in &mut lines {
        line.amount.minor = -line.amount.minor;
    }
    lines
}

/// The tip has changed; the fee follows.
pub fn tip(terms: &Terms, method: &Method, sale: i64, (before, after): (i64, i64)) -> Vec<Posting> {
    let more_cost = cost(terms, method, sale + after).less(cost(terms, method, sale + before));
    taken(terms, method, (0, after - before), more_cost)
}

/// The channel has taken note that a batch is closed; a refund in it is negative.
pub fn settlement(terms: &Terms, method: &Method, minor: i64) -> Vec<Posting> {
    let settled = LedgerAccount::SettlementReceivable(method.as_str().to_owned());
    entry(vec![(settled, minor), (receivable(method), -minor)], terms)
}

/// A refund succeeded, after `before_minor` had been refunded. `tip` is the part of it that comes out of the tip; if
/// nobody said, it comes out of the sale first and out of the tip last. Our fee stays earned or goes back in proportion.
pub fn refund(
    terms: &Terms,
    method: &Method,
    (sale, sale_tip): (i64, i64),
    (before_minor, minor): (i64, i64),
    tip: Option<i64>,
) -> Vec<Posting> {
    let of_tip = |refunded: i64| (refunded - sale).max(0);
    let tip = tip.unwrap_or_else(|| of_tip(before_minor + minor) - of_tip(before_minor));
    let captured = Money::new(sale + sale_tip, terms.amount.currency);
    let back = |refunded_minor| terms.fees.of(method).given_back(captured, refunded_minor);
    let back = back(before_minor + minor).less(back(before_minor));
    entry(
        vec![
            (payable(terms), minor - tip - back.total_minor()),
            (tips(terms), tip),
            (receivable(method), -minor),
            (LedgerAccount::FeeIncome, back.fee_minor),
            (LedgerAccount::VatPayable, back.vat_minor),
        ],
        terms,
    )
}

/// Money came that is nobody's sale.
pub fn late_payment(terms: &Terms, method: &Method, gross: i64) -> Vec<Posting> {
    entry(vec![(receivable(method), gross), (LedgerAccount::LatePayments, -gross)], terms)
}

/// That money went back.
pub fn late_payment_returned(terms: &Terms, method: &Method, gross: i64) -> Vec<Posting> {
    entry(vec![(LedgerAccount::LatePayments, gross), (receivable(method), -gross)], terms)
}
