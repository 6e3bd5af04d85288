//! Civil times at a fixed offset, as the protocols print them.

use jiff::civil::DateTime;
use jiff::tz::Offset;
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

/// `20170707105350`.
pub fn compact(at: Timestamp, hours: i8) -> String {
    spaced(at, hours).replace(['-', ' ', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beijing_is_eight_hours_ahead() {
        let at = Timestamp(1_499_396_030_999);
        assert_eq!(spaced(at, BEIJING_HOURS), "2017-07-07 10:53:50");
        assert_eq!(compact(at, BEIJING_HOURS), "20170707105350");
        assert_eq!(spaced(Timestamp(i64::MAX), 0), "1970-01-01 00:00:00");
    }
}
