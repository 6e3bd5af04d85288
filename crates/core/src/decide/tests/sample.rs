//! Orders and commands by a word.

use crate::{
    AfterTime, Asked, CloseReason, Command, Currency, Facts, FailReason, FeePlan, Flow, Funds, MerchantId,
    Method, Money, NewOrder, NewRefund, Order, OrderNo, OrderState, Outcome, Presentation, Rate, Refund,
    RefundNo, RefundState, Tells, Terms, Timestamp,
};

pub const CREATED_AT: Timestamp = Timestamp(1_000_000);
pub const EXPIRES_AT: Timestamp = Timestamp(1_900_000);
/// When the commands come: before the order's time is up.
pub const NOW: Timestamp = Timestamp(1_010_000);
pub const AMOUNT_MINOR: i64 = 12_000;

pub fn terms(flow: Flow) -> Terms {
    let nzd = Currency::from_code("NZD").unwrap();
    Terms {
        account: "W00000001".into(),
        method: Some(Method::new("alipay")),
        flow,
        amount: Money::new(AMOUNT_MINOR, nzd),
        tip_minor: 0,
        payer_currency: Currency::from_code("CNY").unwrap(),
        payer_rate: Rate::parse("4.6449").unwrap(),
        fees: FeePlan::rate(120),
        description: "a flat white".into(),
        notify_url: "https://shop.example/notify".into(),
        return_url: String::new(),
        payer_ip: "192.0.2.1".into(),
        payer_code: (flow == Flow::CustomerPresented).then(|| "28763443825664394".into()),
        app_payer: None,
        operator: "till-1".into(),
        terminal: String::new(),
        particulars: Default::default(),
        tells: Tells::EveryEnd,
        after_time: AfterTime::Counts,
        counter: None,
        created_at: CREATED_AT,
        expires_at: EXPIRES_AT,
    }
}

pub fn new_order(terms: Terms) -> NewOrder {
    NewOrder {
        merchant: MerchantId(7),
        number: OrderNo::new(20_180_710, 33),
        room: "latipay".into(),
        reference: "till-1-0001".into(),
        terms,
        presentation: Presentation::None,
        card: None,
    }
}

/// An order as it may stand in the store: one word for the state, one for what is shown.
pub fn order(state: OrderState, presentation: Presentation) -> Order {
    let new = new_order(terms(Flow::MerchantPresented));
    let paid = matches!(state, OrderState::Paid { .. });
    Order {
        merchant: new.merchant,
        number: new.number,
        version: 3,
        room: new.room,
        reference: new.reference,
        funds: Funds { captured_minor: if paid { AMOUNT_MINOR } else { 0 }, ..Funds::default() },
        choices: new.terms.method.iter().cloned().collect(),
        given_back: 0,
        terms: new.terms,
        state,
        presentation,
        counter: None,
        refunds: 0,
        events: 3,
    }
}

pub fn state(word: &str) -> OrderState {
    let at = CREATED_AT;
    match word {
        "pending" => OrderState::Pending,
        "closing:cancelled" => OrderState::Closing(CloseReason::Cancelled),
        "closing:expired" => OrderState::Closing(CloseReason::Expired),
        "paid" => OrderState::Paid { at, channel_ref: "2018071022001".into(), payer: "p***@shop".into() },
        "failed:declined" => OrderState::Failed { at, reason: FailReason::Declined("no funds".into()) },
        "failed:expired" => OrderState::Failed { at, reason: FailReason::Expired },
        "cancelled" => OrderState::Cancelled { at },
        "authorized" => {
            OrderState::Authorized { at, channel_ref: "2018071022001".into(), payer: "p***@shop".into() }
        }
        "voided" => OrderState::Voided { at, channel_ref: "2018071022001".into(), payer: "p***@shop".into() },
        other => panic!("no state is called {other}"),
    }
}

pub const STATES: [&str; 7] = [
    "pending",
    "closing:cancelled",
    "closing:expired",
    "paid",
    "failed:declined",
    "failed:expired",
    "cancelled",
];

pub fn presentation(word: &str) -> Presentation {
    match word {
        "nothing" => Presentation::None,
        "charge" => Presentation::Charge,
        "code" => Presentation::Code("https://pay.example/q/1".into()),
        "app" => Presentation::App(vec![("appId".into(), "wx1".into())]),
        other => panic!("no presentation is called {other}"),
    }
}

pub const PRESENTATIONS: [&str; 4] = ["nothing", "charge", "code", "app"];

pub fn outcome(word: &str) -> Outcome {
    match word {
        "paid" => {
            Outcome::Paid { channel_ref: "2018071022001".into(), payer: "p***@shop".into(), at: CREATED_AT }
        }
        "declined" => Outcome::Declined { reason: "no funds".into() },
        "pending" => Outcome::Pending,
        "unknown" => Outcome::Unknown,
        other => panic!("no outcome is called {other}"),
    }
}

pub const OUTCOMES: [&str; 4] = ["paid", "declined", "pending", "unknown"];

pub fn asked(word: &str) -> Asked {
    match word {
        "charge" => Asked::Charge,
        "query" => Asked::Query,
        "callback" => Asked::Callback,
        "close" => Asked::Close,
        other => panic!("nothing is asked with {other}"),
    }
}

pub const ASKED: [&str; 4] = ["charge", "query", "callback", "close"];

/// The word of the channel on the first choice.
pub fn says(asked_word: &str, outcome_word: &str) -> Command {
    says_by(1, asked_word, outcome_word)
}

pub fn says_by(choice: u32, asked_word: &str, outcome_word: &str) -> Command {
    Command::ChannelSays { choice, asked: asked(asked_word), outcome: outcome(outcome_word) }
}

pub fn counter_says(asked_word: &str, outcome_word: &str, facts: Facts) -> Command {
    Command::CounterSays { choice: 1, asked: asked(asked_word), outcome: outcome(outcome_word), facts }
}

pub fn choose(method: &str, instead_of: u32) -> Command {
    Command::Choose { method: Method::new(method), instead_of, is_closed: true }
}

/// Without having closed what was shown.
pub fn choose_open(method: &str, instead_of: u32) -> Command {
    Command::Choose { method: Method::new(method), instead_of, is_closed: false }
}

/// A refund the merchant asked for, still open.
pub fn refund_of(order: &Order, number: u32, amount_minor: i64) -> Refund {
    Refund {
        merchant: order.merchant,
        order: order.number,
        number: RefundNo(number),
        amount_minor,
        reference: None,
        note: "cold coffee".into(),
        choice: order.choice(),
        requested_at: CREATED_AT,
        state: RefundState::Requested,
        reverses_late_payment: false,
        means: Default::default(),
    }
}

/// A refund of the late money that came by a choice, still open.
pub fn late_refund_of(order: &Order, number: u32, choice: u32) -> Refund {
    let total_minor = order.terms.total().minor;
    Refund { choice, reverses_late_payment: true, ..refund_of(order, number, total_minor) }
}

pub fn refund_command(amount_minor: i64, earlier: Vec<Refund>) -> Command {
    Command::Refund(NewRefund {
        amount_minor,
        reference: None,
        note: "cold coffee".into(),
        means: Default::default(),
        earlier,
    })
}
