//! `codepay terminal add | pair | set | list | reprint`.

use anyhow::{Result, bail};
use tillgate_core::{WorkKey, WorkKind};
use tillgate_store::{Credential, OrderKey, Pairing, Store};

use super::shop::check_merchant;
use super::{
    DataArgs, EnabledArgs, SEEN, TERMINALS, batch, check_store, checked, checked_name, database,
    found_merchant, found_terminal, listed, one_line, say, say_rows, settings_of, state_word,
};
use crate::rooms::codepay::{ROOM, TerminalSettings};
use crate::rooms::new_key;
use crate::terminals::{PAIRING_LIFETIME_S, code_digest, new_pairing_code};
use crate::{clock, random};

/// Wrong codes that end a code.
const PAIRING_TRIES: u32 = 5;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds a terminal to a merchant's store. It gets its secret when it is paired.
    Add(AddArgs),
    /// Prints a code by which the terminal gets its secret, once. The secret before it ends when the code is used.
    Pair(PairArgs),
    /// Changes a terminal's name, store and switch.
    Set(SetArgs),
    /// Lists terminals with their open batch.
    List(ListArgs),
    /// Has the terminal print an order's receipt again, within the next minutes.
    Reprint(ReprintArgs),
}

#[derive(Debug, clap::Args)]
pub struct ReprintArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The terminal.
    sn: String,
    /// The merchant's number of the order.
    merchant_order_no: String,
}

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The serial number, which no other terminal has.
    sn: String,
    #[arg(long, value_name = "MERCHANT_NO")]
    merchant: String,
    #[arg(long, value_name = "STORE_NO")]
    store: String,
    /// What the shop calls it; the serial number if absent.
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct PairArgs {
    #[command(flatten)]
    data: DataArgs,
    sn: String,
    /// Ends the present secret now rather than when the code is used: the terminal is lost, or its secret known.
    #[arg(long)]
    end_old_secret: bool,
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    #[command(flatten)]
    data: DataArgs,
    sn: String,
    #[arg(long)]
    name: Option<String>,
    /// Another store of the same merchant.
    #[arg(long, value_name = "STORE_NO")]
    store: Option<String>,
    #[command(flatten)]
    switch: EnabledArgs,
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
        Command::Pair(args) => pair(args).await,
        Command::Set(args) => set(args).await,
        Command::List(args) => list(args).await,
        Command::Reprint(args) => reprint(args).await,
    }
}

async fn reprint(args: ReprintArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let terminal = found_terminal(&*store, &args.sn).await?;
    let key = OrderKey::Reference { room: ROOM, reference: &args.merchant_order_no };
    let order = store.load_order(terminal.merchant, key).await?;
    let Some(order) = order.filter(|order| order.terms.terminal == terminal.login) else {
        bail!("terminal {} had no order {}", terminal.login, one_line(&args.merchant_order_no));
    };
    let key = WorkKey { merchant: order.merchant, order: order.number, kind: WorkKind::Reprint };
    store.owe(key, clock::now()).await?;
    say("a running gateway tells the terminal within seconds, or when it connects within the next minutes");
    Ok(())
}

async fn add(args: AddArgs) -> Result<()> {
    let sn = checked("SN", &args.sn)?.to_owned();
    let name = checked_name(args.name.as_deref().unwrap_or(&sn))?.to_owned();
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let merchant = found_merchant(&*store, &args.merchant).await?;
    check_store(&merchant, &args.store)?;
    if let Some(known) = store.load_credential(TERMINALS, &sn).await? {
        let settings: TerminalSettings = settings_of(&known)?;
        bail!("terminal {sn} exists; it is merchant {}'s", settings.merchant_no);
    }
    let settings = TerminalSettings {
        merchant_no: merchant.login.clone(),
        merchant_name: merchant.name.clone(),
        store_no: args.store,
    };
    let settings = serde_json::to_string(&settings)?;
    let (login, room) = (sn.clone(), TERMINALS.into());
    let (keys, accounts) = (Vec::new(), Vec::new());
    let terminal = Credential { room, login, name, enabled: true, settings, keys, accounts, ..merchant };
    store.put_credential(terminal).await?;
    say(&format!("terminal {sn} added; next: tillgate codepay terminal pair {sn}"));
    Ok(())
}

