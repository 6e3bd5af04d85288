//! The static files, compiled in. Their addresses carry a hash of the content, so that a browser may keep
//! them for good and still gets the new one after an upgrade.

/// One file as it goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    pub content_type: &'static str,
    pub bytes: &'static [u8],
    /// In quotes, ready for the `ETag` header.
    pub etag: &'static str,
}

struct Entry {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    tag: Tag,
}

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";

macro_rules! entry {
    ($name:literal, $content_type:expr) => {
        Entry {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../static/", $name)),
            tag: Tag::of(include_bytes!(concat!("../../static/", $name))),
        }
    };
}

static ENTRIES: [Entry; 30] = [
    entry!("base.css", CSS),
    entry!("pay.css", CSS),
    entry!("wallet.css", CSS),
    entry!("sandbox.css", CSS),
    entry!("issuer.css", CSS),
    entry!("pay.js", SCRIPT),
    entry!("live.js", SCRIPT),
    entry!("checkout.css", CSS),
    entry!("checkout.js", SCRIPT),
    entry!("checkout-card.js", SCRIPT),
    entry!("checkout-form.js", SCRIPT),
    entry!("no-picture.svg", SVG),
    entry!("terminal.css", CSS),
    entry!("terminal.js", SCRIPT),
    entry!("terminal-clock.js", SCRIPT),
    entry!("terminal-dom.js", SCRIPT),
    entry!("terminal-entry.js", SCRIPT),
    entry!("terminal-flow.js", SCRIPT),
    entry!("terminal-frame.js", SCRIPT),
    entry!("terminal-journal.js", SCRIPT),
    entry!("terminal-money.js", SCRIPT),
    entry!("terminal-order.js", SCRIPT),
    entry!("terminal-paper.js", SCRIPT),
    entry!("terminal-screens.js", SCRIPT),
    entry!("terminal-signature.js", SCRIPT),
    entry!("terminal-wire.js", SCRIPT),
    entry!("mark.svg", SVG),
    entry!("shop-tea.png", PNG),
    entry!("shop-mug.png", PNG),
    entry!("shop-apron.png", PNG),
];

/// The file served at `/static/{name}`; the query does not matter.
pub fn asset(name: &str) -> Option<Asset> {
    let entry = ENTRIES.iter().find(|entry| entry.name == name)?;
    Some(Asset { content_type: entry.content_type, bytes: entry.bytes, etag: entry.tag.quoted() })
}

#[cfg(test)]
pub fn asset_names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name)
}

/// The address a page links: `/static/base.css?v=0123456789abcdef`.
pub fn asset_url(name: &str) -> String {
    let tag =
        ENTRIES.iter().find(|entry| entry.name == name).map(|entry| entry.tag.bare()).unwrap_or_default();
    format!("/static/{name}?v={tag}")
}

/// FNV-1a of a file as 16 hex digits between quotes, worked out by the compiler. It tells versions apart;
/// it protects nothing.
struct Tag([u8; 18]);

impl Tag {
    const fn of(bytes: &[u8]) -> Tag {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
            i += 1;
        }
        let mut text = [b'"'; 18];
        let mut digit = 0;
        while digit < 16 {
            text[digit + 1] = b"0123456789abcdef"[(hash >> (60 - 4 * digit)) as usize & 15];
            digit += 1;
        }
        Tag(text)
    }

    fn quoted(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn bare(&self) -> &str {
        self.quoted().trim_matches('"')
    }
}
