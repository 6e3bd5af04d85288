//! The world asked through the gateway's own channel: two implementations of one interface.

mod calls;
mod cards;
mod choices;
mod hostile;
mod kept;
mod mini_program;
mod receiver;
mod rules;
mod statements;
mod terminal;

use tillgate_channels::simulated::SimulatedWallet;
use tillgate_channels::{Answer, Call, Callback, Payment, RefundOrder, WalletChannel};
use tillgate_core::{Currency, Flow, Method, Money, Outcome, Presentation, Timestamp};

use crate::{Reply, World};

const KEY: &str = "a shared key";
/// When payments of these tests expire.
const EXPIRES_MS: i64 = 600_000;

struct Desk {
    world: World,
    channel: SimulatedWallet,
}

fn desk() -> Desk {
    Desk { world: World::in_memory(KEY), channel: SimulatedWallet::new("simulated", KEY) }
}

impl Desk {
    /// `None` if nothing came back.
    fn ask(&self, now_ms: i64, call: &Call) -> Option<Answer> {
        match self.world.handle(now_ms, &self.channel.encode(call)) {
            Reply::Answer(body) | Reply::Garbage(body) => Some(self.channel.decode(call, &body)),
            Reply::Silence => None,
        }
    }

    /// The callbacks due now, as the gateway reads them; all are acknowledged.
    fn callbacks(&self, now_ms: i64) -> Vec<Option<Callback>> {
        let taken = self.world.take_callbacks(now_ms).unwrap();
        taken.iter().for_each(|callback| self.world.callback_acknowledged(callback.id).unwrap());
        taken.iter().map(|callback| self.channel.decode_callback(&callback.body)).collect()
    }

    fn code(&self, now_ms: i64, payment: &Payment) -> String {
        match self.ask(now_ms, &Call::Present(payment.clone())) {
            Some(Answer::Presented(Presentation::Code(code))) => code,
            other => panic!("no code: {other:?}"),
        }
    }

    fn charges(&self, payment: &Payment) -> u32 {
        self.world.ledger(&payment.trade_no).map_or(0, |ledger| ledger.charges)
    }
}

fn money(text: &str, code: &str) -> Money {
    Money::parse_decimal(text, Currency::from_code(code).unwrap()).unwrap()
}

fn payment(method: &str, flow: Flow, amount: &str) -> Payment {
    Payment {
        trade_no: format!("1-{method}{}", amount.replace('.', "")),
        method: Method::new(method),
        flow,
        amount: money(amount, "NZD"),
        payer_amount: money("55.00", "CNY"),
        description: "Pinot & Noir, Otago".into(),
        seller: "Wine & Co".into(),
        payer_code: None,
        app_payer: None,
        expires_at: Timestamp::from_millis(EXPIRES_MS),
    }
}

/// A bar code of WeChat Pay.
fn barcode(amount: &str) -> Payment {
    let payer_code = Some("134588558514585062".to_owned());
    Payment { payer_code, ..payment("wechat", Flow::CustomerPresented, amount) }
}

fn qr(amount: &str) -> Payment {
    payment("wechat", Flow::MerchantPresented, amount)
}

fn refund(number: &str, amount: &str) -> RefundOrder {
    RefundOrder { refund_no: number.into(), amount: money(amount, "NZD") }
}

/// One word per answer: the tests read like timetables.
fn word(answer: Option<Answer>) -> &'static str {
    match answer {
        None => "silence",
        Some(Answer::Outcome(outcome)) => outcome_word(&outcome),
        Some(Answer::Presented(_)) => "presented",
        Some(Answer::NeverHeardOf) => "never heard of",
    }
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Paid { .. } => "paid",
        Outcome::Declined { .. } => "declined",
        Outcome::Pending => "pending",
        Outcome::Unknown => "unknown",
    }
}

fn callback_words(callbacks: &[Option<Callback>]) -> Vec<&'static str> {
    callbacks
        .iter()
        .map(|callback| callback.as_ref().map_or("forged", |callback| outcome_word(&callback.outcome)))
        .collect()
}
