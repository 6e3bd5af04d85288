//! `codepay batch list | show`: what a terminal's batches hold.

use anyhow::{Result, bail};
use tillgate_core::{BatchPlace, Deed, MerchantId, Money, Order, OrderState};
use tillgate_store::{Batch, BatchLine, OrderSearch, Store};

use super::{DataArgs, ROOM, database, found_terminal, one_line, say};
use crate::clock;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Lists a terminal's batches, newest first.
    List(ListArgs),
    /// Shows a batch: what each kind of transaction comes to.
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The terminal.
    sn: String,
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The terminal.
    sn: String,
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    number: u32,
    /// Lists its orders too, and which of them are settled. Reads all the merchant's orders.
    #[arg(long)]
    orders: bool,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
    }
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let terminal = found_terminal(&*store, &args.sn).await?;
    let newest = store.open_batch(terminal.merchant, &terminal.login).await?;
    let oldest = newest.saturating_sub(args.limit).saturating_add(1).max(1);
    let mut count = 0;
    for number in (oldest..=newest).rev() {
        // The open one is not there before its first order.
        let Some(batch) = store.load_batch(terminal.merchant, &terminal.login, number).await? else {
            continue;
        };
        say(&format!("{number:>6}  {:<23}  {}", state(&batch), sums(&batch)));
        count += 1;
    }
    say(&format!("{count} listed"));
    Ok(())
}

async fn show(args: ShowArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let terminal = found_terminal(&*store, &args.sn).await?;
    let Some(batch) = store.load_batch(terminal.merchant, &terminal.login, args.number).await? else {
        bail!("terminal {} has no batch {}, or nothing is in it yet", terminal.login, args.number);
    };
    let state = if batch.closed_at.is_some() { format!("closed {}", state(&batch)) } else { "open".into() };
    say(&format!("batch {} of {}, {state}", batch.number, terminal.login));
    for line in &batch.lines {
        say(&line_of(line));
    }
    say(&format!("  {:<24} {}", "total", sums(&batch)));
    if args.orders {
        let place = BatchPlace { terminal: terminal.login, number: batch.number };
        show_orders(&*store, terminal.merchant, &place).await?;
    }
    Ok(())
}

fn state(batch: &Batch) -> String {
    batch.closed_at.map_or_else(|| "open".to_owned(), clock::display)
}

/// How many transactions stand, and what they come to in each currency.
pub fn sums(batch: &Batch) -> String {
    let transactions = match batch.count() {
        0 => return "empty".into(),
        1 => "1 transaction".to_owned(),
        count => format!("{count} transactions"),
    };
    let nets = batch.currencies().into_iter().map(|currency| {
        let net = Money::new(batch.net_minor(currency), currency);
        format!("{net:?}")
    });
    format!("{transactions}, {}", nets.collect::<Vec<_>>().join(", "))
}

/// Kind, how many, what they come to, how much of it is tips.
fn line_of(line: &BatchLine) -> String {
    let kind = match line.deed {
        // What it held was taken: that is what is in a batch.
        Deed::Authorization => "completed authorization",
        Deed::Sale | Deed::Void | Deed::Refund | Deed::Completion => line.deed.as_str(),
    };
    let sign = if line.deed == Deed::Refund { -1 } else { 1 };
    let total = Money::new(sign * line.total_minor, line.currency);
    let tips = match line.tip_minor {
        0 => String::new(),
        minor => format!(", tips {:?}", Money::new(minor, line.currency)),
    };
    let voided = if line.is_voided { ", voided: not in the total" } else { "" };
    format!("  {kind:<24} {}  {total:?}{tips}{voided}", line.count)
}

/// A completion's money is its authorization's, which may have been made at another terminal: all are looked at.
async fn show_orders(store: &dyn Store, merchant: MerchantId, place: &BatchPlace) -> Result<()> {
    let search = OrderSearch { room: ROOM.into(), limit: u32::MAX, ..OrderSearch::default() };
    let mut orders = store.search_orders(merchant, &search).await?;
    orders
        .retain(|order| order.counter.as_ref().is_some_and(|counter| counter.batch.as_ref() == Some(place)));
    let settled = orders.iter().filter(|order| is_settled(order)).count();
    let standing = orders.iter().filter(|order| !is_voided(order)).count();
    for order in &orders {
        let (name, minor) = (order.state.name(), moved_minor(order));
        let settled = match () {
            () if is_voided(order) => "not in the total",
            () if is_settled(order) => "settled",
            () => "not settled",
        };
        say(&format!(
            "  {}  {}  {}  {}  {:?}  {settled}",
            order.number,
            one_line(&order.reference),
            order.terms.deed().as_str(),
            name,
            Money::new(minor, order.terms.amount.currency)
        ));
    }
    say(&format!("{settled} of {standing} settled"));
    Ok(())
}

/// What a refund gives back is not captured by it: its amount is its own.
fn moved_minor(order: &Order) -> i64 {
    match order.terms.deed() {
        Deed::Refund => -order.total().minor,
        Deed::Sale | Deed::Authorization | Deed::Void | Deed::Completion => order.funds.captured_minor,
    }
}

fn is_voided(order: &Order) -> bool {
    matches!(order.state, OrderState::Voided { .. })
}

fn is_settled(order: &Order) -> bool {
    order.counter.as_ref().is_some_and(|counter| counter.is_settled)
}
