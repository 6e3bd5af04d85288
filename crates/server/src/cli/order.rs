//! `order show`: everything known about one order.

use anyhow::{Context as _, Result, bail};
use tillgate_core::{MerchantId, OrderNo};
use tillgate_store::{OrderKey, Store};

use super::{DataArgs, say};
use crate::rooms::latipay::ROOM;
use crate::{app, clock};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows an order: terms, journal, ledger, refunds, notifications, what is still owed.
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The Latipay user the order belongs to.
    #[arg(long)]
    user_id: String,
    /// The order_id or the merchant_reference.
    order: String,
}

pub async fn run(command: Command) -> Result<()> {
    let Command::Show(args) = command;
    let (store, _) = app::open(&args.data.config()?, false)?;
    let credential = store
        .load_credential(ROOM, &args.user_id)
        .await?
        .with_context(|| format!("there is no user {}", args.user_id))?;
    let merchant = credential.merchant;
    let mut order =
        store.load_order(merchant, OrderKey::Reference { room: ROOM, reference: &args.order }).await?;
    if order.is_none()
        && let Ok(number) = args.order.trim_start_matches('S').parse()
    {
        order = store.load_order(merchant, OrderKey::Number(OrderNo(number))).await?;
    }
    let Some(order) = order else { bail!("{} has no order {}", args.user_id, args.order) };
    let terms = &order.terms;
    say(&format!("order      {}  ({})", order.number, order.room));
    say(&format!("reference  {}", order.reference));
    say(&format!("state      {}  version {}", order.state.name(), order.version));
    say(&format!("amount     {:?} = {:?} at {}", terms.amount, terms.payer_amount(), terms.payer_rate));
    say(&format!("how        {:?}, {}, account {}", terms.method, terms.flow.as_str(), terms.account));
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
        say(&format!(
            "refund {}   {} minor, {}, {}",
            refund.number.0,
            refund.amount_minor,
            refund.state.name(),
            refund.note
        ));
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
                attempt.answer
            ));
        }
    }
    Ok(())
}
