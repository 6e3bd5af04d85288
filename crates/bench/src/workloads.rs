//! The table of what is measured: each row has its floor, its goal and a way to make its requests.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::client::{get, post_json};
use crate::floor::{Floor, GOOD};
use crate::load::{Fire, Measured, Shots, fire};
use crate::ottpay_till::{self, OttTerms, OttTill, WALLETS};
use crate::till::{Sale, Till};
use crate::{whole, workloads_codepay};

#[derive(Debug)]
pub struct Workload {
    pub name: &'static str,
    pub title: &'static str,
    pub floor: Floor,
    /// Of the floor's rate; `None`: the ratio is printed, and that is all.
    pub goal: Option<f64>,
    pub p99_goal_ms: Option<f64>,
    pub drive: Drive,
    /// Requests made for the warm-up: more than any server here takes in that time.
    pub warm_up: usize,
    /// The requests may be sent more than once.
    pub again: bool,
    /// What only a good answer says.
    pub marker: &'static str,
    /// Looks at a sample of the answers afterwards, closer than there is time for meanwhile; what is wrong.
    pub check: Option<Check>,
}

/// How a workload is driven.
#[derive(Debug, Clone, Copy)]
pub enum Drive {
    /// Makes so many requests; may ask the gateway for what they need first, or put it into its store.
    Shots(MakeShots),
    /// Three exchanges that belong together (`whole`).
    WholePayments,
}

pub type MakeShots = fn(Target<'_>, &mut Counter, usize) -> Result<Shots>;

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Act {
    pub connections: usize,
    /// Made beforehand.
    pub count: usize,
    pub limit: Duration,
    pub keep_every: u64,
}

/// All made; goes off when called.
pub type Ready = Box<dyn FnOnce() -> Result<Measured>>;

/// Requests that are fired as they are.
pub fn aimed(shots: Shots, address: SocketAddr, act: Act, again: bool, marker: &'static str) -> Ready {
    let Act { connections, limit, keep_every, .. } = act;
    Box::new(move || fire(shots, Fire { address, connections, limit, again, marker, keep_every }))
}

impl Workload {
    pub fn prepare(&self, target: Target<'_>, counter: &mut Counter, act: Act) -> Result<Ready> {
        match self.drive {
            Drive::Shots(make) => {
                let shots = make(target, counter, act.count)?;
                Ok(aimed(shots, target.address, act, self.again, self.marker))
            }
            Drive::WholePayments => whole::prepare(target.address, act, counter),
        }
    }
}

/// The gateway's address, answers of its; what is wrong with them.
pub type Check = fn(SocketAddr, &[Vec<u8>]) -> Result<Vec<String>>;

/// The server that is fired at, and its data.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub address: SocketAddr,
    pub data: &'a Path,
}

/// What does not take long to sign.
pub const MANY: usize = 90_000;

/// OTT Pay's: for a code, that the order is stored; for a charge, that it is paid.
const SUCCESS: &str = r#""rsp_code":"SUCCESS""#;

pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "create",
        title: "Latipay: create an order, signed, durable",
        floor: Floor::F2,
        goal: Some(0.60),
        p99_goal_ms: Some(10.0),
        drive: Drive::Shots(|_, counter, count| Ok(orders(counter, count))),
        warm_up: MANY,
        again: false,
        check: None,
        marker: GOOD,
    },
    Workload {
        name: "query",
        title: "Latipay: query by reference",
        floor: Floor::F1,
        goal: Some(0.70),
        p99_goal_ms: None,
        drive: Drive::Shots(queries),
        warm_up: MANY,
        again: true,
        check: None,
        marker: GOOD,
    },
    Workload {
        name: "activepay",
        title: "OTT Pay: ACTIVEPAY, encrypted, durable",
        floor: Floor::F2,
        goal: Some(0.60),
        p99_goal_ms: Some(10.0),
        drive: Drive::Shots(|_, counter, count| Ok(codes(counter, count))),
        warm_up: MANY,
        again: false,
        check: None,
        marker: SUCCESS,
    },
    Workload {
        name: "payment",
        title: "Latipay: a whole payment, charged, paid, booked, notified and acknowledged, asked about",
        floor: Floor::F2,
        goal: Some(0.25),
        p99_goal_ms: None,
        drive: Drive::WholePayments,
        warm_up: 20_000,
        again: false,
        check: None,
        marker: GOOD,
    },
    Workload {
        name: "passivepay",
        title: "OTT Pay: PASSIVEPAY until it is paid and booked",
        floor: Floor::F2,
        goal: None,
        p99_goal_ms: None,
        drive: Drive::Shots(|_, counter, count| Ok(charges(counter, count))),
        warm_up: MANY,
        again: false,
        check: None,
        marker: SUCCESS,
    },
    workloads_codepay::CREATE,
    workloads_codepay::QUERY,
    workloads_codepay::MERCHANT_CHECKOUT,
];

/// Numbers requests, so that no two are the same.
#[derive(Debug, Default)]
pub struct Counter {
    number: u64,
    /// In a store that was there before: which run it is.
    run: String,
}

