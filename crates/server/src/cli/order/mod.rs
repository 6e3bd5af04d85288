//! `order show | list`: everything known about one order, and a login's orders.

mod counter;

use std::fmt::Write as _;

use anyhow::{Result, bail};
use tillgate_core::{Deed, MerchantId, Method, Money, Order, OrderNo, Refund, RefundState};
use tillgate_protocols::codepay::terms::kept;
use tillgate_protocols::codepay::{read_trans_no, view};
use tillgate_store::{Credential, OrderKey, OrderSearch, Store};

use super::login::{self, OrderRoom};
use super::{DataArgs, one_line, say};
use crate::{clock, database};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows an order: terms, journal, ledger, refunds, notifications, what is still owed.
    Show(ShowArgs),
    /// Lists a login's orders, newest first.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub struct LoginArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Whichever room has the login if absent.
    #[arg(long)]
    room: Option<OrderRoom>,
    /// Whose it is: the Latipay user_id, the OTT Pay merchant_id or the CodePay merchant_no.
    #[arg(long, visible_aliases = ["user-id", "merchant-id", "merchant-no"])]
    login: String,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// The gateway's number of the order (or its trans_no), the merchant's, or the merchant's of one of its refunds.
    order: String,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// Only what this operator sold.
    #[arg(long)]
    operator: Option<String>,
    /// Only what was sold at this terminal.
    #[arg(long)]
    terminal: Option<String>,
    #[arg(long, value_parser = ["pending", "closing", "authorized", "paid", "voided", "failed", "cancelled"])]
    state: Option<String>,
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Show(args) => show(args).await,
        Command::List(args) => list(args).await,
    }
}

async fn show(args: ShowArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.login.data.config()?, false).await?;
    let (room, credential) = login::find(&*store, args.login.room, &args.login.login).await?;
    let merchant = credential.merchant;
    let Some(order) = find(&*store, room, &credential, &args.order).await? else {
        bail!("{} has no order {}", credential.login, args.order)
    };
    show_terms(&order);
    if let (Some(terms), Some(facts)) = (&order.terms.counter, &order.counter) {
        counter::show(&*store, &order, (terms, facts)).await?;
    }
    say("journal");
    for (number, (at, event)) in (1..).zip(store.load_events(merchant, order.number).await?) {
        say(&format!(
            "  {number:>3}  {}  {}  {}",
            clock::display(at),
            event.name(),
            serde_json::to_string(&event)?
        ));
    }
    say("ledger");
    for (event, posting) in store.load_postings(merchant, order.number).await? {
        say(&format!("  {event:>3}  {:<40} {:?}", posting.account.to_string(), posting.amount));
    }
    for refund in store.load_refunds(merchant, order.number).await? {
        say(&refund_line(&order, &refund));
    }
    show_notifications(&*store, merchant, order.number, order.events).await?;
    for work in store.load_work(merchant, order.number).await? {
        say(&format!(
            "owed       {} at {}, attempts {}",
            work.key.kind.name(),
            clock::display(work.due_at),
            work.attempt
        ));
    }
    Ok(())
}

async fn find(
    store: &dyn Store,
    room: OrderRoom,
    credential: &Credential,
    text: &str,
) -> Result<Option<Order>> {
    let found = find_any(store, room, credential.merchant, text).await?;
    // A merchant may have several numbers in CodePay: each has its own orders.
    let is_own = |order: &Order| match room {
        OrderRoom::Codepay => order.terms.particulars.get(kept::MERCHANT_NO) == Some(&credential.login),
        OrderRoom::Latipay | OrderRoom::Ottpay => true,
    };
    Ok(found.filter(is_own))
}

async fn find_any(
    store: &dyn Store,
    room: OrderRoom,
    merchant: MerchantId,
    text: &str,
) -> Result<Option<Order>> {
    if room == OrderRoom::Codepay
        && let Some((number, _)) = read_trans_no(text)
        && let Ok(number) = i64::try_from(number)
        && let Some(order) = store.load_order(merchant, OrderKey::Number(OrderNo(number))).await?
    {
        return Ok(Some(order));
    }
    let reference = OrderKey::Reference { room: room.word(), reference: text };
    if let Some(order) = store.load_order(merchant, reference).await? {
        return Ok(Some(order));
    }
    if let Some((number, _)) = store.find_refund(merchant, room.word(), text).await? {
        return Ok(store.load_order(merchant, OrderKey::Number(number)).await?);
    }
    // Rooms put letters before our number.
    match text.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse() {
        Ok(number) => Ok(store.load_order(merchant, OrderKey::Number(OrderNo(number))).await?),
        Err(_) => Ok(None),
    }
}

fn show_terms(order: &Order) {
    let terms = &order.terms;
    say(&format!("order      {}  ({})", order.number, order.room));
    if order.counter.is_some() {
        say(&format!("trans_no   {}", view::order_trans_no(order)));
    }
    say(&format!("reference  {}", one_line(&order.reference)));
    say(&format!("state      {}  version {}", order.state.name(), order.version));
    match &terms.counter {
        Some(counter) => counter::show_amounts(order, counter),
        None => show_amounts(order),
    }
    let method = order.method().map_or("not chosen yet", Method::as_str);
    say(&format!("how        {method}, {}, account {}", terms.flow.as_str(), terms.account));
    if order.choices.len() > 1 {
        let choices: Vec<&str> = order.choices.iter().map(Method::as_str).collect();
        say(&format!("choices    {}", choices.join(", ")));
    }
    for (name, value) in [("operator", &terms.operator), ("terminal", &terms.terminal)] {
        if !value.is_empty() {
            say(&format!("{name:<10} {}", one_line(value)));
        }
    }
    for (name, value) in &terms.particulars {
        say(&format!("{:<10} {}", one_line(name), one_line(value)));
    }
    say(&format!(
        "created    {}, expires {}",
        clock::display(terms.created_at),
        clock::display(terms.expires_at)
    ));
    let funds = order.funds;
    say(&format!(
        "funds      captured {}  refunded {}  refunding {}  (minor units)",
        funds.captured_minor, funds.refunded_minor, funds.refunding_minor
    ));
}

