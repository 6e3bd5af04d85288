//! What an account's payments cost, as it is written on the command line.

use anyhow::{Context as _, Result, bail};
use tillgate_core::{Account, Currency, Fee, FeePlan, Method, Money, OnRefund};

use super::{LoginArgs, account_line, say};
use crate::cli::one_line;

/// What becomes of the fee when money is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Policy {
    /// It stays earned.
    Keep,
    /// It goes back in proportion.
    GiveBack,
}

/// What is not given stays as it is.
#[derive(Debug, clap::Args)]
pub struct FeeArgs {
    /// The fee of each payment in basis points: 150 is 1.5 %.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub fee_bp: Option<u32>,
    /// A fixed part of each payment's fee, in units of the currency: 0.30
    #[arg(long, allow_negative_numbers = true)]
    fee_fixed: Option<String>,
    /// VAT on the fee in basis points: 1900 is 19 %.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    vat_bp: Option<u32>,
    /// What becomes of the fee when money is given back.
    #[arg(long, value_enum)]
    fee_on_refund: Option<Policy>,
}

impl FeeArgs {
    pub fn is_given(&self) -> bool {
        self.fee_bp.is_some()
            || self.fee_fixed.is_some()
            || self.vat_bp.is_some()
            || self.fee_on_refund.is_some()
    }

    pub fn over(&self, fee: Fee, currency: Currency) -> Result<Fee> {
        let fixed = self.fee_fixed.as_deref().map(|fixed| Money::parse_decimal(fixed, currency)).transpose();
        let fixed = fixed.with_context(|| format!("--fee-fixed in {}", currency.code()))?;
        Ok(Fee {
            fixed_minor: fixed.map_or(fee.fixed_minor, |fixed| fixed.minor),
            rate_bp: self.fee_bp.unwrap_or(fee.rate_bp),
            vat_bp: self.vat_bp.unwrap_or(fee.vat_bp),
            on_refund: match self.fee_on_refund {
                None => fee.on_refund,
                Some(Policy::Keep) => OnRefund::Keep,
                Some(Policy::GiveBack) => OnRefund::GiveBack,
            },
        })
    }

    /// The plan with this fee in it: the usual one, or that of one method.
    pub fn over_plan(&self, account: &Account, method: Option<&Method>) -> Result<FeePlan> {
        let mut plan = account.fees.clone().unwrap_or_default();
        match method {
            None => plan.usual = self.over(plan.usual, account.currency)?,
            Some(method) => {
                let fee = self.over(plan.of(method), account.currency)?;
                plan.by_method.insert(method.clone(), fee);
            }
        }
        Ok(plan)
    }
}

#[derive(Debug, clap::Args)]
pub struct SetFeeArgs {
    #[command(flatten)]
    login: LoginArgs,
    /// The account's code: a Latipay wallet, or the merchant_id and currency, such as QC33624075-CAD
    account: String,
    #[command(flatten)]
    change: FeeChange,
}

/// For every method, or for one.
#[derive(Debug, clap::Args)]
pub struct FeeChange {
    /// Only of payments by this method, which then has a fee of its own.
    #[arg(long = "for", value_name = "METHOD")]
    method: Option<String>,
    /// The method has no fee of its own any more.
    #[arg(long, requires = "method", conflicts_with_all = ["fee_bp", "fee_fixed", "vat_bp", "fee_on_refund"])]
    as_usual: bool,
    #[command(flatten)]
    fee: FeeArgs,
}

impl FeeChange {
    pub fn over(&self, account: &Account) -> Result<FeePlan> {
        let method = self.method.as_deref().map(Method::new);
        if let Some(unknown) = method.as_ref().filter(|method| !account.methods.contains(method)) {
            bail!("--for {}: {} does not take it", one_line(unknown.as_str()), account.code);
        }
        if let (true, Some(method)) = (self.as_usual, &method) {
            let mut plan = account.fees.clone().unwrap_or_default();
            plan.by_method.remove(method);
            return Ok(plan);
        }
        if !self.fee.is_given() {
            bail!("nothing to change: give --fee-bp, --fee-fixed, --vat-bp or --fee-on-refund");
        }
        self.fee.over_plan(account, method.as_ref())
    }
}

pub async fn set_fee(args: SetFeeArgs) -> Result<()> {
    let (store, _, credential) = args.login.open().await?;
    let account = credential.accounts.iter().find(|account| account.code == args.account);
    let known = account
        .with_context(|| format!("{} has no account {}", credential.login, one_line(&args.account)))?;
    let account = Account { fees: Some(args.change.over(known)?), ..known.clone() };
    let line = account_line(&account);
    store.put_account(credential.merchant, &credential.room, &credential.login, account).await?;
    say(&format!("{line}\nOrders that exist keep theirs; a running gateway sees it within 2 seconds"));
    Ok(())
}
