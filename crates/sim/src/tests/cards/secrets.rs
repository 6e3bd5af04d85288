//! Card data that was marked is looked for wherever it could have been left, and so is a leak planted for the search.

use std::fs;

use super::online::{CHALLENGED, GOOD, Typed, challenge_of, code, typed};
use super::*;
use crate::{Day, TransactionFilter};

/// What must not be found: whole, without its ends, in hex, or in pieces between its kept digits.
fn found(text: &[u8], secret: &str) -> Option<String> {
    let inner = secret.get(6..secret.len().saturating_sub(4)).filter(|inner| inner.len() > 3);
    let reversed: String = secret.chars().rev().collect();
    let looked_for =
        [Some(secret.to_owned()), inner.map(str::to_owned), Some(hex::encode(secret)), Some(reversed)];
    looked_for
        .into_iter()
        .flatten()
        .find(|part| text.windows(part.len()).any(|window| window == part.as_bytes()))
}

/// Marked digits that stand nowhere else by chance: prices, times and counts of these tests hold none of them.
const PAN: &str = "4929739628465197";
const CVV: &str = "86420";
const NAME: &str = "Zyxwv Canary";

fn marked(trade_no: &str, pan: &'static str, minor: i64) -> CardCall {
    let mut call = typed(trade_no, Typed { pan, minor, cvv: CVV, ..GOOD });
    if let CardCall::Authorize { online: Some(online), .. } = &mut call {
        online.billing.as_mut().unwrap().name = NAME.into();
    }
    call
}

/// Everything the acquirer shows or leaves behind after a life with marked cards.
fn left_behind(desk: &Desk, calls: &[CardCall], ids: &[String]) -> Vec<(String, Vec<u8>)> {
    let acquirer = &desk.acquirer;
    let mut places = vec![
        ("Debug of the acquirer".to_owned(), format!("{acquirer:?}").into_bytes()),
        ("Debug of calls".to_owned(), format!("{calls:?}").into_bytes()),
        (
            "views".to_owned(),
            serde_json::to_vec(&acquirer.transactions(&TransactionFilter::default())).unwrap(),
        ),
        (
            "Debug of views".to_owned(),
            format!("{:?}", acquirer.transactions(&TransactionFilter::default())).into(),
        ),
        ("totals".to_owned(), serde_json::to_vec(&acquirer.totals(None)).unwrap()),
        ("statement".to_owned(), acquirer.statement(Day::of(0), None).into_bytes()),
    ];
    for id in ids {
        let view = acquirer.challenge_view(id, 1).unwrap().unwrap();
        places.push((
            format!("page {id}"),
            format!("{view:?} {}", serde_json::to_string(&view).unwrap()).into(),
        ));
    }
    for call in calls {
        for asked in [query(call.trade_no()), call.clone()] {
            let Reply::Answer(body) = acquirer.handle(1, &desk.channel.encode(&asked)) else { continue };
            places.push((format!("answer to {}", asked.name()), body));
        }
    }
    places
}

#[test]
fn card_data_is_left_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acquirer.jsonl");
    let desk = super::kept::open(&path);
    // Two cards whose digits are marked, and one whose issuer asks.
    let calls = [
        marked("a", PAN, 1_200),
        marked("b", PAN, 1_251),
        marked("c", PAN, 1_253),
        marked("d", CHALLENGED, 1_200),
        marked("e", CHALLENGED, 1_200),
        marked("f", CHALLENGED, 1_254),
        marked("g", "4929739628465198", 1_200),
    ];
    for call in &calls {
        desk.ask(0, call);
    }
    let ids: Vec<_> = ["d", "e"].iter().map(|trade_no| challenge_of(&desk, 0, trade_no)).collect();
    for text in ["0000", "1234"] {
        desk.acquirer.challenge_answer(&ids[0], &code(text), 1).unwrap();
    }
    let mut places = left_behind(&desk, &calls, &ids);
    let journal = fs::read(&path).unwrap();
    assert!(journal.windows(6).any(|window| window == b"492973"), "the six digits are kept");
    places.push(("journal".to_owned(), journal));
    for (place, text) in &places {
        for secret in [PAN, "4929739628465198", CHALLENGED, CVV, NAME] {
            assert_eq!(found(text, secret), None, "{secret} stands in: {place}");
        }
    }
    // The search finds what is there.
    for planted in [PAN.to_owned(), hex::encode(PAN), format!("492973{}", &PAN[6..12]), CVV.to_owned()] {
        let journal = places.last().unwrap().1.clone();
        let leaky = [journal, format!("{{\"note\":\"{planted}\"}}\n").into_bytes()].concat();
        assert!([PAN, CVV].iter().any(|secret| found(&leaky, secret).is_some()), "{planted}");
    }
    let whole = serde_json::to_vec(&TestCardInput::new(PAN)).unwrap();
    assert!(found(&whole, PAN).is_some(), "a card serialised by mistake is found");
}
