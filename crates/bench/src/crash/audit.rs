//! The end of a round: wait until nothing is owed, collect all sides of every order, let the checkers judge.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use tillgate::books;
use tillgate_core::MerchantId;
use tillgate_store::{OrderKey, Store};

use super::audit_ottpay::{self, Coverage};
use super::check::{self, Booked, Facts, Finding, Kind, Wallet};
use super::codepay;
use super::desk_ottpay::Desk;
use super::home::Home;
use super::line::Line;
use super::shop::Shop;
use crate::child::find_panic;
use crate::till;

/// A lease lasts 30 s, a refund that never arrived counts as lost after 60 s, and both may follow each other.
const SETTLE_WITHIN: Duration = Duration::from_secs(180);
/// Nothing owed for so long: longer than the wallets take to report a late payment.
const QUIET: Duration = Duration::from_secs(4);
const LOOK: Duration = Duration::from_millis(500);
const ROOM: &str = "latipay";

/// A row of `/sandbox/api/ledger`.
#[derive(Debug, Clone, Deserialize)]
pub struct LedgerRow {
    trade_no: String,
    charges: u32,
    charged_minor: i64,
    duplicate_charges: u32,
    duplicate_refunds: u32,
}

/// What the wallets moved, by our number there.
pub type LedgerRows = HashMap<String, LedgerRow>;

#[derive(Debug, Deserialize)]
struct TradeView {
    created_ms: i64,
    ended_ms: Option<i64>,
    refunds: Vec<RefundView>,
}

#[derive(Debug, Deserialize)]
struct RefundView {
    amount: String,
    declined: Option<String>,
}

/// Waits until no work is owed; what still is owed when the patience ends is a finding.
pub async fn settle(home: &Home) -> Result<Option<Finding>> {
    let store = home.open().await?;
    let started = Instant::now();
    let mut quiet_since = Instant::now();
    while started.elapsed() < SETTLE_WITHIN {
        if store.totals().await?.work > 0 {
            quiet_since = Instant::now();
        }
        if quiet_since.elapsed() >= QUIET {
            return Ok(None);
        }
        tokio::time::sleep(LOOK).await;
    }
    let work = store.totals().await?.work;
    let text = format!("{work} rows of work are still owed after {} s", SETTLE_WITHIN.as_secs());
    Ok(Some(Finding::new(Kind::Unsettled, text)))
}

/// All sides of all orders, while the gateway runs.
pub async fn orders(
    shop: &Rc<Shop>,
    desk: &Rc<Desk>,
    counter: &Rc<codepay::Desk>,
    address: SocketAddr,
    home: &Home,
) -> Result<(Vec<Finding>, Coverage, codepay::audit::Coverage)> {
    let mut line = Line::open(address, &shop.book).await?;
    let ledger: Vec<LedgerRow> = serde_json::from_slice(line.get("/sandbox/api/ledger").await?.body)?;
    let mut ledger: LedgerRows = ledger.into_iter().map(|row| (row.trade_no.clone(), row)).collect();
    let store = home.open().await?;
    let store = &*store;
    let mut findings = latipay_orders(shop, &mut line, store, &mut ledger).await?;
    let (found, coverage) = audit_ottpay::orders(desk, &mut line, store, &mut ledger).await?;
    findings.extend(found);
    let (found, at_terminals) = codepay::audit::orders(counter, &mut line, store).await?;
    findings.extend(found);
    // What is left belongs to no order.
    for row in ledger.values() {
        findings.push(Finding::new(Kind::Lost, format!("the wallet has a payment we have not: {row:?}")));
    }
    Ok((findings, coverage, at_terminals))
}

async fn latipay_orders(
    shop: &Rc<Shop>,
    line: &mut Line,
    store: &dyn Store,
    ledger: &mut LedgerRows,
) -> Result<Vec<Finding>> {
    let user = store.load_credential(ROOM, till::USER).await?.context("the merchant is gone")?;
    let sales = std::mem::take(&mut shop.book.borrow_mut().sales);
    let mut findings = Vec::new();
    for sale in &sales {
        let queried = shop.query(line, &sale.reference).await?;
        let key = OrderKey::Reference { room: ROOM, reference: &sale.reference };
        let order = store.load_order(user.merchant, key).await?;
        let row = order.as_ref().and_then(|order| ledger.remove(&trade_no(user.merchant, order.number.0)));
        let wallet = match row {
            Some(row) => Some(wallet(line, row).await?),
            None => None,
        };
        let booked = order.map(|order| Booked {
            captured_minor: order.funds.captured_minor,
            refunded_minor: order.funds.refunded_minor,
        });
        let book = shop.book.borrow();
        let notices = book.notices.get(&sale.reference).map_or(&[][..], Vec::as_slice);
        findings.extend(check::settled(&Facts { sale, queried, wallet, booked, notices }));
    }
    shop.book.borrow_mut().sales = sales;
    Ok(findings)
}

/// As the gateway names its orders at the wallet.
pub fn trade_no(merchant: MerchantId, number: i64) -> String {
    format!("{}-{number}", merchant.0)
}

pub async fn wallet(line: &mut Line, row: LedgerRow) -> Result<Wallet> {
    let mut wallet = Wallet {
        charges: row.charges,
        charged_minor: row.charged_minor,
        refunds_minor: Vec::new(),
        declined_minor: Vec::new(),
        duplicate_charges: row.duplicate_charges,
        duplicate_refunds: row.duplicate_refunds,
    };
    if row.charges > 0 || row.duplicate_charges > 0 {
        let path = format!("/sandbox/api/payments/{}", row.trade_no);
        let view: TradeView = serde_json::from_slice(line.get(&path).await?.body)?;
        for refund in &view.refunds {
            let amount_minor = minor(&refund.amount).with_context(|| format!("{refund:?}"))?;
            match refund.declined {
                None => wallet.refunds_minor.push(amount_minor),
                Some(_) => wallet.declined_minor.push(amount_minor),
            }
        }
        // The wallet counts every charge of a number it knows. Here it learned the number from the close, which
        // overtook the charge: that one was the first.
        if view.ended_ms == Some(view.created_ms) && row.charges == 0 {
            wallet.duplicate_charges = wallet.duplicate_charges.saturating_sub(1);
        }
    }
    Ok(wallet)
}

/// `12.34` to 1234.
fn minor(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.')?;
    (part.len() == 2).then(|| format!("{whole}{part}").parse().ok())?
}

/// The store itself, after the gateway has ended: sums, and whether it is whole.
pub async fn books(home: &Home, logs: &[&Path]) -> Result<Vec<Finding>> {
    let store = home.open().await?;
    let totals = store.totals().await?;
    let mut findings = Vec::new();
    let mut wrong = |found: books::check::Finding| {
        findings.push(Finding::new(Kind::OneSided, format!("ledger check: {found}")));
    };
    books::check::check(&*store, None, &mut wrong).await?;
    for (currency, sum) in totals.postings.iter().filter(|(_, sum)| *sum != 0) {
        findings.push(Finding::new(Kind::OneSided, format!("postings in {currency} sum to {sum}")));
    }
    if totals.notifications_exhausted > 0 {
        let text = format!("{} notifications were given up", totals.notifications_exhausted);
        findings.push(Finding::new(Kind::Undelivered, text));
    }
    findings.extend(home.damage()?);
    for line in logs.iter().filter_map(|log| find_panic(log)) {
        findings.push(Finding::new(Kind::OneSided, format!("the gateway panicked: {line}")));
    }
    if totals.orders.is_empty() {
        bail!("no order was made at all");
    }
    Ok(findings)
}
