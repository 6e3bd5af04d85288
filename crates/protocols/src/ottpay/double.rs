//! The text Java gives a number, from the number's literal and without a float.
//!
//! Some clients build their object of doubles, send `100` and digest `100.0`. A decimal of at most 15 significant digits
//! is its own shortest text among all decimals of the same double, so `Double.toString` can be had by moving digits.

/// More digits than every double keeps.
const DIGITS: usize = 15;
/// Decimal exponents well inside the normal range of a double.
const EXPONENTS: std::ops::RangeInclusive<i32> = -300..=300;
/// Decimal exponents that Java prints without an `E`.
const PLAIN: std::ops::Range<i32> = -3..7;

/// `Double.toString` of a JSON number: `100` is `100.0`, `12345678` is `1.2345678E7`. `None` beyond 15 significant
/// digits or the range where that is sure.
pub fn double_text(literal: &str) -> Option<String> {
    let (sign, rest) = literal.strip_prefix('-').map_or(("", literal), |rest| ("-", rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().ok()?;
    let written = [whole, fraction].concat();
    if written.is_empty() || !written.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = written.trim_start_matches('0');
    let leading_zeros = i32::try_from(written.len() - significant.len()).ok()?;
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Some(format!("{sign}0.0"));
    }
    // The value is d.ddd times ten to this.
    let power = i32::try_from(whole.len())
        .ok()?
        .checked_sub(leading_zeros + 1)
        .and_then(|at| at.checked_add(exponent))?;
    if digits.len() > DIGITS || !EXPONENTS.contains(&power) {
        return None;
    }
    if !PLAIN.contains(&power) {
        let (first, others) = digits.split_at(1);
        let others = if others.is_empty() { "0" } else { others };
        return Some(format!("{sign}{first}.{others}E{power}"));
    }
    let Ok(before_point) = usize::try_from(power + 1) else {
        return Some(format!("{sign}0.{}{digits}", "0".repeat(power.unsigned_abs() as usize - 1)));
    };
    if before_point == 0 {
        return Some(format!("{sign}0.{digits}"));
    }
    let whole = format!("{:0<before_point$}", &digits[..digits.len().min(before_point)]);
    let fraction = digits.get(before_point..).filter(|rest| !rest.is_empty()).unwrap_or("0");
    Some(format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::double_text;

    /// The expected texts are Java's, by the rules of `Double.toString`.
    #[test]
    fn prints_as_java_does() {
        for (literal, text) in [
            ("0", "0.0"),
            ("-0", "-0.0"),
            ("0.000", "0.0"),
            ("1", "1.0"),
            ("-5", "-5.0"),
            ("100", "100.0"),
            ("1.50", "1.5"),
            ("1e2", "100.0"),
            ("1E+2", "100.0"),
            ("12.5e-1", "1.25"),
            ("0.5", "0.5"),
            ("0.001", "0.001"),
            ("0.0123", "0.0123"),
            ("0.00012", "1.2E-4"),
            ("9999999", "9999999.0"),
            ("9999999.5", "9999999.5"),
            ("10000000", "1.0E7"),
            ("12345678", "1.2345678E7"),
            ("123456789012345", "1.23456789012345E14"),
            ("100000000000000000000", "1.0E20"),
            ("1e300", "1.0E300"),
            ("-1.5e-300", "-1.5E-300"),
        ] {
            assert_eq!(double_text(literal).as_deref(), Some(text), "{literal}");
        }
    }

    #[test]
    fn has_no_text_where_it_is_not_sure() {
        for literal in ["1234567890123456", "1e301", "1e-301", "1e99999999999", "", "-", "x", "1.2.3"] {
            assert_eq!(double_text(literal), None, "{literal}");
        }
    }
}
