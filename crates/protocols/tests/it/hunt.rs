//! What the fuzz targets share: seeded mutations of messages, and an object as a second reader sees it.

use std::collections::HashSet;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// What a room's messages are made of.
pub struct Words {
    pub tokens: &'static [&'static str],
    /// Bytes behind which a field may begin.
    pub begins: &'static [u8],
}

fn mutate(dice: &mut Dice, seeds: &[String], words: &Words) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone().into_bytes();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(24)).min(bytes.len());
        match dice.below(7) {
            0 if at < bytes.len() => bytes[at] = dice.below(256) as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let other = dice.pick(seeds).as_bytes().to_vec();
                let from = dice.below(other.len());
                bytes.splice(at..end, other[from..].iter().copied());
            }
            // Where a field may begin.
            4 | 5 => {
                let places: Vec<usize> =
                    (0..bytes.len()).filter(|at| words.begins.contains(&bytes[*at])).collect();
                if !places.is_empty() {
                    let at = *dice.pick(&places) + 1;
                    bytes.splice(at..at, dice.pick(words.tokens).bytes());
                }
            }
            _ => drop(bytes.splice(at..at, dice.pick(words.tokens).bytes())),
        }
    }
    bytes
}

/// The first input that breaks `property`, or panics, and how.
pub fn hunt(
    seeds: &[String],
    words: &Words,
    iterations: u64,
    property: impl Fn(&[u8]) -> Result<(), String>,
) -> Option<String> {
    let mut dice = Dice(number("FUZZ_SEED", 0x9E37_79B9_7F4A_7C15) | 1);
    for turn in 0..iterations {
        let input = match seeds.get(turn as usize) {
            Some(seed) => seed.clone().into_bytes(),
            None => mutate(&mut dice, seeds, words),
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| property(&input)));
        let broken = outcome.unwrap_or_else(|_| Err("panics".to_owned())).err();
        if let Some(why) = broken {
            return Some(format!("{why}: {}", String::from_utf8_lossy(&input)));
        }
    }
    None
}

/// A flat object as a second reader sees it; `None` for what is no object, or has a name twice.
pub struct Pairs(pub Option<Vec<(String, Box<RawValue>)>>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let (mut pairs, mut names) = (Vec::new(), HashSet::new());
                let mut is_single = true;
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    is_single &= names.insert(name.clone());
                    pairs.push((name, value));
                }
                Ok(Pairs(is_single.then_some(pairs)))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}
