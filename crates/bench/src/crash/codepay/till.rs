//! The load: registers that send sales, authorizations, completions, voids, refunds, tips and closes to the terminals,
//! until the gateway dies. An I/O error is its death.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::super::line::Line;
use super::book::{CounterOrder, Deed, End, Submit, Way};
use super::desk::Desk;
use super::terminals;
use crate::dice::Dice;

/// Totals that end so make the acquirer behave oddly; those below 50 are plain. What is declined for good (58, 65, 66,
/// 69, 70) and what is silent for long (54) is rarer.
const ODD_PERCENT: u64 = 25;
const ODD_ENDINGS: &[i64] = &[51, 52, 53, 53, 59, 60, 64, 67, 67, 68, 58, 65, 66, 69, 70, 54];
const PLAIN_ENDINGS: u64 = 50;
/// Of a hundred follow-ups so many go to another terminal than their order.
const ELSEWHERE_PERCENT: u64 = 15;
const ASKED_FIRST: u32 = 6;
const SUBMITS_MAX: usize = 2;
/// How often a register asks for the end of an order it has just sent, and the pause between, ms.
const PATIENCE: u64 = 12;
const PAUSE_MS: (u64, u64) = (5, 25);

struct Clerk {
    desk: Rc<Desk>,
    line: Line,
    dice: Dice,
}

