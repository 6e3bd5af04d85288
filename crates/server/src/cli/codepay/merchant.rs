//! `codepay merchant add | set | list`.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use tillgate_channels::{ALIPAY, CARD, UNIONPAY, WECHAT};
use tillgate_core::{Account, Currency, FeePlan, MerchantId, Method, Money};
use tillgate_store::{Credential, Store};

use super::{
    DataArgs, EnabledArgs, SEEN, account_line, checked, checked_name, database, found_merchant, listed,
    one_line, say, say_rows, settings_of, state_word, stores_of,
};
use crate::cli::merchant::fees::{FeeArgs, FeeChange};
use crate::clock;
use crate::rooms::codepay::{MERCHANTS, MerchantSettings, TERMINALS, TerminalSettings};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Adds a merchant with an account for each of its currencies.
    Add(AddArgs),
    /// Changes a merchant's name and switch; adds currencies, or changes what they take and cost.
    Set(SetArgs),
    /// What payments in a currency cost: rate, fixed part, VAT, what refunds give back; for all methods or one.
    SetFee(SetFeeArgs),
    /// Lists merchants with their accounts.
    List(ListArgs),
}

/// What is sold in a currency, and for what fee.
#[derive(Debug, clap::Args)]
struct AccountArgs {
    /// With what: card, alipay, wechat, unionpay.
    #[arg(long = "method", value_delimiter = ',', default_value = CARD)]
    methods: Vec<String>,
    #[command(flatten)]
    fee: FeeArgs,
    /// The largest single payment, in units of the currency.
    #[arg(long)]
    limit: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    merchant_no: String,
    /// The merchant's name, as payers see it on the terminal.
    #[arg(long)]
    name: String,
    /// What it sells in: USD, or USD,JPY.
    #[arg(long, value_delimiter = ',', required = true)]
    currency: Vec<String>,
    #[command(flatten)]
    account: AccountArgs,
    /// Adds the number to this merchant (as in `merchant list`) instead of making a new one.
    #[arg(long, value_name = "NUMBER")]
    merchant: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    #[command(flatten)]
    data: DataArgs,
    merchant_no: String,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    switch: EnabledArgs,
    /// Currencies that are added or change; with --fee-bp and --method.
    #[arg(long, value_delimiter = ',', requires = "fee_bp")]
    currency: Vec<String>,
    #[command(flatten)]
    account: AccountArgs,
}

#[derive(Debug, clap::Args)]
pub struct SetFeeArgs {
    #[command(flatten)]
    data: DataArgs,
    merchant_no: String,
    #[arg(long)]
    currency: String,
    #[command(flatten)]
    change: FeeChange,
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
        Command::SetFee(args) => set_fee(args).await,
        Command::List(args) => list(args).await,
    }
}

impl AccountArgs {
    /// What the currency's fees have besides stays.
    fn plan(&self, known: &[Account], currency: Currency) -> Result<FeePlan> {
        let known = known.iter().find(|account| account.currency == currency);
        let mut plan = known.and_then(|account| account.fees.clone()).unwrap_or_default();
        plan.usual = self.fee.over(plan.usual, currency)?;
        Ok(plan)
    }

    fn accounts(
        &self,
        (merchant_no, name): (&str, &str),
        currencies: &[String],
        before: &[Account],
    ) -> Result<Vec<Account>> {
        let known = [CARD, ALIPAY, WECHAT, UNIONPAY];
        if let Some(unknown) = self.methods.iter().find(|method| !known.contains(&method.as_str())) {
            bail!("--method {}: not one of {}", one_line(unknown), known.join(", "));
        }
        self.fee.fee_bp.context("--fee-bp is missing: basis points of each payment, 150 is 1.5 %")?;
        let mut accounts: Vec<Account> = Vec::new();
        for code in currencies {
            let currency = Currency::from_code(code)
                .with_context(|| format!("--currency {}: not a currency", one_line(code)))?;
            if accounts.iter().any(|account| account.currency == currency) {
                bail!("--currency {code} is given twice");
            }
            let limit = self.limit.as_deref().map(|limit| Money::parse_decimal(limit, currency));
            let limit = limit.transpose().with_context(|| format!("--limit in {code}"))?;
            accounts.push(Account {
                code: format!("{merchant_no}-{code}"),
                name: format!("{name} {code}"),
                currency,
                methods: self.methods.iter().map(|method| Method::new(method)).collect(),
                fees: Some(self.plan(before, currency)?),
                payment_limit_minor: limit.map(|limit| limit.minor),
            });
        }
        Ok(accounts)
    }
}

