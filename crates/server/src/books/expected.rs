//! What one order's ledger and refunds must be, from its state, its journal and its terms.

use std::collections::BTreeMap;

use tillgate_core::{
    Cost, Deed, Event, Fee, LedgerAccount, Method, NewOrder, OnRefund, Order, OrderState, Posting,
    Presentation, Refund, RefundNo, RefundState, Timestamp, replay,
};

/// All that is kept of an order.
#[derive(Debug)]
pub struct Kept {
    pub order: Order,
    pub events: Vec<(Timestamp, Event)>,
    pub refunds: Vec<Refund>,
    pub postings: Vec<(u32, Posting)>,
}

impl Kept {
    /// What does not fit together; empty when all does.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.journal_faults(&mut faults);
        self.refund_faults(&mut faults);
        self.entry_faults(&mut faults);
        self.balance_faults(&mut faults);
        faults
    }

    /// The journal, read again from its start, must tell of the order as it is stored.
    fn journal_faults(&self, faults: &mut Vec<String>) {
        let order = &self.order;
        if order.events as usize != self.events.len() {
            faults.push(format!("{} events are counted, {} are kept", order.events, self.events.len()));
        }
        let ordered = NewOrder {
            merchant: order.merchant,
            number: order.number,
            room: order.room.clone(),
            reference: order.reference.clone(),
            terms: order.terms.clone(),
            presentation: Presentation::None,
            card: None,
        };
        let told = replay(ordered, &self.events);
        for (what, kept, told) in [
            ("captured", order.funds.captured_minor, told.funds.captured_minor),
            ("refunded", order.funds.refunded_minor, told.funds.refunded_minor),
            ("refunding", order.funds.refunding_minor, told.funds.refunding_minor),
            ("held", order.authorized_minor(), told.authorized_minor()),
            ("tip", order.tip_minor(), told.tip_minor()),
        ] {
            if kept != told {
                faults.push(format!("{what} is {kept}, the journal tells of {told}"));
            }
        }
        if order.state != told.state {
            faults.push(format!("is {}, the journal tells of {}", order.state.name(), told.state.name()));
        } else if faults.is_empty() && *order != told {
            faults.push("the journal tells of another order".into());
        }
    }

    fn own_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| !refund.reverses_late_payment)
    }

    fn refund_faults(&self, faults: &mut Vec<String>) {
        let funds = self.order.funds;
        // What was only held is let go by a refund that sets nothing aside.
        let is_held_only = |refund: &&Refund| refund.means.is_void && funds.captured_minor == 0;
        let sum = |wanted: fn(&RefundState) -> bool| -> i64 {
            let counted = self.own_refunds().filter(|refund| wanted(&refund.state) && !is_held_only(refund));
            counted.map(|refund| refund.amount_minor).sum()
        };
        for (what, kept, summed) in [
            ("refunding", funds.refunding_minor, sum(|state| *state == RefundState::Requested)),
            ("refunded", funds.refunded_minor, sum(|state| matches!(state, RefundState::Succeeded { .. }))),
        ] {
            if kept != summed {
                faults.push(format!("{what} is {kept}, its refunds come to {summed}"));
            }
        }
        if self.order.refunds as usize != self.refunds.len() {
            faults.push(format!(
                "{} refunds are counted, {} are kept",
                self.order.refunds,
                self.refunds.len()
            ));
        }
        for refund in &self.refunds {
            self.told_faults(refund, faults);
        }
        self.cost_faults(faults);
    }

    /// Each refund's row against its events.
    fn told_faults(&self, refund: &Refund, faults: &mut Vec<String>) {
        let RefundNo(number) = refund.number;
        let of = |event: &Event| -> Option<(&'static str, Option<i64>)> {
            match event {
                Event::RefundRequested { refund, amount_minor }
                | Event::VoidRequested { refund, amount_minor }
                    if refund.0 == number =>
                {
                    Some(("requested", Some(*amount_minor)))
                }
                Event::LatePayment { refund, .. } if refund.0 == number => Some(("requested", None)),
                Event::RefundSucceeded { refund, amount_minor } if refund.0 == number => {
                    Some(("succeeded", Some(*amount_minor)))
                }
                Event::RefundFailed { refund, amount_minor, .. } if refund.0 == number => {
                    Some(("failed", Some(*amount_minor)))
                }
                _ => None,
            }
        };
        let told: Vec<_> = self.events.iter().filter_map(|(_, event)| of(event)).collect();
        let last = told.last().map_or("of nothing", |(state, _)| *state);
        if last != refund.state.name() {
            faults.push(format!("refund {number} is {}, the journal tells: {last}", refund.state.name()));
        }
        if let Some(minor) =
            told.iter().find_map(|(_, minor)| minor.filter(|minor| *minor != refund.amount_minor))
        {
            faults
                .push(format!("refund {number} is of {}, the journal tells of {minor}", refund.amount_minor));
        }
    }

    /// What the refunds say they gave back of the fee.
    fn cost_faults(&self, faults: &mut Vec<String>) {
        let mut said = Cost::NOTHING;
        for refund in self.own_refunds() {
            let back = refund.state.cost_back();
            said.fee_minor += back.fee_minor;
            said.vat_minor += back.vat_minor;
        }
        let Some(method) = self.order.method() else { return };
        let (fee, captured) = (self.order.terms.fees.of(method), self.order.funds.captured_minor);
        let (whole, left) = (costs(fee, captured, 0), costs(fee, captured, self.order.funds.refunded_minor));
        let is_right = match self.order.state {
            OrderState::Paid { .. } => (whole.0 - said.fee_minor, whole.1 - said.vat_minor) == left,
            // Voids of before this was kept say nothing of it.
            OrderState::Voided { .. } => said.is_nothing() || (said.fee_minor, said.vat_minor) == whole,
            _ => said.is_nothing(),
        };
        if !is_right {
            faults.push(format!(
                "the refunds gave back {} of the fee and {} of its VAT, of {whole:?} {left:?} are left",
                said.fee_minor, said.vat_minor
            ));
        }
    }

    /// Each entry sums to zero, in the order's currency, and stands behind an event.
    fn entry_faults(&self, faults: &mut Vec<String>) {
        let mut sums = BTreeMap::<u32, i64>::new();
        for (event, posting) in &self.postings {
            *sums.entry(*event).or_default() += posting.amount.minor;
            if posting.amount.currency != self.order.terms.amount.currency {
                faults.push(format!("event {event} books {:?}", posting.amount));
            }
        }
        for (event, sum) in sums {
            if sum != 0 {
                faults.push(format!("the entry of event {event} is off by {sum}"));
            }
            if event == 0 || event as usize > self.events.len() {
                faults.push(format!("event {event} books something and is not in the journal"));
            }
        }
    }

    fn balance_faults(&self, faults: &mut Vec<String>) {
        let mut found = BTreeMap::<String, i64>::new();
        for (_, posting) in &self.postings {
            *found.entry(posting.account.to_string()).or_default() += posting.amount.minor;
        }
        let expected = self.balances();
        for account in expected.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
            let minor = |of: &BTreeMap<String, i64>| of.get(account).copied().unwrap_or_default();
            if minor(&expected) != minor(&found) {
                faults.push(format!("{account} holds {}, not {}", minor(&found), minor(&expected)));
            }
        }
    }

    /// What each account must hold for this order.
    fn balances(&self) -> BTreeMap<String, i64> {
        let order = &self.order;
        let (terms, funds) = (&order.terms, order.funds);
        let mut balances = BTreeMap::new();
        let mut add = |account: LedgerAccount, minor: i64| {
            *balances.entry(account.to_string()).or_default() += minor;
        };
        let receivable = |method: &Method| LedgerAccount::ChannelReceivable(method.as_str().to_owned());
        if let (OrderState::Paid { .. }, Some(method)) = (&order.state, order.method()) {
            if funds.captured_minor > 0 {
                let (fee, vat) = costs(terms.fees.of(method), funds.captured_minor, funds.refunded_minor);
                let tip_back = self.tip_refunded();
                let tip_left = order.tip_minor() - tip_back;
                let sale_left = funds.captured_minor - funds.refunded_minor - tip_left;
                add(receivable(method), funds.captured_minor - funds.refunded_minor);
                add(LedgerAccount::MerchantPayable(terms.account.clone()), fee + vat - sale_left);
                add(LedgerAccount::TipsPayable(terms.account.clone()), -tip_left);
                add(LedgerAccount::FeeIncome, -fee);
                add(LedgerAccount::VatPayable, -vat);
            }
            if order.counter.as_ref().is_some_and(|counter| counter.is_settled) {
                let is_refund = terms.deed() == Deed::Refund;
                let minor = if is_refund { -order.total().minor } else { funds.captured_minor };
                add(LedgerAccount::SettlementReceivable(method.as_str().to_owned()), minor);
                add(receivable(method), -minor);
            }
        }
        for refund in self.refunds.iter().filter(|refund| refund.reverses_late_payment) {
            if let (Some(method), false) =
                (order.method_of(refund.choice), matches!(refund.state, RefundState::Succeeded { .. }))
            {
                add(receivable(method), refund.amount_minor);
                add(LedgerAccount::LatePayments, -refund.amount_minor);
            }
        }
        balances
    }

    /// Parts that were not named came out of the sale first.
    fn tip_refunded(&self) -> i64 {
        let mut sale_left = self.order.funds.captured_minor - self.order.tip_minor();
        let mut tip_back = 0;
        for refund in self.own_refunds() {
            if !matches!(refund.state, RefundState::Succeeded { .. }) {
                continue;
            }
            let of_tip = refund.means.tip_minor.unwrap_or_else(|| (refund.amount_minor - sale_left).max(0));
            sale_left -= refund.amount_minor - of_tip;
            tip_back += of_tip;
        }
        tip_back
    }
}

/// Fee and VAT that are still ours of a payment after refunds of so much.
fn costs(fee: Fee, captured_minor: i64, refunded_minor: i64) -> (i64, i64) {
    if captured_minor <= 0 {
        return (0, 0);
    }
    let charged = fee.fixed_minor + half_up(captured_minor, fee.rate_bp.into(), 10_000);
    let vat = half_up(charged, fee.vat_bp.into(), 10_000);
    match fee.on_refund {
        OnRefund::Keep => (charged, vat),
        OnRefund::GiveBack => (
            charged - half_up(charged, refunded_minor, captured_minor),
            vat - half_up(vat, refunded_minor, captured_minor),
        ),
    }
}

/// `whole * share / of`; nothing here is negative.
fn half_up(whole: i64, share: i64, of: i64) -> i64 {
    let (product, of) = (i128::from(whole) * i128::from(share), i128::from(of));
    let up = i128::from(product % of * 2 >= of);
    i64::try_from(product / of + up).unwrap_or(i64::MAX)
}
