//! When writes were acknowledged, and for how long none was.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub struct Pulse {
    /// In order.
    beats: Vec<Instant>,
}

/// A time without a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub from: Instant,
    pub length: Duration,
}

impl Pulse {
    pub fn beat(&mut self, now: Instant) {
        self.beats.push(now);
    }

    /// So many came at or after `since`.
    pub fn count_since(&self, since: Instant) -> usize {
        self.beats.len() - self.beats.partition_point(|beat| *beat < since)
    }

    /// The longest gap that reaches into the time from `since` to `until`. It may have begun before; one that has not
    /// ended by `until` counts up to there.
    pub fn longest_gap(&self, since: Instant, until: Instant) -> Option<Gap> {
        let first = self.beats.partition_point(|beat| *beat < since).saturating_sub(1);
        let last = self.beats.partition_point(|beat| *beat < until);
        let inside = &self.beats[first.min(last)..last];
        let ends = inside.iter().skip(1).copied().chain([until]);
        let gaps = inside.iter().zip(ends).map(|(from, to)| Gap { from: *from, length: to - *from });
        gaps.max_by_key(|gap| gap.length)
    }
}

/// Of several who write.
#[derive(Debug, Default)]
pub struct Pulses {
    pub all: Pulse,
    pub by_name: BTreeMap<&'static str, Pulse>,
}

impl Pulses {
    pub fn beat(&mut self, name: &'static str) {
        let now = Instant::now();
        self.all.beat(now);
        self.by_name.entry(name).or_default().beat(now);
    }

    /// The longest gap of all together, and of each.
    pub fn describe(&self, since: Instant, until: Instant) -> String {
        let seconds = |pulse: &Pulse| match pulse.longest_gap(since, until) {
            Some(gap) => format!("{:.1} s", gap.length.as_secs_f64()),
            None => "all the time".to_owned(),
        };
        let each: Vec<String> =
            self.by_name.iter().map(|(name, pulse)| format!("{name} {}", seconds(pulse))).collect();
        format!("no write was acknowledged for {} ({})", seconds(&self.all), each.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_is_found_where_it_is_looked_for() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut pulse = Pulse::default();
        for ms in [0, 5_000, 5_010, 5_020, 7_020, 7_030] {
            pulse.beat(at(ms));
        }
        let gap = |since, until| {
            let gap = pulse.longest_gap(at(since), at(until)).unwrap();
            ((gap.from - start).as_millis(), gap.length.as_millis())
        };
        assert_eq!(gap(0, 7_031), (0, 5_000));
        assert_eq!(gap(5_005, 7_031), (5_020, 2_000), "what was over before is left out");
        assert_eq!(gap(6_000, 7_031), (5_020, 2_000), "the gap began before");
        assert_eq!(gap(7_025, 60_000), (7_030, 52_970), "and has not ended");
        assert_eq!(pulse.longest_gap(at(0), at(0)), None, "nothing had come");
        assert_eq!(pulse.count_since(at(5_020)), 3);
    }
}
