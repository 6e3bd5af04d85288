//! The outside world of the sandbox: wallets that can be paid with, shoppers, a card acquirer, and a merchant
//! who listens.
//!
//! Knows: how wallets and cards behave, well and badly, by rules on the amount that everyone can read ([`RULES`],
//! [`CARD_RULES`]).
//! Deliberately does not know: how our rooms and channels are written or sign, sockets, a clock (the time
//! is an argument, in milliseconds since the Unix epoch).

mod acquirer;
mod amount;
mod answer;
mod app_order;
mod books;
mod civil;
mod journal;
mod mini_program;
mod money;
mod outbox;
mod receiver;
mod refund;
mod rules;
mod shopper;
mod statement;
mod teller;
pub mod terminal;
mod trade;
mod view;
mod wallet;
mod wire;
mod world;

#[cfg(test)]
mod tests;

pub use acquirer::{
    Acquirer, AcquirerConfig, Authentication, BatchView, CARD_PENDING_MS, CARD_RULES, CARD_TROUBLE_MS,
    CHALLENGE_MS, CardBehaviour, CardRule, CardScript, CardType, ChallengeAnswer, ChallengeState,
    ChallengeView, ClosedNumber, EntryMode, Operation, TEST_CARDS, TEST_CODE, TEST_PIN, TRIES,
    TerminalAction, TerminalAnswer, TerminalReply, TerminalRequest, TerminalTotals, TestCard, TestCardInput,
    TransactionFilter, TransactionState, TransactionView, WRONG_CVV, WRONG_ZIP, card_rule_for,
};
pub use app_order::AppOrderResult;
pub use mini_program::MiniProgramResult;
pub use receiver::{Notification, Receiver, ReceiverAnswer};
pub use rules::{
    CLOSED_TO_LATE_MS, PENDING_TO_PAID_MS, RULES, Rule, SHOWN_TO_PAID_MS, Script, TROUBLE_MS, rule_for,
};
pub use shopper::{ShopperAction, ShopperError};
pub use statement::{Day, STATEMENT_COLUMNS, Spoil};
pub use view::{Filter, Ledger, PaymentView, RefundView, StateWord, Totals};
pub use wallet::Wallet;
pub use world::{Config, OutgoingCallback, Reply, World};