async fn add(args: AddArgs) -> Result<()> {
    let merchant_no = checked("MERCHANT_NO", &args.merchant_no)?.to_owned();
    let name = checked_name(&args.name)?.to_owned();
    let accounts = args.account.accounts((&merchant_no, &name), &args.currency, &[])?;
    let (store, _) = database::open_beside(&args.data.config()?, true).await?;
    if store.load_credential(MERCHANTS, &merchant_no).await?.is_some() {
        bail!("merchant {merchant_no} exists");
    }
    let merchant = match args.merchant {
        None => store.add_merchant(&name, clock::now()).await?,
        Some(number) => {
            let known = store.list_credentials().await?;
            if known.iter().all(|known| known.merchant.0 != number) {
                bail!("there is no merchant {number}");
            }
            MerchantId(number)
        }
    };
    let codes: Vec<String> = accounts.iter().map(|account| account.code.clone()).collect();
    let credential = Credential {
        merchant,
        merchant_name: name.clone(),
        room: MERCHANTS.into(),
        login: merchant_no.clone(),
        name,
        enabled: true,
        settings: serde_json::to_string(&MerchantSettings::default())?,
        keys: Vec::new(),
        accounts,
    };
    store.put_credential(credential).await?;
    let number = merchant.0.to_string();
    say_rows(&[("merchant", &number), ("merchant_no", &merchant_no), ("accounts", &codes.join(", "))]);
    say(&format!("\nNext: tillgate codepay store add --merchant {merchant_no} STORE_NO --name …"));
    Ok(())
}

async fn set(args: SetArgs) -> Result<()> {
    if args.name.is_none() && !args.switch.is_given() && args.currency.is_empty() {
        bail!("nothing to change: give --name, --enabled, --disabled or --currency");
    }
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut merchant = found_merchant(&*store, &args.merchant_no).await?;
    let name = args.name.as_deref().map(checked_name).transpose()?;
    if let Some(name) = name {
        name.clone_into(&mut merchant.name);
    }
    merchant.enabled = args.switch.over(merchant.enabled);
    if !args.currency.is_empty() {
        merchant.accounts =
            args.account.accounts((&merchant.login, &merchant.name), &args.currency, &merchant.accounts)?;
    }
    store.put_credential(merchant).await?;
    if let Some(name) = name {
        rename_at_terminals(&store, &args.merchant_no, name).await?;
    }
    say(&format!("merchant {} set; {SEEN}", args.merchant_no));
    Ok(())
}

async fn set_fee(args: SetFeeArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let merchant = found_merchant(&*store, &args.merchant_no).await?;
    let account = merchant.accounts.iter().find(|account| account.currency.code() == args.currency);
    let known = account.with_context(|| {
        format!("--currency {}: {} sells in no such", one_line(&args.currency), merchant.login)
    })?;
    let account = Account { fees: Some(args.change.over(known)?), ..known.clone() };
    let line = account_line(&account);
    store.put_account(merchant.merchant, MERCHANTS, &merchant.login, account).await?;
    say(&format!("{line}\nOrders that exist keep theirs; {SEEN}"));
    Ok(())
}

/// Each terminal keeps the name that its wallets' payers see.
async fn rename_at_terminals(store: &Arc<dyn Store>, merchant_no: &str, name: &str) -> Result<()> {
    for mut terminal in listed(store, TERMINALS).await? {
        let mut settings: TerminalSettings = settings_of(&terminal)?;
        if settings.merchant_no == merchant_no && settings.merchant_name != name {
            name.clone_into(&mut settings.merchant_name);
            terminal.settings = serde_json::to_string(&settings)?;
            store.put_credential(terminal).await?;
        }
    }
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let merchants = listed(&store, MERCHANTS).await?;
    for merchant in &merchants {
        say(&format!(
            "{}  {}  merchant {}  stores {}{}",
            merchant.login,
            one_line(&merchant.name),
            merchant.merchant.0,
            stores_of(merchant)?.len(),
            state_word(merchant)
        ));
        for account in &merchant.accounts {
            say(&format!("  {}", account_line(account)));
        }
    }
    say(&format!("{} listed", merchants.len()));
    Ok(())
}
