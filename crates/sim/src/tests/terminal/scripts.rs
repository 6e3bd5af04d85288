//! Each word of a script, and what it does.

use serde_json::json;

use super::{Counter, sale, sale_with};
use crate::terminal::{Break, Entry, Payer, SCRIPT_WORDS, Script, Tip};

fn parsed(text: &str) -> Script {
    text.parse().unwrap()
}

#[test]
fn words_are_read() {
    let plain = Script::default();
    for (text, script) in [
        ("", plain.clone()),
        ("pay", plain.clone()),
        ("card=5555555555554444", Script { card: Some("5555555555554444".into()), ..plain.clone() }),
        ("entry=chip", Script { entry: Entry::Chip, ..plain.clone() }),
        ("tip=15%", Script { tip: Some(Tip::Share(1_500)), ..plain.clone() }),
        ("tip=12.5%", Script { tip: Some(Tip::Share(1_250)), ..plain.clone() }),
        ("tip=2.50", Script { tip: Some(Tip::Amount("2.50".into())), ..plain.clone() }),
        ("sign", Script { signs: true, ..plain.clone() }),
        ("decline", Script { payer: Payer::IsDeclined, ..plain.clone() }),
        ("cancel", Script { payer: Payer::Cancels, ..plain.clone() }),
        ("walk-away", Script { payer: Payer::WalksAway, ..plain.clone() }),
        ("manager-refuses", Script { manager_refuses: true, ..plain.clone() }),
        ("scan=134567890123456789", Script { scan: Some("134567890123456789".into()), ..plain.clone() }),
        ("think=200ms", Script { think_ms: 200, ..plain.clone() }),
        ("unplug-before-card", Script { breaks: Some(Break::BeforeCard), ..plain.clone() }),
        ("unplug-after-card", Script { breaks: Some(Break::AfterCard), ..plain.clone() }),
        ("power-cut", Script { breaks: Some(Break::WhileAsking), ..plain.clone() }),
        ("offline=5s", Script { breaks: Some(Break::AfterResult), offline_ms: 5_000, ..plain.clone() }),
        ("answer-late=3s", Script { late_ms: 3_000, ..plain.clone() }),
        ("answer-twice", Script { twice: true, ..plain.clone() }),
        ("random(7)", Script { random: Some(7), ..plain.clone() }),
        (
            "unplug-before-card, offline=2m entry=swipe",
            Script {
                breaks: Some(Break::BeforeCard),
                offline_ms: 120_000,
                entry: Entry::Swipe,
                ..plain.clone()
            },
        ),
    ] {
        assert_eq!(parsed(text), script, "{text}");
        let word = text.split('=').next().unwrap().split(',').next().unwrap();
        assert!(SCRIPT_WORDS.contains(word), "{word} is not in the help");
    }
}

#[test]
fn other_words_are_refused_by_name() {
    for text in [
        "payy",
        "tip=x%",
        "tip=101%",
        "tip=",
        "card=12",
        "card=4111x11111111111",
        "entry=wave",
        "think=5",
        "think=ms",
        "offline=1d",
        "scan=",
        "random()",
        "random(x)",
        "answer-late",
        "think=99999999s",
    ] {
        let error = format!("pay {text}").parse::<Script>().unwrap_err();
        assert!(error.contains(text.split(' ').next().unwrap()), "{error}");
    }
}

#[test]
fn the_help_lists_every_word_it_explains() {
    let words = SCRIPT_WORDS.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let words: Vec<_> = words.map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(words.len(), 18);
    for word in words {
        parsed(word);
    }
}

/// Script, fields of the order, and the code of its result; what was told if there is more to say.
#[test]
fn people_do_as_they_are_told() {
    let manager = json!({ "required_terminal_authentication": true });
    for (script, fields, code, asks) in [
        ("pay", json!({}), "000", 1),
        ("decline", json!({}), "115", 0),
        ("cancel", json!({}), "102", 0),
        ("pay", manager.clone(), "000", 1),
        ("manager-refuses", manager, "110", 0),
        ("manager-refuses", json!({}), "000", 1),
        ("pay", json!({ "confirm_on_terminal": true }), "000", 1),
        ("decline", json!({ "trans_type": 3, "orig_trade_no": "1" }), "000", 1),
        ("cancel", json!({ "trans_type": 3, "orig_trade_no": "1" }), "102", 0),
        ("walk-away", json!({ "trans_type": 2, "orig_trade_no": "1" }), "000", 1),
    ] {
        let mut counter = Counter::open(script);
        assert_eq!(counter.orders(sale_with("7-1", fields.clone())), "101");
        if asks > 0 {
            counter.approves("7-1");
        }
        assert_eq!(counter.asked.len(), asks, "{script} {fields}");
        assert_eq!(counter.results(), [("7-1".to_owned(), code.to_owned())], "{script} {fields}");
    }
}

#[test]
fn cards_and_entries() {
    for (script, brand, pan, entry) in [
        ("pay", "", "4111111111111111", "contactless"),
        ("entry=chip", "MasterCard", "5555555555554444", "chip"),
        ("entry=manual", "Amex", "378282246310005", "manual"),
        ("card=6011111111111117 entry=swipe", "Visa", "6011111111111117", "swipe"),
    ] {
        let mut counter = Counter::open(script);
        counter.orders(sale_with("7-1", json!({ "pay_method_id": brand })));
        assert_eq!((&counter.asked[0]["pan"], &counter.asked[0]["entry"]), (&json!(pan), &json!(entry)));
    }
}

