//! How many long polls may wait: in all and per merchant. Past that a query is answered at once.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tillgate_core::MerchantId;

#[derive(Debug)]
pub struct LongPolls {
    total: usize,
    per_merchant: usize,
    waiting: Mutex<(usize, HashMap<MerchantId, usize>)>,
}

/// A place among those who wait; dropping it frees it.
#[derive(Debug)]
pub struct Place {
    polls: Arc<LongPolls>,
    merchant: MerchantId,
}

impl LongPolls {
    pub fn new(total: usize, per_merchant: usize) -> Arc<Self> {
        Arc::new(Self { total, per_merchant, waiting: Mutex::default() })
    }

    pub fn enter(self: &Arc<Self>, merchant: MerchantId) -> Option<Place> {
        let mut waiting = self.waiting.lock();
        let (all, by_merchant) = &mut *waiting;
        let mine = by_merchant.entry(merchant).or_default();
        if *all >= self.total || *mine >= self.per_merchant {
            if *mine == 0 {
                by_merchant.remove(&merchant);
            }
            metrics::counter!("tillgate_long_polls_refused_total").increment(1);
            return None;
        }
        *mine += 1;
        *all += 1;
        Some(Place { polls: self.clone(), merchant })
    }

    pub fn waiting(&self) -> usize {
        self.waiting.lock().0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = self.polls.waiting.lock();
        let (all, by_merchant) = &mut *waiting;
        *all -= 1;
        if let Some(mine) = by_merchant.get_mut(&self.merchant) {
            *mine -= 1;
            if *mine == 0 {
                by_merchant.remove(&self.merchant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_caps_hold_and_places_come_back() {
        let polls = LongPolls::new(3, 2);
        let (one, two) = (MerchantId(1), MerchantId(2));
        let first = polls.enter(one);
        let _second = polls.enter(one);
        assert!(first.is_some() && polls.enter(one).is_none());
        let third = polls.enter(two);
        assert!(third.is_some() && polls.enter(two).is_none());
        drop(first);
        assert!(polls.enter(one).is_some());
        drop(third);
        assert_eq!(polls.waiting(), 1);
        assert_eq!(polls.waiting.lock().1.len(), 1);
    }
}
