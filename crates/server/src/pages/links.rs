//! Addresses that come from outside and may become a link. Everything not on the list is dropped:
//! escaping keeps a text inside its attribute, it does not make `javascript:` harmless.

use std::fmt::Display;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// An absolute http(s) address, or nothing.
pub fn web_address(address: &str) -> Option<&str> {
    let rest = after_scheme(address, "https://").or_else(|| after_scheme(address, "http://"))?;
    let has_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    (has_host && is_clean(address)).then_some(address)
}

/// An address of this very server: a path, and not `//elsewhere`.
pub fn own_path(address: &str) -> Option<&str> {
    let stays_here = address.starts_with('/') && !address.starts_with("//") && !address.contains('\\');
    (stays_here && is_clean(address)).then_some(address)
}

/// A text as the value of a query.
pub fn encoded(text: &str) -> impl Display {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

/// A code text that a phone can hand to its wallet.
pub fn wallet_address(code: &str) -> Option<&str> {
    const SCHEMES: [&str; 6] = ["https://", "alipays://", "alipay://", "weixin://", "wxp://", "upwrp://"];
    let known = SCHEMES.iter().any(|scheme| after_scheme(code, scheme).is_some_and(|rest| !rest.is_empty()));
    (known && is_clean(code)).then_some(code)
}

fn after_scheme<'a>(address: &'a str, scheme: &str) -> Option<&'a str> {
    let head = address.get(..scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then(|| &address[scheme.len()..])
}

fn is_clean(address: &str) -> bool {
    !address.chars().any(|c| c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_lead_back_to_a_shop() {
        for good in ["https://shop.example/done?a=1&b=%20", "HTTP://127.0.0.1:9/x", "http://[::1]/"] {
            assert_eq!(web_address(good), Some(good));
        }
        for bad in [
            "",
            "javascript:alert(1)",
            "https://",
            "https:///x",
            " https://a",
            "https://a\tb",
            "data:text/html,x",
            "//a",
            "ftp://a",
        ] {
            assert_eq!(web_address(bad), None, "{bad}");
        }
    }

    #[test]
    fn own_paths_stay_here() {
        assert_eq!(own_path("/pay/1/status"), Some("/pay/1/status"));
        for bad in ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:1", ""] {
            assert_eq!(own_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn wallets_open_by_known_schemes_only() {
        assert!(wallet_address("weixin://wxpay/bizpayurl?pr=1").is_some());
        assert!(wallet_address("https://qr.alipay.com/x").is_some());
        for bad in ["javascript:alert(1)", "intent://x", "app_id=1&sign=2", "weixin://"] {
            assert!(wallet_address(bad).is_none(), "{bad}");
        }
    }
}
