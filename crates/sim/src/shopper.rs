//! What a shopper sees and does with his phone, and what a checker may look up.
//!
//! Knows: scanning, paying, declining, walking away. Deliberately does not know: requests of the gateway.

use std::io;

use serde::{Deserialize, Serialize};

use crate::app_order::{self, AppOrderResult};
use crate::mini_program::{self, MiniProgramResult};
use crate::trade::{Pressed, Trade};
use crate::view::{Filter, Ledger, PaymentView, StateWord, Totals};
use crate::wallet::Wallet;
use crate::world::World;

/// How far back a list looks.
const LOOK_BACK: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShopperAction {
    Pay,
    Decline,
    /// Closes the app: nothing happens by itself any more until the payment expires.
    WalkAway,
}

#[derive(Debug, thiserror::Error)]
pub enum ShopperError {
    #[error("there is no such payment")]
    NotFound,
    #[error("the payment is not open any more")]
    NotPayable(StateWord),
    /// A rule has it so; the payment stays pending.
    #[error("the phone cannot reach the wallet")]
    NoConnection,
    #[error("the sandbox cannot write its journal: {0}")]
    Journal(#[from] io::Error),
}

impl World {
    /// Newest first.
    pub fn payments(&self, filter: &Filter) -> Vec<PaymentView> {
        let books = self.books();
        let end = filter.before.unwrap_or(usize::MAX).min(books.trades().len());
        let older = books.trades().iter().take(end).rev().take(LOOK_BACK);
        older.filter(|trade| filter.wants(trade)).take(filter.limit).map(PaymentView::from).collect()
    }

    pub fn payment(&self, trade_no: &str) -> Option<PaymentView> {
        self.books().by_number(trade_no).map(PaymentView::from)
    }

    /// The payment behind the text of a QR code, or behind the fields a WeChat mini program pays with.
    pub fn scan(&self, text: &str) -> Option<PaymentView> {
        let books = self.books();
        let of_mini_program = || books.by_prepay_id(&mini_program::read(text, &self.key)?.prepay_id);
        books.by_code(text.trim()).or_else(of_mini_program).map(PaymentView::from)
    }

    /// The shopper presses pay. The payment may still be pending afterwards, or declined: see its state.
    pub fn pay(&self, trade_no: &str, now_ms: i64) -> Result<PaymentView, ShopperError> {
        self.act(trade_no, ShopperAction::Pay, now_ms)
    }

    pub fn decline(&self, trade_no: &str, now_ms: i64) -> Result<PaymentView, ShopperError> {
        self.act(trade_no, ShopperAction::Decline, now_ms)
    }

    /// The shopper closes the app; he may come back and pay until the payment expires.
    pub fn walk_away(&self, trade_no: &str, now_ms: i64) -> Result<PaymentView, ShopperError> {
        self.act(trade_no, ShopperAction::WalkAway, now_ms)
    }

    pub fn act(
        &self,
        trade_no: &str,
        action: ShopperAction,
        now_ms: i64,
    ) -> Result<PaymentView, ShopperError> {
        let mut books = self.books();
        let mut trade = books.by_number(trade_no).cloned().ok_or(ShopperError::NotFound)?;
        let happened = trade.advance(now_ms);
        let pressed = Self::touch(&mut trade, action, now_ms);
        if happened || pressed != Pressed::NotPayable {
            books.save(trade.clone())?;
        }
        match pressed {
            Pressed::NotPayable => Err(ShopperError::NotPayable(StateWord::of(&trade.state))),
            Pressed::NoConnection => Err(ShopperError::NoConnection),
            Pressed::Paid | Pressed::Waiting | Pressed::Declined => Ok(PaymentView::from(&trade)),
        }
    }

    fn touch(trade: &mut Trade, action: ShopperAction, now_ms: i64) -> Pressed {
        match action {
            ShopperAction::Pay => trade.press_pay(now_ms),
            _ if !trade.is_pending() => Pressed::NotPayable,
            ShopperAction::Decline => {
                trade.decline(now_ms, "PAYER_DECLINED");
                Pressed::Declined
            }
            ShopperAction::WalkAway => {
                trade.walk_away();
                Pressed::Waiting
            }
        }
    }

    /// A mini app's `my.tradePay`: `order_str` is `k=v&k=v` of the signed fields, values raw.
    pub fn pay_app_order(&self, order_str: &str, action: ShopperAction, now_ms: i64) -> AppOrderResult {
        let Some(order) = app_order::read(order_str, &self.key) else {
            return AppOrderResult::failed("the order cannot be read or its signature is wrong");
        };
        let same = |view: &PaymentView| {
            view.wallet == Wallet::Alipay
                && view.flow == "mini_app"
                && view.amount == order.total_fee
                && view.currency == order.currency
        };
        if !self.payment(&order.number).as_ref().is_some_and(same) {
            return AppOrderResult::failed("Alipay does not know this order");
        }
        match self.act(&order.number, action, now_ms) {
            Ok(view) => AppOrderResult::of(view, action),
            Err(ShopperError::NoConnection) => AppOrderResult::no_connection(),
            Err(error) => AppOrderResult::failed(&error.to_string()),
        }
    }

    /// A mini program's `wx.requestPayment` on the phone of `payer_id`: `pay_info` is a JSON object of the signed
    /// fields.
    pub fn pay_mini_program(
        &self,
        pay_info: &str,
        payer_id: &str,
        action: ShopperAction,
        now_ms: i64,
    ) -> MiniProgramResult {
        let Some(info) = mini_program::read(pay_info, &self.key) else {
            return MiniProgramResult::failed("the fields cannot be read or their signature is wrong");
        };
        let found = self.books().by_prepay_id(&info.prepay_id).map(|trade| trade.terms.clone());
        let Some(terms) = found.filter(|terms| terms.app_id == info.app_id) else {
            return MiniProgramResult::failed("WeChat does not know this prepay id in this app");
        };
        if terms.payer_id != payer_id {
            return MiniProgramResult::failed("the payment is another payer's");
        }
        match self.act(&terms.number, action, now_ms) {
            Ok(view) => MiniProgramResult::of(view, action),
            Err(ShopperError::NoConnection) => MiniProgramResult::failed("no connection"),
            Err(error) => MiniProgramResult::failed(&error.to_string()),
        }
    }

    /// What money moved for a trade; `None` if the wallets never heard of it.
    pub fn ledger(&self, trade_no: &str) -> Option<Ledger> {
        self.books().by_number(trade_no).map(Ledger::from)
    }

    /// The ledgers of all trades, oldest first.
    pub fn ledgers(&self) -> Vec<Ledger> {
        self.books().trades().iter().map(Ledger::from).collect()
    }

    pub fn totals(&self) -> Totals {
        Totals::of(&self.ledgers())
    }
}
