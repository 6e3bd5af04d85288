//! The only place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::{Offset, TimeZone};
use tillgate_core::Timestamp;

pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn civil(at: Timestamp, offset_h: i8) -> jiff::civil::DateTime {
    let zone = TimeZone::fixed(Offset::constant(offset_h));
    jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default().to_zoned(zone).datetime()
}

/// `yyyyMMdd` as a number, in UTC+8 like the wallets' day.
pub fn wallet_date(at: Timestamp) -> i64 {
    let date = civil(at, 8).date();
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// For people: `2026-11-21 03:16:42 UTC`.
pub fn display(at: Timestamp) -> String {
    civil(at, 0).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// For programs: `2026-11-21T03:16:42Z`.
pub fn iso(at: Timestamp) -> String {
    civil(at, 0).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What [`iso`] writes, and nothing else.
pub fn read_iso(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond())).filter(|at| iso(*at) == text)
}

/// A day in UTC, `2026-11-21`: from its first moment until before the next day's.
pub fn day(text: &str) -> Option<(Timestamp, Timestamp)> {
    let from = read_iso(&format!("{text}T00:00:00Z"))?;
    Some((from, from.plus_s(24 * 3_600)))
}
