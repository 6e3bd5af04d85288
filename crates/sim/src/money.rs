//! Amounts in whole minor units, to and from decimal text.
//!
//! Knows: how many digits a currency has after the point. Deliberately does not know: what is paid.

use crate::amount::Amount;

/// More than the page's amounts, and far from where sums overflow.
const MOST: i64 = 1_000_000_000_000_000;

/// Digits after the point; two where nothing else is known.
pub fn digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// `12`, `12.5` and `12.50` are 1250 of two digits; more digits than the currency has are none.
pub fn parse(text: &str, digits: usize) -> Option<i64> {
    let amount = Amount::parse(text)?;
    let missing = u32::try_from(digits.checked_sub(amount.decimals)?).ok()?;
    amount.minor.checked_mul(10_i64.checked_pow(missing)?).filter(|minor| *minor <= MOST)
}

/// With all digits: `12.50`.
pub fn print(minor: i64, digits: usize) -> String {
    let unit = unit(digits);
    match digits {
        0 => minor.to_string(),
        _ => format!("{}.{:0digits$}", minor / unit, minor % unit),
    }
}

/// One of the currency, in minor units.
pub fn unit(digits: usize) -> i64 {
    10_i64.pow(u32::try_from(digits).unwrap_or(0))
}

/// A share in hundredths of a per cent, half a minor unit rounded up.
pub fn share(minor: i64, hundredths_of_percent: i64) -> i64 {
    let product = i128::from(minor) * i128::from(hundredths_of_percent) + 5_000;
    i64::try_from(product / 10_000).unwrap_or(i64::MAX)
}
