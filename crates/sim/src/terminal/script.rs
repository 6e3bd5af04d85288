//! What people do at the terminal, as data.
//!
//! Knows: the words of `script.md`. Deliberately does not know: when their turn comes.

use serde::{Deserialize, Serialize};

use super::dice::Dice;
use crate::money;

/// The words of a script, for `--help`.
pub const SCRIPT_WORDS: &str = include_str!("script.md");

const OFFLINE_MS: i64 = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    Swipe,
    Chip,
    Contactless,
    Manual,
}

impl Entry {
    pub const ALL: [Self; 4] = [Self::Swipe, Self::Chip, Self::Contactless, Self::Manual];

    pub fn word(self) -> &'static str {
        match self {
            Self::Swipe => "swipe",
            Self::Chip => "chip",
            Self::Contactless => "contactless",
            Self::Manual => "manual",
        }
    }

    /// `entry_mode` of a result.
    pub fn number(self) -> i64 {
        match self {
            Self::Swipe => 1,
            Self::Chip => 2,
            Self::Contactless => 3,
            Self::Manual => 4,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payer {
    Pays,
    IsDeclined,
    Cancels,
    WalksAway,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tip {
    /// In hundredths of a per cent of the order.
    Share(i64),
    /// Decimal text.
    Amount(String),
}

/// Where the line breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Break {
    BeforeCard,
    AfterCard,
    WhileAsking,
    AfterResult,
}

#[doc = include_str!("script.md")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    pub payer: Payer,
    pub card: Option<String>,
    pub entry: Entry,
    pub tip: Option<Tip>,
    pub signs: bool,
    pub manager_refuses: bool,
    pub scan: Option<String>,
    pub think_ms: i64,
    pub breaks: Option<Break>,
    pub offline_ms: i64,
    pub late_ms: i64,
    pub twice: bool,
    /// The seed of `random`: the other fields are drawn for each order.
    pub random: Option<u64>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            payer: Payer::Pays,
            card: None,
            entry: Entry::Contactless,
            tip: None,
            signs: false,
            manager_refuses: false,
            scan: None,
            think_ms: 0,
            breaks: None,
            offline_ms: OFFLINE_MS,
            late_ms: 0,
            twice: false,
            random: None,
        }
    }
}

impl std::str::FromStr for Script {
    type Err = String;

    /// The error names the word that was not understood.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut script = Self::default();
        let mut is_offline = false;
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let understood = match word.split_once('=') {
                Some(("offline", value)) => {
                    is_offline = true;
                    millis(value).map(|ms| script.offline_ms = ms)
                }
                Some((name, value)) => script.set(name, value),
                None => script.add(word),
            };
            understood.ok_or_else(|| format!("{word} is no word of a script"))?;
        }
        if is_offline && script.breaks.is_none() {
            script.breaks = Some(Break::AfterResult);
        }
        Ok(script)
    }
}

impl Script {
    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "card" => self.card = Some(all_digits(value, 8..=19)?),
            "entry" => self.entry = Entry::ALL.into_iter().find(|entry| entry.word() == value)?,
            "tip" => self.tip = Some(tip(value)?),
            "scan" if value.is_empty() => return None,
            "scan" => self.scan = Some(value.to_owned()),
            "think" => self.think_ms = millis(value)?,
            "answer-late" => self.late_ms = millis(value)?,
            _ => return None,
        }
        Some(())
    }

    fn add(&mut self, word: &str) -> Option<()> {
        match word {
            "pay" => self.payer = Payer::Pays,
            "decline" => self.payer = Payer::IsDeclined,
            "cancel" => self.payer = Payer::Cancels,
            "walk-away" => self.payer = Payer::WalksAway,
            "sign" => self.signs = true,
            "manager-refuses" => self.manager_refuses = true,
            "unplug-before-card" => self.breaks = Some(Break::BeforeCard),
            "unplug-after-card" => self.breaks = Some(Break::AfterCard),
            "power-cut" => self.breaks = Some(Break::WhileAsking),
            "answer-twice" => self.twice = true,
            _ => {
                let seed = word.strip_prefix("random(")?.strip_suffix(')')?;
                self.random = Some(seed.parse().ok()?);
            }
        }
        Some(())
    }

    /// As it is for the order with this number: words are drawn if they are random.
    pub fn for_order(&self, number: u64) -> Self {
        let Some(seed) = self.random else { return self.clone() };
        let mut dice = Dice(seed ^ number.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mut drawn = Self { think_ms: dice.below(301), random: None, ..self.clone() };
        drawn.entry = Entry::ALL[usize::try_from(dice.below(4)).unwrap_or(0)];
        match dice.below(100) {
            0..60 => {}
            60..68 => drawn.tip = Some(Tip::Share(1_500)),
            68..72 => drawn.signs = true,
            72..77 => drawn.payer = Payer::IsDeclined,
            77..82 => drawn.payer = Payer::Cancels,
            82..84 => drawn.manager_refuses = true,
            84..87 => drawn.breaks = Some(Break::BeforeCard),
            87..90 => drawn.breaks = Some(Break::AfterCard),
            90..93 => drawn.breaks = Some(Break::WhileAsking),
            93..95 => drawn.breaks = Some(Break::AfterResult),
            95..97 => drawn.late_ms = 3_000,
            _ => drawn.twice = true,
        }
        drawn
    }

    /// What the payer adds to an order of `minor`; `None` leaves the tip as it is.
    pub fn tip_on(&self, minor: i64, digits: usize) -> Option<i64> {
        match self.tip.as_ref()? {
            Tip::Share(share) => Some(money::share(minor, *share)),
            Tip::Amount(text) => money::parse(text, digits),
        }
    }
}

/// 12.5% or 2.50.
fn tip(value: &str) -> Option<Tip> {
    match value.strip_suffix('%') {
        Some(share) => money::parse(share, 2).filter(|share| *share <= 10_000).map(Tip::Share),
        None => money::parse(value, 3).map(|_| Tip::Amount(value.to_owned())),
    }
}

fn all_digits(value: &str, length: std::ops::RangeInclusive<usize>) -> Option<String> {
    let fits = length.contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| value.to_owned())
}

/// `200ms`, `5s`, `2m`.
fn millis(value: &str) -> Option<i64> {
    let unit_at = value.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = value.split_at(unit_at);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor).filter(|ms| *ms <= 86_400_000)
}
