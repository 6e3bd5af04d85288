//! The three wallets: their names, and what their numbers and codes look like.
//!
//! Knows: the shapes a till or a developer recognises. Deliberately does not know: payments.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wallet {
    Alipay,
    Wechat,
    Unionpay,
}

impl Wallet {
    pub const ALL: [Self; 3] = [Self::Alipay, Self::Wechat, Self::Unionpay];

    /// `alipay`, `wechat`, `unionpay`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alipay => "alipay",
            Self::Wechat => "wechat",
            Self::Unionpay => "unionpay",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wallet| wallet.word() == word)
    }

    pub fn title_en(self) -> &'static str {
        match self {
            Self::Alipay => "Alipay",
            Self::Wechat => "WeChat Pay",
            Self::Unionpay => "UnionPay",
        }
    }

    pub fn title_zh(self) -> &'static str {
        match self {
            Self::Alipay => "支付宝",
            Self::Wechat => "微信支付",
            Self::Unionpay => "云闪付",
        }
    }

    /// Whose payer code this is: Alipay 16-24 digits starting 25-30, WeChat Pay 18 digits starting 10-15,
    /// UnionPay 19 digits starting 62. `None` if it is none of them.
    pub fn of_payer_code(code: &str) -> Option<Self> {
        let digits = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let start = code.get(..2).filter(|_| digits)?;
        match (start.parse().unwrap_or(0), code.len()) {
            (10..=15, 18) => Some(Self::Wechat),
            (25..=30, 16..=24) => Some(Self::Alipay),
            (62, 19) => Some(Self::Unionpay),
            _ => None,
        }
    }

    /// A payer code made from `seed`.
    pub(crate) fn payer_code(self, seed: &str) -> String {
        let number = number(seed);
        match self {
            Self::Alipay => format!("{}{}", 25 + number % 6, digits(number / 6, 16)),
            Self::Wechat => format!("{}{}", 10 + number % 6, digits(number / 6, 16)),
            Self::Unionpay => format!("62{}", digits(number, 17)),
        }
    }

    /// The text of a QR code, unguessable without the key inside `seed`.
    pub(crate) fn code_url(self, seed: &str) -> String {
        let token = hex::encode(Md5::digest(seed));
        let (short, long) = (token.get(..16).unwrap_or_default(), token.get(..20).unwrap_or_default());
        match self {
            Self::Alipay => format!("https://qr.alipay.com/bax{long}"),
            Self::Wechat => format!("weixin://wxpay/bizpayurl?pr={short}"),
            Self::Unionpay => format!("https://qr.95516.com/00010000/{long}"),
        }
    }

    /// What a WeChat mini program pays with, unguessable without the key inside `seed`.
    pub(crate) fn prepay_id(seed: &str, now_ms: i64) -> String {
        let token = hex::encode(Md5::digest(seed));
        let time = now_ms.rem_euclid(10_000_000_000_000);
        format!("wx{time:013}{}", token.get(..21).unwrap_or_default())
    }

    /// The wallet's own number of a payment or a refund: a prefix and the position, never the same twice.
    pub(crate) fn number(self, now_ms: i64, position: usize, part: usize) -> String {
        let serial = format!("{:013}{position:09}{part:02}", now_ms.rem_euclid(10_000_000_000_000));
        match self {
            Self::Alipay => format!("2018{serial}"),
            Self::Wechat => format!("4200{serial}"),
            Self::Unionpay => format!("62{serial}"),
        }
    }

    /// Who paid, as the wallet names him to a merchant.
    pub(crate) fn payer(self, seed: &str) -> String {
        let number = number(seed);
        match self {
            Self::Alipay => format!("2088{}", digits(number, 12)),
            Self::Wechat => format!("oSim{:024x}", number % (1 << 96)),
            Self::Unionpay => format!("622588******{}", digits(number, 4)),
        }
    }
}

fn number(seed: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(seed).into())
}

fn digits(number: u128, count: usize) -> String {
    let modulus = 10_u128.pow(u32::try_from(count).unwrap_or(0));
    format!("{:0count$}", number % modulus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payer_codes_belong_to_their_wallet() {
        for wallet in Wallet::ALL {
            for seed in 0..100 {
                assert_eq!(Wallet::of_payer_code(&wallet.payer_code(&seed.to_string())), Some(wallet));
            }
        }
        assert_eq!(Wallet::of_payer_code("134588558514585062"), Some(Wallet::Wechat));
        for code in ["", "1234567890", "13458855851458506x", "164588558514585062", "微信微信微信"] {
            assert_eq!(Wallet::of_payer_code(code), None, "{code}");
        }
    }
}
