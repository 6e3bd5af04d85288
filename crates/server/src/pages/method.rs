//! The wallets a person can pay with, as the pages show them.

use super::texts::Texts;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Alipay,
    Wechat,
    Unionpay,
}

impl Method {
    pub const ALL: [Method; 3] = [Method::Alipay, Method::Wechat, Method::Unionpay];

    /// The word in addresses, forms and CSS classes.
    pub fn word(self) -> &'static str {
        match self {
            Method::Alipay => "alipay",
            Method::Wechat => "wechat",
            Method::Unionpay => "unionpay",
        }
    }

    pub fn from_word(word: &str) -> Option<Method> {
        Method::ALL.into_iter().find(|method| method.word() == word)
    }

    pub fn name(self, texts: &Texts) -> &'static str {
        match self {
            Method::Alipay => texts.alipay,
            Method::Wechat => texts.wechat,
            Method::Unionpay => texts.unionpay,
        }
    }

    /// Our own neutral mark: a letter, not anybody's logo.
    pub fn letter(self) -> &'static str {
        match self {
            Method::Alipay => "A",
            Method::Wechat => "W",
            Method::Unionpay => "U",
        }
    }
}
