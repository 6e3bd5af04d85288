//! An order as the payment page shows it.

use tillgate_core::{Address, FailReason, Method, Money, Order, OrderState, Presentation};
use tillgate_protocols::codepay::{Color, Item, OrderDetail, Regions};
use tillgate_protocols::wire::card::Brand;

use super::Sale;
use crate::app::App;
use crate::clock;
use crate::pages::{
    AddressForm, AskedAddresses, CheckoutBrand, CheckoutForm, CheckoutItem, CheckoutPage, CheckoutProblem,
    CheckoutState, Colour, Language, Method as Wallet, Palette,
};
use crate::rooms::codepay::order_detail;

/// What a shop's channels call a card.
pub const CARD: &str = tillgate_channels::CARD;
/// The issuer did not make sure of the payer (ISO 8583: additional authentication required).
const NOT_AUTHENTICATED: &str = "1A";

fn was_not_authenticated(order: &Order) -> bool {
    let slip = order.counter.as_ref().and_then(|counter| counter.slip.as_ref());
    let refused = slip.and_then(|slip| slip.refused.as_ref());
    refused.is_some_and(|(code, _)| code == NOT_AUTHENTICATED)
}

pub fn state_of(order: &Order) -> CheckoutState {
    match &order.state {
        OrderState::Pending => match &order.presentation {
            Presentation::Challenge(url) => CheckoutState::Challenge { url: url.clone() },
            Presentation::Charge => CheckoutState::Paying,
            Presentation::None | Presentation::Code(_) | Presentation::App(_) | Presentation::Scanned(_) => {
                CheckoutState::Open
            }
        },
        OrderState::Closing(_) | OrderState::Authorized { .. } => CheckoutState::Closing,
        OrderState::Paid { at, .. } => CheckoutState::Paid { at: clock::display(*at) },
        OrderState::Failed { reason: FailReason::Expired, .. } => CheckoutState::Expired,
        OrderState::Failed { .. } if was_not_authenticated(order) => CheckoutState::NotAuthenticated,
        OrderState::Failed { .. } => CheckoutState::Declined,
        OrderState::Cancelled { .. } | OrderState::Voided { .. } => CheckoutState::Cancelled,
    }
}

pub fn known(order: &Order) -> String {
    CheckoutPage::version(&state_of(order), order.choice())
}

/// The last card came to nothing, and another may be tried.
fn problem_of(order: &Order) -> Option<CheckoutProblem> {
    let is_refused = order.state == OrderState::Pending
        && order.presentation == Presentation::None
        && order.choice() > 0
        && order.is_card();
    is_refused.then(|| match was_not_authenticated(order) {
        true => CheckoutProblem::CardNotAuthenticated,
        false => CheckoutProblem::CardDeclined,
    })
}

/// What the shop allows of what its account offers.
pub fn wallets(sale: &Sale, detail: &OrderDetail) -> Vec<Method> {
    let is_taken = |method: &&Method| method.as_str() != CARD && detail.payment.takes_wallet(method.as_str());
    sale.shown.choices.iter().filter(is_taken).cloned().collect()
}

pub fn card_brands(sale: &Sale, detail: &OrderDetail) -> Vec<Brand> {
    let takes_cards = sale.shown.choices.iter().any(|method| method.as_str() == CARD);
    Brand::ALL.into_iter().filter(|brand| takes_cards && detail.payment.takes_brand(*brand)).collect()
}

fn brand_view(brand: Brand) -> CheckoutBrand {
    let (name, groups) = match brand {
        Brand::Visa => ("Visa", "4,4,4,4,3"),
        Brand::MasterCard => ("Mastercard", "4,4,4,4"),
        Brand::Amex => ("American Express", "4,6,5"),
        Brand::Discover => ("Discover", "4,4,4,4,3"),
        Brand::Jcb => ("JCB", "4,4,4,4,3"),
        Brand::DinersClub => ("Diners Club", "4,6,4,5"),
        Brand::UnionPay => ("UnionPay", "4,4,4,4,3"),
    };
    let lengths: Vec<String> = brand.lengths().iter().map(usize::to_string).collect();
    CheckoutBrand {
        word: brand.word().to_ascii_lowercase(),
        name: name.into(),
        prefixes: prefixes(brand),
        lengths: lengths.join(","),
        cvv_length: brand.cvv_digits(),
        groups: groups.into(),
    }
}

/// `2221-2720,5100-5599`: four digits always suffice to know the brand.
fn prefixes(brand: Brand) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for first in 1_000..=9_999 {
        if Brand::of(&first.to_string()) != Some(brand) {
            continue;
        }
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == first => *last = first,
            _ => ranges.push((first, first)),
        }
    }
    let ranges: Vec<String> = ranges.iter().map(|(first, last)| format!("{first}-{last}")).collect();
    ranges.join(",")
}

