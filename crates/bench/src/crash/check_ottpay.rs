//! The checkers of OTT Pay's orders: answers, callbacks, the wallets and the books must agree to the cent, and money
//! that was not for the merchant must be back with its payer. Pure; planted bugs in the tests show that they bite.

use super::book::Answer;
use super::book_ottpay::{CallBack, End, OttRefund, OttSale, RefundAnswer, Way};
use super::check::{Finding, Kind, Wallet};

/// A STATUS_QUERY of an order, opened with the merchant's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OttQueried {
    pub status: String,
    pub total: String,
    pub tip: String,
    pub refund_fee: String,
    /// The digits of the gateway's number; empty while no wallet was chosen.
    pub number: String,
    /// The code the payer can scan; empty when there is none, or no more.
    pub code: String,
}

impl OttQueried {
    pub fn end(&self) -> Option<End> {
        End::of(&self.status)
    }
}

/// A STATUS_QUERY of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundQueried {
    pub order_id: String,
    pub amount: String,
    pub status: String,
}

/// The order in the gateway's own books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OttBooked {
    pub captured_minor: i64,
    pub refunded_minor: i64,
    pub refunding_minor: i64,
    /// How often a wallet was chosen; the last choice counts.
    pub choices: u32,
}

/// What a wallet did for one choice of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    pub choice: u32,
    pub wallet: Wallet,
}

/// All there is to know of one order when everything has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OttFacts<'a> {
    pub sale: &'a OttSale,
    pub queried: Option<OttQueried>,
    /// PREPAY_QUERY's word; of pages only.
    pub page_status: Option<String>,
    /// Those the wallets heard of.
    pub trades: Vec<Trade>,
    pub booked: Option<OttBooked>,
    /// What the gateway says of each of the sale's refunds that has a number.
    pub refunds: Vec<Option<RefundQueried>>,
    pub callbacks: &'a [CallBack],
}

/// Collects what is wrong with one order.
struct Judge<'a> {
    order_id: &'a str,
    findings: Vec<Finding>,
}

impl<'a> Judge<'a> {
    fn of(sale: &'a OttSale) -> Self {
        Self { order_id: &sale.order_id, findings: Vec::new() }
    }

    fn find(&mut self, wrong: bool, kind: Kind, what: impl FnOnce() -> String) {
        if wrong {
            self.findings.push(Finding::new(kind, format!("ottpay {}: {}", self.order_id, what())));
        }
    }
}

/// What may be asked right after a restart, before anything has settled: was an acknowledged thing lost?
pub fn after_restart(sale: &OttSale, queried: Option<&OttQueried>) -> Vec<Finding> {
    let mut judge = Judge::of(sale);
    let Some(queried) = queried else {
        let known = sale.created == Answer::Yes || sale.seen.is_some();
        judge.find(known, Kind::Lost, || "was acknowledged and is not there".into());
        return judge.findings;
    };
    let sent = (sale.total_minor().to_string(), sale.tip_minor.to_string());
    let is_same = (&queried.total, &queried.tip) == (&sent.0, &sent.1);
    judge.find(!is_same, Kind::Lost, || format!("{queried:?} was sent with total and tip {sent:?}"));
    let turned = sale.seen.is_some() && sale.seen != queried.end();
    judge.find(turned, Kind::Lost, || format!("was {:?} and is {}", sale.seen, queried.status));
    let renumbered = sale.number.as_ref().is_some_and(|number| *number != queried.number);
    judge.find(renumbered, Kind::Lost, || format!("was {:?} and is {}", sale.number, queried.number));
    let revived = sale.way == Way::Passive && sale.seen_closing && queried.end() == Some(End::Paid);
    judge.find(revived, Kind::OneSided, || "was being closed and became paid, unseen by its till".into());
    judge.findings
}

/// Everything, once nothing is owed any more.
pub fn settled(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut findings = after_restart(facts.sale, facts.queried.as_ref());
    findings.extend(wallets(facts));
    findings.extend(books(facts));
    findings.extend(late_money(facts));
    findings.extend(refunds(facts));
    findings.extend(callbacks(facts));
    findings
}

