//! CodePay's rows: orders for card terminals, questions about them, cards given online; signed with RSA both ways.
//!
//! The orders go to many terminals, none of which is connected: a queue that grows without end, or its limit, would
//! be measured otherwise.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use tillgate::rooms::codepay::{MERCHANTS, TERMINALS, TerminalSettings};
use tillgate::sandbox::codepay as sandbox;
use tillgate_protocols::codepay::PublicKey;
use tillgate_protocols::codepay::client::Answer;
use tillgate_store::{Credential, Sqlite, Store as _};

use crate::client::Connection;
use crate::codepay_till::{self, CodePayTill, KEY_PATH, OnlineSale, Terms};
use crate::floor::Floor;
use crate::load::Shots;
use crate::rsa::cores;
use crate::workloads::{Counter, Drive, Target, Workload, make_all};

/// What only a good answer says.
const GOOD: &str = r#""code":"0""#;
/// Paid already, in the answer's text of text.
const PAID: &str = r#"\"trans_status\":2"#;
/// Nobody is asked who he is who pays with one of these.
const CARDS: [&str; 4] = ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"];
/// Orders are spread over so many; each has about a hundred waiting in the end.
const TERMINALS_COUNT: usize = 200;
/// Signed for the warm-up.
const FEW: usize = 9_000;
/// Orders that are asked about.
const ASKED_ABOUT: usize = 4_000;

pub const CREATE: Workload = Workload {
    name: "codepay",
    title: "CodePay: create an order, RSA2 both ways",
    floor: Floor::R,
    goal: Some(0.90),
    p99_goal_ms: None,
    drive: Drive::Shots(orders),
    warm_up: FEW,
    again: false,
    marker: GOOD,
    check: Some(check),
};

pub const QUERY: Workload = Workload {
    name: "codepay-query",
    title: "CodePay: order.query, RSA2 both ways",
    floor: Floor::R,
    goal: Some(0.90),
    p99_goal_ms: None,
    drive: Drive::Shots(queries),
    warm_up: ASKED_ABOUT,
    again: true,
    marker: GOOD,
    check: Some(check),
};

pub const MERCHANT_CHECKOUT: Workload = Workload {
    name: "merchant-checkout",
    title: "CodePay: pay.merchant.checkout until it is paid and booked, RSA2 both ways, card in OAEP",
    floor: Floor::RCard,
    goal: None,
    p99_goal_ms: None,
    drive: Drive::Shots(checkouts),
    warm_up: FEW,
    again: false,
    marker: PAID,
    check: Some(check_paid),
};

pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

fn terminal_sn(number: usize) -> String {
    format!("BENCH{:08}", number % TERMINALS_COUNT)
}

/// Writes the terminals into the store, beside the gateway.
fn add_terminals(target: Target<'_>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let store = Sqlite::open_beside(&target.data.join("tillgate.sqlite"))?;
    runtime.block_on(async {
        let merchant = store.load_credential(MERCHANTS, sandbox::MERCHANT_NO).await?;
        let merchant = merchant.context("the sandbox has no such merchant")?.merchant;
        let settings = TerminalSettings {
            merchant_no: sandbox::MERCHANT_NO.into(),
            merchant_name: sandbox::MERCHANT_NAME.into(),
            store_no: sandbox::STORE_NO.into(),
        };
        let settings = serde_json::to_string(&settings)?;
        for number in 0..TERMINALS_COUNT {
            let terminal = Credential {
                merchant,
                merchant_name: sandbox::MERCHANT_NAME.into(),
                room: TERMINALS.into(),
                login: terminal_sn(number),
                name: "Counter".into(),
                enabled: true,
                settings: settings.clone(),
                keys: Vec::new(),
                accounts: Vec::new(),
            };
            store.put_credential(terminal).await?;
        }
        Ok(())
    })
}

