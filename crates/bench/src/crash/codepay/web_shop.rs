//! The load of web shops: cards they send, pages that payers fill in, issuers' questions, and what is done by paths to
//! these orders and to those at terminals. Until the gateway dies; an I/O error is its death.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::super::line::Line;
use super::book::{CounterOrder, Deed, End, TestCard, Way};
use super::desk::Desk;
use super::till::some_total_minor;
use crate::dice::Dice;

const GOOD: &[TestCard] = &[
    ("4111111111111111", "123"),
    ("5555555555554444", "123"),
    ("378282246310005", "1234"),
    // The issuer cannot be asked; the card takes no part.
    ("4000000000001059", "123"),
    ("4000000000001067", "123"),
];
const CHALLENGED: &[TestCard] = &[("4000000000001091", "123"), ("5200000000001096", "123")];
/// No money, stolen, not the payer, a wrong code; nobody there.
const BAD: &[TestCard] = &[
    ("4000000000009995", "123"),
    ("4000000000009979", "123"),
    ("4000000000001018", "123"),
    ("4111111111111111", "999"),
    ("4000000000000119", "123"),
];
const PAUSE_MS: (u64, u64) = (5, 25);
const CARDS_MAX: u64 = 3;
const INCREASES_MAX: usize = 3;

struct Shop {
    desk: Rc<Desk>,
    line: Line,
    dice: Dice,
}

