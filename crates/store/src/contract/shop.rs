//! A merchant with orders, and how the server uses a store: load, decide, commit, again after a conflict.

use tillgate_core::{
    Asked, Command, Currency, Decision, Event, FeePlan, Flow, MerchantId, Method, Money, NewOrder, NewRefund,
    Order, OrderNo, Outcome, Posting, Presentation, Rate, Refund, Refusal, Terms, Timestamp, Work, decide,
};

use super::Home;
use crate::changeset::Changeset;
use crate::port::{Conflict, OrderKey, StoreError};

pub const NOW: Timestamp = Timestamp(1_531_180_800_000);
pub const AMOUNT_MINOR: i64 = 12_000;
pub const ROOM: &str = "latipay";

#[derive(Debug, Clone)]
pub struct Shop {
    pub home: Home,
    pub merchant: MerchantId,
}

/// All there is about an order, to see whether anything changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub order: Option<Order>,
    pub refunds: Vec<Refund>,
    pub events: Vec<(Timestamp, Event)>,
    pub postings: Vec<(u32, Posting)>,
    pub work: Vec<Work>,
}

pub fn number(serial: i64) -> OrderNo {
    OrderNo::new(20_180_710, serial)
}

pub fn paid() -> Command {
    let outcome =
        Outcome::Paid { channel_ref: "2018071022001".into(), payer: "p***@shop".into(), at: NOW.plus_s(1) };
    Command::ChannelSays { choice: 1, asked: Asked::Callback, outcome }
}

impl Shop {
    pub async fn open(home: &Home) -> Self {
        let merchant = home.add_merchant("Kiwi Coffee", NOW).await.unwrap();
        Self { home: home.clone(), merchant }
    }

    pub fn new_order(&self, serial: i64, reference: &str, flow: Flow) -> NewOrder {
        let terms = Terms {
            account: "W00000001".into(),
            method: Some(Method::new("alipay")),
            tip_minor: 0,
            flow,
            amount: Money::new(AMOUNT_MINOR, Currency::from_code("NZD").unwrap()),
            payer_currency: Currency::from_code("CNY").unwrap(),
            payer_rate: Rate::parse("4.6449").unwrap(),
            fees: FeePlan::rate(120),
            description: "a flat white — 白咖啡 'quoted'".into(),
            notify_url: "https://shop.example/notify".into(),
            return_url: String::new(),
            payer_ip: "192.0.2.1".into(),
            payer_code: (flow == Flow::CustomerPresented).then(|| "28763443825664394".into()),
            app_payer: None,
            operator: String::new(),
            terminal: String::new(),
            particulars: Default::default(),
            tells: Default::default(),
            after_time: Default::default(),
            counter: None,
            created_at: NOW,
            expires_at: NOW.plus_s(900),
        };
        NewOrder {
            merchant: self.merchant,
            number: number(serial),
            room: ROOM.into(),
            reference: reference.into(),
            terms,
            presentation: Presentation::None,
            card: None,
        }
    }

    pub fn creates(&self, serial: i64, reference: &str, flow: Flow) -> Decision {
        decide(None, Command::Create(self.new_order(serial, reference, flow)), NOW).unwrap()
    }

    /// An order whose QR code is to be shown; its reference is its serial.
    pub async fn sells(&self, serial: i64) -> Order {
        self.sells_by(serial, Flow::MerchantPresented).await
    }

    pub async fn sells_by(&self, serial: i64, flow: Flow) -> Order {
        let decision = self.creates(serial, &format!("till-{serial}"), flow);
        self.home.commit(Changeset::decided(decision.clone())).await.unwrap();
        decision.order
    }

    pub async fn sells_paid(&self, serial: i64) -> Order {
        self.sells(serial).await;
        self.acts(serial, paid(), NOW).await.unwrap()
    }

    pub async fn load(&self, serial: i64) -> Order {
        self.home.load_order(self.merchant, OrderKey::Number(number(serial))).await.unwrap().unwrap()
    }

    pub async fn decides(&self, serial: i64, command: Command, now: Timestamp) -> Decision {
        decide(Some(self.load(serial).await), command, now).unwrap()
    }

    /// As the server does it: after a conflict everything is loaded and decided again.
    pub async fn acts(&self, serial: i64, command: Command, now: Timestamp) -> Result<Order, Refusal> {
        loop {
            let order = self.load(serial).await;
            let command = self.with_refunds(serial, command.clone()).await;
            let decision = decide(Some(order), command, now)?;
            let order = decision.order.clone();
            if decision.is_nothing() {
                return Ok(order);
            }
            match self.home.commit(Changeset::decided(decision)).await {
                Ok(()) => return Ok(order),
                Err(StoreError::Conflict(Conflict::Version)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// Refunds are loaded after the order, so that the order's version covers them.
    async fn with_refunds(&self, serial: i64, command: Command) -> Command {
        match command {
            Command::Refund(new) => {
                let earlier = self.home.load_refunds(self.merchant, number(serial)).await.unwrap();
                Command::Refund(NewRefund { earlier, ..new })
            }
            Command::RefundSays { refund, outcome } => {
                let refunds = self.home.load_refunds(self.merchant, number(serial)).await.unwrap();
                let current = refunds.into_iter().find(|kept| kept.number == refund.number);
                Command::RefundSays { refund: current.unwrap(), outcome }
            }
            command => command,
        }
    }

    pub async fn kept(&self, serial: i64) -> Kept {
        let (home, merchant, number) = (&self.home, self.merchant, number(serial));
        Kept {
            order: home.load_order(merchant, OrderKey::Number(number)).await.unwrap(),
            refunds: home.load_refunds(merchant, number).await.unwrap(),
            events: home.load_events(merchant, number).await.unwrap(),
            postings: home.load_postings(merchant, number).await.unwrap(),
            work: home.load_work(merchant, number).await.unwrap(),
        }
    }
}

pub fn refund(amount_minor: i64, note: &str) -> Command {
    Command::Refund(NewRefund {
        amount_minor,
        reference: None,
        note: note.into(),
        means: Default::default(),
        earlier: Vec::new(),
    })
}

/// One with the merchant's own number.
pub fn numbered_refund(amount_minor: i64, reference: &str) -> Command {
    let reference = Some(reference.to_owned());
    Command::Refund(NewRefund {
        amount_minor,
        reference,
        note: String::new(),
        means: Default::default(),
        earlier: Vec::new(),
    })
}

/// What was in the way; anything else is a failed test.
pub fn conflict(result: Result<(), StoreError>) -> Conflict {
    match result {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

/// Sends them all before it waits for the first: a store that groups them will.
pub async fn together(home: &Home, changesets: Vec<Changeset>) -> Vec<Result<(), StoreError>> {
    let sent: Vec<_> = changesets
        .into_iter()
        .map(|changeset| {
            let home = home.clone();
            tokio::spawn(async move { home.commit(changeset).await })
        })
        .collect();
    let mut results = Vec::new();
    for task in sent {
        results.push(task.await.unwrap());
    }
    results
}
