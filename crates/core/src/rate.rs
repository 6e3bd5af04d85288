//! An exchange rate with eight places, and the only rounding we do with it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// Units of the quoted currency for one of the base, times 10^8. `4.64490` is `464490000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(i64);

impl Rate {
    pub const PLACES: usize = 8;
    pub const ONE: Self = Self(100_000_000);

    /// A positive decimal with at most eight places and below 10^7.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 7
            || fraction.len() > Self::PLACES
            || !plain(whole)
            || !plain(fraction)
        {
            return None;
        }
        let scaled = format!("{whole}{fraction:0<8}").parse().ok()?;
        (scaled > 0).then_some(Self(scaled))
    }

    /// From what [`Rate::e8`] gave.
    pub fn from_e8(e8: i64) -> Option<Self> {
        (e8 > 0).then_some(Self(e8))
    }

    pub const fn e8(self) -> i64 {
        self.0
    }

    /// `money` in `currency`, rounded half up to its minor unit.
    pub fn convert(self, money: Money, currency: Currency) -> Money {
        let up = 10_i128.pow(currency.exponent());
        let down = 10_i128.pow(money.currency.exponent()) * 100_000_000;
        let exact = i128::from(money.minor) * i128::from(self.0) * up;
        let rounded = (exact * 2 + down).div_euclid(down * 2);
        Money::new(i64::try_from(rounded).unwrap_or(i64::MAX), currency)
    }

    /// Cut (not rounded) to `places` digits, at most eight: `4.64490` for five.
    pub fn to_places(self, places: usize) -> String {
        let digits = format!("{:08}", self.0 % 100_000_000);
        format!("{}.{}", self.0 / 100_000_000, &digits[..places.min(Self::PLACES)])
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_places(Self::PLACES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_half_up() {
        let (nzd, cny) = (Currency::from_code("NZD").unwrap(), Currency::from_code("CNY").unwrap());
        let convert =
            |minor, rate| Rate::parse(rate).unwrap().convert(Money::new(minor, nzd), cny).to_string();
        assert_eq!(convert(2, "4.64490"), "0.09");
        assert_eq!(convert(12_000, "4.64490"), "557.39");
        assert_eq!(convert(1, "0.5"), "0.01");
        assert_eq!(convert(1, "0.49999999"), "0.00");
    }

    #[test]
    fn reads_and_prints() {
        assert_eq!(Rate::parse("4.6449").unwrap().to_places(5), "4.64490");
        assert_eq!(Rate::parse("6.5").unwrap().e8(), 650_000_000);
        for bad in ["", "0", "-1", "1e3", ".5", "1.123456789", "12345678"] {
            assert_eq!(Rate::parse(bad), None, "{bad}");
        }
    }
}
