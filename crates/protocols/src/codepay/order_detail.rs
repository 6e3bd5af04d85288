//! `order_detail` of pay.checkout: what is sold, where it may go, with what it may be paid, and in which colours.
//!
//! Knows: the text's shape, and the rule of each part; what is not known in it is refused by name. Deliberately does not
//! know: whether the items add up to the order, what is offered, or how a page shows it. Names are any text, also one
//! that looks like a script: whoever shows them escapes them.
//!
//! It is JSON text, its lists are JSON text again; objects and lists as such are taken too, at any depth.

use serde::{Deserialize, Serialize};
use tillgate_core::Currency;

use super::calls::Decimal;
use super::codes::Reject;
use super::fields::ORDER_DETAIL;
use crate::wire::card::Brand;
use crate::wire::country;
use crate::wire::json::{Field, Value, read_list, read_object};
use crate::wire::url::check_callable;

/// Bytes of the text.
pub const TEXT_BYTES: usize = 16 * 1_024;
pub const ITEMS: usize = 100;
const OPTIONS: usize = 32;
const NAME_CHARS: usize = 256;
const CODE_CHARS: usize = 64;
const URL_BYTES: usize = 2_048;
const QUANTITY_DIGITS: usize = 6;

/// All of it checked; what was not said is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderDetail {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// The payer is asked where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Regions>,
    /// The payer is asked for a billing address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<Regions>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    pub payment: Options,
    #[serde(skip_serializing_if = "Theme::is_empty")]
    pub theme: Theme,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Item {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    pub name: String,
    pub quantity: u32,
    /// Minor units of the order's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
    /// An absolute http(s) address without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// ISO 3166-1 alpha-2 codes; none: everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Regions(pub Vec<String>);

impl Regions {
    pub fn allow(&self, country: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|allowed| allowed == country)
    }
}

/// With what may be paid. The words are those of `pay_method_id`, and `Card` for all cards; others (`ApplePay`) are
/// taken and offered by nobody. Upper and lower case are one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// `None`: whatever is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disallow: Vec<String>,
}

impl Options {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Any of several names for a thing: one that is not allowed forbids it, one that is allowed permits it.
    fn takes(&self, names: &[&str]) -> bool {
        let has = |words: &[String]| {
            words.iter().any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
        };
        !has(&self.disallow) && self.allow.as_deref().is_none_or(has)
    }

    pub fn takes_brand(&self, brand: Brand) -> bool {
        self.takes(&["Card", brand.word()])
    }

    /// Some card may be used.
    pub fn takes_cards(&self) -> bool {
        Brand::ALL.into_iter().any(|brand| self.takes_brand(brand))
    }

    /// A wallet by the name channels have for it: `alipay`.
    pub fn takes_wallet(&self, method: &str) -> bool {
        match method {
            "alipay" => self.takes(&["Alipay", "Alipay+"]),
            "wechat" => self.takes(&["WeChatPay"]),
            "unionpay" => self.takes(&["UnionPay"]),
            other => self.takes(&[other]),
        }
    }
}

/// `#rrggbb`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Color(String);

