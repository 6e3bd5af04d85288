//! Rows to values and back, whichever database they come from.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tillgate_core::{
    Currency, Deed, Event, Funds, LedgerAccount, MerchantId, Method, Money, Order, OrderNo, Posting, Queue,
    Rate, Refund, RefundNo, Stage, Timestamp, Work, WorkKey, WorkKind,
};

use crate::claim::Claimed;
use crate::directory::{Credential, SealedKey};
use crate::notification::{Notification, NotificationAttempt, NotificationState};
use crate::rate::QuotedRate;
use crate::report::{Balance, BatchHead, LedgerLine, LinePlace, StatementHead, StatementKind, StatementLine};
use crate::terminal::BatchLine;

/// What stands in a column cannot be.
#[derive(Debug, thiserror::Error)]
#[error("column {column}: {what}")]
pub struct BadRow {
    pub column: usize,
    pub what: Cow<'static, str>,
}

pub fn bad(column: usize, what: impl Into<Cow<'static, str>>) -> BadRow {
    BadRow { column, what: what.into() }
}

/// A row as a database gives it. Integers are 64 bits in both.
pub trait Columns {
    fn optional_int(&self, column: usize) -> Result<Option<i64>, BadRow>;
    fn optional_text(&self, column: usize) -> Result<Option<&str>, BadRow>;
    fn optional_bytes(&self, column: usize) -> Result<Option<&[u8]>, BadRow>;
}

impl dyn Columns + '_ {
    pub fn long(&self, column: usize) -> Result<i64, BadRow> {
        self.optional_int(column)?.ok_or_else(|| bad(column, "is null"))
    }

    pub fn text(&self, column: usize) -> Result<&str, BadRow> {
        self.optional_text(column)?.ok_or_else(|| bad(column, "is null"))
    }

    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, BadRow> {
        self.optional_bytes(column)?.map(<[u8]>::to_vec).ok_or_else(|| bad(column, "is null"))
    }

    /// In the range of its type.
    pub fn int<T: TryFrom<i64>>(&self, column: usize) -> Result<T, BadRow> {
        T::try_from(self.long(column)?).map_err(|_| bad(column, "is out of range"))
    }

    pub fn is(&self, column: usize) -> Result<bool, BadRow> {
        self.long(column).map(|number| number != 0)
    }

    pub fn string(&self, column: usize) -> Result<String, BadRow> {
        self.text(column).map(str::to_owned)
    }

    pub fn time(&self, column: usize) -> Result<Timestamp, BadRow> {
        self.long(column).map(Timestamp)
    }

    pub fn merchant(&self, column: usize) -> Result<MerchantId, BadRow> {
        self.int(column).map(MerchantId)
    }

    pub fn number(&self, column: usize) -> Result<OrderNo, BadRow> {
        self.long(column).map(OrderNo)
    }

    pub fn currency(&self, column: usize) -> Result<Currency, BadRow> {
        Currency::from_code(self.text(column)?).ok_or_else(|| bad(column, "unknown currency"))
    }

    pub fn json<T: DeserializeOwned>(&self, column: usize) -> Result<T, BadRow> {
        serde_json::from_str(self.text(column)?).map_err(|error| bad(column, error.to_string()))
    }
}

pub fn to_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value)
}

/// Before all that wait: what a terminal has already.
pub const AT_TERMINAL_RANK: i64 = i64::MIN;

/// Where an open order stands in its terminal's queue; `None` if it does not.
pub fn queue_rank(order: &Order) -> Option<i64> {
    let (terms, counter) = (order.terms.counter.as_ref()?, order.counter.as_ref()?);
    if !order.state.is_open() || !order.is_for_terminal() {
        return None;
    }
    let created_ms = order.terms.created_at.millis();
    Some(match (counter.stage, terms.queue) {
        (Stage::Offered | Stage::Taken, _) => AT_TERMINAL_RANK,
        (Stage::Waiting, Queue::Fifo) => created_ms,
        (Stage::Waiting, Queue::Filo) => -created_ms,
    })
}