async fn pair(args: PairArgs) -> Result<()> {
    let config = args.data.config()?;
    let (store, vault) = database::open_beside(&config, false).await?;
    let terminal = found_terminal(&*store, &args.sn).await?;
    if !terminal.enabled {
        bail!("terminal {} is switched off: tillgate codepay terminal set {0} --enabled", terminal.login);
    }
    let code = new_pairing_code();
    let expires_at = clock::now().plus_s(PAIRING_LIFETIME_S);
    let pairing = Pairing {
        merchant: terminal.merchant,
        terminal: terminal.login.clone(),
        code_digest: code_digest(&terminal.login, &code),
        expires_at,
        tries_left: PAIRING_TRIES,
    };
    store.put_pairing(pairing).await?;
    if args.end_old_secret && !terminal.keys.is_empty() {
        // A secret that nobody has takes the place of the one somebody may have.
        let nobodys = new_key(&vault, TERMINALS, &terminal.login, &random::hex::<32>())?;
        store.add_key(terminal.merchant, TERMINALS, &terminal.login, nobodys).await?;
    }
    let until = format!("until {}, once", clock::display(expires_at));
    say_rows(&[("terminal", &terminal.login), ("code", &code), ("good", &until)]);
    let end = if args.end_old_secret { "has ended" } else { "ends when it is used" };
    say(&format!("\nThe code is not shown again. The secret before it {end}."));
    Ok(())
}

async fn set(args: SetArgs) -> Result<()> {
    if args.name.is_none() && args.store.is_none() && !args.switch.is_given() {
        bail!("nothing to change: give --name, --store, --enabled or --disabled");
    }
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut terminal = found_terminal(&*store, &args.sn).await?;
    if let Some(store_no) = &args.store {
        let mut settings: TerminalSettings = settings_of(&terminal)?;
        check_store(&found_merchant(&*store, &settings.merchant_no).await?, store_no)?;
        settings.store_no.clone_from(store_no);
        terminal.settings = serde_json::to_string(&settings)?;
    }
    if let Some(name) = &args.name {
        checked_name(name)?.clone_into(&mut terminal.name);
    }
    terminal.enabled = args.switch.over(terminal.enabled);
    store.put_credential(terminal).await?;
    say(&format!("terminal {} set; {SEEN}", args.sn));
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    check_merchant(&*store, args.merchant.as_deref()).await?;
    let mut count = 0;
    for terminal in listed(&store, TERMINALS).await? {
        let settings: TerminalSettings = settings_of(&terminal)?;
        if args.merchant.as_ref().is_some_and(|wanted| *wanted != settings.merchant_no) {
            continue;
        }
        say(&terminal_line(&*store, &terminal, &settings).await?);
        count += 1;
    }
    say(&format!("{count} listed"));
    Ok(())
}

/// Serial number, name, merchant, store, whether it has a secret, its open batch, its switch.
async fn terminal_line(
    store: &dyn Store,
    terminal: &Credential,
    settings: &TerminalSettings,
) -> Result<String> {
    let paired = if terminal.keys.is_empty() { "not paired" } else { "paired" };
    let number = store.open_batch(terminal.merchant, &terminal.login).await?;
    let open = store.load_batch(terminal.merchant, &terminal.login, number).await?;
    let sums = open.as_ref().map_or_else(|| "empty".to_owned(), batch::sums);
    Ok(format!(
        "{}  {}  merchant {}  store {}  {paired}  batch {number}: {sums}{}",
        terminal.login,
        one_line(&terminal.name),
        settings.merchant_no,
        settings.store_no,
        state_word(terminal)
    ))
}
