//! The merchants with their tills, and the terminals: all that outlives the gateway.

use std::cell::{OnceCell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::sleep;

use super::book::Book;
use super::check::{self, Finding};
use super::desk_ottpay::Desk;
use super::line::Line;
use super::receiver::{self, Receiver};
use super::shop::{self, Shop};
use super::{audit_ottpay, book, codepay, shop_ottpay};
use crate::codepay_till::CodePayTill;
use crate::dice::Dice;
use crate::ottpay_till::OttTill;
use crate::till::Till;

/// How often a terminal may lose its power.
const CUT_EVERY: Duration = Duration::from_millis(60);
/// Acknowledged orders asked for right after a restart.
const SAMPLE: usize = 25;
/// A till that has lost its connection begins anew after so long, ms.
const AGAIN_AFTER_MS: (u64, u64) = (20, 200);

/// How many sell at the same time.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Crowd {
    /// Tills of Latipay that sell at the same time.
    #[arg(long, default_value_t = 12)]
    tills: u32,
    /// Tills of OTT Pay beside them.
    #[arg(long, default_value_t = 12)]
    ottpay_tills: u32,
    /// Registers of CodePay, which send orders to card terminals.
    #[arg(long, default_value_t = 8)]
    codepay_tills: u32,
    /// Web shops of CodePay, which are given cards.
    #[arg(long, default_value_t = 6)]
    codepay_shops: u32,
}

impl Crowd {
    /// Leaves something of a small machine to others.
    pub const SMALL: Self = Self { tills: 4, ottpay_tills: 4, codepay_tills: 4, codepay_shops: 3 };
}

/// What a till does when its connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It ends: its gateway is dead.
    Ends,
    /// It connects again.
    GoesOn,
}

pub struct Sides {
    pub book: Rc<RefCell<Book>>,
    pub shop: Rc<Shop>,
    pub desk: Rc<Desk>,
    pub counter: Rc<codepay::Desk>,
    pub terminals: codepay::Terminals,
}

impl Sides {
    /// The tills' states are kept in `folder`; all of them go to `address`.
    pub async fn new(folder: &Path, address: SocketAddr, dice: &mut Dice) -> Result<Self> {
        let book = Rc::new(RefCell::new(Book::default()));
        let key = Rc::new(OnceCell::new());
        let receiver = Receiver { book: book.clone(), codepay_key: key.clone() };
        let notify = receiver::start(receiver, dice.fork()).await?;
        let (till, signing) = (CodePayTill::with_password(), CodePayTill::signing()?);
        Ok(Self {
            shop: Rc::new(Shop { book: book.clone(), till: Till::default(), notify }),
            desk: Rc::new(Desk { book: book.clone(), till: OttTill::default(), notify }),
            counter: Rc::new(codepay::Desk { book: book.clone(), till, signing, notify, key }),
            terminals: codepay::Terminals::new(folder, address, dice),
            book,
        })
    }

    /// The tills open; until their connections break, or until they are stopped.
    pub fn open(
        &self,
        crowd: Crowd,
        address: SocketAddr,
        then: Then,
        dice: &mut Dice,
    ) -> Vec<JoinHandle<()>> {
        let mut tills = Vec::new();
        self.book.borrow_mut().codepay.starts += 1;
        for _ in 0..crowd.tills {
            let shop = self.shop.clone();
            tills.push(spawn(then, dice.fork(), move |dice| shop::sell(shop.clone(), address, dice)));
        }
        for _ in 0..crowd.ottpay_tills {
            let desk = self.desk.clone();
            tills.push(spawn(then, dice.fork(), move |dice| shop_ottpay::sell(desk.clone(), address, dice)));
        }
        for _ in 0..crowd.codepay_tills {
            let desk = self.counter.clone();
            tills.push(spawn(then, dice.fork(), move |dice| codepay::sell(desk.clone(), address, dice)));
        }
        for _ in 0..crowd.codepay_shops {
            let desk = self.counter.clone();
            tills.push(spawn(then, dice.fork(), move |dice| {
                codepay::sell_online(desk.clone(), address, dice)
            }));
        }
        tills
    }

    /// Time passes; now and then a terminal loses its power.
    pub async fn wait(&mut self, time: Duration, dice: &mut Dice) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            sleep(CUT_EVERY.min(until.saturating_duration_since(Instant::now()))).await;
            self.terminals.cut_some(dice);
        }
    }

    /// What was acknowledged last is most at risk: it must be there at once.
    pub async fn sample(&self, address: SocketAddr, dice: &mut Dice) -> Result<Vec<Finding>> {
        let shop = &self.shop;
        let known = |sale: &&book::Sale| sale.created == book::Answer::Yes;
        let recent: Vec<book::Sale> =
            shop.book.borrow().sales.iter().rev().filter(known).take(4 * SAMPLE).cloned().collect();
        let mut findings = Vec::new();
        let mut line = Line::open(address, &self.book).await?;
        for _ in 0..SAMPLE.min(recent.len()) {
            let Some(sale) = dice.pick(&recent) else { break };
            let queried = shop.query(&mut line, &sale.reference).await?;
            findings.extend(check::after_restart(sale, queried.as_ref()));
        }
        findings.extend(audit_ottpay::sample(&self.desk, &mut line, dice, SAMPLE).await?);
        self.counter.learn_key(&mut line).await?;
        findings.extend(codepay::audit::sample(&self.counter, &mut line, dice, SAMPLE).await?);
        Ok(findings)
    }
}

fn spawn<F: Future<Output = ()> + 'static>(
    then: Then,
    mut dice: Dice,
    sell: impl Fn(Dice) -> F + 'static,
) -> JoinHandle<()> {
    spawn_local(async move {
        loop {
            sell(dice.fork()).await;
            if then == Then::Ends {
                return;
            }
            sleep(Duration::from_millis(dice.between(AGAIN_AFTER_MS.0, AGAIN_AFTER_MS.1))).await;
        }
    })
}
