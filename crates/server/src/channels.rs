//! The channels this gateway is configured with, and one way to ask them.
//!
//! Knows: which channel serves a method, time-outs, metrics. Does not know what any answer means:
//! that is the codec's. No answer in time is [`Outcome::Unknown`].

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tillgate_channels::{
    Answer, CARD, Call, CardAcquirer, CardAnswer, CardCall, CardOutcome, Payment, RefundOrder, WalletChannel,
};
use tillgate_core::{
    Asked, Command, Facts, Flow, MerchantId, Method, Money, NewOrder, Order, OrderNo, Outcome, Presentation,
    Refund, Terms,
};
use tillgate_protocols::wire::offer::Offer;
use zeroize::Zeroizing;

use crate::meters::Meters;

/// Carries bytes to a channel and back; `None` when nothing came back.
pub trait Wire: Send + Sync + fmt::Debug {
    /// `body` may hold a card number: it is wiped when dropped.
    fn send(&self, body: Zeroizing<Vec<u8>>) -> Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + '_>>;
}

#[derive(Debug, Clone)]
pub struct Channel {
    pub codec: Arc<dyn WalletChannel>,
    pub wire: Arc<dyn Wire>,
}

/// Who is asked about cards. There is one; its terminals speak with it themselves.
#[derive(Debug, Clone)]
pub struct Acquirer {
    pub codec: Arc<dyn CardAcquirer>,
    pub wire: Arc<dyn Wire>,
}

#[derive(Debug, Clone)]
pub struct Channels {
    list: Vec<Channel>,
    acquirer: Option<Acquirer>,
    timeout: Duration,
    calls: Arc<Meters<3>>,
}

