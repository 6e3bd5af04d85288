//! The only place that draws random numbers, from the operating system's generator.

use aws_lc_rs::rand;

pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        // Without randomness no key or number is safe to give out.
        std::process::abort();
    }
    bytes
}

/// Uniform enough for numbers and jitter (2^63 possibilities): 0 up to `limit` - 1.
pub fn below(limit: i64) -> i64 {
    (i64::from_le_bytes(bytes()) & i64::MAX) % limit.max(1)
}

/// `N` random bytes in lower-case hex.
pub fn hex<const N: usize>() -> String {
    hex::encode(bytes::<N>())
}
