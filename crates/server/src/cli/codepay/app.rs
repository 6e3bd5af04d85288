//! `codepay app add | set | rotate-key | card-key | list`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tillgate_core::Timestamp;
use tillgate_protocols::codepay::{AesKey, BasicSecret, PublicKey};
use tillgate_store::{Credential, NewKey, Store};
use zeroize::Zeroizing;

use super::{
    DataArgs, EnabledArgs, SEEN, checked, checked_name, database, found_app, found_merchant, listed,
    one_line, say, say_rows, settings_of, state_word,
};
use crate::rooms::codepay::{AppSettings, Authentication, KnownMerchant, ROOM, seal_card_key};
use crate::rooms::{key_place, new_key};
use crate::sandbox::codepay::{self as sandbox, printed_keys};
use crate::vault::Vault;
use crate::{clock, random};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds an app: with its public key, or with a password that is printed once.
    Add(AddArgs),
    /// Changes an app's name, switches and merchants.
    Set(SetArgs),
    /// Takes an app's next public key, or makes its next password.
    RotateKey(RotateArgs),
    /// Gives an app an AES key to encrypt cards with, or takes it away.
    CardKey(CardKeyArgs),
    /// Lists apps; never a key.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
#[group(id = "proof", required = true, multiple = false, args = ["public_key_file", "basic"])]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    app_id: String,
    /// A merchant it may act for; may be repeated.
    #[arg(long = "merchant", required = true, value_name = "MERCHANT_NO")]
    merchants: Vec<String>,
    /// The app's RSA public key, 2048 to 4096 bits: PEM, or SPKI in base64. Its requests are signed.
    #[arg(long)]
    public_key_file: Option<PathBuf>,
    /// The user of an app that does not sign but sends a password (Basic).
    #[arg(long, value_name = "USER")]
    basic: Option<String>,
    /// What you call it; the app_id if absent.
    #[arg(long)]
    name: Option<String>,
    /// `data` of answers as an object instead of a text; not what the vendor's clients read.
    #[arg(long)]
    object_data: bool,
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    #[command(flatten)]
    data: DataArgs,
    app_id: String,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    switch: EnabledArgs,
    /// `data` of answers as an object; `=false` for the text again.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    object_data: Option<bool>,
    /// All merchants it may act for from now on; may be repeated.
    #[arg(long = "merchant", value_name = "MERCHANT_NO")]
    merchants: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    #[command(flatten)]
    data: DataArgs,
    app_id: String,
    /// The next public key; only for an app that signs.
    #[arg(long)]
    public_key_file: Option<PathBuf>,
    /// The user from now on, for an app with a password; the same if absent.
    #[arg(long, value_name = "USER")]
    basic: Option<String>,
    /// How long the old public key is still accepted, hours; 24 if absent. A password ends at once.
    #[arg(long)]
    old_valid_hours: Option<i64>,
}

#[derive(Debug, clap::Args)]
#[group(id = "change", required = true, multiple = false, args = ["generate", "key_file", "remove"])]
pub struct CardKeyArgs {
    #[command(flatten)]
    data: DataArgs,
    app_id: String,
    /// Makes a key and prints it once. The one before ends at once.
    #[arg(long)]
    generate: bool,
    /// Takes the app's own: 32 bytes in base64 or hexadecimal.
    #[arg(long)]
    key_file: Option<PathBuf>,
    /// Cards are then encrypted with the gateway's public key only.
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Add(args) => add(args).await,
        Command::Set(args) => set(args).await,
        Command::RotateKey(args) => rotate_key(args).await,
        Command::CardKey(args) => card_key(args).await,
        Command::List(args) => list(args).await,
    }
}

/// The bare base64 of a public key. One whose private half everyone has is refused.
fn public_key(file: &Path) -> Result<String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {shown}"))?;
    if text.contains("PRIVATE KEY") {
        bail!("{shown}: this is a private key; the app keeps it and gives you the public half");
    }
    let key = PublicKey::from_text(&text).with_context(|| format!("{shown}: the key"))?.to_text();
    if printed_keys()?.iter().any(|(_, printed)| *printed == key) {
        bail!("{shown}: everyone has this key's private half: it is the sandbox's");
    }
    Ok(key)
}

fn new_password(user: &str) -> Result<BasicSecret> {
    let is_plain = user.chars().all(|c| c.is_ascii_graphic());
    let secret = BasicSecret::new(user, &random::hex::<24>()).filter(|_| is_plain);
    secret.context("--basic: a user has printable ASCII characters, no blanks and no colon")
}