impl Channels {
    pub fn new(list: Vec<Channel>, acquirer: Option<Acquirer>, timeout: Duration) -> Self {
        let calls = Meters::new("tillgate_channel_calls_total", ["channel", "call", "outcome"]);
        Self { list, acquirer, timeout, calls: Arc::new(calls) }
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    pub fn named(&self, name: &str) -> Option<&Channel> {
        self.list.iter().find(|channel| channel.codec.name() == name)
    }

    fn serving(&self, method: &Method) -> impl Iterator<Item = &Channel> {
        self.list.iter().filter(|channel| channel.codec.capabilities().methods.contains(method))
    }

    pub fn offered(&self, method: &Method, flow: Flow) -> Offer {
        if method.as_str() == CARD {
            let takes_cards = matches!(flow, Flow::CardPresent | Flow::CardOnline | Flow::HostedPage);
            let is_offered = self.acquirer.is_some() && takes_cards;
            return if is_offered { Offer::Yes } else { Offer::NoChannel };
        }
        if self.serving(method).any(|channel| channel.codec.offers(method, flow)) {
            Offer::Yes
        } else if self.serving(method).next().is_some() {
            Offer::NoFlow
        } else {
            Offer::NoChannel
        }
    }

    /// Whether a refund that got lost may be sent again under its number.
    pub fn refund_may_be_resent(&self, payment: &Payment) -> bool {
        self.serving(&payment.method)
            .find(|channel| channel.codec.offers(&payment.method, payment.flow))
            .is_some_and(|channel| channel.codec.capabilities().refund_number_is_key)
    }

    /// Asks the channel of the payment's method. Sent once; what cannot be told is `Unknown`.
    pub async fn ask(&self, call: &Call) -> Answer {
        let unknown = Answer::Outcome(Outcome::Unknown);
        let payment = call.payment();
        let Some(channel) =
            self.serving(&payment.method).find(|channel| channel.codec.offers(&payment.method, payment.flow))
        else {
            return unknown;
        };
        let sent = channel.wire.send(channel.codec.encode(call).into());
        let answer = match tokio::time::timeout(self.timeout, sent).await {
            Ok(Some(body)) => channel.codec.decode(call, &body),
            Ok(None) | Err(_) => unknown,
        };
        let outcome =
            if matches!(answer, Answer::Outcome(Outcome::Unknown)) { "unknown" } else { "answered" };
        self.calls.count([channel.codec.name(), call.name(), outcome]);
        answer
    }
}

impl Channels {
    /// Asks the acquirer. Sent once; what cannot be told is unknown.
    pub async fn ask_acquirer(&self, call: &CardCall) -> CardAnswer {
        let Some(acquirer) = &self.acquirer else { return CardAnswer::UNKNOWN };
        let sent = acquirer.wire.send(acquirer.codec.encode(call));
        let answer = match tokio::time::timeout(self.timeout, sent).await {
            Ok(Some(body)) => acquirer.codec.decode(call, &body),
            Ok(None) | Err(_) => CardAnswer::UNKNOWN,
        };
        let is_unknown = matches!(answer.outcome, CardOutcome::Outcome(Outcome::Unknown));
        let outcome = if is_unknown { "unknown" } else { "answered" };
        self.calls.count([acquirer.codec.name(), call.name(), outcome]);
        answer
    }
}

/// What the acquirer knows besides whether it was done. The batch is ours to add.
pub fn facts_of(answer: &CardAnswer) -> Facts {
    let tip_minor = answer.operation.as_ref().map(|operation| operation.tip_minor);
    Facts { slip: answer.slip.clone(), tip_minor, batch: None }
}

/// Whether the acquirer speaks of the order's amount; the tip may have been chosen on the screen.
pub fn is_of_amount(order: &Order, answer: &CardAnswer) -> bool {
    answer.operation.as_ref().is_none_or(|operation| {
        let total = order.terms.with_tip(operation.tip_minor);
        let may_differ = order.terms.counter.is_some_and(|counter| counter.asks_tip);
        operation.amount == total && (may_differ || operation.tip_minor == order.tip_minor())
    })
}

/// What a refund or a void is at the acquirer, under its own number.
pub fn card_refund(order: &Order, refund: &Refund) -> CardCall {
    let original = trade_no(order.merchant, order.number, refund.choice);
    let operation = tillgate_channels::CardOperation {
        trade_no: refund_order(order, refund).refund_no,
        terminal: String::new(),
        amount: Money::new(refund.amount_minor, order.terms.amount.currency),
        tip_minor: 0,
        cashback_minor: 0,
    };
    match refund.means.is_void {
        true => CardCall::Void { operation, original },
        false => CardCall::Refund { operation, original },
    }
}

/// What the acquirer's answer on an order's payment by that choice is as a command; `None` if it changes nothing, or
/// speaks of another amount.
pub fn card_word(order: &Order, choice: u32, asked: Asked, answer: CardAnswer) -> Option<Command> {
    if !is_of_amount(order, &answer) {
        tracing::error!(order = %order.number, "the acquirer speaks of another amount");
        return None;
    }
    let facts = facts_of(&answer);
    match answer.outcome {
        CardOutcome::Outcome(outcome @ (Outcome::Paid { .. } | Outcome::Declined { .. })) => {
            Some(Command::CounterSays { choice, asked, outcome, facts })
        }
        CardOutcome::Challenge { url } if order.presentation == Presentation::Charge => {
            Some(Command::Present { choice, presentation: Presentation::Challenge(url) })
        }
        // The issuer takes its time, or nobody knows: it is asked about soon.
        CardOutcome::Outcome(outcome @ (Outcome::Unknown | Outcome::Pending))
            if asked == Asked::Charge && !order.terms.deed().follows_up() =>
        {
            Some(Command::CounterSays { choice, asked, outcome, facts })
        }
        CardOutcome::Challenge { .. }
        | CardOutcome::Outcome(Outcome::Pending | Outcome::Unknown)
        | CardOutcome::NeverHeardOf => None,
    }
}

/// What the acquirer knows an increase of an authorization by.
pub fn increase_no(order: &Order, number: u32) -> String {
    format!("{}-i{number}", trade_no(order.merchant, order.number, order.choice()))
}

/// Our number at the channel, for the payer's choice of that number.
pub fn trade_no(merchant: MerchantId, order: OrderNo, choice: u32) -> String {
    match choice {
        0 | 1 => format!("{}-{}", merchant.0, order.0),
        later => format!("{}-{}.{later}", merchant.0, order.0),
    }
}

/// The other way round; `None` if it is not one of ours.
pub fn read_trade_no(text: &str) -> Option<(MerchantId, OrderNo, u32)> {
    let (merchant, rest) = text.split_once('-')?;
    let (order, choice) = match rest.split_once('.') {
        Some((order, choice)) => (order, choice.parse().ok().filter(|choice| *choice > 1)?),
        None => (rest, 1),
    };
    Some((MerchantId(merchant.parse().ok()?), OrderNo(order.parse().ok()?), choice))
}

/// The order as its channel sees it, by one of its choices; `None` if there was no such choice.
pub fn payment(order: &Order, choice: u32, seller: &str) -> Option<Payment> {
    let method = order.method_of(choice)?;
    let mut payment = payment_of((order.merchant, order.number, choice), method, &order.terms, seller);
    payment.payer_code = order.payer_code().map(str::to_owned);
    Some(payment)
}

/// The same of an order that is still to be made, by the method it is to have.
pub fn first_payment(new: &NewOrder, seller: &str) -> Option<Payment> {
    let method = new.terms.method.as_ref()?;
    Some(payment_of((new.merchant, new.number, 1), method, &new.terms, seller))
}

fn payment_of(
    (merchant, order, choice): (MerchantId, OrderNo, u32),
    method: &Method,
    terms: &Terms,
    seller: &str,
) -> Payment {
    Payment {
        trade_no: trade_no(merchant, order, choice),
        method: method.clone(),
        flow: terms.flow,
        amount: terms.total(),
        payer_amount: terms.payer_amount(),
        description: terms.description.clone(),
        seller: seller.to_owned(),
        payer_code: terms.payer_code.clone(),
        app_payer: terms.app_payer.clone(),
        expires_at: terms.expires_at,
    }
}

pub fn refund_order(order: &Order, refund: &Refund) -> RefundOrder {
    RefundOrder {
        refund_no: format!("{}-{}", trade_no(order.merchant, order.number, refund.choice), refund.number.0),
        amount: tillgate_core::Money::new(refund.amount_minor, order.terms.amount.currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_number_reads_back_and_nothing_else_does() {
        for choice in [1, 2, 30] {
            let text = trade_no(MerchantId(7), OrderNo(2_018_071_000_000_033), choice);
            let read = Some((MerchantId(7), OrderNo(2_018_071_000_000_033), choice));
            assert_eq!(read_trade_no(&text), read, "{text}");
        }
        for bad in ["", "7", "7-", "-33", "7-33.", "7-33.1", "7-33.0", "7-33.x", "7-33.2.2", "a-33"] {
            assert_eq!(read_trade_no(bad), None, "{bad}");
        }
    }
}
