//! Times in buckets whose width grows with the time: 32 to each doubling, so a figure is off by 3 % at most.

use std::time::Duration;

const PARTS_BITS: u32 = 5;
const PARTS: usize = 1 << PARTS_BITS;
/// Up to 2^36 microseconds.
const BUCKETS: usize = PARTS * 32;

#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

fn bucket(us: u64) -> usize {
    let doubling = (u64::BITS - us.leading_zeros()).saturating_sub(PARTS_BITS + 1);
    let part = (us >> doubling) as usize;
    (doubling as usize * PARTS + part).min(BUCKETS - 1)
}

/// The largest time that falls into the bucket, microseconds.
fn upper_us(bucket: usize) -> u64 {
    let doubling = (bucket / PARTS).saturating_sub(1);
    let part = bucket - doubling * PARTS;
    (((part as u64) + 1) << doubling) - 1
}

impl Histogram {
    pub fn record(&mut self, time: Duration) {
        self.counts[bucket(time.as_micros() as u64)] += 1;
        self.total += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    pub fn count(&self) -> u64 {
        self.total
    }

    /// The time that `share` (0.99) of all stay below, ms.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_us(bucket) as f64 / 1_000.0;
            }
        }
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_a_bucket_that_holds_it() {
        let mut last = 0;
        for us in (0..5_000).chain([9_999, 100_000, 3_000_000, 60_000_000]) {
            let bucket = bucket(us);
            assert!(bucket >= last, "{us}");
            let upper = upper_us(bucket);
            assert!(us <= upper && upper - us <= us / PARTS as u64, "{us} in {bucket} up to {upper}");
            last = bucket;
        }
    }

    #[test]
    fn quantiles_are_found() {
        let mut histogram = Histogram::default();
        for ms in 1..=1_000 {
            histogram.record(Duration::from_millis(ms));
        }
        for (share, expected) in [(0.5, 500.0), (0.99, 990.0)] {
            let found = histogram.quantile_ms(share);
            assert!((found / expected - 1.0).abs() < 0.04, "{share}: {found}");
        }
    }
}
