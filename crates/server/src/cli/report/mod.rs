//! `report balances | statement | batch`: what the books say, for people, spreadsheets and pages.

mod table;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use tillgate_core::{Currency, MerchantId, Money, Timestamp};
use tillgate_store::{BatchHead, Store};

pub use table::{Format, Table};

use super::{DataArgs, one_line};
use crate::books::batch::{Total, totals};
use crate::books::statement::{Movement, Statement, statements};
use crate::rooms::codepay::TERMINALS;
use crate::{clock, database};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// What each account of the ledger holds, by merchant and currency. Debits are positive, credits negative.
    Balances(BalancesArgs),
    /// What a merchant was owed before a day (UTC), each movement of it, what he was owed after it.
    Statement(StatementArgs),
    /// What terminals' batches come to, by kind of transaction and card brand.
    Batch(BatchArgs),
}

#[derive(Debug, clap::Args)]
struct Shape {
    #[command(flatten)]
    data: DataArgs,
    /// Only this merchant's (as in `merchant list`).
    #[arg(long, value_name = "NUMBER")]
    merchant: Option<u32>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Debug, clap::Args)]
pub struct BalancesArgs {
    #[command(flatten)]
    shape: Shape,
    /// At the end of this day (UTC), such as 2026-11-26; now if absent.
    #[arg(long)]
    day: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct StatementArgs {
    #[command(flatten)]
    shape: Shape,
    /// The day (UTC), such as 2026-11-26.
    #[arg(long)]
    day: String,
}

#[derive(Debug, clap::Args)]
pub struct BatchArgs {
    #[command(flatten)]
    shape: Shape,
    /// Only this terminal's.
    #[arg(long)]
    terminal: Option<String>,
    /// Only this one; all if absent.
    #[arg(long, requires = "terminal", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Balances(args) => balances(args).await,
        Command::Statement(args) => statement(args).await,
        Command::Batch(args) => batch(args).await,
    }
}

/// A merchant that exists.
pub async fn known_merchant(store: &dyn Store, number: u32) -> Result<MerchantId> {
    let merchant = MerchantId(number);
    if !store.list_merchants().await?.contains(&merchant) {
        bail!("--merchant {number}: there is none; see merchant list");
    }
    Ok(merchant)
}

async fn asked(store: &dyn Store, merchant: Option<u32>) -> Result<Vec<MerchantId>> {
    match merchant {
        Some(number) => Ok(vec![known_merchant(store, number).await?]),
        None => Ok(store.list_merchants().await?),
    }
}

/// From its first moment until before the next day's.
pub fn day_of(option: &str, text: &str) -> Result<(Timestamp, Timestamp)> {
    clock::day(text).with_context(|| format!("{option} {}: not a day, such as 2026-11-26", one_line(text)))
}

fn decimal(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_string()
}

#[derive(Serialize)]
struct BalanceRow {
    merchant: u32,
    account: String,
    currency: &'static str,
    balance: String,
}

async fn balances(args: BalancesArgs) -> Result<()> {
    let before = args.day.as_deref().map(|day| day_of("--day", day)).transpose()?.map(|(_, end)| end);
    let (store, _) = database::open_beside(&args.shape.data.config()?, false).await?;
    let mut table = Table::new(&["merchant", "account", "currency", "balance"]);
    let mut rows = Vec::new();
    for merchant in asked(&*store, args.shape.merchant).await? {
        for balance in store.balances(merchant, before).await? {
            let row = BalanceRow {
                merchant: merchant.0,
                account: balance.account.to_string(),
                currency: balance.amount.currency.code(),
                balance: balance.amount.to_string(),
            };
            table.push(vec![
                row.merchant.to_string(),
                row.account.clone(),
                row.currency.to_owned(),
                row.balance.clone(),
            ]);
            rows.push(row);
        }
    }
    #[derive(Serialize)]
    struct Page {
        at: String,
        balances: Vec<BalanceRow>,
    }
    let at = clock::iso(before.unwrap_or_else(clock::now));
    table.print(args.shape.format, &Page { at, balances: rows })
}

#[derive(Serialize)]
struct MovementRow {
    time: String,
    order: String,
    reference: String,
    kind: &'static str,
    method: String,
    amount: String,
    tip: String,
    fee: String,
    vat: String,
    net: String,
    settled: String,
    balance: String,
}

impl MovementRow {
    fn new(movement: &Movement, currency: Currency) -> Self {
        let decimal = |minor| decimal(minor, currency);
        Self {
            time: clock::iso(movement.at),
            order: movement.order.to_string(),
            reference: movement.reference.clone(),
            kind: movement.kind,
            method: movement.method.clone(),
            amount: decimal(movement.amount_minor),
            tip: decimal(movement.tip_minor),
            fee: decimal(movement.fee_minor),
            vat: decimal(movement.vat_minor),
            net: decimal(movement.net_minor()),
            settled: decimal(movement.settled_minor),
            balance: decimal(movement.balance_minor),
        }
    }

    fn cells(self) -> [String; 12] {
        let kind = self.kind.to_owned();
        [
            self.time,
            self.order,
            self.reference,
            kind,
            self.method,
            self.amount,
            self.tip,
            self.fee,
            self.vat,
            self.net,
            self.settled,
            self.balance,
        ]
    }
}

#[derive(Serialize)]
struct StatementPage {
    merchant: u32,
    account: String,
    currency: &'static str,
    opening: String,
    movements: Vec<MovementRow>,
    closing: String,
}

