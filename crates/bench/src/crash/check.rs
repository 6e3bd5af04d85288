//! The checkers: what must hold between what the merchant was told, what the gateway says now, what the wallet did,
//! and what the books show. Pure; planted bugs in the tests show that each of them bites.

use super::book::{Answer, Notice, Sale};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Something acknowledged is not there any more, or has changed.
    Lost,
    /// Something happened more often than it was asked for.
    Doubled,
    /// A merchant was not told.
    Undelivered,
    /// Two sides do not agree.
    OneSided,
    /// It should have come to an end.
    Unsettled,
}

pub const KINDS: [Kind; 5] = [Kind::Lost, Kind::Doubled, Kind::Undelivered, Kind::OneSided, Kind::Unsettled];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    pub text: String,
}

impl Finding {
    pub fn new(kind: Kind, text: String) -> Self {
        Self { kind, text }
    }
}

/// The gateway's answer to a query, its signature checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queried {
    pub status: String,
    pub amount: String,
    pub currency: String,
}

/// What the wallet did for one trade.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wallet {
    pub charges: u32,
    pub charged_minor: i64,
    /// Amounts of the refunds that were made.
    pub refunds_minor: Vec<i64>,
    /// Amounts of those the wallet would not make.
    pub declined_minor: Vec<i64>,
    pub duplicate_charges: u32,
    pub duplicate_refunds: u32,
}

/// The order's money in the gateway's own books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    pub captured_minor: i64,
    pub refunded_minor: i64,
}

/// All there is to know of one order when everything has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    pub sale: &'a Sale,
    pub queried: Option<Queried>,
    /// `None`: the wallet never heard of it.
    pub wallet: Option<Wallet>,
    pub booked: Option<Booked>,
    pub notices: &'a [Notice],
}

/// What may be asked right after a restart, before anything has settled: was an acknowledged thing lost?
pub fn after_restart(sale: &Sale, queried: Option<&Queried>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let reference = &sale.reference;
    let Some(queried) = queried else {
        if sale.created == Answer::Yes {
            findings.push(Finding::new(Kind::Lost, format!("{reference} was acknowledged and is not there")));
        }
        return findings;
    };
    let sent = (super::book::decimal(sale.amount_minor), sale.currency);
    if (queried.amount.as_str(), queried.currency.as_str()) != (sent.0.as_str(), sent.1) {
        let text = format!("{reference} is {} {} and was {sent:?}", queried.amount, queried.currency);
        findings.push(Finding::new(Kind::Lost, text));
    }
    if sale.cancelled && queried.status != "canceled" {
        let text = format!("{reference} was canceled and is {}", queried.status);
        findings.push(Finding::new(Kind::Lost, text));
    }
    if let Some(seen) = sale.seen.as_ref().filter(|seen| **seen != queried.status) {
        let text = format!("{reference} was {seen} and is {}", queried.status);
        findings.push(Finding::new(Kind::Lost, text));
    }
    findings
}

/// Everything, once nothing is owed any more.
pub fn settled(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = after_restart(facts.sale, facts.queried.as_ref());
    findings.extend(money(facts));
    findings.extend(refunds(facts));
    findings.extend(notices(facts));
    findings
}

fn money(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let reference = &facts.sale.reference;
    let wallet = facts.wallet.clone().unwrap_or_default();
    let refunded: i64 = wallet.refunds_minor.iter().sum();
    let mut find = |kind, what: String| findings.push(Finding::new(kind, format!("{reference}: {what}")));
    if wallet.charges > 1 {
        find(Kind::Doubled, format!("charged {} times", wallet.charges));
    }
    if wallet.duplicate_charges > 0 {
        find(Kind::Doubled, format!("{} charges were sent again", wallet.duplicate_charges));
    }
    if wallet.duplicate_refunds > 0 {
        find(Kind::Doubled, format!("{} refunds were sent again", wallet.duplicate_refunds));
    }
    let status = facts.queried.as_ref().map_or("unknown", |queried| queried.status.as_str());
    match status {
        "paid" if wallet.charges == 0 => find(Kind::OneSided, "paid, but the wallet did not charge".into()),
        "failed" | "canceled" if wallet.charges > 0 && refunded != wallet.charged_minor => {
            find(Kind::OneSided, format!("{status}, but the wallet kept money: {wallet:?}"));
        }
        "unknown" if facts.wallet.is_some() => {
            find(Kind::Lost, format!("the wallet has it and we have not: {wallet:?}"));
        }
        "pending" => find(Kind::Unsettled, "still pending".into()),
        _ => {}
    }
    let Some(booked) = facts.booked else {
        if facts.queried.is_some() {
            find(Kind::Lost, "answered, but not in the store".into());
        }
        return findings;
    };
    let paid = status == "paid";
    if booked.captured_minor != if paid { wallet.charged_minor } else { 0 }
        || booked.refunded_minor != if paid { refunded } else { 0 }
    {
        find(Kind::OneSided, format!("{status}, we booked {booked:?}, the wallet {wallet:?}"));
    }
    findings
}

/// Each acknowledged refund was made once; each unanswered one at most once; no other was made.
fn refunds(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sale = facts.sale;
    let made = facts.wallet.as_ref().map_or(&[][..], |wallet| &wallet.refunds_minor);
    for tried in &sale.refunds {
        let times = made.iter().filter(|amount| **amount == tried.amount_minor).count();
        let what = format!("{}: refund of {} minor", sale.reference, tried.amount_minor);
        if tried.answer == Answer::Yes && times == 0 {
            findings.push(Finding::new(Kind::Lost, format!("{what} was acknowledged and not made")));
        }
        if times > 1 {
            findings.push(Finding::new(Kind::Doubled, format!("{what} was made {times} times")));
        }
    }
    let late = facts.queried.as_ref().is_some_and(|queried| queried.status != "paid");
    for amount in made {
        let asked = sale.refunds.iter().any(|tried| tried.amount_minor == *amount);
        let returned_late = late && *amount == sale.amount_minor;
        if !asked && !returned_late {
            let text = format!("{}: a refund of {amount} minor nobody asked for", sale.reference);
            findings.push(Finding::new(Kind::Doubled, text));
        }
    }
    findings
}

fn notices(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sale = facts.sale;
    let Some(queried) = &facts.queried else { return findings };
    if sale.wants_notice && queried.status != "pending" && facts.notices.is_empty() {
        let text = format!("{}: nobody was told that it is {}", sale.reference, queried.status);
        findings.push(Finding::new(Kind::Undelivered, text));
    }
    for notice in facts.notices {
        let same = notice.status == queried.status
            && notice.amount == queried.amount
            && notice.currency == queried.currency;
        if !same {
            let text = format!("{}: told {notice:?}, answered {queried:?}", sale.reference);
            findings.push(Finding::new(Kind::OneSided, text));
        }
    }
    findings
}
