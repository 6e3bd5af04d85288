//! `rate set | list`: what one unit of a currency is worth.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail};
use tillgate_core::{Currency, Rate};
use tillgate_store::{QuotedRate, Store};

use super::{DataArgs, one_line, say};
use crate::rates::PAYERS;
use crate::rooms::codepay;
use crate::{clock, database};

/// Characters of a source's name.
const SOURCE_MAX: usize = 64;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Sets a rate; orders that exist keep theirs.
    Set(SetArgs),
    /// Lists the rates that count, and currencies that lack one.
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
pub struct SetArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The currency merchants sell in, such as CAD.
    currency: String,
    /// What one unit of it is worth: a decimal with at most eight places, such as 5.25
    #[arg(allow_negative_numbers = true)]
    rate: String,
    /// The currency the rate is in; orders are paid in CNY.
    #[arg(long, default_value = PAYERS)]
    to: String,
    /// Who says so; kept with the rate.
    #[arg(long, default_value = "operator")]
    source: String,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Every rate there has been, each pair's newest first.
    #[arg(long)]
    all: bool,
}

pub async fn run(command: Command) -> Result<()> {
    match command {
        Command::Set(args) => set(args).await,
        Command::List(args) => list(args).await,
    }
}

fn currency(code: &str) -> Result<Currency> {
    Currency::from_code(code).with_context(|| {
        format!("{code} is not the code of a currency (three upper-case letters, such as CAD)")
    })
}

fn quoted(args: &SetArgs) -> Result<QuotedRate> {
    let (base, quote) = (currency(&args.currency)?, currency(&args.to)?);
    if base == quote {
        bail!("{} to itself needs no rate", base.code());
    }
    let rate = Rate::parse(&args.rate).with_context(|| {
        format!(
            "{} is not a rate: a decimal above 0 and below 10000000, with at most {} places",
            args.rate,
            Rate::PLACES
        )
    })?;
    let source = args.source.trim();
    if source.is_empty() {
        bail!("--source is empty: say where the rate comes from");
    }
    if source.chars().count() > SOURCE_MAX || source.contains(char::is_control) {
        bail!("--source has more than {SOURCE_MAX} characters, or some that cannot be printed");
    }
    Ok(QuotedRate { base, quote, rate, source: source.to_owned(), set_at: clock::now() })
}

async fn set(args: SetArgs) -> Result<()> {
    let quoted = quoted(&args)?;
    let (store, _) = database::open_beside(&args.data.config()?, true).await?;
    let pair = (quoted.base, quoted.quote);
    let known = store.list_rates().await?;
    let newest = known.iter().find(|known| (known.base, known.quote) == pair);
    if let Some(newest) = newest.filter(|newest| newest.set_at > quoted.set_at) {
        bail!("the newest rate is of {}: is this machine's clock behind?", clock::display(newest.set_at));
    }
    let (base, quote) = (quoted.base.code(), quoted.quote.code());
    let effect = match quote == PAYERS {
        true => "a running gateway sees it within 2 seconds".to_owned(),
        false => format!("kept, but nothing uses it today: payers pay in {PAYERS}"),
    };
    let said = format!("1 {base} = {} {quote}; {effect}", quoted.rate);
    store.put_rate(quoted).await?;
    say(&said);
    Ok(())
}

async fn list(args: ListArgs) -> Result<()> {
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let rates = store.list_rates().await?;
    let mut seen = HashSet::new();
    for quoted in &rates {
        let is_newest = seen.insert((quoted.base, quoted.quote));
        if is_newest || args.all {
            say(&format!(
                "{}  {}  {:>16}  {:<12}  {}",
                quoted.base.code(),
                quoted.quote.code(),
                quoted.rate.to_string(),
                one_line(&quoted.source),
                clock::display(quoted.set_at)
            ));
        }
    }
    for currency in without_rate(&*store).await? {
        say(&format!("{0}  {PAYERS}  no rate: merchants cannot sell in {0}", currency.code()));
    }
    Ok(())
}

/// Currencies merchants have accounts in that cannot be sold in, by their codes.
pub async fn without_rate(store: &dyn Store) -> Result<Vec<Currency>> {
    let rates = store.list_rates().await?;
    let has_rate = |currency: &Currency| {
        currency.code() == PAYERS
            || rates.iter().any(|quoted| quoted.base == *currency && quoted.quote.code() == PAYERS)
    };
    let credentials = store.list_credentials().await?;
    // CodePay's merchants sell without: cards are charged in the currency of the sale.
    let needing = credentials.iter().filter(|credential| credential.room != codepay::MERCHANTS);
    let mut lacking: Vec<Currency> =
        needing.flat_map(|credential| &credential.accounts).map(|account| account.currency).collect();
    lacking.retain(|currency| !has_rate(currency));
    lacking.sort_by_key(|currency| currency.code());
    lacking.dedup();
    Ok(lacking)
}