pub fn order(row: &dyn Columns) -> Result<Order, BadRow> {
    Ok(Order {
        merchant: row.merchant(0)?,
        number: row.number(1)?,
        version: row.int(2)?,
        room: Arc::from(row.text(3)?),
        reference: row.string(4)?,
        state: row.json(5)?,
        funds: Funds {
            captured_minor: row.long(6)?,
            refunded_minor: row.long(7)?,
            refunding_minor: row.long(8)?,
        },
        refunds: row.int(9)?,
        events: row.int(10)?,
        presentation: row.json(11)?,
        terms: row.json(12)?,
        choices: choices(row.text(13)?),
        given_back: row.int(14)?,
        counter: if row.text(15)?.is_empty() { None } else { Some(Box::new(row.json(15)?)) },
    })
}

fn choices(words: &str) -> Vec<Method> {
    words.split(',').filter(|word| !word.is_empty()).map(Method::new).collect()
}

/// The stored form of an order's choices.
pub fn choice_words(choices: &[Method]) -> String {
    choices.iter().map(Method::as_str).collect::<Vec<_>>().join(",")
}

pub fn refund(row: &dyn Columns) -> Result<Refund, BadRow> {
    Ok(Refund {
        merchant: row.merchant(0)?,
        order: row.number(1)?,
        number: RefundNo(row.int(2)?),
        amount_minor: row.long(3)?,
        note: row.string(4)?,
        requested_at: row.time(5)?,
        reverses_late_payment: row.is(6)?,
        state: row.json(7)?,
        reference: row.optional_text(8)?.map(str::to_owned),
        choice: row.int(9)?,
        means: row.json(10)?,
    })
}

pub fn refund_place(row: &dyn Columns) -> Result<(OrderNo, RefundNo), BadRow> {
    Ok((row.number(0)?, RefundNo(row.int(1)?)))
}

pub fn rate(row: &dyn Columns) -> Result<QuotedRate, BadRow> {
    Ok(QuotedRate {
        base: row.currency(0)?,
        quote: row.currency(1)?,
        set_at: row.time(2)?,
        rate: Rate::from_e8(row.long(3)?).ok_or_else(|| bad(3, "not a rate"))?,
        source: row.string(4)?,
    })
}

pub fn event(row: &dyn Columns) -> Result<(Timestamp, Event), BadRow> {
    Ok((row.time(0)?, row.json(1)?))
}

pub fn posting(row: &dyn Columns) -> Result<(u32, Posting), BadRow> {
    let account = ledger_account(row.text(1)?).ok_or_else(|| bad(1, "unknown ledger account"))?;
    let amount = Money::new(row.long(3)?, row.currency(2)?);
    Ok((row.int(0)?, Posting { account, amount }))
}

fn ledger_account(text: &str) -> Option<LedgerAccount> {
    let (kind, name) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "merchant_payable" => Some(LedgerAccount::MerchantPayable(name.to_owned())),
        "tips_payable" => Some(LedgerAccount::TipsPayable(name.to_owned())),
        "channel_receivable" => Some(LedgerAccount::ChannelReceivable(name.to_owned())),
        "settlement_receivable" => Some(LedgerAccount::SettlementReceivable(name.to_owned())),
        "fee_income" => Some(LedgerAccount::FeeIncome),
        "vat_payable" => Some(LedgerAccount::VatPayable),
        "late_payments" => Some(LedgerAccount::LatePayments),
        _ => None,
    }
}

pub fn balance(row: &dyn Columns) -> Result<Balance, BadRow> {
    posting(row).map(|(_, posting)| Balance { account: posting.account, amount: posting.amount })
}

pub fn ledger_line(row: &dyn Columns) -> Result<LedgerLine, BadRow> {
    let (event, posting) = posting(row)?;
    let place = LinePlace { at: row.time(4)?, order: row.number(5)?, event, line: row.int(6)? };
    Ok(LedgerLine { place, account: posting.account, amount: posting.amount })
}

pub fn stray_line(row: &dyn Columns) -> Result<(OrderNo, u32), BadRow> {
    Ok((row.number(0)?, row.int(1)?))
}

pub fn work(row: &dyn Columns) -> Result<Work, BadRow> {
    let slot = row.text(2)?.chars().next().unwrap_or(' ');
    let kind = WorkKind::from_slot(slot, row.int(3)?).ok_or_else(|| bad(2, "unknown work"))?;
    Ok(Work {
        key: WorkKey { merchant: row.merchant(0)?, order: row.number(1)?, kind },
        due_at: row.time(4)?,
        attempt: row.int(5)?,
    })
}

