//! The acquirer asked through the gateway's own channel and by terminals: two implementations of one interface.

mod kept;
mod numbers;
mod online;
mod operations;
mod rules;
mod secrets;
mod statements;
mod story;
mod terminals;
mod test_cards;

use tillgate_channels::acquirer::SimulatedAcquirer;
use tillgate_channels::{Card, CardAcquirer, CardAnswer, CardCall, CardOperation, CardOutcome};
use tillgate_core::{Currency, Entry, Money, Outcome};

use crate::{
    Acquirer, AcquirerConfig, Reply, TerminalAction, TerminalAnswer, TerminalReply, TerminalRequest,
    TestCardInput, TransactionView,
};

const KEY: &str = "another shared key";
const VISA: &str = "4111111111111111";
const TILL: &str = "WPYB002248000865";

struct Desk {
    acquirer: Acquirer,
    channel: SimulatedAcquirer,
}

fn desk() -> Desk {
    Desk { acquirer: Acquirer::in_memory(KEY), channel: SimulatedAcquirer::new("cards", KEY) }
}

fn config() -> AcquirerConfig {
    AcquirerConfig {
        key: KEY.into(),
        journal: None,
        issuer_pages: "https://issuer.example/3ds".into(),
        issuer_secret: "of this issuer".into(),
    }
}

/// An acquirer whose issuer has this secret.
fn open_with(secret: &str) -> Desk {
    let config = AcquirerConfig { issuer_secret: secret.into(), ..config() };
    Desk { acquirer: Acquirer::open(config).unwrap(), ..desk() }
}

impl Desk {
    /// `None` if nothing came back.
    fn ask(&self, now_ms: i64, call: &CardCall) -> Option<CardAnswer> {
        match self.acquirer.handle(now_ms, &self.channel.encode(call)) {
            Reply::Answer(body) | Reply::Garbage(body) => Some(self.channel.decode(call, &body)),
            Reply::Silence => None,
        }
    }

    /// One word per answer: the tests read like timetables.
    fn says(&self, now_ms: i64, call: &CardCall) -> String {
        word(self.ask(now_ms, call))
    }

    fn terminal_says(&self, now_ms: i64, request: TerminalRequest) -> String {
        match self.acquirer.terminal(now_ms, request) {
            TerminalReply::Silence => "silence".into(),
            TerminalReply::Answer(answer) if answer.approved => "approved".into(),
            TerminalReply::Answer(answer) => format!("{} {}", answer.response_code, answer.response_msg),
        }
    }

    fn terminal(&self, now_ms: i64, request: TerminalRequest) -> TerminalAnswer {
        match self.acquirer.terminal(now_ms, request) {
            TerminalReply::Answer(answer) => answer,
            TerminalReply::Silence => panic!("silence"),
        }
    }

    fn view(&self, trade_no: &str) -> TransactionView {
        self.acquirer.transaction(trade_no).unwrap()
    }

    /// Authorized, captured, refunded and kept, of all terminals and currencies.
    fn sums(&self) -> [i64; 4] {
        self.acquirer.totals(None).iter().fold([0; 4], |[authorized, captured, refunded, net], totals| {
            [
                authorized + totals.authorized_minor,
                captured + totals.captured_minor,
                refunded + totals.refunded_minor,
                net + totals.net_minor,
            ]
        })
    }
}

fn word(answer: Option<CardAnswer>) -> String {
    let Some(answer) = answer else { return "silence".into() };
    match answer.outcome {
        CardOutcome::NeverHeardOf => "never heard of".into(),
        CardOutcome::Challenge { .. } => "challenge".into(),
        CardOutcome::Outcome(Outcome::Paid { .. }) => "approved".into(),
        CardOutcome::Outcome(Outcome::Pending) => "pending".into(),
        CardOutcome::Outcome(Outcome::Unknown) => "unknown".into(),
        CardOutcome::Outcome(Outcome::Declined { .. }) => {
            let (code, words) = answer.slip.unwrap().refused.unwrap();
            format!("{code} {words}")
        }
    }
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::from_code("USD").unwrap())
}

fn operation(trade_no: &str, minor: i64) -> CardOperation {
    CardOperation {
        trade_no: trade_no.into(),
        terminal: TILL.into(),
        amount: usd(minor),
        tip_minor: 0,
        cashback_minor: 0,
    }
}

fn card(pan: &str) -> Card {
    Card {
        pan: pan.to_owned().into(),
        expiry: "1239".to_owned().into(),
        cvv: Some("737".to_owned().into()),
        entry: Entry::Chip,
    }
}

fn sale(trade_no: &str, minor: i64) -> CardCall {
    CardCall::Authorize {
        operation: operation(trade_no, minor),
        card: card(VISA),
        is_capture: true,
        online: None,
    }
}

fn authorization(trade_no: &str, minor: i64) -> CardCall {
    CardCall::Authorize {
        operation: operation(trade_no, minor),
        card: card(VISA),
        is_capture: false,
        online: None,
    }
}

fn increment(trade_no: &str, original: &str, minor: i64) -> CardCall {
    CardCall::Increment { operation: operation(trade_no, minor), original: original.into() }
}

fn capture(trade_no: &str, original: &str, minor: i64) -> CardCall {
    CardCall::Capture { operation: operation(trade_no, minor), original: original.into() }
}

fn void(trade_no: &str, original: &str, minor: i64) -> CardCall {
    CardCall::Void { operation: operation(trade_no, minor), original: original.into() }
}

fn refund(trade_no: &str, original: &str, minor: i64) -> CardCall {
    CardCall::Refund { operation: operation(trade_no, minor), original: original.into() }
}

fn tip(trade_no: &str, minor: i64) -> CardCall {
    CardCall::AdjustTip { trade_no: trade_no.into(), tip: usd(minor) }
}

fn settle(trade_no: &str, batch: &str) -> CardCall {
    CardCall::Settle { trade_no: trade_no.into(), batch: batch.into() }
}

fn query(trade_no: &str) -> CardCall {
    CardCall::Query { trade_no: trade_no.into() }
}

fn close(trade_no: &str) -> CardCall {
    CardCall::Close { trade_no: trade_no.into() }
}

const SALE: TerminalAction = TerminalAction::Authorize { is_capture: true };
const AUTHORIZATION: TerminalAction = TerminalAction::Authorize { is_capture: false };

/// A terminal's request; with a card unless it follows something.
fn tapped(action: TerminalAction, trade_no: &str, original: Option<&str>, minor: i64) -> TerminalRequest {
    TerminalRequest {
        terminal: TILL.into(),
        trade_no: trade_no.into(),
        orig_trade_no: original.map(str::to_owned),
        action,
        amount_minor: minor,
        tip_minor: 0,
        cashback_minor: 0,
        currency: "USD".into(),
        card: original.is_none().then(|| TestCardInput::new(VISA)),
    }
}
