//! What a merchant was told, and how often it was tried.

use tillgate_core::{Timestamp, Work, WorkKind};

use super::{Home, NOW, Shop, conflict, number};
use crate::changeset::{Changeset, WorkUpdate};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::port::Conflict;

fn notice(shop: &Shop, serial: i64, state: NotificationState, attempts: u32) -> Notification {
    Notification {
        merchant: shop.merchant,
        order: number(serial),
        event: 2,
        url: "https://shop.example/notify".into(),
        content_type: "application/x-www-form-urlencoded".into(),
        body: b"status=paid&\xff\x00".to_vec(),
        state,
        attempts,
    }
}

fn attempt(number: u32, status: Option<u16>) -> NotificationAttempt {
    let answer = if status.is_some() { "sent" } else { "timed out" };
    NotificationAttempt { attempt: number, at: NOW, took_ms: 12, status, answer: answer.into() }
}

/// The holder of the lease says how the try went.
fn tried(
    shop: &Shop,
    serial: i64,
    number: u32,
    (lease_end, status): (Timestamp, Option<u16>),
    state: NotificationState,
) -> Changeset {
    let notification = notice(shop, serial, state, number);
    let key = tillgate_core::WorkKey {
        merchant: shop.merchant,
        order: notification.order,
        kind: WorkKind::Notify(2),
    };
    let held = Work { key, attempt: number, due_at: lease_end };
    let work = match state {
        NotificationState::Waiting => WorkUpdate::Retry(held, NOW.plus_s(60)),
        NotificationState::Delivered | NotificationState::Exhausted => WorkUpdate::Done(held),
    };
    Changeset {
        notification: Some(notification),
        attempt: Some(attempt(number, status)),
        ..Changeset::worked(work)
    }
}

pub async fn a_notification_keeps_its_bytes_and_its_tries(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    assert_eq!(home.load_notification(shop.merchant, number(1), 2).await.unwrap(), None);
    assert_eq!(home.lease_due(NOW, NOW.plus_s(30), 10).await.unwrap().len(), 1);
    home.commit(tried(&shop, 1, 1, (NOW.plus_s(30), None), NotificationState::Waiting)).await.unwrap();

    let mut other_bytes = tried(&shop, 1, 2, (NOW.plus_s(90), Some(200)), NotificationState::Delivered);
    other_bytes.notification.as_mut().unwrap().body = b"something else".to_vec();
    assert_eq!(home.lease_due(NOW.plus_s(60), NOW.plus_s(90), 10).await.unwrap().len(), 1);
    home.commit(other_bytes).await.unwrap();

    let told = notice(&shop, 1, NotificationState::Delivered, 2);
    assert_eq!(home.load_notification(shop.merchant, number(1), 2).await.unwrap(), Some(told.clone()));
    let attempts = home.load_attempts(shop.merchant, number(1), 2).await.unwrap();
    assert_eq!(attempts, [attempt(1, None), attempt(2, Some(200))]);
    assert_eq!(shop.kept(1).await.work, []);
    for (state, listed) in
        [(None, 1), (Some(NotificationState::Delivered), 1), (Some(NotificationState::Waiting), 0)]
    {
        assert_eq!(home.list_notifications(Some(shop.merchant), state, 10).await.unwrap().len(), listed);
    }
}

pub async fn what_was_told_can_be_sent_again(home: Home) {
    let shop = Shop::open(&home).await;
    let stranger = Shop::open(&home).await;
    for serial in 1..=3 {
        shop.sells_paid(serial).await;
        home.lease_due(NOW, NOW.plus_s(30), 10).await.unwrap();
        home.commit(tried(&shop, serial, 1, (NOW.plus_s(30), Some(500)), NotificationState::Exhausted))
            .await
            .unwrap();
    }
    assert_eq!(home.totals().await.unwrap().notifications_exhausted, 3);
    let exhausted =
        |merchant, limit| home.list_notifications(merchant, Some(NotificationState::Exhausted), limit);
    let newest = exhausted(None, 2).await.unwrap();
    assert_eq!(newest.iter().map(|told| told.order).collect::<Vec<_>>(), [number(3), number(2)]);
    assert_eq!(exhausted(Some(stranger.merchant), 10).await.unwrap(), []);

    let now = NOW.plus_s(700);
    assert!(home.resend(shop.merchant, number(2), 2, now).await.unwrap());
    for (merchant, order, event) in
        [(shop.merchant, number(9), 2), (shop.merchant, number(2), 3), (stranger.merchant, number(2), 2)]
    {
        assert!(!home.resend(merchant, order, event, now).await.unwrap());
    }
    assert_eq!(exhausted(None, 10).await.unwrap().len(), 2);
    let due = home.lease_due(now, now.plus_s(30), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].key.order, due[0].key.kind), (number(2), WorkKind::Notify(2)));
}

pub async fn who_lost_the_lease_writes_no_try(home: Home) {
    let shop = Shop::open(&home).await;
    shop.sells_paid(1).await;
    for at_s in [0, 30] {
        assert_eq!(home.lease_due(NOW.plus_s(at_s), NOW.plus_s(at_s + 30), 10).await.unwrap().len(), 1);
    }
    let late = tried(&shop, 1, 1, (NOW.plus_s(30), Some(200)), NotificationState::Delivered);
    assert_eq!(conflict(home.commit(late).await), Conflict::Work);
    assert_eq!(home.load_notification(shop.merchant, number(1), 2).await.unwrap(), None);
    assert_eq!(home.load_attempts(shop.merchant, number(1), 2).await.unwrap(), []);
}
