//! Each test card, held to a terminal and typed in by the gateway.

use super::*;
use crate::acquirer::{CardType, EntryMode};
use crate::{CardBehaviour, TEST_CARDS, TEST_PIN};

fn held(pan: &str, entry: EntryMode, pin: Option<&str>) -> TerminalRequest {
    let card = TestCardInput { entry, pin: pin.map(|pin| pin.to_owned().into()), ..TestCardInput::new(pan) };
    TerminalRequest { card: Some(card), ..tapped(SALE, &format!("{pan} {entry:?} {pin:?}"), None, 1_200) }
}

fn by(behaviour: CardBehaviour) -> &'static str {
    TEST_CARDS.iter().find(|card| card.behaviour == behaviour).unwrap().pan
}

#[test]
fn each_card_does_what_the_table_says() {
    let desk = desk();
    for card in TEST_CARDS {
        let expected = match card.behaviour {
            CardBehaviour::Approved | CardBehaviour::ContactlessLimit => "approved",
            _ if card.is_for_online() => "approved",
            CardBehaviour::WantsPin => "70 PIN REQUIRED",
            CardBehaviour::WrongPin => "55 INCORRECT PIN",
            CardBehaviour::InsufficientFunds => "51 INSUFFICIENT FUNDS",
            CardBehaviour::Expired => "54 EXPIRED CARD",
            CardBehaviour::Lost => "41 LOST CARD",
            CardBehaviour::Stolen => "43 STOLEN CARD",
            CardBehaviour::DoNotHonor => "05 DO NOT HONOR",
            CardBehaviour::Unreachable => "silence",
            _ => panic!("{}", card.title_en),
        };
        assert_eq!(
            desk.terminal_says(0, held(card.pan, EntryMode::Chip, None)),
            expected,
            "{}",
            card.title_en
        );
        let call = CardCall::Authorize {
            operation: operation(card.pan, 1_200),
            card: super::card(card.pan),
            is_capture: false,
            online: None,
        };
        assert_eq!(desk.says(0, &call), expected, "{}", card.title_en);
    }
}

#[test]
fn a_receipt_shows_brand_kind_and_ten_digits() {
    let desk = desk();
    for card in TEST_CARDS.iter().filter(|card| card.behaviour == CardBehaviour::Approved) {
        let answer = desk.terminal(0, held(card.pan, EntryMode::Swipe, None));
        let masked = format!("{}****{}", &card.pan[..6], &card.pan[card.pan.len() - 4..]);
        assert_eq!((answer.brand.as_str(), answer.card_no), (card.brand, masked));
        assert_eq!((answer.card_type, answer.entry_mode), (card.kind as u8, 1));
        assert_eq!((answer.auth_code.len(), answer.ref_no.len()), (6, 12));
        assert_eq!((answer.response_code.as_str(), answer.response_msg.as_str()), ("00", "APPROVAL"));
    }
}

#[test]
fn pins_and_contactless_limits() {
    let desk = desk();
    let (debit, limited) = (by(CardBehaviour::WantsPin), by(CardBehaviour::ContactlessLimit));
    assert_eq!(desk.terminal_says(0, held(debit, EntryMode::Chip, Some(TEST_PIN))), "approved");
    assert_eq!(desk.terminal_says(0, held(debit, EntryMode::Chip, Some("4321"))), "55 INCORRECT PIN");
    let wrong = by(CardBehaviour::WrongPin);
    assert_eq!(desk.terminal_says(0, held(wrong, EntryMode::Chip, Some(TEST_PIN))), "55 INCORRECT PIN");
    assert_eq!(desk.terminal_says(0, held(limited, EntryMode::Contactless, None)), "65 INSERT CARD");
    assert_eq!(desk.terminal_says(0, held(limited, EntryMode::Swipe, None)), "approved");
}

#[test]
fn any_other_card_is_approved_if_it_is_one() {
    let desk = desk();
    assert_eq!(desk.terminal_says(0, held("4242424242424242", EntryMode::Manual, None)), "approved");
    for bad in ["4242424242424241", "", "4242", "4242-4242-4242-4242", "42424242424242424242"] {
        let answer = desk.terminal_says(0, held(bad, EntryMode::Manual, None));
        assert_eq!(answer, "14 INVALID CARD NUMBER", "{bad}");
    }
    let dated = |expiry: &str| {
        let card = TestCardInput { expiry: expiry.to_owned().into(), ..TestCardInput::new(VISA) };
        TerminalRequest { card: Some(card), ..tapped(SALE, expiry, None, 1_200) }
    };
    let november_2026_ms = 1_795_564_800_000;
    assert_eq!(desk.terminal_says(november_2026_ms, dated("1126")), "approved");
    assert_eq!(desk.terminal_says(november_2026_ms, dated("1026")), "54 EXPIRED CARD");
    assert_eq!(desk.terminal_says(november_2026_ms, dated("1326")), "30 FORMAT ERROR");
    let told = TestCardInput { kind: Some(CardType::Debit), ..TestCardInput::new(VISA) };
    let answer = desk.terminal(0, TerminalRequest { card: Some(told), ..tapped(SALE, "told", None, 1_200) });
    assert_eq!(answer.card_type, 1);
}

#[test]
fn the_table_is_whole() {
    for (position, card) in TEST_CARDS.iter().enumerate() {
        let texts = [card.title_en, card.title_zh, card.about_en, card.about_zh];
        assert!(texts.iter().all(|text| !text.is_empty()), "{}", card.pan);
        assert!(TEST_CARDS[..position].iter().all(|other| other.pan != card.pan), "{}", card.pan);
    }
    let shown = serde_json::to_value(TEST_CARDS).unwrap();
    assert_eq!(shown[8]["behaviour"], "wants_pin");
    assert_eq!(shown[8]["kind"], "debit");
}
