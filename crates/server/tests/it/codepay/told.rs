//! Callbacks: to whom, what they hold, and that they are repeated until the merchant says `success`.

use super::counter::terminal;
use super::till::{COUNTER, SOON, Said as _, field, till};
use crate::harness::checks::{connect, rows};
use crate::harness::{Reply, TestWorld, eventually, pause_ms};

#[tokio::test]
async fn only_success_is_a_receipt() {
    let mut world = TestWorld::new().await;
    world.leaves_notifications_owed();
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let mut owed = Vec::new();
    for (reply, is_receipt) in [
        (Reply::Status(200, "success"), true),
        (Reply::Status(200, " \"SUCCESS\"\n"), true),
        (Reply::Status(200, "ok"), false),
        (Reply::Status(200, ""), false),
        (Reply::Status(500, "success"), false),
        (Reply::Redirect("http://127.0.0.1:9/".into()), false),
    ] {
        let data = till.order("");
        let number = field(&data, "merchant_order_no").to_owned();
        let answered = till.sends(till.body(tillgate_protocols::codepay::Method::PayOrder, &data)).await;
        answered.gives("0");
        world.place.receiver.answers(&format!("/told/{number}"), &[reply]);
        till.is_told(&number).await;
        owed.push((number, is_receipt));
    }
    pause_ms(300).await;
    for (number, is_receipt) in owed {
        let sql = format!(
            "SELECT work.due_at - events.at FROM work JOIN orders USING (merchant_id, order_no)
             JOIN events ON events.order_no = work.order_no AND events.event_no = work.slot_no
             WHERE slot = 'n' AND reference = '{number}'"
        );
        let left = rows(&connect(&world.place.database), &sql);
        assert_eq!(left.is_empty(), is_receipt, "{number}: {left:?}");
        // The first repetition comes after five seconds.
        for delay in left {
            let delay_ms: i64 = delay.parse().unwrap();
            assert!((4_900..8_000).contains(&delay_ms), "{delay_ms}");
        }
    }
}

#[tokio::test]
async fn it_is_repeated_with_the_same_bytes() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let data = till.order("attach={\"a\":1, \"b\":\"张\"}");
    let number = field(&data, "merchant_order_no").to_owned();
    let path = format!("/told/{number}");
    let method = tillgate_protocols::codepay::Method::PayOrder;
    till.sends(till.body(method, &data)).await.gives("0");
    world.place.receiver.answers(&path, &[Reply::Status(500, ""), Reply::Status(200, "success")]);
    let received = eventually("it is told twice", SOON, async || {
        let all = world.place.receiver.received_at(&path);
        (all.len() == 2).then_some(all)
    })
    .await;
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(received[0].content_type, "application/json");
    assert_eq!(till.callbacks_at(&path)[0].get("attach"), Some("{\"a\":1, \"b\":\"张\"}"));
    till.seen(&number).await.has(&[("attach", "{\"a\":1, \"b\":\"张\"}")]);
}

/// Without a notify_url nobody is told, and nothing is owed.
#[tokio::test]
async fn nobody_to_tell() {
    let world = TestWorld::new().await;
    let (till, _terminal) = (till(&world).await, terminal(&world, COUNTER, &[]).await);
    let data = till.order("-notify_url");
    till.orders_data(&data).await;
    till.becomes(field(&data, "merchant_order_no"), "2").await;
    assert!(rows(&connect(&world.place.database), "SELECT * FROM work WHERE slot = 'n'").is_empty());
}
