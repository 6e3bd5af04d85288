//! What CodePay's payment page says: order, card, addresses, results.

pub(super) mod chinese;
pub(super) mod english;

use super::{StateText, Text};

#[derive(Debug)]
pub struct CheckoutTexts {
    pub your_order: Text,
    pub quantity: Text,
    pub total: Text,
    pub days_hours: Text,
    pub contact: Text,
    pub shipping: Text,
    pub billing: Text,
    pub same_address: Text,
    pub optional: Text,
    pub choose_country: Text,
    pub pay_by_card: Text,
    pub cards_taken: Text,
    pub other_card: Text,
    pub cvv_back: Text,
    pub cvv_front: Text,
    pub pay: Text,
    pub paying_now: Text,
    pub kept_from_shop: Text,
    pub or_with: Text,
    pub pay_with: Text,
    pub wallet_waits: Text,
    pub show_code: Text,
    pub other_ways: Text,
    pub check_fields: Text,
    pub required: Text,
    pub to_the_bank: Text,
    pub going_to_the_bank: Text,
    pub nothing_offered: Text,
    pub number: FieldText,
    pub expiry: FieldText,
    pub cvv: FieldText,
    pub holder: FieldText,
    pub name: FieldText,
    pub phone: FieldText,
    pub email: FieldText,
    pub country: FieldText,
    pub line1: FieldText,
    pub line2: FieldText,
    pub city: FieldText,
    pub province: FieldText,
    pub zip: FieldText,
    pub too_long: Text,
    pub card_expired: Text,
    pub card_not_taken: Text,
    pub country_not_taken: Text,
    pub open: StateText,
    pub paying: StateText,
    pub challenge: StateText,
    pub closing: StateText,
    pub paid: StateText,
    pub declined: StateText,
    pub not_authenticated: StateText,
    pub expired: StateText,
    pub cancelled: StateText,
    pub not_found: StateText,
    pub card_declined: StateText,
    pub card_not_authenticated: StateText,
    pub unavailable: StateText,
    pub too_many_cards: StateText,
    pub not_from_here: StateText,
}

/// A field: its label, and what is said beside it when it is empty or wrong.
#[derive(Debug)]
pub struct FieldText {
    pub label: Text,
    pub missing: Text,
    pub bad: Text,
}

const fn field(label: Text, missing: Text, bad: Text) -> FieldText {
    FieldText { label, missing, bad }
}