impl Color {
    /// `#rgb`, `#rrggbb` or `rgb(r,g,b)`.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let whole = match digits.len() {
                3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
                6 => digits.to_owned(),
                _ => return None,
            };
            return is_hex.then(|| Self(format!("#{}", whole.to_ascii_lowercase())));
        }
        let parts = text.strip_prefix("rgb(")?.strip_suffix(')')?;
        let part = |part: &str| {
            let part = part.trim_matches(' ');
            let fits = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u8>().ok().filter(|_| fits)
        };
        let parts: Vec<u8> = parts.split(',').map(part).collect::<Option<_>>()?;
        let [red, green, blue] = parts[..] else { return None };
        Some(Self(format!("#{red:02x}{green:02x}{blue:02x}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Color {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("is not a colour")
    }
}

impl From<Color> for String {
    fn from(color: Color) -> Self {
        color.0
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Theme {
    /// `primary.main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main: Option<Color>,
    /// `primary.contrastText`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Color>,
    /// `text.primary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Color>,
}

impl Theme {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl OrderDetail {
    /// The text of a request's field. Amounts are in the order's currency.
    pub fn read(text: &str, currency: Currency) -> Result<Self, Reject> {
        if text.len() > TEXT_BYTES {
            let what = format_args!("must have {TEXT_BYTES} bytes at most");
            return Err(Reject::invalid(ORDER_DETAIL, what));
        }
        let (mut detail, mut has_type) = (Self::default(), false);
        for part in Place::new(ORDER_DETAIL).object(text)? {
            let place = Place::new(ORDER_DETAIL).part(&part);
            match &*part.name {
                "type" => {
                    has_type = place.text(&part.value, NAME_CHARS)? == "GENERAL";
                    if !has_type {
                        return Err(place.wrong("must be GENERAL"));
                    }
                }
                "data" => detail.read_data(&place, &part.value, currency)?,
                _ => return Err(place.unknown()),
            }
        }
        if has_type { Ok(detail) } else { Err(Reject::missing(&format!("{ORDER_DETAIL}.type"))) }
    }

    fn read_data(&mut self, place: &Place, value: &Value<'_>, currency: Currency) -> Result<(), Reject> {
        for part in place.object(place.inner(value)?)? {
            let (place, value) = (place.part(&part), &part.value);
            match &*part.name {
                "items" => self.items = items(&place, value, currency)?,
                "shipping" => self.shipping = Some(regions(&place, value)?),
                "billing" => self.billing = Some(regions(&place, value)?),
                "payment" => self.payment = options(&place, value)?,
                "theme" => self.theme = theme(&place, value)?,
                _ => return Err(place.unknown()),
            }
        }
        Ok(())
    }

    /// As it is kept with an order.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn from_text(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

fn items(place: &Place, value: &Value<'_>, currency: Currency) -> Result<Vec<Item>, Reject> {
    let text = place.inner(value)?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("must be a list of at most {ITEMS} items");
    let list = read_list(text, ITEMS).ok_or_else(|| place.wrong(what))?;
    let read = |(at, value): (usize, &Value<'_>)| item(&place.entry(at), value, currency);
    list.iter().enumerate().map(read).collect()
}

fn item(place: &Place, value: &Value<'_>, currency: Currency) -> Result<Item, Reject> {
    let mut item = Item { quantity: 1, ..Item::default() };
    for part in place.object(place.inner(value)?)? {
        let (place, value) = (place.part(&part), &part.value);
        let minor = || -> Result<Option<i64>, Reject> {
            let text = place.text(value, 32)?;
            if text.is_empty() {
                return Ok(None);
            }
            Ok(Some(Decimal::read(&place.0, text, 32)?.money(currency)?.minor))
        };
        match &*part.name {
            "code" => item.code = place.text(value, CODE_CHARS)?.to_owned(),
            "name" => item.name = place.text(value, NAME_CHARS)?.to_owned(),
            "quantity" => item.quantity = quantity(&place, place.text(value, 32)?)?,
            "unit_price" => item.unit_minor = minor()?,
            "amount" => item.amount_minor = minor()?,
            "image" => {
                let url = place.text(value, URL_BYTES)?;
                if !url.is_empty() {
                    check_callable(url, URL_BYTES).map_err(|error| place.wrong(error))?;
                    item.image = Some(url.to_owned());
                }
            }
            _ => return Err(place.unknown()),
        }
    }
    if item.name.trim().is_empty() { Err(Reject::missing(&format!("{}.name", place.0))) } else { Ok(item) }
}

fn quantity(place: &Place, text: &str) -> Result<u32, Reject> {
    // Java writes 2 as `2.0`.
    let whole = text.split_once('.').map_or(text, |(whole, rest)| {
        if !rest.is_empty() && rest.bytes().all(|byte| byte == b'0') { whole } else { text }
    });
    let fits = whole.len() <= QUANTITY_DIGITS && whole.bytes().all(|byte| byte.is_ascii_digit());
    let read = whole.parse().ok().filter(|quantity| fits && *quantity > 0);
    read.ok_or_else(|| place.wrong("must be a whole number from 1 to 999999"))
}

fn regions(place: &Place, value: &Value<'_>) -> Result<Regions, Reject> {
    let mut regions = Regions::default();
    for part in place.object(place.inner(value)?)? {
        let place = place.part(&part);
        if part.name != "allow_regions" {
            return Err(place.unknown());
        }
        for code in words(&place, &part.value, country::all().count())? {
            if !country::is_code(&code) {
                return Err(place.wrong("must be ISO 3166 alpha-2 codes: US"));
            }
            if !regions.0.contains(&code) {
                regions.0.push(code);
            }
        }
    }
    Ok(regions)
}

fn options(place: &Place, value: &Value<'_>) -> Result<Options, Reject> {
    let mut options = Options::default();
    for part in place.object(place.inner(value)?)? {
        let place = place.part(&part);
        match &*part.name {
            "allow_options" => options.allow = Some(words(&place, &part.value, OPTIONS)?),
            "disallow_options" => options.disallow = words(&place, &part.value, OPTIONS)?,
            _ => return Err(place.unknown()),
        }
    }
    // An empty list allows nothing in particular.
    options.allow = options.allow.filter(|words| !words.is_empty());
    Ok(options)
}

fn words(place: &Place, value: &Value<'_>, most: usize) -> Result<Vec<String>, Reject> {
    let text = place.inner(value)?;
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let what = format!("must be a list of at most {most} words");
    let list = read_list(text, most).ok_or_else(|| place.wrong(&what))?;
    let word = |value: &Value<'_>| match value {
        Value::Text(word) if (1..=32).contains(&word.len()) && !word.chars().any(char::is_control) => {
            Ok(word.clone().into_owned())
        }
        _ => Err(place.wrong(&what)),
    };
    list.iter().map(word).collect()
}

fn theme(place: &Place, value: &Value<'_>) -> Result<Theme, Reject> {
    let mut theme = Theme::default();
    for part in place.object(place.inner(value)?)? {
        let place = place.part(&part);
        if part.name != "palette" {
            return Err(place.unknown());
        }
        for part in place.object(place.inner(&part.value)?)? {
            let (place, group) = (place.part(&part), &*part.name);
            for part in place.object(place.inner(&part.value)?)? {
                let place = place.part(&part);
                let slot = match (group, &*part.name) {
                    ("primary", "main") => &mut theme.main,
                    ("primary", "contrastText") => &mut theme.contrast,
                    ("text", "primary") => &mut theme.text,
                    _ => return Err(place.unknown()),
                };
                let text = place.text(&part.value, 32)?;
                if !text.is_empty() {
                    let color = Color::read(text);
                    let what = "must be a colour: #rgb, #rrggbb or rgb(r,g,b)";
                    *slot = Some(color.ok_or_else(|| place.wrong(what))?);
                }
            }
        }
    }
    Ok(theme)
}

/// Where in the text something stands: `order_detail.data.items[0].image`.
struct Place(String);

impl Place {
    fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    fn part(&self, part: &Field<'_>) -> Self {
        Self(format!("{}.{}", self.0, part.name))
    }

    fn entry(&self, at: usize) -> Self {
        Self(format!("{}[{at}]", self.0))
    }

    fn wrong(&self, what: impl std::fmt::Display) -> Reject {
        Reject::invalid(&self.0, what)
    }

    fn unknown(&self) -> Reject {
        self.wrong("is not known")
    }

    fn object<'t>(&self, text: &'t str) -> Result<Vec<Field<'t>>, Reject> {
        let no = |_| self.wrong("must be a JSON object with each name once");
        if text.trim().is_empty() { Ok(Vec::new()) } else { read_object(text.as_bytes()).map_err(no) }
    }

    /// The text of what is nested, as text or as such. Empty for null.
    fn inner<'v>(&self, value: &'v Value<'_>) -> Result<&'v str, Reject> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Nested(raw) => Ok(raw),
            Value::Null => Ok(""),
            Value::Number(_) | Value::Bool(_) => Err(self.wrong("must be an object or a list")),
        }
    }

    /// A text without control characters. Empty for null.
    fn text<'v>(&self, value: &'v Value<'_>, most: usize) -> Result<&'v str, Reject> {
        let text = match value {
            Value::Text(text) => &**text,
            Value::Number(literal) => literal,
            Value::Null => "",
            Value::Bool(_) | Value::Nested(_) => return Err(self.wrong("must be text")),
        };
        if text.chars().count() > most {
            return Err(self.wrong(format_args!("must have {most} characters at most")));
        }
        if text.chars().any(char::is_control) {
            return Err(self.wrong("must not have control characters"));
        }
        Ok(text)
    }
}
