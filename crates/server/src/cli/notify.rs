//! `notify list | resend`.

use anyhow::{Context as _, Result, bail};
use tillgate_core::{MerchantId, OrderNo};
use tillgate_store::NotificationState;

use super::{DataArgs, say};
use crate::{clock, database};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Lists notifications that were tried at least once, newest orders first.
    List(ListArgs),
    /// Puts a notification back to the front of the schedule.
    Resend(ResendArgs),
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_parser = ["waiting", "delivered", "exhausted"])]
    state: Option<String>,
    /// Only this merchant's.
    #[arg(long)]
    merchant: Option<u32>,
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, clap::Args)]
pub struct ResendArgs {
    #[command(flatten)]
    data: DataArgs,
    /// As listed: merchant/order/event
    id: String,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(args) => list(args).await,
        Command::Resend(args) => resend(args).await,
    }
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let state = args.state.as_deref().and_then(NotificationState::parse);
    let listed = store.list_notifications(args.merchant.map(MerchantId), state, args.limit).await?;
    for notification in &listed {
        say(&format!(
            "{}/{}/{}  {:<9}  {} tries  {}",
            notification.merchant.0,
            notification.order,
            notification.event,
            notification.state.as_str(),
            notification.attempts,
            notification.url
        ));
    }
    say(&format!("{} listed", listed.len()));
    Ok(())
}

async fn resend(args: ResendArgs) -> Result<()> {
    let parts: Vec<&str> = args.id.split('/').collect();
    let [merchant, order, event] = parts[..] else { bail!("not merchant/order/event: {}", args.id) };
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let found = store
        .resend(
            MerchantId(merchant.parse().context("merchant")?),
            OrderNo(order.parse().context("order")?),
            event.parse().context("event")?,
            clock::now(),
        )
        .await?;
    if !found {
        bail!("there is no notification {}", args.id);
    }
    say("it is sent again by the running gateway within a few seconds");
    Ok(())
}