async fn known_merchants(store: &dyn Store, numbers: &[String]) -> Result<Vec<KnownMerchant>> {
    let mut known: Vec<KnownMerchant> = Vec::new();
    for number in numbers {
        let merchant = found_merchant(store, number).await?;
        if known.iter().any(|earlier| earlier.merchant_no == *number) {
            bail!("--merchant {number} is given twice");
        }
        known.push(KnownMerchant { merchant_no: merchant.login, merchant: merchant.merchant.0 });
    }
    Ok(known)
}

async fn add(args: AddArgs) -> Result<()> {
    let app_id = checked("APP_ID", &args.app_id)?.to_owned();
    let name = checked_name(args.name.as_deref().unwrap_or(&app_id))?.to_owned();
    let (authentication, secret, password) = match (&args.public_key_file, &args.basic) {
        (Some(file), _) => (Authentication::Rsa2, Zeroizing::new(public_key(file)?), None),
        (None, Some(user)) => {
            let made = new_password(user)?;
            (Authentication::Basic, Zeroizing::new(made.reveal().to_owned()), Some(made))
        }
        (None, None) => bail!("--public-key-file or --basic is missing"),
    };
    let (store, vault) = database::open_beside(&args.data.config()?, false).await?;
    let merchants = known_merchants(&*store, &args.merchants).await?;
    let first = found_merchant(&*store, &args.merchants[0]).await?;
    let earlier = store.load_credential(ROOM, &app_id).await?;
    // Without a key it is what an earlier try has left.
    if earlier.as_ref().is_some_and(|earlier| !earlier.keys.is_empty()) {
        bail!("app {app_id} exists");
    }
    let settings = AppSettings { authentication, object_data: args.object_data, merchants, card_key: None };
    let key = new_key(&vault, ROOM, &app_id, &secret)?;
    let merchant = earlier.map_or(first.merchant, |earlier| earlier.merchant);
    let credential = Credential {
        merchant,
        room: ROOM.into(),
        login: app_id.clone(),
        name,
        enabled: true,
        settings: serde_json::to_string(&settings)?,
        keys: Vec::new(),
        accounts: Vec::new(),
        ..first
    };
    store.put_credential(credential).await?;
    store.add_key(merchant, ROOM, &app_id, key).await?;
    let may = args.merchants.join(", ");
    match &password {
        None => say_rows(&[("app_id", &app_id), ("merchants", &may), ("sign_type", "RSA2")]),
        Some(password) => {
            say_rows(&[("app_id", &app_id), ("merchants", &may), ("sign_type", "NONE")]);
            say_password(password);
        }
    }
    Ok(())
}

fn say_password(secret: &BasicSecret) {
    let (user, password) = secret.reveal().split_once(':').unwrap_or_default();
    say_rows(&[("user", user), ("password", password)]);
    say("\nThe password is not shown again.");
}

async fn set(args: SetArgs) -> Result<()> {
    let gives_nothing = args.name.is_none()
        && !args.switch.is_given()
        && args.object_data.is_none()
        && args.merchants.is_empty();
    if gives_nothing {
        bail!("nothing to change: give --name, --enabled, --disabled, --object-data or --merchant");
    }
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut app = found_app(&*store, &args.app_id).await?;
    let mut settings: AppSettings = settings_of(&app)?;
    if !args.merchants.is_empty() {
        settings.merchants = known_merchants(&*store, &args.merchants).await?;
    }
    settings.object_data = args.object_data.unwrap_or(settings.object_data);
    if let Some(name) = &args.name {
        checked_name(name)?.clone_into(&mut app.name);
    }
    app.enabled = args.switch.over(app.enabled);
    app.settings = serde_json::to_string(&settings)?;
    store.put_credential(app).await?;
    say(&format!("app {} set; {SEEN}", args.app_id));
    Ok(())
}

async fn rotate_key(args: RotateArgs) -> Result<()> {
    let (store, vault) = database::open_beside(&args.data.config()?, false).await?;
    let app = found_app(&*store, &args.app_id).await?;
    let settings: AppSettings = settings_of(&app)?;
    match settings.authentication {
        Authentication::Rsa2 => rotate_public(&*store, &vault, &app, &args).await,
        Authentication::Basic => rotate_password(&*store, &vault, &app, &args).await,
    }
}

