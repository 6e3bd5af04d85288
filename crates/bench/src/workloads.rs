//! The table of what is measured: each row has its floor, its goal and a way to make its requests.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::client::{get, post_json};
use crate::floor::Floor;
use crate::load::{Fire, Shots, fire};
use crate::till::{Sale, Till};

#[derive(Debug)]
pub struct Workload {
    pub name: &'static str,
    pub title: &'static str,
    pub floor: Floor,
    /// Of the floor's rate.
    pub goal: f64,
    pub p99_goal_ms: Option<f64>,
    /// Makes so many requests; may ask the gateway for what they need first.
    pub shots: fn(SocketAddr, &mut Counter, usize) -> Result<Shots>,
    /// The requests may be sent more than once.
    pub again: bool,
}

pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "create",
        title: "Latipay: create an order, signed, durable",
        floor: Floor::F2,
        goal: 0.60,
        p99_goal_ms: Some(10.0),
        shots: |_, counter, count| Ok(orders(counter, count)),
        again: false,
    },
    Workload {
        name: "query",
        title: "Latipay: query by reference",
        floor: Floor::F1,
        goal: 0.70,
        p99_goal_ms: None,
        shots: queries,
        again: true,
    },
];

/// Numbers requests, so that no two are the same.
#[derive(Debug, Default)]
pub struct Counter(u64);

impl Counter {
    fn reference(&mut self) -> String {
        self.0 += 1;
        format!("bench-{:09}", self.0)
    }
}

/// Orders nobody has made yet; floors take them too.
pub fn orders(counter: &mut Counter, count: usize) -> Shots {
    let references: Vec<String> = (0..count).map(|_| counter.reference()).collect();
    orders_of(&references)
}

fn orders_of(references: &[String]) -> Shots {
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

/// Orders that are asked about.
const ASKED_ABOUT: usize = 20_000;

fn queries(address: SocketAddr, counter: &mut Counter, count: usize) -> Result<Shots> {
    let references: Vec<String> = (0..count.min(ASKED_ABOUT)).map(|_| counter.reference()).collect();
    let limit = Duration::from_secs(60);
    let made = fire(orders_of(&references), Fire { address, connections: 64, limit, again: false })?;
    if made.wrong > 0 || made.latency.count() != references.len() as u64 {
        bail!("the orders to ask about could not be made: {:?}", made.first_wrong);
    }
    let till = Till::default();
    let mut shots = Shots::default();
    for reference in &references {
        shots.push(&get(&till.query(reference)));
    }
    Ok(shots)
}
