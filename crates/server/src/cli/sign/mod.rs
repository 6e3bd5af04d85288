//! `sign` and `verify`: what exactly is signed in a room, and why a message is not right. No database is needed.

mod codepay;
mod latipay;
mod ottpay;

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::{one_line, say};

#[derive(Debug, clap::Subcommand)]
pub enum SignRoom {
    /// Signs a Latipay request.
    Latipay(latipay::Args),
    /// Digests and encrypts a data object of OTT Pay.
    Ottpay(ottpay::SignArgs),
    /// Signs a CodePay request, answer or callback with RSA.
    Codepay(codepay::SignArgs),
}

#[derive(Debug, clap::Subcommand)]
pub enum VerifyRoom {
    /// Checks a Latipay request that holds its signature.
    Latipay(latipay::Args),
    /// Decrypts and checks a request, an answer or a callback of OTT Pay.
    Ottpay(ottpay::VerifyArgs),
    /// Checks the RSA signature of a CodePay request, answer or callback.
    Codepay(codepay::VerifyArgs),
}

pub fn sign(room: SignRoom) -> Result<()> {
    match room {
        SignRoom::Latipay(args) => latipay::sign(args),
        SignRoom::Ottpay(args) => ottpay::sign(args),
        SignRoom::Codepay(args) => codepay::sign(args),
    }
}

pub fn verify(room: VerifyRoom) -> Result<ExitCode> {
    match room {
        VerifyRoom::Latipay(args) => latipay::verify(args),
        VerifyRoom::Ottpay(args) => ottpay::verify(args),
        VerifyRoom::Codepay(args) => codepay::verify(args),
    }
}

/// The argument itself, the file after an `@`, or for `-` the input.
fn read_input(argument: String) -> Result<String> {
    if let Some(file) = argument.strip_prefix('@') {
        return std::fs::read_to_string(file).with_context(|| format!("reading {file}"));
    }
    if argument != "-" {
        return Ok(argument);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
