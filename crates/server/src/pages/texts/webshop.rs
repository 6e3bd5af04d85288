//! What the demo web shop says, and the start page of it.

pub(super) mod chinese;
pub(super) mod english;

use super::Text;

#[derive(Debug)]
pub struct WebShopTexts {
    pub title: Text,
    pub about: Text,
    pub lead: Text,
    pub tea: Text,
    pub mug: Text,
    pub apron: Text,
    pub shipping: Text,
    /// Before a thing's name: how many of it.
    pub quantity: Text,
    pub asks: Text,
    pub asks_shipping: Text,
    pub asks_billing: Text,
    pub theme: Text,
    pub plain: Text,
    pub harbor: Text,
    pub berry: Text,
    pub sunny: Text,
    pub ending: Text,
    pub no_ending: Text,
    pub ending_hint: Text,
    pub cards: Text,
    pub check_out: Text,
    pub empty: Text,
    pub asked: Text,
    pub open: Text,
    pub curl: Text,
    pub curl_body: Text,
}
