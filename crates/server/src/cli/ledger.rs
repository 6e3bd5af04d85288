//! `ledger check`: says whether the books are right.

use std::process::ExitCode;

use anyhow::Result;
use tillgate_core::MerchantId;

use super::{DataArgs, one_line, say};
use crate::books::check::{Finding, check};
use crate::database;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Reads every order, entry and batch, and lists what does not fit together. Works beside a running gateway.
    Check(CheckArgs),
}

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only this merchant's (as in `merchant list`).
    #[arg(long, value_name = "NUMBER")]
    merchant: Option<u32>,
}

pub async fn run(command: Command) -> Result<ExitCode> {
    let Command::Check(args) = command;
    let (store, _) = database::open_beside(&args.data.config()?, false).await?;
    let merchant = match args.merchant {
        Some(number) => Some(super::report::known_merchant(&*store, number).await?),
        None => None::<MerchantId>,
    };
    let mut tell = |finding: Finding| say(&one_line(&finding.to_string()));
    let looked = check(&*store, merchant, &mut tell).await?;
    say(&format!(
        "{} merchants, {} orders, {} entries, {} batches: {}",
        looked.merchants,
        looked.orders,
        looked.entries,
        looked.batches,
        match looked.findings {
            0 => "all is right".to_owned(),
            1 => "1 thing is wrong".to_owned(),
            count => format!("{count} things are wrong"),
        }
    ));
    Ok(if looked.findings == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
