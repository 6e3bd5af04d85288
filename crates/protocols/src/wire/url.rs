//! Which addresses a merchant may give us to call or to send a browser to.

/// Why a text is not such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("must be an absolute http or https URL")]
    NotAbsolute,
    #[error("must not carry a user name or a password")]
    Credentials,
    #[error("must not have a fragment")]
    Fragment,
    #[error("must have a host name and at most a port")]
    Host,
    #[error("has a character that a URL cannot have")]
    Character,
    #[error("is too long")]
    TooLong,
}

/// An absolute http(s) URL that every reader splits alike: no credentials, no fragment, no backslash, no blanks.
/// Where it points to is checked by whoever calls it, each time.
pub fn check_callable(url: &str, max_bytes: usize) -> Result<(), UrlError> {
    if url.len() > max_bytes {
        return Err(UrlError::TooLong);
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace() || "\\\"<>`".contains(c)) {
        return Err(UrlError::Character);
    }
    let rest = strip_scheme(url).ok_or(UrlError::NotAbsolute)?;
    if rest.contains('#') {
        return Err(UrlError::Fragment);
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlError::Credentials);
    }
    check_authority(authority)
}

fn strip_scheme(url: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let head = url.get(..scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| &url[scheme.len()..])
    })
}

fn check_authority(authority: &str) -> Result<(), UrlError> {
    let v6 = authority.starts_with('[');
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (inside, after) = bracketed.split_once(']').ok_or(UrlError::Host)?;
            inside.parse::<std::net::Ipv6Addr>().map_err(|_| UrlError::Host)?;
            (inside, after)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || (v6 && c == ':');
    let port_fits = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok_and(|port| port > 0)
        });
    (!host.is_empty() && host.chars().all(plain) && port_fits).then_some(()).ok_or(UrlError::Host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_urls_pass() {
        let check = |url: &str, expected: Result<(), UrlError>| {
            assert_eq!(check_callable(url, 60), expected, "{url}");
        };
        for url in [
            "https://merchantsite.com/confirm",
            "http://localhost:8080",
            "HTTPS://a.example?x=1&y=2",
            "http://[::1]:9000/x",
            "http://10.0.0.1/a/@b",
            "https://a.example/路",
        ] {
            check(url, Ok(()));
        }
        for url in
            ["", "merchantsite.com", "/x", "//a.example", "ftp://a.example", "https:/a.example", "https"]
        {
            check(url, Err(UrlError::NotAbsolute));
        }
        check("https://u@a.example", Err(UrlError::Credentials));
        check("https://u:p@a.example/x", Err(UrlError::Credentials));
        check("https://a.example/#x", Err(UrlError::Fragment));
        for url in [
            "https://",
            "https:///x",
            "https://a:b",
            "https://a:0",
            "https://a:70000",
            "https://[::1",
            "https://ä.de",
        ] {
            check(url, Err(UrlError::Host));
        }
        for url in ["https://a.example/ x", "https://a\\@b", "https://a/\n", "https://a/<x>"] {
            check(url, Err(UrlError::Character));
        }
        check(&format!("https://a.example/{}", "x".repeat(60)), Err(UrlError::TooLong));
    }
}
