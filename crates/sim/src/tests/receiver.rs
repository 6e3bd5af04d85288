//! The merchant's side: what he is shown and how he misbehaves.

use crate::{Receiver, ReceiverAnswer};

#[test]
fn forms_and_objects_are_shown_as_they_came() {
    let receiver = Receiver::new();
    let fields = |query, body: &str| {
        receiver.record(5, "text/plain", query, body.as_bytes());
        let shown = receiver.notifications().remove(0).fields;
        shown.iter().map(|(name, value)| format!("{name}:{value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(fields("a=1", "status=paid&note=a%26b+c"), "a:1 status:paid note:a&b c");
    assert_eq!(fields("", r#"{"z":"ü","amount":120.00,"o":{"k":[1]}}"#), r#"z:ü amount:120.00 o:{"k":[1]}"#);
    assert_eq!(fields("", "\u{0}nonsense"), "");
}

#[test]
fn it_misbehaves_for_as_long_as_told() {
    let receiver = Receiver::new();
    let next = || receiver.record(5, "", "", b"").1;
    assert_eq!(next(), ReceiverAnswer::Acknowledge);
    receiver.answer_with(ReceiverAnswer::ServerError, Some(2));
    assert_eq!(receiver.answering(), (ReceiverAnswer::ServerError, Some(2)));
    assert_eq!(
        [next(), next(), next()].map(|answer| answer == ReceiverAnswer::ServerError),
        [true, true, false]
    );
    assert_eq!(receiver.answering(), (ReceiverAnswer::Acknowledge, None));
    receiver.answer_with(ReceiverAnswer::TimeOut, None);
    assert_eq!([next(), next()], [ReceiverAnswer::TimeOut; 2]);
}

#[test]
fn the_last_500_are_kept_with_their_verdicts() {
    let receiver = Receiver::new();
    for _ in 0..501 {
        receiver.record(5, "", "", b"");
    }
    receiver.set_verdict(501, Some(false), "the signature is of another key");
    receiver.set_verdict(1, Some(true), "no longer kept");
    let kept = receiver.notifications();
    assert_eq!((kept.len(), kept[0].id, kept[0].verdict, kept[499].id), (500, 501, Some(false), 2));
    receiver.clear();
    assert!(receiver.notifications().is_empty());
}