fn show_amounts(order: &Order) {
    let terms = &order.terms;
    let paid = format!("{:?} = {:?} at {}", terms.total(), terms.payer_amount(), terms.payer_rate);
    match terms.tip_minor {
        0 => say(&format!("amount     {paid}")),
        tip => {
            say(&format!("amount     {:?}", terms.amount));
            say(&format!("tip        {:?}", Money::new(tip, terms.amount.currency)));
            say(&format!("total      {paid}"));
        }
    }
}

fn refund_line(order: &Order, refund: &Refund) -> String {
    let amount = Money::new(refund.amount_minor, order.terms.amount.currency);
    let mut line = format!("refund {}   {amount:?}, {}", refund.number.0, refund.state.name());
    if let RefundState::Failed { reason, .. } = &refund.state {
        let _ = write!(line, " ({})", one_line(reason));
    }
    if refund.reverses_late_payment {
        line += ", of a late payment";
    }
    if refund.means.is_void {
        line += ", a void";
    }
    if let Some(carrier) = refund.means.carried_by {
        let _ = write!(line, ", carried out at a terminal by order {carrier}");
    }
    if !refund.means.notify_url.is_empty() {
        let _ = write!(line, ", told {}", one_line(&refund.means.notify_url));
    }
    if order.choices.len() > 1
        && let Some(method) = order.method_of(refund.choice)
    {
        let _ = write!(line, ", of choice {} ({})", refund.choice, method.as_str());
    }
    if let Some(reference) = &refund.reference {
        let _ = write!(line, ", reference {}", one_line(reference));
    }
    if !refund.note.is_empty() {
        let _ = write!(line, ", note {}", one_line(&refund.note));
    }
    line + &format!(", asked for {}", clock::display(refund.requested_at))
}

async fn show_notifications(
    store: &dyn Store,
    merchant: MerchantId,
    order: OrderNo,
    events: u32,
) -> Result<()> {
    for event in 1..=events {
        let Some(notification) = store.load_notification(merchant, order, event).await? else { continue };
        say(&format!(
            "notification of event {event}: {} to {}",
            notification.state.as_str(),
            notification.url
        ));
        for attempt in store.load_attempts(merchant, order, event).await? {
            say(&format!(
                "  {:>3}  {}  {}  {} ms  {}",
                attempt.attempt,
                clock::display(attempt.at),
                attempt.status.map_or_else(|| "no answer".into(), |status| status.to_string()),
                attempt.took_ms,
                one_line(&attempt.answer)
            ));
        }
    }
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.login.data.config()?, false).await?;
    let (room, credential) = login::find(&*store, args.login.room, &args.login.login).await?;
    let search = OrderSearch {
        room: room.word().into(),
        operator: args.operator.unwrap_or_default(),
        terminal: args.terminal.unwrap_or_default(),
        state: args.state.unwrap_or_default(),
        limit: args.limit,
    };
    let orders = own_orders(&*store, &credential, search).await?;
    for order in &orders {
        say(&order_line(order));
    }
    say(&format!("{} listed", orders.len()));
    Ok(())
}

/// The login's own: another login of the same merchant has other accounts.
async fn own_orders(
    store: &dyn Store,
    credential: &Credential,
    mut search: OrderSearch,
) -> Result<Vec<Order>> {
    let wanted = search.limit as usize;
    loop {
        let mut orders = store.search_orders(credential.merchant, &search).await?;
        let is_all = orders.len() < search.limit as usize;
        let codes = || credential.accounts.iter().map(|account| account.code.as_str());
        orders.retain(|order| codes().any(|code| code == order.terms.account));
        if is_all || orders.len() >= wanted || search.limit == u32::MAX {
            orders.truncate(wanted);
            return Ok(orders);
        }
        search.limit = search.limit.saturating_mul(4);
    }
}

/// Number, reference, state, amount, tip, method, operator, terminal, created; `-` for what there is none of. At the end
/// what was to be done, if that is no sale.
fn order_line(order: &Order) -> String {
    let terms = &order.terms;
    let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { one_line(text) };
    let tip = match order.tip_minor() {
        0 => "-".to_owned(),
        tip => Money::new(tip, terms.amount.currency).to_string(),
    };
    let mut columns = vec![
        order.number.to_string(),
        one_line(&order.reference),
        order.state.name().to_owned(),
        format!("{:?}", terms.amount),
        tip,
        or_dash(order.method().map_or("", Method::as_str)),
        or_dash(&terms.operator),
        or_dash(&terms.terminal),
        clock::display(terms.created_at),
    ];
    if terms.deed() != Deed::Sale {
        columns.push(terms.deed().as_str().to_owned());
    }
    columns.join("  ")
}