/// Signed on all cores, before anything is measured.
fn signed(numbers: &[String], sign: impl Fn(&CodePayTill, usize, &str) -> Vec<u8> + Sync) -> Result<Shots> {
    let till = CodePayTill::signing()?;
    let share = numbers.len().div_ceil(cores()).max(1);
    let parts = std::thread::scope(|scope| {
        let (till, sign) = (&till, &sign);
        let threads: Vec<_> = numbers
            .chunks(share)
            .enumerate()
            .map(|(part, numbers)| {
                scope.spawn(move || {
                    let places = part * share..;
                    places.zip(numbers).map(|(place, number)| sign(till, place, number)).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    let mut shots = Shots::default();
    for request in &parts {
        shots.push(request);
    }
    Ok(shots)
}

fn orders_of(numbers: &[String]) -> Result<Shots> {
    let now_ms = now_ms();
    signed(numbers, |till, place, number| {
        let terms = Terms {
            number,
            terminal: &terminal_sn(place),
            trans_type: "1",
            amount: "24.00",
            asks_tip: true,
            notify_url: "http://127.0.0.1:9/notify",
            ..Terms::default()
        };
        till.order(terms, now_ms)
    })
}

pub fn orders(target: Target<'_>, counter: &mut Counter, count: usize) -> Result<Shots> {
    add_terminals(target)?;
    let numbers: Vec<String> = (0..count).map(|_| counter.reference()).collect();
    orders_of(&numbers)
}

fn queries(target: Target<'_>, counter: &mut Counter, count: usize) -> Result<Shots> {
    add_terminals(target)?;
    let numbers: Vec<String> = (0..count.min(ASKED_ABOUT)).map(|_| counter.reference()).collect();
    make_all(orders_of(&numbers)?, target.address, GOOD)?;
    let now_ms = now_ms();
    signed(&numbers, |till, _, number| till.query(number, now_ms))
}

/// The key that cards are encrypted for, and answers signed with.
fn shown_key(address: SocketAddr) -> Result<PublicKey> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let key = runtime.block_on(async {
        let mut line = Connection::open(address).await?;
        Ok::<_, std::io::Error>(line.get(KEY_PATH).await?.text())
    })?;
    codepay_till::gateway_key(&key).context("the gateway's key")
}

fn checkouts(target: Target<'_>, counter: &mut Counter, count: usize) -> Result<Shots> {
    let numbers: Vec<String> = (0..count).map(|_| counter.reference()).collect();
    checkouts_of(&numbers, &shown_key(target.address)?)
}

fn checkouts_of(numbers: &[String], key: &PublicKey) -> Result<Shots> {
    let now_ms = now_ms();
    signed(numbers, |till, place, number| {
        let pan = CARDS[place % CARDS.len()];
        let cvv = if pan.starts_with('3') { "1234" } else { "123" };
        let sale = OnlineSale {
            number,
            amount: "24.00",
            notify_url: "http://127.0.0.1:9/notify",
            ..OnlineSale::default()
        };
        let card = codepay_till::sealed_card((pan, cvv), key).unwrap_or_default();
        till.merchant_checkout(&sale, &card, now_ms)
    })
}

/// The signatures of answers, with the key the gateway shows.
fn check(address: SocketAddr, answers: &[Vec<u8>]) -> Result<Vec<String>> {
    checked(address, answers, |_| true)
}

/// The same; and each is paid.
fn check_paid(address: SocketAddr, answers: &[Vec<u8>]) -> Result<Vec<String>> {
    checked(address, answers, |answer| answer.data.get("trans_status") == Some("2"))
}

fn checked(
    address: SocketAddr,
    answers: &[Vec<u8>],
    is_right: impl Fn(&Answer) -> bool,
) -> Result<Vec<String>> {
    let key = shown_key(address)?;
    let wrong = answers.iter().filter_map(|body| match codepay_till::read(body, &key) {
        Ok(answer) if answer.is_success() && is_right(&answer) => None,
        Ok(answer) => Some(format!("{answer:?}")),
        Err(error) => Some(format!("{error}: {}", String::from_utf8_lossy(body))),
    });
    Ok(wrong.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn orders_are_all_different_and_spread_over_the_terminals() {
        let numbers: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
        let shots = orders_of(&numbers).unwrap();
        let texts: Vec<String> =
            (0..shots.len()).map(|place| String::from_utf8_lossy(shots.get(place)).into_owned()).collect();
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), 10);
        for (place, text) in texts.iter().enumerate() {
            assert!(text.contains(&format!("\"n{place}\"")) && text.contains(&terminal_sn(place)), "{text}");
        }
    }

    #[test]
    fn cards_are_encrypted_and_no_two_requests_are_alike() {
        let key = tillgate_protocols::codepay::PrivateKey::generate().unwrap();
        let numbers: Vec<String> = (0..8).map(|number| format!("n{number}")).collect();
        let shots = checkouts_of(&numbers, key.public()).unwrap();
        let texts: BTreeSet<String> =
            (0..shots.len()).map(|place| String::from_utf8_lossy(shots.get(place)).into_owned()).collect();
        assert_eq!(texts.len(), 8);
        for text in texts {
            assert!(text.contains("\"card\":\"") && !CARDS.iter().any(|pan| text.contains(pan)), "{text}");
        }
    }
}
