//! Random merchants and payers over HTTP, several at once; at the end the money must be where the books say.
//!
//! `STORIES=500` tells more of them; `SEED=…` the same ones again.

use std::time::Duration;

use tillgate_protocols::latipay::Route;

use crate::harness::checks::{connect, rows};
use crate::harness::together::{story, together};
use crate::harness::{Merchant, Order, TestWorld, eventually, pause_ms};

use crate::stories::mini_app::trade_pay;

/// A small generator (splitmix64): the same seed tells the same stories.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// Half of the amounts have an ending with a rule.
fn amount(random: &mut Random) -> String {
    let ending = match random.below(2) {
        0 => 51 + random.below(13),
        _ => random.below(51),
    };
    format!("{}.{ending:02}", 1 + random.below(50))
}

async fn begins(merchant: &Merchant, random: &mut Random) -> Option<Order> {
    let sale = merchant.sells(&amount(random));
    match random.below(4) {
        0 => Some(sale.with(random.pick(&["alipay", "wechat", "upi_upop"])).at_the_till().await),
        1 => Some(sale.with(random.pick(&["alipay", "wechat"])).online().await),
        2 => {
            let code = random.pick(&["134588558514585062", "2888888888888888", "6212345678901234567"]);
            Some(sale.by_bar_code(code).await)
        }
        _ => {
            // A wallet that talks nonsense now may answer the same request later.
            let sale = sale.without("return_url");
            for _ in 0..30 {
                match sale.clone().sent_to(Route::MiniAlipay).await.code() {
                    0 => return Some(sale.in_the_mini_app().await),
                    1 => pause_ms(200).await,
                    other => {
                        assert_eq!(other, 207, "only because it has expired meanwhile");
                        break;
                    }
                }
            }
            None
        }
    }
}

async fn acts(order: &Order, random: &mut Random) {
    let codes: &[i64] = match random.below(9) {
        0 if !order.host_url.is_empty() => {
            let path =
                if order.host_url.ends_with("/pay") { order.page().await } else { order.gatewaydata().await };
            assert_eq!(path.status, 200);
            return;
        }
        0..=3 => {
            if order.payment().await.is_some() {
                let button = random.pick(&["pay", "pay", "pay", "decline", "walk_away"]);
                let status = order.payer_presses(button).await.status;
                assert!([200, 409, 503].contains(&status), "{button} gives {status}");
            }
            return;
        }
        4 => {
            if order.created.json["gatewaydata"].is_object() {
                trade_pay(order, random.pick(&["pay", "decline"])).await;
            }
            return;
        }
        5 if random.below(3) == 0 => {
            let code = order.cancels().await.code();
            assert!([0, 1, 900, 901].contains(&code), "cancel gives {code}");
            return;
        }
        5..=7 => &[0, 550, 556, 558, 559, 562],
        _ => {
            pause_ms(random.below(400)).await;
            return;
        }
    };
    let minor = 1 + random.below(900);
    let parts = format!("{}.{:02}", minor / 100, minor % 100);
    let amount = random.pick(&[order.amount.as_str(), "0.50", "0.50", parts.as_str()]);
    let code = order.refunds_with_note(amount, random.pick(&["one", "two"])).await.code();
    assert!(codes.contains(&code), "a refund of {amount} gives {code}");
}

async fn told(merchant: Merchant, seed: u64) {
    let mut random = Random::new(seed);
    pause_ms(random.below(800)).await;
    let Some(order) = begins(&merchant, &mut random).await else { return };
    for _ in 0..4 + random.below(12) {
        acts(&order, &mut random).await;
        pause_ms(random.below(120)).await;
    }
}

#[tokio::test]
async fn the_money_is_where_the_books_say() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = number("SEED").unwrap_or_else(|| std::process::id().into());
    let stories = number("STORIES").unwrap_or(60);
    eprintln!("SEED={seed} STORIES={stories}");
    let world = TestWorld::with(|config| {
        config.orders.lifetime_s = 2;
        config.orders.barcode_lifetime_s = 2;
    })
    .await;
    let merchants = [
        world.merchant(),
        world.merchant().with_wallet("W00000002"),
        world.merchant().with_wallet("W00000003"),
        Merchant::new(world.place.clone(), "U000000013", "W000000023"),
    ];
    let all = (0..stories).map(|number| {
        let merchant = merchants[(number % 4) as usize].clone();
        let own = seed.wrapping_mul(1_000_003).wrapping_add(number);
        story(format!("SEED={seed}, story {number}"), told(merchant, own))
    });
    together(all.collect()).await;

    // Whatever was begun ends; the checks of the world's end then compare all books.
    let database = &world.place.database;
    eventually("every order has ended", Duration::from_secs(120), async || {
        let open = "SELECT order_no, state FROM orders WHERE state IN ('pending', 'closing')";
        rows(&connect(database), open).is_empty().then_some(())
    })
    .await;
    // A refund that was asked for while its wallet was silent counts as lost after a minute: let it go by.
    eventually("every refund has ended", Duration::from_secs(120), async || {
        let connection = connect(database);
        let owed = rows(&connection, "SELECT 1 FROM work WHERE slot = 'r' AND attempt > 3");
        if !owed.is_empty() {
            database.execute("UPDATE refunds SET requested_at = requested_at - 60001");
            database.execute("UPDATE work SET due_at = 0 WHERE slot = 'r' AND attempt > 3");
            pause_ms(1_000).await;
        }
        rows(&connection, "SELECT 1 FROM work WHERE slot = 'r'").is_empty().then_some(())
    })
    .await;
    let told_once = "SELECT order_no, count(*) FROM notifications WHERE state = 'delivered' GROUP BY merchant_id, order_no
         HAVING count(*) <> 1";
    assert_eq!(rows(&connect(database), told_once), [""; 0], "SEED={seed}");
}
