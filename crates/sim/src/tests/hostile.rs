//! Altered and forged messages, in both directions, change nothing and convince nobody.

use super::*;
use crate::Filter;

/// Every single-byte change of a request is refused, and none makes a trade.
#[test]
fn altered_requests_do_nothing() {
    let (desk, call) = (desk(), Call::Charge(barcode("12.00")));
    let request = desk.channel.encode(&call);
    for position in 0..request.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut altered = request.clone();
            altered[position] ^= flip;
            let Reply::Answer(body) = desk.world.handle(1_000, &altered) else { panic!("no answer") };
            // the names of sign and sign_type are not signed, but without them nothing holds
            assert_eq!(word(Some(desk.channel.decode(&call, &body))), "unknown", "byte {position}");
        }
    }
    assert!(desk.world.payments(&Filter::default()).is_empty());
}

#[test]
fn altered_answers_are_unknown() {
    let (desk, call) = (desk(), Call::Charge(barcode("12.00")));
    let Reply::Answer(answer) = desk.world.handle(1_000, &desk.channel.encode(&call)) else {
        panic!("no answer")
    };
    for position in 0..answer.len() {
        let mut altered = answer.clone();
        altered[position] ^= 0x01;
        assert_eq!(word(Some(desk.channel.decode(&call, &altered))), "unknown", "byte {position}");
    }
    for cut in 0..answer.len() {
        assert_eq!(word(Some(desk.channel.decode(&call, &answer[..cut]))), "unknown", "cut at {cut}");
    }
}

#[test]
fn one_answer_does_not_pass_for_another() {
    let desk = desk();
    let (first, mut second) = (barcode("12.00"), barcode("12.00"));
    second.trade_no.push('9');
    let Reply::Answer(answer) = desk.world.handle(1_000, &desk.channel.encode(&Call::Charge(first.clone())))
    else {
        panic!("no answer")
    };
    let read = |call: Call| word(Some(desk.channel.decode(&call, &answer)));
    assert_eq!(read(Call::Charge(first.clone())), "paid");
    assert_eq!(read(Call::Charge(second)), "unknown", "another trade");
    assert_eq!(read(Call::Query(first.clone())), "unknown", "another service");
    let cheaper = Payment { amount: money("1.20", "NZD"), ..first.clone() };
    assert_eq!(read(Call::Charge(cheaper)), "unknown", "another amount");
    let other = Payment { amount: money("12.00", "AUD"), ..first.clone() };
    assert_eq!(read(Call::Charge(other)), "unknown", "another currency");
    assert_eq!(desk.channel.decode_callback(&answer), None);
}

#[test]
fn requests_of_another_key_or_shape_are_errors() {
    let desk = desk();
    let stranger = SimulatedWallet::new("simulated", "another key");
    let calls = [
        stranger.encode(&Call::Charge(barcode("12.00"))),
        b"".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        vec![b'['; 100_000],
        desk.channel.encode(&Call::Charge(barcode("0.00"))),
        desk.channel.encode(&Call::Charge(payment("paypal", Flow::CustomerPresented, "12.00"))),
    ];
    for request in calls {
        let Reply::Answer(body) = desk.world.handle(1_000, &request) else { panic!("no answer") };
        assert!(String::from_utf8(body).unwrap().contains(r#""status":"error""#));
    }
    assert_eq!(desk.world.totals().trades, 0);
}

#[test]
fn altered_callbacks_are_not_read() {
    let desk = desk();
    desk.code(1_000, &qr("12.00"));
    desk.world.pay(&qr("12.00").trade_no, 1_000).unwrap();
    let body = desk.world.take_callbacks(1_000).unwrap().remove(0).body;
    assert!(desk.channel.decode_callback(&body).is_some());
    for position in 0..body.len() {
        let mut altered = body.clone();
        altered[position] ^= 0x01;
        assert_eq!(desk.channel.decode_callback(&altered), None, "byte {position}");
    }
}
