//! Which language a visitor reads, and what the pages write into `lang` attributes.

use super::{Texts, chinese, english};

/// The languages the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// The visitor's own choice (`?lang=`) wins, then what the browser asks for, then English.
    pub fn choose(query_lang: Option<&str>, accept_language: Option<&str>) -> Language {
        if let Some(language) = query_lang.and_then(Language::from_tag) {
            return language;
        }
        let mut best = (Language::English, 0u32);
        for range in accept_language.unwrap_or_default().split(',').take(20) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = quality(parameters);
            match Language::from_tag(tag) {
                Some(language) if weight > best.1 => best = (language, weight),
                _ => {}
            }
        }
        best.0
    }

    fn from_tag(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Language::English),
            "zh" => Some(Language::Chinese),
            _ => None,
        }
    }

    /// The value of `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh-Hans",
        }
    }

    /// The value of `?lang=` and of the hidden form field `lang`.
    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }

    pub fn other(self) -> Language {
        match self {
            Language::English => Language::Chinese,
            Language::Chinese => Language::English,
        }
    }

    /// The language's name in itself, for the switch.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::Chinese => "中文",
        }
    }

    /// How long ago, in the largest whole unit.
    pub fn duration(self, seconds: u64) -> String {
        let (count, unit) = match seconds {
            0..60 => (seconds, self.texts().seconds),
            60..3600 => (seconds / 60, self.texts().minutes),
            _ => (seconds / 3600, self.texts().hours),
        };
        format!("{count} {unit}")
    }

    pub fn texts(self) -> &'static Texts {
        match self {
            Language::English => &english::TEXTS,
            Language::Chinese => &chinese::TEXTS,
        }
    }
}

/// `;q=0.8` in thousandths; a range without one weighs 1.000, an unreadable one nothing.
fn quality(parameters: &str) -> u32 {
    let Some(q) = parameters.split(';').find_map(|p| p.trim().strip_prefix("q=")) else { return 1000 };
    let (whole, fraction) = q.trim().split_once('.').unwrap_or((q.trim(), ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole, digits.parse::<u32>()) {
        ("1", _) => 1000,
        ("0", Ok(thousandths)) => thousandths,
        _ => 0,
    }
}
