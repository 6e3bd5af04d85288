//! Amounts are whole minor units with their currency; nothing here ever touches a float.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency that has a minor unit (so not `XAU` and its like).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The alphabetic code in upper case, `NZD`; `None` if it is unknown or has no minor unit.
    pub fn from_code(code: &str) -> Option<Self> {
        let currency = iso_currency::Currency::from_code(code)?;
        currency.exponent().map(|_| Self(currency))
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point: NZD 2, JPY 0, KWD 3.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }

    fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown currency"))
    }
}

/// An exact amount: minor units of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why a decimal text is not an amount of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("is not a plain decimal number")]
    NotDecimal,
    #[error("has more digits after the point than the currency")]
    TooPrecise,
    #[error("is too large")]
    TooLarge,
}

impl Money {
    /// Largest amount accepted from outside: 10^13 minor units, so that sums and rates cannot overflow.
    pub const LIMIT_MINOR: i64 = 10_000_000_000_000;

    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads `120`, `120.5`, `120.00`: digits, optionally a point and at most the currency's digits.
    /// Signs, exponents, blanks, `NaN` and a bare point are refused. Zero is read; whether it may be is a rule.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(MoneyError::NotDecimal),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(MoneyError::NotDecimal);
        }
        let exponent = currency.exponent() as usize;
        if fraction.len() > exponent {
            return Err(MoneyError::TooPrecise);
        }
        let number = |part: &str| {
            part.bytes().try_fold(0_i64, |sum, byte| sum.checked_mul(10)?.checked_add(i64::from(byte - b'0')))
        };
        let scale = 10_i64.pow((exponent - fraction.len()) as u32);
        let minor = number(whole)
            .and_then(|major| major.checked_mul(currency.minor_per_major()))
            .zip(number(fraction).and_then(|part| part.checked_mul(scale)))
            .and_then(|(major, part)| major.checked_add(part))
            .filter(|minor| *minor <= Self::LIMIT_MINOR)
            .ok_or(MoneyError::TooLarge)?;
        Ok(Self { minor, currency })
    }

    /// The sum, or `None` on overflow or two currencies.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Self { minor, ..self })
    }

    /// `rate` basis points of this amount, rounded half up (half away from zero for the sign we use: positive).
    pub fn basis_points(self, rate_bp: u32) -> Self {
        let scaled = i128::from(self.minor) * i128::from(rate_bp);
        let rounded = (scaled + 5_000).div_euclid(10_000);
        Self { minor: i64::try_from(rounded).unwrap_or(i64::MAX), ..self }
    }
}

/// The decimal form with all digits of the currency: `120.00`, `¥120` is `120`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent() as usize;
        let unit = self.currency.minor_per_major();
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, part) =
            (self.minor.unsigned_abs() / unit as u64, self.minor.unsigned_abs() % unit as u64);
        match digits {
            0 => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{part:0digits$}"),
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} {}", self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, code: &str) -> Result<i64, MoneyError> {
        Money::parse_decimal(text, Currency::from_code(code).unwrap()).map(|money| money.minor)
    }

    #[test]
    fn decimals_become_minor_units() {
        for (text, code, minor) in [
            ("120.00", "NZD", 12_000),
            ("120", "NZD", 12_000),
            ("120.5", "NZD", 12_050),
            ("0.01", "AUD", 1),
            ("0", "AUD", 0),
            ("007.10", "CNY", 710),
            ("500", "JPY", 500),
            ("1.234", "KWD", 1_234),
        ] {
            assert_eq!(read(text, code), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e2", "NaN", "1,0", " 1", "1 ", "0x1", "１"] {
            assert_eq!(read(text, "NZD"), Err(MoneyError::NotDecimal), "{text:?}");
        }
        assert_eq!(read("12.345", "NZD"), Err(MoneyError::TooPrecise));
        assert_eq!(read("1.0", "JPY"), Err(MoneyError::TooPrecise));
        assert_eq!(read("100000000000.01", "NZD"), Err(MoneyError::TooLarge));
        assert_eq!(read(&"9".repeat(400), "NZD"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn what_is_printed_reads_back() {
        for code in ["NZD", "JPY", "KWD"] {
            let currency = Currency::from_code(code).unwrap();
            for minor in (0..2_000_000).step_by(997) {
                let money = Money::new(minor, currency);
                assert_eq!(Money::parse_decimal(&money.to_string(), currency), Ok(money));
            }
        }
        assert_eq!(Money::new(-5, Currency::from_code("NZD").unwrap()).to_string(), "-0.05");
    }

    #[test]
    fn basis_points_round_half_up() {
        let fee = |minor, rate_bp| {
            Money::new(minor, Currency::from_code("NZD").unwrap()).basis_points(rate_bp).minor
        };
        assert_eq!((fee(12_000, 120), fee(50, 100), fee(49, 100), fee(1, 0)), (144, 1, 0, 0));
    }
}
