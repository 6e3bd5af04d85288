//! Double entry. Each entry is written with the event that caused it and sums to zero in its currency.

use std::fmt;

use crate::money::Money;
use crate::order::Terms;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LedgerAccount {
    /// What we owe the merchant.
    MerchantPayable(String),
    /// What the channel owes us.
    ChannelReceivable(String),
    /// What we earned.
    FeeIncome,
    /// Money that is nobody's sale: it came too late and is on its way back.
    LatePayments,
}

/// The text that is stored: `merchant_payable:W00000001`.
impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MerchantPayable(account) => write!(f, "merchant_payable:{account}"),
            Self::ChannelReceivable(method) => write!(f, "channel_receivable:{method}"),
            Self::FeeIncome => f.write_str("fee_income"),
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

fn receivable(terms: &Terms) -> LedgerAccount {
    LedgerAccount::ChannelReceivable(terms.method.as_str().to_owned())
}

fn payable(terms: &Terms) -> LedgerAccount {
    LedgerAccount::MerchantPayable(terms.account.clone())
}

/// The payer paid: the channel owes us all of it, we owe the merchant the rest after our fee.
pub fn payment(terms: &Terms) -> Vec<Posting> {
    let (gross, fee) = (terms.amount.minor, terms.amount.basis_points(terms.fee_bp).minor);
    entry(
        vec![(receivable(terms), gross), (payable(terms), fee - gross), (LedgerAccount::FeeIncome, -fee)],
        terms,
    )
}

/// A refund succeeded: out of the merchant's money. Our fee stays earned.
pub fn refund(terms: &Terms, minor: i64) -> Vec<Posting> {
    entry(vec![(payable(terms), minor), (receivable(terms), -minor)], terms)
}

/// Money came for an order that had ended.
pub fn late_payment(terms: &Terms) -> Vec<Posting> {
    let gross = terms.amount.minor;
    entry(vec![(receivable(terms), gross), (LedgerAccount::LatePayments, -gross)], terms)
}

/// That money went back.
pub fn late_payment_returned(terms: &Terms) -> Vec<Posting> {
    let gross = terms.amount.minor;
    entry(vec![(LedgerAccount::LatePayments, gross), (receivable(terms), -gross)], terms)
}