impl Counter {
    /// For a store that other runs have written to.
    pub fn of_run(run: String) -> Self {
        Self { number: 0, run }
    }

    pub fn reference(&mut self) -> String {
        self.number += 1;
        format!("bench-{}{:09}", self.run, self.number)
    }

    pub fn number(&self) -> u64 {
        self.number
    }
}

/// Orders nobody has made yet; floors take them too.
pub fn orders(counter: &mut Counter, count: usize) -> Shots {
    let references: Vec<String> = (0..count).map(|_| counter.reference()).collect();
    orders_of(&references)
}

pub fn orders_of(references: &[String]) -> Shots {
    let till = Till::default();
    let mut shots = Shots::default();
    for reference in references {
        let body = till.order(Sale {
            reference,
            wallet_id: "W00000001",
            amount: "12.00",
            method: "alipay",
            callback_url: "http://127.0.0.1:9/notify",
        });
        shots.push(&post_json("/v2/transaction", &body));
    }
    shots
}

const AMOUNT_MINOR: i64 = 1_200;

fn ottpay_shots(
    counter: &mut Counter,
    count: usize,
    body: impl Fn(&OttTill, OttTerms<'_>) -> String,
) -> Shots {
    let till = OttTill::default();
    let mut shots = Shots::default();
    for _ in 0..count {
        let order_id = &counter.reference();
        let terms = OttTerms { order_id, amount_minor: AMOUNT_MINOR, tip_minor: 0 };
        shots.push(&post_json(ottpay_till::PATH, &body(&till, terms)));
    }
    shots
}

/// Codes to show, each for an order of its own.
fn codes(counter: &mut Counter, count: usize) -> Shots {
    ottpay_shots(counter, count, |till, terms| till.active(terms, WALLETS[0], "http://127.0.0.1:9/notify"))
}

/// Charges of payers' codes; the wallet takes the money at once.
pub fn charges(counter: &mut Counter, count: usize) -> Shots {
    let first = counter.number;
    let payer = std::cell::Cell::new(first);
    ottpay_shots(counter, count, |till, terms| {
        payer.set(payer.get() + 1);
        till.passive(terms, WALLETS[0], &WALLETS[0].payer_code(payer.get()))
    })
}

/// Makes what a workload needs before it is measured.
pub fn make_all(shots: Shots, address: SocketAddr, marker: &'static str) -> Result<()> {
    let (count, limit) = (shots.len() as u64, Duration::from_secs(60));
    let how = Fire { address, connections: 64, limit, again: false, marker, keep_every: 0 };
    let made = fire(shots, how)?;
    if made.wrong > 0 || made.latency.count() != count {
        bail!("what is to be asked about could not be made: {:?}", made.first_wrong);
    }
    Ok(())
}

/// Orders that are asked about.
const ASKED_ABOUT: usize = 20_000;

pub fn queries(target: Target<'_>, counter: &mut Counter, count: usize) -> Result<Shots> {
    let references: Vec<String> = (0..count.min(ASKED_ABOUT)).map(|_| counter.reference()).collect();
    make_all(orders_of(&references), target.address, GOOD)?;
    let till = Till::default();
    let mut shots = Shots::default();
    for reference in &references {
        shots.push(&get(&till.query(reference)));
    }
    Ok(shots)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tillgate_protocols::ottpay::client;

    use super::*;

    #[test]
    fn each_row_has_a_name_and_a_line_of_its_own() {
        let names: BTreeSet<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
        let titles: BTreeSet<&str> = WORKLOADS.iter().map(|workload| workload.title).collect();
        assert_eq!((names.len(), titles.len()), (WORKLOADS.len(), WORKLOADS.len()));
    }

    #[test]
    fn what_is_fired_once_is_never_the_same_twice() {
        let nowhere = Target { address: ([127, 0, 0, 1], 9).into(), data: Path::new("") };
        for workload in WORKLOADS.iter().filter(|workload| !workload.again && workload.floor.bare().is_none())
        {
            let Drive::Shots(make) = workload.drive else { continue };
            let mut counter = Counter::default();
            let mut all = BTreeSet::new();
            // As the warm-up and the measurement follow each other.
            for _ in 0..2 {
                let shots = make(nowhere, &mut counter, 50).unwrap();
                all.extend((0..shots.len()).map(|place| shots.get(place).to_vec()));
            }
            assert_eq!(all.len(), 100, "{}", workload.name);
        }
    }

    #[test]
    fn each_charge_has_a_code_of_its_own() {
        let mut counter = Counter::default();
        let shots = charges(&mut counter, 3);
        let codes: BTreeSet<String> = (0..shots.len())
            .map(|place| {
                let request = std::str::from_utf8(shots.get(place)).unwrap();
                let (_, body) = request.split_once("\r\n\r\n").unwrap();
                // A request is sealed as an answer is.
                let fields = client::check_notification(body, &OttTill::default().key).unwrap();
                fields.get("auth_code").unwrap().to_owned()
            })
            .collect();
        assert_eq!(codes.len(), 3);
    }
}
