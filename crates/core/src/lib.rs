//! What tillgate decides, and nothing about how it is carried out.
//!
//! Knows: money, orders, refunds, terminals' errands, the transition table, the ledger, work that is owed.
//! Deliberately does not know: any protocol's or vendor's word, SQL, sockets, a clock or randomness.
//! Time and new numbers are arguments; the answer is a [`Decision`] that others store and perform.

pub mod account;
pub mod buyer;
pub mod command;
pub mod counter;
pub mod decide;
pub mod event;
pub mod fee;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod order;
pub mod rate;
pub mod refund;
pub mod refusal;
pub mod replay;
pub mod slip;
pub mod table;
pub mod time;
pub mod work;

pub use account::Account;
pub use buyer::{Address, Buyer};
pub use command::{Asked, Command, NewOrder, NewRefund, Outcome, Reserve};
pub use counter::{BatchPlace, Counter, CounterTerms, Deed, Facts, Pending, Queue, Stage};
pub use decide::{Decision, decide};
pub use event::Event;
pub use fee::{Cost, Fee, FeePlan, OnRefund};
pub use ids::{MerchantId, OrderNo, RefundNo};
pub use ledger::{LedgerAccount, Posting};
pub use money::{Currency, Money, MoneyError};
pub use order::{
    AfterTime, AppPayer, CloseReason, FailReason, Flow, Funds, Method, Order, OrderState, Presentation,
    Tells, Terms,
};
pub use rate::Rate;
pub use refund::{Refund, RefundMeans, RefundState};
pub use refusal::{CounterRefusal, Refusal, Term};
pub use replay::replay;
pub use slip::{CardKind, Entry, Slip};
pub use time::Timestamp;
pub use work::{Work, WorkKey, WorkKind};