pub fn notification(row: &dyn Columns) -> Result<Notification, BadRow> {
    Ok(Notification {
        merchant: row.merchant(0)?,
        order: row.number(1)?,
        event: row.int(2)?,
        url: row.string(3)?,
        content_type: row.string(4)?,
        body: row.bytes(5)?,
        state: NotificationState::parse(row.text(6)?).ok_or_else(|| bad(6, "unknown state"))?,
        attempts: row.int(7)?,
    })
}

pub fn attempt(row: &dyn Columns) -> Result<NotificationAttempt, BadRow> {
    let status =
        row.optional_int(3)?.map(u16::try_from).transpose().map_err(|_| bad(3, "is out of range"))?;
    Ok(NotificationAttempt {
        attempt: row.int(0)?,
        at: row.time(1)?,
        took_ms: row.int(2)?,
        status,
        answer: row.string(4)?,
    })
}

/// The batch that is open, from the newest there is: whether or not anything is in it yet.
pub fn open_batch(row: &dyn Columns) -> Result<u32, BadRow> {
    Ok(row.int::<u32>(0)? + u32::from(row.is(1)?))
}

pub fn batch_end(row: &dyn Columns) -> Result<Option<Timestamp>, BadRow> {
    Ok(row.optional_int(0)?.map(Timestamp))
}

pub fn batch_line(row: &dyn Columns) -> Result<BatchLine, BadRow> {
    Ok(BatchLine {
        deed: Deed::from_word(row.text(0)?).ok_or_else(|| bad(0, "unknown deed"))?,
        is_voided: row.is(1)?,
        currency: row.currency(2)?,
        count: row.int(3)?,
        total_minor: row.long(4)?,
        tip_minor: row.long(5)?,
    })
}

pub fn batch_head(row: &dyn Columns) -> Result<BatchHead, BadRow> {
    Ok(BatchHead {
        terminal: row.string(0)?,
        number: row.int(1)?,
        opened_at: row.time(2)?,
        closed_at: row.optional_int(3)?.map(Timestamp),
    })
}

pub fn claimed(row: &dyn Columns) -> Result<Claimed, BadRow> {
    Ok(Claimed { subject: row.string(0)?, answer: row.optional_bytes(1)?.map(<[u8]>::to_vec) })
}

/// A login without its keys and accounts.
pub fn credential(row: &dyn Columns) -> Result<Credential, BadRow> {
    Ok(Credential {
        merchant: row.merchant(0)?,
        merchant_name: row.string(1)?,
        room: row.string(2)?,
        login: row.string(3)?,
        name: row.string(4)?,
        enabled: row.is(5)?,
        settings: row.string(6)?,
        keys: Vec::new(),
        accounts: Vec::new(),
    })
}

pub fn sealed_key(row: &dyn Columns) -> Result<SealedKey, BadRow> {
    Ok(SealedKey {
        number: row.int(0)?,
        sealed: row.bytes(1)?,
        created_at: row.time(2)?,
        valid_until: row.optional_int(3)?.map(Timestamp),
        is_used: row.is(4)?,
    })
}

pub fn statement_head(row: &dyn Columns) -> Result<StatementHead, BadRow> {
    Ok(StatementHead {
        channel: row.string(0)?,
        name: row.string(1)?,
        line_count: row.int(2)?,
        imported_at: row.time(3)?,
    })
}

pub fn statement_line(row: &dyn Columns) -> Result<StatementLine, BadRow> {
    let (merchant, order) = (row.merchant(0)?, row.number(1)?);
    Ok(StatementLine {
        order: (merchant.0 > 0).then_some((merchant, order)),
        line_no: row.int(2)?,
        trade_no: row.string(3)?,
        original_trade_no: row.string(4)?,
        kind: StatementKind::from_word(row.text(5)?).ok_or_else(|| bad(5, "unknown kind"))?,
        amount_minor: row.long(6)?,
        currency: row.currency(7)?,
        at: row.time(8)?,
        reference: row.string(9)?,
        batch: row.string(10)?,
    })
}

pub fn pair_of_words(row: &dyn Columns) -> Result<(String, String), BadRow> {
    Ok((row.string(0)?, row.string(1)?))
}

pub fn word_and_count(row: &dyn Columns) -> Result<(String, i64), BadRow> {
    Ok((row.string(0)?, row.long(1)?))
}