/// Sells until the connection breaks.
pub async fn sell(desk: Rc<Desk>, address: SocketAddr, dice: Dice) {
    // An error is what we wait for.
    let _: io::Result<()> = async {
        let mut clerk = Clerk { line: Line::open(address, &desk.book).await?, desk, dice };
        clerk.desk.learn_key(&mut clerk.line).await?;
        // What became of those it sent before the gateway was gone?
        for _ in 0..ASKED_FIRST {
            clerk.ask_some().await?;
        }
        loop {
            match clerk.dice.between(0, 100) {
                0..32 => clerk.sell_one().await?,
                32..45 => clerk.hold_one().await?,
                45..75 => clerk.follow_some().await?,
                75..80 => clerk.tip_some().await?,
                80..84 => clerk.close_some().await?,
                84..88 => clerk.send_again().await?,
                88..90 => clerk.close_batch().await?,
                _ => clerk.ask_some().await?,
            }
            let pause = clerk.dice.between(PAUSE_MS.0, PAUSE_MS.1);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
    .await;
}

/// What is sold, with the tip.
pub fn some_total_minor(dice: &mut Dice) -> i64 {
    let ending = match dice.percent(ODD_PERCENT) {
        true => *dice.pick(ODD_ENDINGS).unwrap_or(&51),
        false => dice.between(0, PLAIN_ENDINGS) as i64,
    };
    dice.between(3, 90) as i64 * 100 + ending
}

impl Clerk {
    /// One that takes a card.
    fn fresh(&mut self, deed: Deed) -> usize {
        let dice = &mut self.dice;
        let total_minor = some_total_minor(dice);
        let tip_minor = if dice.percent(25) { dice.between(1, 99) as i64 } else { 0 };
        let asks_tip = dice.percent(50);
        let terminal = terminals::sn(dice.between(0, terminals::COUNT as u64) as usize);
        let amount_minor = total_minor - tip_minor;
        self.desk.open(CounterOrder {
            deed,
            terminal,
            amount_minor,
            tip_minor,
            asks_tip,
            ..CounterOrder::default()
        })
    }

    async fn sell_one(&mut self) -> io::Result<()> {
        let place = self.fresh(Deed::Sale);
        self.see_through(place).await
    }

    async fn hold_one(&mut self) -> io::Result<()> {
        let place = self.fresh(Deed::Authorization);
        self.see_through(place).await
    }

    /// Sends an order, mostly waits for its end, and perhaps goes on with it.
    async fn see_through(&mut self, place: usize) -> io::Result<()> {
        if !self.desk.send(&mut self.line, place, false).await? {
            return Ok(());
        }
        if self.dice.percent(8) {
            self.desk.send(&mut self.line, place, true).await?;
        }
        if self.dice.percent(25) {
            return Ok(());
        }
        // What names a follow-up means its original: the checkers know only those who say so themselves.
        let is_payment = self.desk.order(place, |order| order.deed.takes_a_card());
        for _ in 0..PATIENCE {
            let pause = self.dice.between(PAUSE_MS.0, PAUSE_MS.1);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            match self.desk.ask(&mut self.line, place).await? {
                Some(End::Done) if is_payment && self.dice.percent(60) => {
                    return Box::pin(self.follow(place)).await;
                }
                Some(_) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// Mostly a recent one: those are at risk.
    fn some(&mut self) -> Option<usize> {
        let all = self.desk.book.borrow().codepay.orders.len() as u64;
        let recent = if self.dice.percent(80) { 60 } else { all };
        (all > 0).then(|| self.dice.between(all.saturating_sub(recent), all) as usize)
    }

    /// One that took a card and is done, as far as the register knows.
    fn some_done(&mut self) -> Option<usize> {
        for _ in 0..20 {
            let place = self.some()?;
            let fits = self.desk.order(place, |order| {
                !order.terminal.is_empty() && order.deed.takes_a_card() && order.seen == Some(End::Done)
            });
            if fits {
                return Some(place);
            }
        }
        None
    }

    async fn follow_some(&mut self) -> io::Result<()> {
        match self.some_done() {
            Some(place) => self.follow(place).await,
            None => Ok(()),
        }
    }

    /// What may come after a payment: a void, a refund at a terminal or without one, a completion, a tip.
    async fn follow(&mut self, place: usize) -> io::Result<()> {
        let order = self.desk.order(place, |order| order.clone());
        let choice = self.dice.between(0, 100);
        let deed = match (order.deed, choice) {
            (Deed::Authorization, 0..65) => Deed::Completion,
            (_, 0..30) | (Deed::Authorization, _) => Deed::Void,
            (_, 30..60) => Deed::Refund,
            (_, 60..80) => return self.submit(place).await,
            _ => return self.tip(place).await,
        };
        let (amount_minor, tip_minor) = match deed {
            Deed::Refund if self.dice.percent(60) => {
                (self.dice.between(1, order.amount_minor as u64) as i64, 0)
            }
            Deed::Completion if self.dice.percent(50) => {
                let less_minor = self.dice.between(1, order.amount_minor as u64 + 1) as i64;
                (less_minor, if self.dice.percent(30) { order.tip_minor } else { 0 })
            }
            // As the register sent it: a void means all of it, whatever the tip.
            _ => (order.amount_minor, if deed == Deed::Void { 0 } else { order.tip_minor }),
        };
        let elsewhere = self.dice.percent(ELSEWHERE_PERCENT);
        let number = self.dice.between(0, terminals::COUNT as u64) as usize;
        let terminal = if elsewhere { terminals::sn(number) } else { order.terminal };
        let follow_up = CounterOrder {
            deed,
            original: Some(place),
            terminal,
            amount_minor,
            tip_minor,
            ..CounterOrder::default()
        };
        let follow_up = self.desk.open(follow_up);
        self.see_through(follow_up).await?;
        self.desk.ask(&mut self.line, place).await.map(drop)
    }

    async fn submit(&mut self, place: usize) -> io::Result<()> {
        let (number, whole_minor, count) =
            self.desk.order(place, |order| (order.number.clone(), order.amount_minor, order.submits.len()));
        if count >= SUBMITS_MAX {
            return Ok(());
        }
        let amount_minor = match self.dice.percent(30) {
            true => whole_minor,
            false => self.dice.between(1, whole_minor as u64) as i64,
        };
        let number = format!("{number}-b{count}");
        let submit = self.desk.order(place, |order| {
            order.submits.push(Submit { number, amount_minor, ..Submit::default() });
            order.submits.len() - 1
        });
        self.desk.refund(&mut self.line, (place, submit)).await?;
        if self.dice.percent(20) {
            // The same number once more is refused.
            self.desk.refund(&mut self.line, (place, submit)).await?;
        }
        Ok(())
    }

    async fn tip_some(&mut self) -> io::Result<()> {
        match self.some_done() {
            Some(place) => self.tip(place).await,
            None => Ok(()),
        }
    }

    async fn tip(&mut self, place: usize) -> io::Result<()> {
        let fits = self.desk.order(place, |order| order.deed == Deed::Sale && order.later_tip.is_none());
        let tip_minor = self.dice.between(0, 900) as i64;
        if fits { self.desk.adjust_tip(&mut self.line, place, tip_minor).await } else { Ok(()) }
    }

    async fn close_some(&mut self) -> io::Result<()> {
        match self.some() {
            Some(place) if self.desk.order(place, |order| order.way == Way::Terminal) => {
                self.desk.close(&mut self.line, place).await
            }
            _ => Ok(()),
        }
    }

    async fn send_again(&mut self) -> io::Result<()> {
        let Some(place) = self.some() else { return Ok(()) };
        if self.desk.order(place, |order| order.way != Way::Terminal) {
            return Ok(());
        }
        self.desk.send(&mut self.line, place, true).await.map(drop)
    }

    async fn close_batch(&mut self) -> io::Result<()> {
        let terminal = terminals::sn(self.dice.between(0, terminals::COUNT as u64) as usize);
        self.desk.close_batch(&mut self.line, &terminal).await.map(drop)
    }

    async fn ask_some(&mut self) -> io::Result<()> {
        match self.some() {
            Some(place) => self.desk.ask(&mut self.line, place).await.map(drop),
            None => Ok(()),
        }
    }
}
