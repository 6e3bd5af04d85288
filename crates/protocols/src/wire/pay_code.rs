//! The codes payers' wallets show, told apart by length and first two digits.

/// One wallet's codes.
#[derive(Debug)]
pub struct PayCodeShape {
    pub method: &'static str,
    pub digits: std::ops::RangeInclusive<usize>,
    pub prefix: std::ops::RangeInclusive<u8>,
}

pub const PAY_CODE_SHAPES: &[PayCodeShape] = &[
    PayCodeShape { method: "wechat", digits: 18..=18, prefix: 10..=15 },
    PayCodeShape { method: "alipay", digits: 16..=24, prefix: 25..=30 },
    PayCodeShape { method: "unionpay", digits: 19..=19, prefix: 62..=62 },
];

/// The method whose wallet shows such a code.
pub fn method_of(code: &str) -> Option<&'static str> {
    if !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let prefix: u8 = code.get(..2)?.parse().ok()?;
    let shape = PAY_CODE_SHAPES
        .iter()
        .find(|shape| shape.prefix.contains(&prefix) && shape.digits.contains(&code.len()))?;
    Some(shape.method)
}

#[cfg(test)]
mod tests {
    use super::method_of;

    #[test]
    fn a_code_tells_its_wallet() {
        for (code, method) in [
            ("134567890123456789", Some("wechat")),
            ("28763443825664394", Some("alipay")),
            ("6212345678901234567", Some("unionpay")),
            ("13456789012345678", None),
            ("9912345678901234", None),
            ("28763443825664 39", None),
            ("", None),
            ("2", None),
            ("é8763443825664394", None),
        ] {
            assert_eq!(method_of(code), method, "{code}");
        }
    }
}
