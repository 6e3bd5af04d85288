//! Civil times at a fixed offset, as the protocols print them.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use tillgate_core::Timestamp;

/// Beijing's time: no summer time since 1991, so a fixed offset is exact.
pub const BEIJING_HOURS: i8 = 8;

fn civil(at: Timestamp, hours: i8) -> DateTime {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Offset::constant(hours).to_datetime(instant)
}

/// `2017-07-07 10:53:50`.
pub fn spaced(at: Timestamp, hours: i8) -> String {
    let t = civil(at, hours);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        t.year(),
        t.month(),
        t.day(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

/// The moment of `2017-07-07 10:53:50`; `None` for any other form, and for days and hours that do not exist.
pub fn read_spaced(text: &str, hours: i8) -> Option<Timestamp> {
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    if text.len() != 19 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
    let year = text.get(..4)?.parse().ok()?;
    let (month, day) = (part(5, 7)?, part(8, 10)?);
    let civil = DateTime::new(year, month, day, part(11, 13)?, part(14, 16)?, part(17, 19)?, 0).ok()?;
    let instant = Offset::constant(hours).to_timestamp(civil).ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

/// `20170707105350`.
pub fn compact(at: Timestamp, hours: i8) -> String {
    spaced(at, hours).replace(['-', ' ', ':'], "")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Aug 1, 2020 9:04:08 AM` in a zone, as Java prints a date in English: no zeros in front of day and hour.
pub fn english(at: Timestamp, zone: &TimeZone) -> String {
    let instant = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let t = zone.to_datetime(instant);
    let month =
        MONTHS.get(usize::from(t.month().unsigned_abs()).saturating_sub(1)).copied().unwrap_or_default();
    let (hour, half) = (t.hour() % 12, if t.hour() < 12 { "AM" } else { "PM" });
    let hour = if hour == 0 { 12 } else { hour };
    format!("{month} {}, {} {hour}:{:02}:{:02} {half}", t.day(), t.year(), t.minute(), t.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_times_follow_the_zone() {
        let toronto = jiff::tz::TimeZoneDatabase::bundled().get("America/Toronto").unwrap();
        for (seconds, text) in [
            (1_598_024_658, "Aug 21, 2020 11:44:18 AM"),
            (1_598_029_458, "Aug 21, 2020 1:04:18 PM"),
            (1_577_854_800, "Jan 1, 2020 12:00:00 AM"),
            (1_577_898_000, "Jan 1, 2020 12:00:00 PM"),
            // An hour is skipped in March 2024, and one comes twice in November.
            (1_710_053_999, "Mar 10, 2024 1:59:59 AM"),
            (1_710_054_000, "Mar 10, 2024 3:00:00 AM"),
            (1_730_612_700, "Nov 3, 2024 1:45:00 AM"),
            (1_730_616_300, "Nov 3, 2024 1:45:00 AM"),
        ] {
            assert_eq!(english(Timestamp(seconds * 1_000), &toronto), text);
        }
    }

    #[test]
    fn what_is_printed_reads_back() {
        for seconds in [0, 1_499_396_030, 1_709_164_800, 253_402_000_000] {
            let at = Timestamp(seconds * 1_000);
            assert_eq!(read_spaced(&spaced(at, 0), 0), Some(at));
            assert_eq!(read_spaced(&spaced(at, BEIJING_HOURS), BEIJING_HOURS), Some(at));
        }
        for text in [
            "",
            "2017-07-07",
            "2017-07-07T10:53:50",
            "2017-07-07 10:53:5",
            "2017-07-07 10:53:50Z",
            "2017-7-07 10:53:501",
            "2017-02-29 10:53:50",
            "2017-13-01 10:53:50",
            "2017-07-07 24:00:00",
            "2017-07-07 10:53:60",
            "+017-07-07 10:53:50",
            "２017-07-07 10:53:5",
        ] {
            assert_eq!(read_spaced(text, 0), None, "{text}");
        }
    }

    #[test]
    fn beijing_is_eight_hours_ahead() {
        let at = Timestamp(1_499_396_030_999);
        assert_eq!(spaced(at, BEIJING_HOURS), "2017-07-07 10:53:50");
        assert_eq!(compact(at, BEIJING_HOURS), "20170707105350");
        assert_eq!(spaced(Timestamp(i64::MAX), 0), "1970-01-01 00:00:00");
    }
}
