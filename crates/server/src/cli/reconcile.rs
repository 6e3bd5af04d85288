//! `reconcile import | show`: what channels say they moved, held against what we did.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest;
use serde::Serialize;
use tillgate_core::{Money, Timestamp};
use tillgate_store::{StatementFile, StatementLine, Store};

use super::report::{Format, Table, day_of};
use super::{DataArgs, one_line, say};
use crate::books::reconcile::{CHANNELS, Compared, Difference, Operation, Trouble, compare, file, method_of};
use crate::{clock, database};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Keeps a channel's statement: all of the file, or nothing of it.
    Import(ImportArgs),
    /// Lists what is missing, doubled or different on either side.
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Who made it, as in its first column: acquirer, alipay, wechat, unionpay.
    #[arg(long)]
    channel: String,
    #[arg(long)]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only this channel; if absent, each that has given us a statement.
    #[arg(long)]
    channel: Option<String>,
    /// The day (UTC), such as 2026-11-26.
    #[arg(long, required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    day: Option<String>,
    /// The first day.
    #[arg(long, requires = "to")]
    from: Option<String>,
    /// The last day.
    #[arg(long, requires = "from")]
    to: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Import(args) => import(args).await.map(|()| ExitCode::SUCCESS),
        Command::Show(args) => show(args).await,
    }
}

fn checked_channel(name: &str) -> Result<&str> {
    if method_of(name).is_none() {
        let known = CHANNELS.map(|(name, _)| name).join(", ");
        bail!("--channel {}: not one of {known}", one_line(name));
    }
    Ok(name)
}

async fn import(args: ImportArgs) -> Result<()> {
    let channel = checked_channel(&args.channel)?.to_owned();
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let shown = one_line(&name);
    let bytes = std::fs::read(&args.file).with_context(|| format!("--file {shown}"))?;
    let lines = file::read(&channel, &bytes).with_context(|| format!("--file {shown}: nothing is kept"))?;
    let digest = digest::digest(&digest::SHA256, &bytes).as_ref().to_vec();
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let (count, strange) = (lines.len(), lines.iter().filter(|line| line.order.is_none()).count());
    let file = StatementFile {
        channel: channel.clone(),
        digest: digest.clone(),
        name,
        imported_at: clock::now(),
        lines,
    };
    if !store.put_statement(file).await? {
        let known = store.find_statement(&channel, &digest).await?.context("the statement is gone")?;
        let at = clock::display(known.imported_at);
        bail!("--file {shown}: was imported already, as {} at {at}", one_line(&known.name));
    }
    say(&format!("{shown}: {count} lines of {channel} kept"));
    if strange > 0 {
        say(&format!("{strange} of them name none of our numbers; reconcile show lists them"));
    }
    Ok(())
}

fn span(args: &ShowArgs) -> Result<(Timestamp, Timestamp)> {
    match (&args.day, &args.from, &args.to) {
        (Some(day), ..) => day_of("--day", day),
        (None, Some(from), Some(to)) => {
            let (from, to) = (day_of("--from", from)?, day_of("--to", to)?);
            if to.0 < from.0 {
                bail!("--to is before --from");
            }
            Ok((from.0, to.1))
        }
        _ => bail!("--day, or --from and --to"),
    }
}

async fn channels(store: &dyn Store, named: Option<&str>) -> Result<Vec<String>> {
    if let Some(named) = named {
        return Ok(vec![checked_channel(named)?.to_owned()]);
    }
    let mut channels: Vec<String> =
        store.list_statements().await?.into_iter().map(|statement| statement.channel).collect();
    channels.sort();
    channels.dedup();
    if channels.is_empty() {
        bail!("no statement has been imported: tillgate reconcile import");
    }
    Ok(channels)
}

const COLUMNS: &[&str] = &[
    "trouble",
    "differs_in",
    "channel",
    "merchant",
    "order",
    "trade_no",
    "our_kind",
    "our_amount",
    "our_currency",
    "our_time",
    "our_state",
    "their_kind",
    "their_amount",
    "their_currency",
    "their_time",
    "their_reference",
];

