//! Numbers of orders: the day and eight digits.
//!
//! A block of 1,000 consecutive serials is drawn at random and used up before the next one. Nothing is
//! reserved anywhere: the store's unique key decides, and a number that is taken makes us draw a new block.
//! So nodes need no common counter, and neighbours in time are neighbours in the table.

use std::sync::atomic::{AtomicI64, Ordering};

use tillgate_core::{OrderNo, Timestamp};

use crate::{clock, random};

const BLOCK: i64 = 1_000;

#[derive(Debug)]
pub struct OrderNumbers {
    next: AtomicI64,
}

impl Default for OrderNumbers {
    fn default() -> Self {
        Self { next: AtomicI64::new(draw()) }
    }
}

fn draw() -> i64 {
    random::below(OrderNo::PER_DAY / BLOCK) * BLOCK
}

impl OrderNumbers {
    pub fn next(&self, now: Timestamp) -> OrderNo {
        let serial = self.next.fetch_add(1, Ordering::Relaxed);
        if serial % BLOCK == BLOCK - 1 {
            self.change_block();
        }
        OrderNo::new(clock::wallet_date(now), serial % OrderNo::PER_DAY)
    }

    /// The number was taken: another node or an earlier run had this block.
    pub fn change_block(&self) {
        self.next.store(draw(), Ordering::Relaxed);
    }
}