impl OttFacts<'_> {
    fn is_paid(&self) -> bool {
        self.queried.as_ref().and_then(OttQueried::end) == Some(End::Paid)
    }

    /// The trade that paid the order: of the last choice, and only if the order is paid.
    fn winner(&self) -> Option<&Wallet> {
        let last = self.booked.filter(|_| self.is_paid())?.choices;
        self.trades.iter().find(|trade| trade.choice == last).map(|trade| &trade.wallet)
    }
}

/// Each trade by itself.
fn wallets(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut judge = Judge::of(facts.sale);
    for Trade { choice, wallet } in &facts.trades {
        let whole_minor = i64::from(wallet.charges) * facts.sale.total_minor();
        judge.find(wallet.charges > 1, Kind::Doubled, || format!("charged {} times", wallet.charges));
        judge.find(wallet.duplicate_charges > 0, Kind::Doubled, || format!("charged again: {wallet:?}"));
        judge.find(wallet.duplicate_refunds > 0, Kind::Doubled, || format!("refunded again: {wallet:?}"));
        let wrong = wallet.charged_minor != whole_minor;
        judge.find(wrong, Kind::OneSided, || format!("choice {choice} charged another amount: {wallet:?}"));
        let declined = !wallet.declined_minor.is_empty() && !facts.sale.has_refunds_declined();
        judge.find(declined, Kind::OneSided, || format!("a refund the wallet could not make: {wallet:?}"));
    }
    let lost = facts.queried.is_none() && !facts.trades.is_empty();
    judge.find(lost, Kind::Lost, || format!("the wallets have it and we have not: {:?}", facts.trades));
    judge.findings
}

/// The order's state and funds against the trade that paid it.
fn books(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut judge = Judge::of(facts.sale);
    let Some(queried) = &facts.queried else { return judge.findings };
    judge.find(queried.end().is_none(), Kind::Unsettled, || format!("still {}", queried.status));
    let page_word = match queried.end() {
        Some(End::Paid) => "SUCCESS",
        Some(End::Declined | End::Closed) => "ORDERCLOSE",
        None => "PROCESSING",
    };
    let agrees = match (&facts.page_status, facts.sale.way) {
        (Some(word), Way::Page) => word == page_word,
        (word, way) => word.is_none() && way != Way::Page,
    };
    judge.find(!agrees, Kind::OneSided, || {
        format!("the page is {:?}, the order {}", facts.page_status, queried.status)
    });
    let Some(booked) = facts.booked else {
        judge.find(true, Kind::Lost, || "answered, but not in the store".into());
        return judge.findings;
    };
    let winner = facts.winner().cloned().unwrap_or_default();
    let refunded_minor: i64 = winner.refunds_minor.iter().sum();
    let unpaid = facts.is_paid() && winner.charges == 0;
    judge.find(unpaid, Kind::OneSided, || format!("paid, but the wallet did not charge: {:?}", facts.trades));
    let is_even = booked.captured_minor == winner.charged_minor
        && booked.refunded_minor == refunded_minor
        && queried.refund_fee == booked.refunded_minor.to_string();
    judge.find(!is_even, Kind::OneSided, || {
        format!("{queried:?}, we booked {booked:?}, the wallets {:?}", facts.trades)
    });
    let word = match (booked.refunded_minor, booked.captured_minor) {
        (0, _) => "success",
        (refunded, captured) if refunded < captured => "partial_refunded",
        _ => "fully_refunded",
    };
    let wrong_word = facts.is_paid() && queried.status != word;
    judge.find(wrong_word, Kind::OneSided, || format!("{} and {booked:?}", queried.status));
    let open = booked.refunding_minor != 0;
    judge.find(open, Kind::Unsettled, || format!("a refund is still open: {booked:?}"));
    judge.findings
}

/// What was charged and did not pay the order went back whole, once.
fn late_money(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut judge = Judge::of(facts.sale);
    let last = facts.booked.map_or(0, |booked| booked.choices);
    for Trade { choice, wallet } in &facts.trades {
        let is_winner = facts.is_paid() && *choice == last;
        if is_winner || wallet.charges == 0 {
            continue;
        }
        let back_minor: i64 = wallet.refunds_minor.iter().sum();
        let declined_as_ruled =
            facts.sale.has_refunds_declined() && wallet.declined_minor == [wallet.charged_minor];
        let kept = back_minor < wallet.charged_minor && !declined_as_ruled;
        judge.find(kept, Kind::OneSided, || format!("money of choice {choice} was kept: {wallet:?}"));
        // A wallet that has given all of it back declines the second time.
        let twice = wallet.refunds_minor.len() + wallet.declined_minor.len() > 1;
        judge.find(twice, Kind::Doubled, || format!("money of choice {choice} went back twice: {wallet:?}"));
    }
    judge.findings
}

