//! A login's switches: each room has its own.

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use tillgate_protocols::latipay::{self, Ack};
use tillgate_protocols::ottpay;
use tillgate_store::Credential;

use super::RoomName;
use crate::cli::login::RoomOption;
use crate::rooms;

/// The options of `merchant add` and `merchant set` that change switches; those that are absent change nothing.
#[derive(Debug, clap::Args)]
pub struct Switches {
    /// Latipay: what acknowledges a notification, status 200 (as if absent) or the body `sent` as well.
    #[arg(long, value_parser = ["200", "sent"])]
    ack: Option<String>,
    /// Latipay: print amounts in answers as JSON numbers instead of strings; `=false` for strings again.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    amount_as_number: Option<bool>,
    /// Latipay: accept the 2017 signature that does not cover the reference; `=false` to refuse it. Avoid.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    legacy_signature: Option<bool>,
    /// OTT Pay: the zone times are printed in, such as America/Vancouver; America/Toronto if absent.
    #[arg(long)]
    time_zone: Option<String>,
}

impl Switches {
    pub fn options(&self) -> Vec<RoomOption> {
        use RoomName::{Latipay, Ottpay};
        let option = |room, name, is_given| RoomOption { room, name, is_given };
        vec![
            option(Latipay, "--ack", self.ack.is_some()),
            option(Latipay, "--amount-as-number", self.amount_as_number.is_some()),
            option(Latipay, "--legacy-signature", self.legacy_signature.is_some()),
            option(Ottpay, "--time-zone", self.time_zone.is_some()),
        ]
    }

    pub fn over_latipay(&self, mut settings: latipay::Settings) -> latipay::Settings {
        if let Some(ack) = &self.ack {
            settings.ack = if ack == "sent" { Ack::BodySent } else { Ack::Status200 };
        }
        settings.legacy_signature = self.legacy_signature.unwrap_or(settings.legacy_signature);
        settings.amount_as_number = self.amount_as_number.unwrap_or(settings.amount_as_number);
        settings
    }

    pub fn over_ottpay(&self, mut settings: ottpay::Settings) -> Result<ottpay::Settings> {
        if let Some(time_zone) = &self.time_zone {
            settings.time_zone.clone_from(time_zone);
            let zone = settings.zone().with_context(|| {
                format!("--time-zone {time_zone}: there is no such zone (as in America/Vancouver)")
            })?;
            // As the zone itself is written, whatever the case that was given.
            settings.time_zone = zone.iana_name().unwrap_or(time_zone).to_owned();
        }
        Ok(settings)
    }
}

pub fn stored<S: DeserializeOwned>(credential: &Credential) -> Result<S> {
    serde_json::from_str(&credential.settings)
        .with_context(|| format!("the switches of {}", credential.login))
}

/// What stands behind a login's line: how many keys it has, and the switches that are not as they come. A merchant of
/// CodePay has neither: his apps do.
pub fn shown(credential: &Credential) -> Result<String> {
    let keys = format!("  keys {}", credential.keys.len());
    if credential.room == rooms::codepay::MERCHANTS {
        return Ok(String::new());
    }
    if credential.room == rooms::ottpay::ROOM {
        let settings: ottpay::Settings = stored(credential)?;
        return Ok(format!("{keys}  {}, {}", settings.currency, settings.time_zone));
    }
    let settings: latipay::Settings = stored(credential)?;
    let words = [
        (settings.ack == Ack::BodySent, "  ack sent"),
        (settings.amount_as_number, "  amount as number"),
        (settings.legacy_signature, "  LEGACY SIGNATURE"),
    ];
    let on = words.into_iter().filter(|(is_on, _)| *is_on).map(|(_, word)| word);
    Ok(std::iter::once(keys.as_str()).chain(on).collect())
}