/// A tip is the payer's only where the screen asks; the register's stays otherwise.
#[test]
fn tips() {
    for (script, fields, tip) in [
        ("tip=15%", json!({}), "0.00"),
        ("tip=15%", json!({ "on_screen_tip": true }), "1.80"),
        ("tip=2.5", json!({ "on_screen_tip": true }), "2.50"),
        ("tip=2.505", json!({ "on_screen_tip": true }), "0.00"),
        ("tip=0%", json!({ "on_screen_tip": true, "tip_amount": "1.00" }), "0.00"),
        ("pay", json!({ "on_screen_tip": true, "tip_amount": "1.00" }), "1.00"),
        ("tip=15%", json!({ "tip_amount": "1.00" }), "1.00"),
        ("tip=15%", json!({ "on_screen_tip": true, "trans_type": 4 }), "1.80"),
        ("tip=15%", json!({ "on_screen_tip": true, "trans_type": 3, "orig_trade_no": "1" }), "0.00"),
    ] {
        let mut counter = Counter::open(script);
        counter.orders(sale_with("7-1", fields.clone()));
        assert_eq!(counter.asked[0]["tip"], tip, "{script} {fields}");
    }
}

#[test]
fn signatures() {
    for (script, amount, asks, is_signed) in [
        ("entry=chip", "25.01", true, true),
        ("entry=swipe", "25.01", true, true),
        ("entry=chip", "25.00", true, false),
        ("entry=contactless", "100.00", true, false),
        ("entry=contactless sign", "1.00", true, true),
        ("entry=chip sign", "100.00", false, false),
    ] {
        let mut counter = Counter::open(script);
        counter.orders(sale_with("7-1", json!({ "order_amount": amount, "on_screen_signature": asks })));
        counter.approves("7-1");
        let signature = counter.sent[0]["biz_data"]["signature"].as_str().map(str::to_owned);
        assert_eq!(signature.is_some(), is_signed, "{script} {amount}");
        assert!(signature.is_none_or(|text| text.starts_with("iVBORw0KGgo")));
    }
}

#[test]
fn answers_twice_and_late() {
    let mut twice = Counter::open("answer-twice");
    twice.orders(sale("7-1"));
    twice.approves("7-1");
    assert_eq!(twice.results().len(), 2);
    let mut late = Counter::open("answer-late=3s");
    late.orders(sale("7-1"));
    late.approves("7-1");
    late.wait(2_999);
    assert_eq!(late.results(), []);
    assert_eq!(late.code("ecrhub.pay.query", json!({ "trade_no": "7-1" })), "101");
    assert_eq!(late.code("ecrhub.pay.close", json!({ "trade_no": "7-1" })), "201");
    late.wait(1);
    assert_eq!(late.results(), [("7-1".to_owned(), "000".to_owned())]);
}

#[test]
fn people_think_at_each_step() {
    let mut counter = Counter::open("think=1s tip=10%");
    let fields = json!({ "required_terminal_authentication": true, "confirm_on_terminal": true, "on_screen_tip": true });
    counter.orders(sale_with("7-1", fields));
    counter.wait(3_999);
    assert!(counter.asked.is_empty());
    counter.wait(1);
    assert_eq!(counter.asked[0]["tip"], "1.20");
}

#[test]
fn scripts_take_turns_and_the_last_stays() {
    let mut counter = Counter::open_with(&["decline", "cancel", "pay"]);
    for (trade_no, code) in [("1", "115"), ("2", "102"), ("3", "000"), ("4", "000")] {
        counter.orders(sale(trade_no));
        counter.approves(trade_no);
        assert_eq!(counter.results(), [(trade_no.to_owned(), code.to_owned())]);
        counter.confirms(trade_no, 2);
    }
}

/// `random` draws the same each time, and every kind of bad day now and then.
#[test]
fn random_days() {
    let drawn: Vec<Script> = (0..1_000).map(|number| parsed("random(7)").for_order(number)).collect();
    let again: Vec<Script> = (0..1_000).map(|number| parsed("random(7)").for_order(number)).collect();
    assert_eq!(drawn, again);
    let count = |is: fn(&Script) -> bool| drawn.iter().filter(|script| is(script)).count();
    for (name, seen, share) in [
        ("tip", count(|script| script.tip.is_some()), 80),
        ("decline", count(|script| script.payer == Payer::IsDeclined), 50),
        ("cancel", count(|script| script.payer == Payer::Cancels), 50),
        ("before card", count(|script| script.breaks == Some(Break::BeforeCard)), 30),
        ("after card", count(|script| script.breaks == Some(Break::AfterCard)), 30),
        ("power cut", count(|script| script.breaks == Some(Break::WhileAsking)), 30),
        ("after result", count(|script| script.breaks == Some(Break::AfterResult)), 20),
        ("twice", count(|script| script.twice), 30),
    ] {
        assert!((share / 2..=share * 2).contains(&seen), "{name}: {seen}");
    }
    assert!(drawn.iter().all(|script| script.random.is_none() && script.think_ms <= 300));
}
