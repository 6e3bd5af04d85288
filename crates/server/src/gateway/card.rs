//! Cards that are given to us: sent to the acquirer once, asked about as often as it takes, never kept.
//!
//! Knows the order of things: what is tried is stored before it is sent. Deliberately does not know how a card came
//! here, or what a page says of it.

use tillgate_channels::{Billing, CARD, Card, CardCall, CardOperation, Online};
use tillgate_core::order::CHOICES_MAX;
use tillgate_core::{
    Address, Asked, Buyer, Command, Deed, Method, NewOrder, Order, OrderState, Outcome, Presentation,
    Refusal, Slip,
};

use tillgate_store::Claim;

use super::{Gateway, Problem, TRIES};
use crate::channels::{self, trade_no};

impl Gateway {
    /// The payer gave a card on a page. What he was shown before is closed first, as when he chooses a wallet. The order
    /// comes back as it is after the acquirer's first word: paid, open for another card, or with a challenge to show.
    pub async fn try_card(
        &self,
        mut order: Order,
        (card, slip): (Card, Slip),
        online: Online,
    ) -> Result<Order, Problem> {
        for _ in 0..TRIES {
            if order.state != OrderState::Pending {
                return Ok(order);
            }
            if order.choices.len() >= CHOICES_MAX {
                return Err(Refusal::TooManyChoices.into());
            }
            let choice = order.choice();
            let is_closed = match order.presentation {
                Presentation::None => false,
                // Another window is paying with a card at this moment.
                Presentation::Charge => return Err(Problem::Unavailable),
                _ => match self.close_shown(&order, &online.seller).await? {
                    Ok(()) => true,
                    Err(order) => return Ok(order),
                },
            };
            // A card whose challenge was shut has had its answer.
            order = self.reload(order).await?;
            if order.choice() != choice {
                // Another window chose meanwhile: what it was shown was not closed by us.
                continue;
            }
            let command = Command::TryCard {
                method: Method::new(CARD),
                slip: slip.clone(),
                instead_of: choice,
                is_closed: is_closed && order.presentation != Presentation::None,
            };
            order = self.apply(order.merchant, order.number, command, None).await?;
            if is_of(&order, &slip) {
                return self.send_card(order, card, online).await;
            }
        }
        Err(Problem::Fault("too many conflicts".into()))
    }

    /// An order with its card, in one commit with the request's claim; then the card is sent. `online` is made of the
    /// order as it was stored: its number may have been taken by another.
    pub async fn sell_by_card(
        &self,
        new: NewOrder,
        (card, claim): (Card, Option<Claim>),
        online: impl FnOnce(&Order) -> Online,
    ) -> Result<Order, Problem> {
        let slip = new.card.as_deref().cloned().unwrap_or_default();
        let order = self.create_claimed(new, claim).await?;
        match is_of(&order, &slip) {
            true => {
                let online = online(&order);
                self.send_card(order, card, online).await
            }
            false => Ok(order),
        }
    }

    /// Once, by whoever stored that it is tried. The card is wiped when this returns, whatever comes of it.
    async fn send_card(&self, order: Order, card: Card, online: Online) -> Result<Order, Problem> {
        let choice = order.choice();
        let operation = CardOperation {
            trade_no: trade_no(order.merchant, order.number, choice),
            terminal: String::new(),
            amount: order.total(),
            tip_minor: order.tip_minor(),
            cashback_minor: 0,
        };
        let is_capture = order.terms.deed() == Deed::Sale;
        let call = CardCall::Authorize { operation, card, is_capture, online: Some(online) };
        let answer = self.channels.ask_acquirer(&call).await;
        drop(call);
        match channels::card_word(&order, choice, Asked::Charge, answer) {
            Some(command) => self.apply(order.merchant, order.number, command, None).await,
            None => Ok(order),
        }
    }

    /// How does it stand? Asked when the payer comes back from the issuer, and whenever somebody waits.
    pub async fn ask_card_now(&self, order: Order) -> Result<Order, Problem> {
        let is_asked = order.state.is_open() && order.is_card() && order.presentation != Presentation::None;
        if !is_asked {
            return Ok(order);
        }
        let choice = order.choice();
        let query = CardCall::Query { trade_no: trade_no(order.merchant, order.number, choice) };
        let answer = self.channels.ask_acquirer(&query).await;
        match channels::card_word(&order, choice, Asked::Query, answer) {
            Some(command) => self.apply(order.merchant, order.number, command, None).await,
            None => Ok(order),
        }
    }

    /// Shuts the card that is being tried at the acquirer. The order as it is then, if that was no longer possible.
    pub(super) async fn shut_card(&self, order: &Order) -> Result<Result<(), Order>, Problem> {
        let choice = order.choice();
        let call = CardCall::Close { trade_no: trade_no(order.merchant, order.number, choice) };
        let answer = self.channels.ask_acquirer(&call).await;
        match channels::card_word(order, choice, Asked::Close, answer) {
            Some(command @ Command::CounterSays { outcome: Outcome::Declined { .. }, .. }) => {
                self.apply(order.merchant, order.number, command, None).await?;
                Ok(Ok(()))
            }
            Some(command @ Command::CounterSays { outcome: Outcome::Paid { .. }, .. }) => {
                Ok(Err(self.apply(order.merchant, order.number, command, None).await?))
            }
            _ => Err(Problem::Unavailable),
        }
    }

    /// What the payer told of himself on the page.
    pub async fn keep_buyer(&self, order: &Order, buyer: Buyer) -> Result<Order, Problem> {
        self.apply(order.merchant, order.number, Command::Introduce(buyer), None).await
    }
}

/// Whether the card being tried is this one: its token says so.
fn is_of(order: &Order, slip: &Slip) -> bool {
    let tried = order.counter.as_ref().and_then(|counter| counter.slip.as_ref());
    let is_same = tried.is_some_and(|tried| tried.token == slip.token && !slip.token.is_empty());
    is_same && order.presentation == Presentation::Charge && order.state == OrderState::Pending
}

/// An address as the acquirer is told it.
pub fn billing_of(address: &Address) -> Billing {
    Billing {
        name: address.name.clone(),
        country: address.country.clone(),
        province: address.province.clone(),
        city: address.city.clone(),
        address1: address.address1.clone(),
        address2: address.address2.clone(),
        zip: address.zip.clone(),
        phone: address.phone.clone(),
    }
}