async fn show(args: ShowArgs) -> Result<ExitCode> {
    let span = span(&args)?;
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let mut differences = Vec::new();
    let mut compared = Compared::default();
    for channel in channels(&*store, args.channel.as_deref()).await? {
        let mut tell = |difference: Difference| differences.push(difference);
        let more = compare(&*store, &channel, span, &mut tell).await?;
        compared = Compared { ours: compared.ours + more.ours, theirs: compared.theirs + more.theirs };
    }
    let mut table = Table::new(COLUMNS);
    for difference in &differences {
        rows(difference).into_iter().for_each(|row| table.push(row));
    }
    let page = Page {
        from: clock::iso(span.0),
        until: clock::iso(span.1),
        ours: compared.ours,
        theirs: compared.theirs,
        differences: differences.iter().map(Shown::new).collect(),
    };
    if args.format != Format::Table || !differences.is_empty() {
        table.print(args.format, &page)?;
    }
    if args.format == Format::Table {
        say(&summary(&differences, compared));
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn summary(differences: &[Difference], compared: Compared) -> String {
    let (ours, theirs) = (compared.ours, compared.theirs);
    if differences.is_empty() {
        return format!("{ours} operations of ours, {theirs} lines of theirs: they agree");
    }
    let kinds = [Trouble::MissingThere, Trouble::MissingHere, Trouble::Doubled, Trouble::Different];
    let counts = kinds.map(|kind| (kind, differences.iter().filter(|found| found.trouble == kind).count()));
    let said: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {}", kind.as_str()))
        .collect();
    format!("{ours} operations of ours, {theirs} lines of theirs: {}", said.join(", "))
}

/// One for each line of theirs, or one without.
fn rows(difference: &Difference) -> Vec<Vec<String>> {
    let mut head = vec![
        difference.trouble.as_str().to_owned(),
        difference.in_what.join(" "),
        difference.channel.clone(),
        difference.order.map(|(merchant, _)| merchant.0.to_string()).unwrap_or_default(),
        difference.order.map(|(_, order)| order.to_string()).unwrap_or_default(),
        difference.trade_no.clone(),
    ];
    head.extend(difference.ours.as_ref().map(our_cells).unwrap_or_default());
    let theirs: Vec<_> = difference.theirs.iter().map(their_cells).collect();
    let theirs = if theirs.is_empty() { vec![Default::default()] } else { theirs };
    theirs.into_iter().map(|cells| head.iter().cloned().chain(cells).collect()).collect()
}

fn our_cells(ours: &Operation) -> [String; 5] {
    [
        ours.kind.as_str().to_owned(),
        ours.amount.to_string(),
        ours.amount.currency.code().to_owned(),
        clock::iso(ours.at),
        ours.made.as_str().to_owned(),
    ]
}

fn their_cells(line: &StatementLine) -> [String; 5] {
    [
        line.kind.as_str().to_owned(),
        Money::new(line.amount_minor, line.currency).to_string(),
        line.currency.code().to_owned(),
        clock::iso(line.at),
        line.reference.clone(),
    ]
}

#[derive(Serialize)]
struct Page {
    from: String,
    until: String,
    ours: u64,
    theirs: u64,
    differences: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    trouble: &'static str,
    differs_in: Vec<&'static str>,
    channel: String,
    merchant: Option<u32>,
    order: Option<String>,
    trade_no: String,
    ours: Option<OurSide>,
    theirs: Vec<TheirSide>,
}

#[derive(Serialize)]
struct OurSide {
    kind: String,
    original_trade_no: String,
    amount: String,
    currency: String,
    time: String,
    state: String,
}

#[derive(Serialize)]
struct TheirSide {
    kind: String,
    original_trade_no: String,
    amount: String,
    currency: String,
    time: String,
    reference: String,
    batch: String,
}

impl Shown {
    fn new(difference: &Difference) -> Self {
        let ours = difference.ours.as_ref().map(|ours| {
            let [kind, amount, currency, time, state] = our_cells(ours);
            OurSide { kind, original_trade_no: ours.original.clone(), amount, currency, time, state }
        });
        let their_side = |line: &StatementLine| {
            let [kind, amount, currency, time, reference] = their_cells(line);
            let (original_trade_no, batch) = (line.original_trade_no.clone(), line.batch.clone());
            TheirSide { kind, original_trade_no, amount, currency, time, reference, batch }
        };
        Self {
            trouble: difference.trouble.as_str(),
            differs_in: difference.in_what.clone(),
            channel: difference.channel.clone(),
            merchant: difference.order.map(|(merchant, _)| merchant.0),
            order: difference.order.map(|(_, order)| order.to_string()),
            trade_no: difference.trade_no.clone(),
            ours,
            theirs: difference.theirs.iter().map(their_side).collect(),
        }
    }
}