/// Each acknowledged refund was made once, each other one at most once, and no refund nobody asked for.
fn refunds(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut judge = Judge::of(facts.sale);
    let made = facts.winner().map_or(&[][..], |winner| &winner.refunds_minor);
    for (place, tried) in facts.sale.refunds.iter().enumerate() {
        let times = made.iter().filter(|amount| **amount == tried.amount_minor).count();
        let queried = facts.refunds.get(place).and_then(Option::as_ref);
        let lost = tried.answer == RefundAnswer::Made && times == 0;
        judge.find(lost, Kind::Lost, || format!("{tried:?} was acknowledged and not made"));
        judge.find(times > 1, Kind::Doubled, || format!("{tried:?} was made {times} times"));
        refund_words(&mut judge, facts, tried, (queried, times));
    }
    for amount in made {
        let asked = facts.sale.refunds.iter().any(|tried| tried.amount_minor == *amount);
        judge.find(!asked, Kind::Doubled, || format!("a refund of {amount} nobody asked for"));
    }
    judge.findings
}

/// What the gateway says of a refund against what the wallet did.
fn refund_words(
    judge: &mut Judge<'_>,
    facts: &OttFacts<'_>,
    tried: &OttRefund,
    (queried, times): (Option<&RefundQueried>, usize),
) {
    if tried.number.is_none() {
        return;
    }
    let Some(queried) = queried else {
        let told = matches!(tried.answer, RefundAnswer::Made | RefundAnswer::Open);
        judge.find(told || times > 0, Kind::Lost, || format!("{tried:?} is not there"));
        return;
    };
    let is_same = queried.order_id == facts.sale.order_id && queried.amount == tried.amount_minor.to_string();
    judge.find(!is_same, Kind::Lost, || format!("{tried:?} is {queried:?}"));
    let says_made = End::of(&queried.status) == Some(End::Paid);
    judge.find(queried.status == "init", Kind::Unsettled, || format!("{tried:?} is still open"));
    judge.find(says_made != (times > 0), Kind::OneSided, || format!("{queried:?} was made {times} times"));
}

/// A payment is told, nothing else is; and never of a passive payment.
fn callbacks(facts: &OttFacts<'_>) -> Vec<Finding> {
    let mut judge = Judge::of(facts.sale);
    let sale = facts.sale;
    let untold = facts.is_paid() && sale.way != Way::Passive && facts.callbacks.is_empty();
    judge.find(untold, Kind::Undelivered, || "nobody was told that it is paid".into());
    let told = facts.callbacks.len();
    judge.find(told > 0 && !facts.is_paid(), Kind::OneSided, || format!("told of what is not paid, {told}"));
    judge.find(told > 0 && sale.way == Way::Passive, Kind::OneSided, || "a passive payment was told".into());
    for callback in facts.callbacks {
        let is_right = callback.status == "success"
            && callback.amount == sale.amount_minor.to_string()
            && callback.tip == sale.tip_minor.to_string()
            && facts.queried.as_ref().is_some_and(|queried| queried.number == callback.number);
        judge.find(!is_right, Kind::OneSided, || format!("told {callback:?}, answered {:?}", facts.queried));
    }
    judge.findings
}

/// A trade at a wallet without an order: the gateway died after it had prepared a code, or a repeated message had one
/// prepared in vain. Nobody has seen that code, so nobody can have paid it.
pub fn orphan(trade_no: &str, wallet: &Wallet) -> Option<Finding> {
    let untouched = wallet.charges == 0 && wallet.charged_minor == 0 && wallet.refunds_minor.is_empty();
    let text = || format!("ottpay: the wallet charged {trade_no}, which is no order of ours: {wallet:?}");
    (!untouched).then(|| Finding::new(Kind::Lost, text()))
}
