//! The reckoning of OTT Pay's orders: collects all sides of each, and lets the checkers judge.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use std::{fmt, io};

use anyhow::{Context as _, Result};
use tillgate_core::MerchantId;
use tillgate_store::{OrderKey, Store};

use super::audit::{LedgerRows, trade_no, wallet};
use super::book::Answer;
use super::book_ottpay::{End, OttSale, Way};
use super::check::Finding;
use super::check_ottpay::{self, OttBooked, OttFacts, Trade};
use super::desk_ottpay::Desk;
use super::line::Line;
use crate::dice::Dice;
use crate::ottpay_till::MERCHANT;

const ROOM: &str = "ottpay";
const WATCH_EVERY: Duration = Duration::from_millis(300);

/// What the load has come to: a test that never gets there proves nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Coverage {
    orders: usize,
    paid: usize,
    /// By a wallet that was not the first choice.
    paid_by_later_choice: usize,
    /// Money that was not the merchant's and went back: after the order's time, or by a choice given up.
    late: usize,
    late_beside_payment: usize,
    refunds: usize,
    /// Trades without an order, never charged.
    orphans: usize,
}

impl Coverage {
    fn note(&mut self, facts: &OttFacts<'_>) {
        let end = facts.queried.as_ref().and_then(|queried| queried.end());
        let is_paid = end == Some(End::Paid);
        let last = facts.booked.map_or(0, |booked| booked.choices);
        let charged = facts.trades.iter().filter(|trade| trade.wallet.charges > 0);
        let late = charged.filter(|trade| !is_paid || trade.choice != last).count();
        self.orders += usize::from(facts.queried.is_some());
        self.paid += usize::from(is_paid);
        self.paid_by_later_choice += usize::from(is_paid && last > 1);
        self.late += late;
        self.late_beside_payment += usize::from(is_paid && late > 0);
        self.refunds += facts.booked.map_or(0, |booked| usize::from(booked.refunded_minor > 0));
    }

    pub fn add(&mut self, other: Self) {
        self.orders += other.orders;
        self.paid += other.paid;
        self.paid_by_later_choice += other.paid_by_later_choice;
        self.late += other.late;
        self.late_beside_payment += other.late_beside_payment;
        self.refunds += other.refunds;
        self.orphans += other.orphans;
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} orders, {} paid ({} by a later choice), {} late payments ({} beside a payment), {} with refunds, {} \
             codes nobody saw",
            self.orders,
            self.paid,
            self.paid_by_later_choice,
            self.late,
            self.late_beside_payment,
            self.refunds,
            self.orphans
        )
    }
}

/// All sides of all orders, while the gateway runs. Takes the rows of the wallets' ledger that are theirs.
pub async fn orders(
    desk: &Rc<Desk>,
    line: &mut Line,
    store: &dyn Store,
    ledger: &mut LedgerRows,
) -> Result<(Vec<Finding>, Coverage)> {
    let merchant = store.load_credential(ROOM, MERCHANT).await?.context("the merchant is gone")?.merchant;
    let sales = desk.book.borrow().ottpay.sales.clone();
    let (mut findings, mut coverage) = (Vec::new(), Coverage::default());
    for sale in &sales {
        let callbacks = desk.book.borrow().ottpay.callbacks.get(&sale.order_id).cloned().unwrap_or_default();
        let mut facts = facts_of(desk, line, sale).await?;
        facts.callbacks = &callbacks;
        let key = OrderKey::Reference { room: ROOM, reference: &sale.order_id };
        if let Some(order) = store.load_order(merchant, key).await? {
            facts.booked = Some(OttBooked {
                captured_minor: order.funds.captured_minor,
                refunded_minor: order.funds.refunded_minor,
                refunding_minor: order.funds.refunding_minor,
                choices: order.choice(),
            });
            for choice in 1..=order.choice() {
                if let Some(row) = ledger.remove(&trade_of_choice(merchant, order.number.0, choice)) {
                    facts.trades.push(Trade { choice, wallet: wallet(line, row).await? });
                }
            }
        }
        coverage.note(&facts);
        findings.extend(check_ottpay::settled(&facts));
    }
    let own = format!("{}-", merchant.0);
    let orphans: Vec<String> = ledger.keys().filter(|trade_no| trade_no.starts_with(&own)).cloned().collect();
    for trade_no in orphans {
        let Some(row) = ledger.remove(&trade_no) else { continue };
        coverage.orphans += 1;
        findings.extend(check_ottpay::orphan(&trade_no, &wallet(line, row).await?));
    }
    Ok((findings, coverage))
}

/// What the gateway itself says of a sale.
async fn facts_of<'a>(desk: &Desk, line: &mut Line, sale: &'a OttSale) -> Result<OttFacts<'a>> {
    let queried = desk.status(line, &sale.order_id).await?;
    let page_status = match (&queried, sale.way) {
        (Some(_), Way::Page) => desk.page_status(line, &sale.order_id).await?,
        _ => None,
    };
    let mut refunds = Vec::new();
    for refund in &sale.refunds {
        refunds.push(match &refund.number {
            Some(number) => desk.refund_status(line, number).await?,
            None => None,
        });
    }
    Ok(OttFacts { sale, queried, page_status, trades: Vec::new(), booked: None, refunds, callbacks: &[] })
}

/// As the gateway names the payer's choices at the wallets.
fn trade_of_choice(merchant: MerchantId, number: i64, choice: u32) -> String {
    let first = trade_no(merchant, number);
    if choice == 1 { first } else { format!("{first}.{choice}") }
}

/// Asks for every order that is not over, as tills do, until it is stopped: what an order once was it must stay.
pub async fn watch(desk: Rc<Desk>, address: SocketAddr) {
    // An error is the gateway's death, and found out elsewhere.
    let _: io::Result<()> = async {
        let mut line = Line::open(address, &desk.book).await?;
        loop {
            let all = desk.book.borrow().ottpay.sales.len();
            for place in 0..all {
                if desk.sale(place, |sale| sale.seen.is_none() && sale.created == Answer::Yes) {
                    desk.ask(&mut line, place).await?;
                }
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }
    .await;
}

/// What was acknowledged last is most at risk: it must be there at once.
pub async fn sample(desk: &Rc<Desk>, line: &mut Line, dice: &mut Dice, size: usize) -> Result<Vec<Finding>> {
    let known = |sale: &&OttSale| sale.created == Answer::Yes;
    let recent: Vec<OttSale> =
        desk.book.borrow().ottpay.sales.iter().rev().filter(known).take(4 * size).cloned().collect();
    let mut findings = Vec::new();
    for _ in 0..size.min(recent.len()) {
        let Some(sale) = dice.pick(&recent) else { break };
        let queried = desk.status(line, &sale.order_id).await?;
        findings.extend(check_ottpay::after_restart(sale, queried.as_ref()));
    }
    Ok(findings)
}
