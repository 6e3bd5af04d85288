//! A shop's colours as a style sheet of its own, read by nobody but the payment page. Only colours that were read as
//! numbers are printed, and only where they can be told apart.

use std::fmt;

/// A colour, read once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// `#1a2b3c`, nothing else.
    pub fn from_hex(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let mut bytes = [0; 3];
        hex::decode_to_slice(digits, &mut bytes).ok()?;
        Some(Colour(bytes))
    }

    /// Relative luminance in millionths, as WCAG defines it; the curve of each channel by its usual polynomial.
    fn luminance(self) -> u64 {
        const UNIT: u64 = 1_000_000;
        let linear = |channel: u8| {
            let c = u64::from(channel) * UNIT / 255;
            c * (c * (c * 305_306 / UNIT + 682_171) / UNIT + 12_523) / UNIT
        };
        let [red, green, blue] = self.0.map(linear);
        (2_126 * red + 7_152 * green + 722 * blue) / 10_000
    }

    /// How far two colours are apart, in hundredths: from 100 to 2100.
    fn contrast(self, other: Colour) -> u64 {
        let (one, two) = (self.luminance() + 50_000, other.luminance() + 50_000);
        one.max(two) * 100 / one.min(two)
    }

    /// Nearer to the other by an eighth.
    fn towards(self, other: Colour) -> Colour {
        let mut mixed = self.0;
        for (channel, to) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*channel) * 7 + u16::from(to);
            *channel = u8::try_from(sum / 8).unwrap_or(u8::MAX);
        }
        Colour(mixed)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// What a shop may colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Palette {
    /// The button.
    pub main: Option<Colour>,
    /// What is written on it.
    pub contrast_text: Option<Colour>,
    /// All other text.
    pub text: Option<Colour>,
}

const WHITE: Colour = Colour([255; 3]);
const INK: Colour = Colour([0x12, 0x1a, 0x26]);
/// Text that is nearer to its ground than this gives way to ours.
const LEGIBLE: u64 = 300;
/// A button that is nearer to the page than this gets an edge.
const VISIBLE: u64 = 150;
/// The grounds text stands on, as `base.css` has them: card, tint.
const LIGHT: [Colour; 2] = [WHITE, Colour([0xf6, 0xf8, 0xfb])];
const DARK: [Colour; 2] = [Colour([0x15, 0x1b, 0x25]), Colour([0x1a, 0x21, 0x2d])];

impl Palette {
    pub fn is_empty(&self) -> bool {
        *self == Palette::default()
    }

    pub fn style_sheet(&self) -> String {
        let mut sheet = String::new();
        if let Some(main) = self.main {
            let own = if main.contrast(WHITE) >= main.contrast(INK) { WHITE } else { INK };
            let text = self.contrast_text.filter(|text| text.contrast(main) >= LEGIBLE).unwrap_or(own);
            // A pointer over it moves it away from its text.
            let away = if text.luminance() > main.luminance() { Colour([0; 3]) } else { WHITE };
            let strong = main.towards(away);
            sheet.push_str(&format!(
                ":root {{ --shop: {main}; --shop-strong: {strong}; --on-shop: {text}; }}\n"
            ));
        }
        for (scheme, grounds) in [("light", LIGHT), ("dark", DARK)] {
            let mut set = Vec::new();
            if let Some(text) =
                self.text.filter(|text| grounds.iter().all(|on| on.contrast(*text) >= LEGIBLE))
            {
                set.push(format!("--ink: {text};"));
            }
            if self.main.is_some_and(|main| main.contrast(grounds[0]) < VISIBLE) {
                set.push("--shop-edge: var(--soft);".into());
            }
            if !set.is_empty() {
                let set = set.join(" ");
                sheet.push_str(&format!("@media (prefers-color-scheme: {scheme}) {{ :root {{ {set} }} }}\n"));
            }
        }
        sheet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Option<Colour> {
        Some(Colour::from_hex(text).unwrap())
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        assert_eq!(Colour::from_hex("#1A2b3c").unwrap().to_string(), "#1a2b3c");
        for bad in [
            "",
            "#",
            "red",
            "#fff",
            "1a2b3c",
            "#1a2b3g",
            "#1a2b3c;}",
            "#12345",
            "rgb(1,2,3)",
            "#+12345",
            "#é1234",
        ] {
            assert_eq!(Colour::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn contrast_is_wcags() {
        let apart = |one, two| colour(one).unwrap().contrast(colour(two).unwrap());
        assert_eq!(apart("#000000", "#ffffff"), 2100);
        assert_eq!(apart("#777777", "#777777"), 100);
        // By the definition: 4.48, 4.00, 1.54; ours may be off by a hundredth or two.
        for (one, two, exact) in
            [("#777777", "#ffffff", 448), ("#ff0000", "#ffffff", 400), ("#add8e6", "#ffffff", 154)]
        {
            assert!(apart(one, two).abs_diff(exact) <= 3, "{one} {two}: {}", apart(one, two));
        }
    }

    #[test]
    fn text_that_cannot_be_read_gives_way() {
        let palette =
            Palette { main: colour("#ff0000"), contrast_text: colour("#e6e6e6"), text: colour("#add8e6") };
        let sheet = palette.style_sheet();
        assert!(sheet.contains("--shop: #ff0000;") && sheet.contains("--on-shop: #e6e6e6;"), "{sheet}");
        assert!(sheet.contains("--shop-strong: #df0000;"), "{sheet}");
        // Light blue is read on the dark page only.
        assert!(sheet.contains("(prefers-color-scheme: dark) { :root { --ink: #add8e6; }"), "{sheet}");
        assert!(!sheet.contains("scheme: light"), "{sheet}");

        let palette = Palette { main: colour("#ffee00"), contrast_text: colour("#ffffff"), text: None };
        let sheet = palette.style_sheet();
        assert!(sheet.contains("--on-shop: #121a26;"), "{sheet}");
        assert!(
            sheet.contains("scheme: light) { :root { --shop-edge"),
            "yellow on white has no edge: {sheet}"
        );
        assert!(!sheet.contains("--ink"), "{sheet}");
        assert_eq!(Palette::default().style_sheet(), "");
    }
}