impl StatementPage {
    fn new(statement: &Statement) -> Self {
        let currency = statement.currency;
        Self {
            merchant: statement.merchant.0,
            account: statement.account.clone(),
            currency: currency.code(),
            opening: decimal(statement.opening_minor, currency),
            movements: statement
                .movements
                .iter()
                .map(|movement| MovementRow::new(movement, currency))
                .collect(),
            closing: decimal(statement.closing_minor, currency),
        }
    }
}

const STATEMENT_COLUMNS: &[&str] = &[
    "merchant",
    "account",
    "currency",
    "time",
    "order",
    "reference",
    "kind",
    "method",
    "amount",
    "tip",
    "fee",
    "vat",
    "net",
    "settled",
    "balance",
];

async fn statement(args: StatementArgs) -> Result<()> {
    let span = day_of("--day", &args.day)?;
    let (store, _) = database::open_beside(&args.shape.data.config()?, false).await?;
    let mut table = Table::new(STATEMENT_COLUMNS);
    let mut pages = Vec::new();
    for merchant in asked(&*store, args.shape.merchant).await? {
        for statement in statements(&*store, merchant, span).await? {
            state(&mut table, &statement, span);
            pages.push(StatementPage::new(&statement));
        }
    }
    #[derive(Serialize)]
    struct Page {
        day: String,
        statements: Vec<StatementPage>,
    }
    table.print(args.shape.format, &Page { day: args.day, statements: pages })
}

fn state(table: &mut Table, statement: &Statement, (from, until): (Timestamp, Timestamp)) {
    let currency = statement.currency;
    let mut push = |cells: [String; 12]| {
        let whose = [statement.merchant.0.to_string(), statement.account.clone(), currency.code().to_owned()];
        table.push(whose.into_iter().chain(cells).collect());
    };
    let edge = |at: Timestamp, kind: &str, minor: i64| {
        let mut cells: [String; 12] = Default::default();
        (cells[0], cells[3], cells[11]) = (clock::iso(at), kind.to_owned(), decimal(minor, currency));
        cells
    };
    push(edge(from, "opening", statement.opening_minor));
    for movement in &statement.movements {
        push(MovementRow::new(movement, currency).cells());
    }
    push(edge(until, "closing", statement.closing_minor));
}

#[derive(Serialize)]
struct TotalRow {
    kind: &'static str,
    brand: String,
    currency: &'static str,
    voided: bool,
    count: u32,
    amount: String,
    tips: String,
}

impl TotalRow {
    fn new(total: &Total) -> Self {
        Self {
            kind: total.deed.as_str(),
            brand: total.brand.clone(),
            currency: total.currency.code(),
            voided: total.is_voided,
            count: total.count,
            amount: decimal(total.amount_minor, total.currency),
            tips: decimal(total.tip_minor, total.currency),
        }
    }
}

#[derive(Serialize)]
struct BatchPage {
    merchant: u32,
    terminal: String,
    number: u32,
    opened: String,
    /// Null while it is open.
    closed: Option<String>,
    totals: Vec<TotalRow>,
}

impl BatchPage {
    fn new(merchant: MerchantId, head: BatchHead, totals: &[Total]) -> Self {
        Self {
            merchant: merchant.0,
            terminal: head.terminal,
            number: head.number,
            opened: clock::iso(head.opened_at),
            closed: head.closed_at.map(clock::iso),
            totals: totals.iter().map(TotalRow::new).collect(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.totals.iter().map(|total| {
            vec![
                self.merchant.to_string(),
                self.terminal.clone(),
                self.number.to_string(),
                self.opened.clone(),
                self.closed.clone().unwrap_or_default(),
                total.kind.to_owned(),
                total.brand.clone(),
                total.currency.to_owned(),
                if total.voided { "yes" } else { "no" }.to_owned(),
                total.count.to_string(),
                total.amount.clone(),
                total.tips.clone(),
            ]
        })
    }
}

const BATCH_COLUMNS: &[&str] = &[
    "merchant", "terminal", "number", "opened", "closed", "kind", "brand", "currency", "voided", "count",
    "amount", "tips",
];

async fn batch(args: BatchArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.shape.data.config()?, false).await?;
    let of_terminal = match (&args.terminal, args.shape.merchant) {
        (Some(terminal), None) => {
            let known = store.load_credential(TERMINALS, terminal).await?;
            Some(known.with_context(|| format!("there is no terminal {}", one_line(terminal)))?.merchant)
        }
        _ => None,
    };
    let merchants = match of_terminal {
        Some(merchant) => vec![merchant],
        None => asked(&*store, args.shape.merchant).await?,
    };
    let mut table = Table::new(BATCH_COLUMNS);
    let mut batches = Vec::new();
    for merchant in merchants {
        for head in store.list_batches(merchant).await? {
            let is_other = args.terminal.as_ref().is_some_and(|terminal| *terminal != head.terminal)
                || args.number.is_some_and(|number| number != head.number);
            if is_other {
                continue;
            }
            let totals = totals(&*store, merchant, &head).await?;
            let page = BatchPage::new(merchant, head, &totals);
            page.rows().for_each(|row| table.push(row));
            batches.push(page);
        }
    }
    if let (Some(number), true) = (args.number, batches.is_empty()) {
        bail!("terminal {} has no batch {number}", one_line(args.terminal.as_deref().unwrap_or_default()));
    }
    #[derive(Serialize)]
    struct Page {
        batches: Vec<BatchPage>,
    }
    table.print(args.shape.format, &Page { batches })
}
