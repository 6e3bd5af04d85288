//! `sign latipay` and `verify latipay`: the canonical text and the signature, or why one does not match.

use std::process::ExitCode;

use anyhow::{Result, bail};
use tillgate_protocols::latipay::explain::{self, Input, Verdict};
use tillgate_protocols::latipay::{ApiKey, Route};

use super::{read_input, say};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// transaction, query, barcode, minialipay, refund, cancel or detail.
    #[arg(long, default_value = "transaction")]
    route: String,
    /// The api key. Better from the environment than on a command line others can see.
    #[arg(long, env = "LATIPAY_API_KEY", hide_env_values = true)]
    key: String,
    /// The fields: a JSON object, a URL query, or name=value lines; `@file` reads a file, `-` the input.
    input: String,
}

impl Args {
    fn read(self) -> Result<(Route, ApiKey, Input)> {
        let Some(route) = Route::from_word(&self.route) else { bail!("unknown route {}", self.route) };
        let text = read_input(self.input)?;
        let input = Input::parse(&text).map_err(|reject| anyhow::anyhow!("{}", reject.message))?;
        Ok((route, ApiKey::new(self.key), input))
    }
}

pub fn sign(args: Args) -> Result<()> {
    let (route, key, input) = args.read()?;
    for worked in explain::sign(route, &input, &key) {
        say(&format!(
            "form       {}\ntext       {}\nsignature  {}\n",
            worked.name, worked.text, worked.signature
        ));
    }
    Ok(())
}

pub fn verify(args: Args) -> Result<ExitCode> {
    let (route, key, input) = args.read()?;
    match explain::verify(route, &input, &key) {
        Verdict::Matches(worked) => {
            say(&format!("the signature holds\nform       {}\ntext       {}", worked.name, worked.text));
            return Ok(ExitCode::SUCCESS);
        }
        Verdict::Refused { worked, why } => {
            say(&format!(
                "the signature is right, but the gateway refuses the request: {why}\nform       {}\ntext       {}",
                worked.name, worked.text
            ));
            return Ok(ExitCode::FAILURE);
        }
        Verdict::Mistake(what) => say(&format!("the signature does not hold: {what}")),
        Verdict::Missing => say("there is no signature among the fields"),
        Verdict::Unknown => {
            say("the signature does not hold: most likely another key or other values were signed")
        }
    }
    say("\nexpected one of:");
    for worked in explain::sign(route, &input, &key) {
        say(&format!("  {}  {}\n    {}", worked.signature, worked.name, worked.text));
    }
    Ok(ExitCode::FAILURE)
}