pub fn palette(detail: &OrderDetail) -> Palette {
    let read = |colour: &Option<Color>| colour.as_ref().and_then(|colour| Colour::from_hex(colour.as_str()));
    let theme = &detail.theme;
    Palette { main: read(&theme.main), contrast_text: read(&theme.contrast), text: read(&theme.text) }
}

pub fn asked(detail: &OrderDetail) -> AskedAddresses {
    let codes = |regions: &Regions| regions.0.clone();
    AskedAddresses {
        shipping: detail.shipping.as_ref().map(codes),
        billing: detail.billing.as_ref().map(codes),
    }
}

/// What the payer told of himself before.
fn filled(order: &Order) -> CheckoutForm {
    let buyer = order.counter.as_ref().and_then(|counter| counter.buyer.clone()).unwrap_or_default();
    let form = |address: &Option<Address>| {
        let address = address.clone().unwrap_or_default();
        AddressForm {
            country: address.country,
            line1: address.address1,
            line2: address.address2,
            city: address.city,
            province: address.province,
            zip: address.zip,
        }
    };
    let is_same = buyer.billing.is_none() || buyer.billing == buyer.shipping;
    let contact = buyer.shipping.as_ref().or(buyer.billing.as_ref()).cloned().unwrap_or_default();
    CheckoutForm {
        name: contact.name,
        phone: contact.phone,
        shipping: form(&buyer.shipping),
        billing: if is_same { AddressForm::default() } else { form(&buyer.billing) },
        email: buyer.email,
        is_same,
        ..CheckoutForm::default()
    }
}

fn item_view(item: &Item, order: &Order) -> CheckoutItem {
    let money = |minor| Money::new(minor, order.terms.amount.currency).to_string();
    CheckoutItem {
        name: item.name.clone(),
        quantity: item.quantity,
        unit_price: item.unit_minor.map(money),
        amount: item.amount_minor.map(money),
        has_picture: item.image.is_some(),
    }
}

pub fn page_of(app: &App, sale: &Sale, language: Language) -> CheckoutPage {
    let (order, detail) = (&sale.order, order_detail(&sale.order));
    let total = order.total();
    let has_code = matches!(order.presentation, Presentation::Code(_) | Presentation::App(_));
    let wallet = |method: &Method| Wallet::from_word(method.as_str());
    CheckoutPage {
        language,
        state: state_of(order),
        path: sale.path(),
        seller: sale.shown.seller.clone(),
        description: order.terms.description.clone(),
        items: detail.items.iter().map(|item| item_view(item, order)).collect(),
        amount: total.to_string(),
        currency: total.currency.code().into(),
        order_number: sale.shown.order_number.clone(),
        reference: order.reference.clone(),
        is_themed: !palette(&detail).is_empty(),
        brands: card_brands(sale, &detail).into_iter().map(brand_view).collect(),
        wallets: wallets(sale, &detail).iter().filter_map(wallet).collect(),
        waiting_wallet: order.method().filter(|_| has_code && !order.is_card()).and_then(wallet),
        asked: asked(&detail),
        filled: filled(order),
        wrong: Vec::new(),
        problem: problem_of(order),
        choice: order.choice(),
        expires_at_ms: order.terms.expires_at.millis(),
        now_ms: clock::now().millis(),
        return_url: sale.shown.return_url.clone(),
        // A shop that took the card itself waits for him.
        return_s: if super::is_checkout(order) { 5 } else { 1 },
        is_sandbox: app.sandbox.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brands_are_printed_as_the_gateway_tells_them_apart() {
        assert_eq!(prefixes(Brand::Visa), "4000-4999");
        assert_eq!(prefixes(Brand::MasterCard), "2221-2720,5100-5599");
        for brand in Brand::ALL {
            let view = brand_view(brand);
            for range in view.prefixes.split(',') {
                let (first, last) = range.split_once('-').unwrap();
                assert_eq!((Brand::of(first), Brand::of(last)), (Some(brand), Some(brand)), "{range}");
            }
            let grouped: usize = view.groups.split(',').map(|group| group.parse::<usize>().unwrap()).sum();
            assert!(brand.lengths().iter().all(|length| *length <= grouped), "{brand:?}");
        }
    }

    #[test]
    fn countries_are_those_of_the_protocol() {
        let codes: Vec<&str> = tillgate_protocols::wire::country::all().collect();
        let named = crate::pages::Country::allowed(&[], Language::Chinese);
        assert_eq!(named.iter().map(|country| country.code).collect::<Vec<_>>(), codes);
    }
}