/// Both keys are accepted until the old one ends, so that app and gateway need not change at the same moment.
async fn rotate_public(store: &dyn Store, vault: &Vault, app: &Credential, args: &RotateArgs) -> Result<()> {
    let file = args.public_key_file.as_deref();
    let file = file.with_context(|| format!("app {} signs: give its next --public-key-file", app.login))?;
    if args.basic.is_some() {
        bail!("app {} signs: it takes no --basic", app.login);
    }
    let key = public_key(file)?;
    // One that does not open is no reason to keep it: after a lost master key each app gets its key again.
    let newest = newest_secret(vault, app).ok().flatten();
    if newest.is_some_and(|newest| *newest == key) {
        bail!("{}: this is the key app {} has", file.display(), app.login);
    }
    let made = new_key(vault, ROOM, &app.login, &key)?;
    let hours = args.old_valid_hours.unwrap_or(24).max(0);
    let old_valid_until = made.created_at.plus_s(hours.saturating_mul(3_600));
    store.add_key(app.merchant, ROOM, &app.login, NewKey { old_valid_until, ..made }).await?;
    let until = format!("valid until {}", clock::display(old_valid_until));
    say_rows(&[("app_id", &app.login), ("old keys", &until)]);
    Ok(())
}

/// One password at a time: the old one ends when the new one is made.
async fn rotate_password(
    store: &dyn Store,
    vault: &Vault,
    app: &Credential,
    args: &RotateArgs,
) -> Result<()> {
    let login = &app.login;
    if args.public_key_file.is_some() {
        bail!("app {login} has a password: it takes no --public-key-file");
    }
    if args.old_valid_hours.is_some_and(|hours| hours != 0) {
        bail!("app {login} has a password, and one at a time: the old one ends at once, --old-valid-hours 0");
    }
    let user = match &args.basic {
        Some(user) => user.clone(),
        None => {
            let newest = newest_secret(vault, app)?;
            let user = newest.as_ref().and_then(|newest| newest.split_once(':'));
            user.map(|(user, _)| user.to_owned()).with_context(|| format!("app {login} has no password"))?
        }
    };
    let made = new_password(&user)?;
    store.add_key(app.merchant, ROOM, login, new_key(vault, ROOM, login, made.reveal())?).await?;
    say_rows(&[("app_id", login), ("old password", "ended")]);
    say_password(&made);
    Ok(())
}

fn newest_secret(vault: &Vault, app: &Credential) -> Result<Option<Zeroizing<String>>> {
    let place = key_place(ROOM, &app.login);
    app.keys.first().map(|key| vault.open_sealed(&place, &key.sealed)).transpose()
}

async fn card_key(args: CardKeyArgs) -> Result<()> {
    let key = match &args.key_file {
        Some(file) => Some(read_card_key(file)?),
        None if args.generate => Some(AesKey::new(random::bytes())),
        None => None,
    };
    let (store, vault) = database::open_beside(&args.data.config()?, false).await?;
    let mut app = found_app(&*store, &args.app_id).await?;
    let mut settings: AppSettings = settings_of(&app)?;
    if key.is_none() && settings.card_key.is_none() {
        bail!("app {} has no card key", app.login);
    }
    settings.card_key = key.as_ref().map(|key| seal_card_key(&vault, &app.login, key)).transpose()?;
    app.settings = serde_json::to_string(&settings)?;
    store.put_credential(app).await?;
    match key.filter(|_| args.generate) {
        Some(key) => {
            say_rows(&[("app_id", &args.app_id), ("card key", &key.to_text())]);
            say(&format!("\nThe key is not shown again; {SEEN}."));
        }
        None => say(&format!("app {} set; {SEEN}", args.app_id)),
    }
    Ok(())
}

/// One that everyone has is refused.
fn read_card_key(file: &Path) -> Result<AesKey> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.with_context(|| format!("reading {shown}"))?;
    let key = AesKey::from_text(&text).with_context(|| format!("{shown}: the key"))?;
    if key == sandbox::card_key()? {
        bail!("{shown}: everyone has this key: it is the sandbox's");
    }
    Ok(key)
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let apps = listed(&store, ROOM).await?;
    for app in &apps {
        say(&app_line(app, clock::now())?);
    }
    say(&format!("{} listed", apps.len()));
    Ok(())
}

/// Login, name, how it proves itself, its valid keys, its merchants, switches.
fn app_line(app: &Credential, now: Timestamp) -> Result<String> {
    let settings: AppSettings = settings_of(app)?;
    let proof = match settings.authentication {
        Authentication::Rsa2 => "RSA2",
        Authentication::Basic => "Basic",
    };
    let keys = app.keys.iter().filter(|key| key.valid_until.is_none_or(|until| until > now)).count();
    let merchants: Vec<&str> = settings.merchants.iter().map(|known| known.merchant_no.as_str()).collect();
    let object_data = if settings.object_data { "  object data" } else { "" };
    let card_key = if settings.card_key.is_some() { "  card key" } else { "" };
    Ok(format!(
        "{}  {}  {proof}  keys {keys}  merchants {}{object_data}{card_key}{}",
        app.login,
        one_line(&app.name),
        merchants.join(","),
        state_word(app)
    ))
}
