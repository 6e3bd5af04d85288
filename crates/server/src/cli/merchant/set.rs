//! `merchant set`: a login's name and switches.

use anyhow::{Context as _, Result, bail};
use tillgate_core::Currency;
use tillgate_protocols::ottpay;
use tillgate_store::Credential;

use super::switches::{self, Switches};
use super::{LoginArgs, RoomName, account, say};
use crate::cli::login::{RoomOption, refuse_foreign};

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// The name shoppers see.
    #[arg(long)]
    name: Option<String>,
    /// OTT Pay: the currency of messages that name none; the merchant_id has an account in it.
    #[arg(long)]
    currency: Option<String>,
    #[command(flatten)]
    switches: Switches,
}

pub async fn run(args: SetArgs) -> Result<()> {
    let mut options = args.switches.options();
    options.push(RoomOption {
        room: RoomName::Ottpay,
        name: "--currency",
        is_given: args.currency.is_some(),
    });
    if args.name.is_none() && options.iter().all(|option| !option.is_given) {
        let names: Vec<&str> = options.iter().map(|option| option.name).collect();
        bail!("nothing to change: give --name, {}", names.join(", "));
    }
    let (store, room, mut credential) = args.login.open().await?;
    refuse_foreign(room, &options)?;
    credential.settings = match room {
        RoomName::Latipay => {
            serde_json::to_string(&args.switches.over_latipay(switches::stored(&credential)?))?
        }
        RoomName::Ottpay => {
            let mut settings: ottpay::Settings = args.switches.over_ottpay(switches::stored(&credential)?)?;
            if let Some(code) = &args.currency {
                default_currency(&credential, code)?.code().clone_into(&mut settings.currency);
            }
            serde_json::to_string(&settings)?
        }
    };
    if let Some(name) = &args.name {
        rename(&mut credential, name)?;
    }
    let login = credential.login.clone();
    store.put_credential(credential).await?;
    say(&format!("{login} set; a running gateway sees it within 2 seconds"));
    Ok(())
}

fn default_currency(credential: &Credential, code: &str) -> Result<Currency> {
    let account = credential.accounts.iter().find(|account| account.currency.code() == code);
    let account = account.with_context(|| {
        format!("{} has no account in {code}: add one with set-account", credential.login)
    })?;
    Ok(account.currency)
}

/// Its accounts go by its name too.
fn rename(credential: &mut Credential, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        bail!("--name is empty");
    }
    for held in &mut credential.accounts {
        if held.name == account::default_name(&credential.name, held.currency) {
            held.name = account::default_name(name, held.currency);
        }
    }
    name.clone_into(&mut credential.name);
    Ok(())
}
