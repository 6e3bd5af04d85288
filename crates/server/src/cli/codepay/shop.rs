//! `codepay store add | list`: where a merchant's terminals stand.

use anyhow::{Result, bail};
use tillgate_store::Store;

use super::{
    DataArgs, MERCHANTS, MerchantSettings, SEEN, StoreEntry, checked, checked_name, database, found_merchant,
    listed, one_line, say, settings_of,
};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds a store to a merchant; one that is there gets the new name.
    Add(AddArgs),
    /// Lists stores.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Whose it is.
    #[arg(long, value_name = "MERCHANT_NO")]
    merchant: String,
    store_no: String,
    #[arg(long)]
    name: String,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only this merchant's.
    #[arg(long, value_name = "MERCHANT_NO")]
    merchant: Option<String>,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add(args) => add(args).await,
        Command::List(args) => list(args).await,
    }
}

async fn add(args: AddArgs) -> Result<()> {
    let store_no = checked("STORE_NO", &args.store_no)?;
    let name = checked_name(&args.name)?;
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut merchant = found_merchant(&*store, &args.merchant).await?;
    let mut settings: MerchantSettings = settings_of(&merchant)?;
    let known = settings.stores.iter_mut().find(|known| known.store_no == store_no);
    let word = if known.is_some() { "renamed" } else { "added" };
    match known {
        Some(known) => name.clone_into(&mut known.name),
        None => settings.stores.push(StoreEntry { store_no: store_no.into(), name: name.into() }),
    }
    merchant.settings = serde_json::to_string(&settings)?;
    store.put_credential(merchant).await?;
    say(&format!("store {store_no} {word}; {SEEN}"));
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    check_merchant(&*store, args.merchant.as_deref()).await?;
    let mut count = 0;
    for merchant in listed(&store, MERCHANTS).await? {
        if args.merchant.as_ref().is_some_and(|wanted| *wanted != merchant.login) {
            continue;
        }
        let settings: MerchantSettings = settings_of(&merchant)?;
        for entry in &settings.stores {
            say(&format!("{}  {}  merchant {}", entry.store_no, one_line(&entry.name), merchant.login));
        }
        count += settings.stores.len();
    }
    say(&format!("{count} listed"));
    Ok(())
}

/// A list of nobody's would look like one of a merchant who has none.
pub async fn check_merchant(store: &dyn Store, merchant_no: Option<&str>) -> Result<()> {
    let Some(merchant_no) = merchant_no else { return Ok(()) };
    if store.load_credential(MERCHANTS, merchant_no).await?.is_none() {
        bail!("there is no merchant {}", one_line(merchant_no));
    }
    Ok(())
}