/// Sells until the connection breaks.
pub async fn sell_online(desk: Rc<Desk>, address: SocketAddr, dice: Dice) {
    // An error is what we wait for.
    let _: io::Result<()> = async {
        let mut shop = Shop { line: Line::open(address, &desk.book).await?, desk, dice };
        shop.desk.learn_key(&mut shop.line).await?;
        // Whether it was there before the gateway was gone shows now.
        for _ in 0..2 {
            shop.repeat_some().await?;
            shop.question_some().await?;
        }
        loop {
            match shop.dice.between(0, 100) {
                0..28 => shop.send_card().await?,
                28..42 => shop.open_page().await?,
                42..52 => shop.question_some().await?,
                52..78 => shop.act_on_some().await?,
                78..90 => shop.repeat_some().await?,
                _ => shop.ask_some().await?,
            }
            let pause = shop.dice.between(PAUSE_MS.0, PAUSE_MS.1);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
    .await;
}

impl Shop {
    fn card(&mut self) -> TestCard {
        let from = match self.dice.between(0, 100) {
            0..55 => GOOD,
            55..82 => CHALLENGED,
            _ => BAD,
        };
        *self.dice.pick(from).unwrap_or(&GOOD[0])
    }

    fn sale(&mut self, way: Way) -> usize {
        let amount_minor = some_total_minor(&mut self.dice);
        self.desk.open(CounterOrder { deed: Deed::Sale, amount_minor, way, ..CounterOrder::default() })
    }

    async fn send_card(&mut self) -> io::Result<()> {
        let way = Way::Card(self.card());
        let place = self.sale(way);
        self.desk.buy(&mut self.line, place, false).await?;
        if self.dice.percent(8) {
            self.desk.buy(&mut self.line, place, true).await?;
        }
        if self.dice.percent(50) { self.question(place).await } else { Ok(()) }
    }

    /// A payer may try several cards; some never do.
    async fn open_page(&mut self) -> io::Result<()> {
        let place = self.sale(Way::Page);
        self.desk.open_page(&mut self.line, place).await?;
        for _ in 0..self.dice.between(0, CARDS_MAX + 1) {
            let card = self.card();
            self.desk.pay_on_page(&mut self.line, place, card).await?;
            if self.dice.percent(50) {
                self.question(place).await?;
            }
            if self.desk.ask(&mut self.line, place).await?.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// What the payer tells his issuer; sometimes a wrong code first.
    async fn question(&mut self, place: usize) -> io::Result<()> {
        let form = match self.dice.between(0, 100) {
            0..70 => "action=confirm&code=1234",
            70..80 => "action=cancel",
            80..90 => "action=fail",
            _ => "action=confirm&code=9999",
        };
        self.desk.at_issuer(&mut self.line, place, form).await
    }

    async fn question_some(&mut self) -> io::Result<()> {
        let waits = |order: &CounterOrder| order.open_challenge().is_some();
        match self.recent(waits) {
            Some(place) => self.question(place).await,
            None => Ok(()),
        }
    }

    /// Mostly a recent one that fits: those are at risk.
    fn recent(&mut self, fits: impl Fn(&CounterOrder) -> bool) -> Option<usize> {
        let all = self.desk.book.borrow().codepay.orders.len() as u64;
        let back = if self.dice.percent(80) { 80 } else { all };
        for _ in 0..40 {
            let place = (all > 0).then(|| self.dice.between(all.saturating_sub(back), all) as usize)?;
            if self.desk.order(place, |order| fits(order)) {
                return Some(place);
            }
        }
        None
    }

    async fn act_on_some(&mut self) -> io::Result<()> {
        let is_done = |order: &CounterOrder| {
            order.deed.takes_a_card() && order.seen == Some(End::Done) && order.trans_no.is_some()
        };
        // Few are held, and they can be done most to.
        let held = |order: &CounterOrder| order.deed == Deed::Authorization && is_done(order);
        let is_held = self.dice.percent(50);
        let place = is_held.then(|| self.recent(held)).flatten();
        match place.or_else(|| self.recent(is_done)) {
            Some(place) => self.act_on(place).await,
            None => Ok(()),
        }
    }

    /// A capture, a cancel, a refund, more to be held; sometimes what cannot be.
    async fn act_on(&mut self, place: usize) -> io::Result<()> {
        let order = self.desk.order(place, |order| order.clone());
        let deed = match (order.deed, self.dice.between(0, 100)) {
            (Deed::Authorization, 0..35) => Deed::Completion,
            (Deed::Authorization, 35..55) | (_, 0..4) => Deed::Void,
            (Deed::Authorization, _) => return self.increase(place, &order).await,
            _ => Deed::Refund,
        };
        let held_minor = order.amount_minor
            + order.tip_minor
            + order.increases.iter().map(|increase| increase.amount_minor).sum::<i64>();
        let is_whole = self.dice.percent(35);
        let part_minor = match deed {
            Deed::Completion if is_whole => held_minor,
            Deed::Completion => self.dice.between(1, held_minor as u64 + 1) as i64,
            _ if is_whole => order.amount_minor,
            _ => self.dice.between(1, order.amount_minor as u64) as i64,
        };
        let gives_tip = deed == Deed::Refund && order.tip_minor > 0 && self.dice.percent(50);
        let tip_minor = if gives_tip { order.tip_minor } else { 0 };
        let (terminal, amount_minor) = (order.terminal, part_minor + tip_minor);
        let follow_up = self.desk.open(CounterOrder {
            deed,
            original: Some(place),
            terminal,
            amount_minor,
            ..CounterOrder::default()
        });
        self.desk.prepare(follow_up, (part_minor, tip_minor));
        self.desk.by_path(&mut self.line, follow_up).await?;
        self.desk.ask(&mut self.line, place).await.map(drop)
    }

    async fn increase(&mut self, place: usize, order: &CounterOrder) -> io::Result<()> {
        if order.increases.len() >= INCREASES_MAX {
            return Ok(());
        }
        let amount_minor = self.dice.between(1, 2_000) as i64;
        let number = self.desk.prepare_increase(place, amount_minor);
        self.desk.increase(&mut self.line, (place, number)).await
    }

    /// The same bytes, whether or not they were ever answered.
    async fn repeat_some(&mut self) -> io::Result<()> {
        let was_sent =
            |order: &CounterOrder| matches!(order.way, Way::Path(_)) || !order.increases.is_empty();
        let Some(place) = self.recent(was_sent) else { return Ok(()) };
        match self.desk.order(place, |order| order.increases.len()) {
            0 => self.desk.by_path(&mut self.line, place).await,
            count => {
                let number = self.dice.between(0, count as u64) as usize;
                self.desk.increase(&mut self.line, (place, number)).await
            }
        }
    }

    async fn ask_some(&mut self) -> io::Result<()> {
        let is_open_hold = |order: &CounterOrder| order.deed == Deed::Authorization && order.seen.is_none();
        let place = self.recent(is_open_hold).filter(|_| self.dice.percent(50));
        match place.or_else(|| self.recent(|_| true)) {
            Some(place) => self.desk.ask(&mut self.line, place).await.map(drop),
            None => Ok(()),
        }
    }
}
