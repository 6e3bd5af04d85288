//! From a call to an order's terms, and what is kept with the order to say it again.

use std::collections::BTreeMap;
use std::fmt;

use tillgate_core::{
    Account, AfterTime, CounterTerms, Deed, Flow, Method as Wallet, OrderNo, Queue, Rate, Tells, Terms,
    Timestamp,
};

mod online;

pub use online::{FollowUp, checkout, follow_up, merchant_checkout, offered};

use super::calls::OrderCall;
use super::codes::Reject;
use super::words::{PayMethod, PayScenario, QueueMode, TransType};
use crate::wire::offer::Offer;

/// Keys of what is kept, in `Terms::particulars`. What was not sent is not kept.
pub mod kept {
    pub const APP_ID: &str = "app_id";
    pub const MERCHANT_NO: &str = "merchant_no";
    pub const STORE_NO: &str = "store_no";
    pub const METHOD: &str = "method";
    pub const TRANS_TYPE: &str = "trans_type";
    pub const PAY_SCENARIO: &str = "pay_scenario";
    pub const PAY_METHOD: &str = "pay_method_id";
    pub const CARD_TYPE: &str = "card_type";
    pub const ORIGINAL: &str = "orig_merchant_order_no";
    pub const ATTACH: &str = "attach";
    pub const QUEUE_MODE: &str = "order_queue_mode";
    pub const RECEIPT_PRINT: &str = "receipt_print_mode";
    /// Switches are kept where they differ from their default.
    pub const NO_SIGNATURE: &str = "no_signature";
    pub const CONFIRM: &str = "confirm_on_terminal";
    pub const AUTHENTICATE: &str = "required_terminal_authentication";
    /// [`OrderDetail::to_text`](crate::codepay::OrderDetail::to_text).
    pub const ORDER_DETAIL: &str = "order_detail";
    /// JSON text of an [`Address`](tillgate_core::Address).
    pub const BILLING: &str = "billing_address";
    pub const LONGITUDE: &str = "longitude";
    pub const LATITUDE: &str = "latitude";
}

/// The method of a card, as channels call it.
pub const CARD: &str = "card";

/// What the server knows that the call does not say.
pub struct Context<'a> {
    pub app_id: &'a str,
    pub merchant_no: &'a str,
    pub account: &'a Account,
    /// Of the order it acts on.
    pub original: Option<OrderNo>,
    pub now: Timestamp,
    /// If the call names no time.
    pub lifetime_s: i64,
    /// Yuan for one unit of the order's currency, for wallets that count in them.
    pub rate: Option<Rate>,
    pub offer: &'a (dyn Fn(&Wallet, Flow) -> Offer + Sync),
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("merchant_no", &self.merchant_no).finish_non_exhaustive()
    }
}

impl TransType {
    /// `None`: not served.
    pub fn deed(self) -> Option<Deed> {
        match self {
            Self::Sale | Self::SaleWithCashback => Some(Deed::Sale),
            Self::Void => Some(Deed::Void),
            Self::Refund => Some(Deed::Refund),
            Self::Authorization => Some(Deed::Authorization),
            Self::Completion => Some(Deed::Completion),
            Self::AuthorizationCancel
            | Self::CompletionCancel
            | Self::CompletionRefund
            | Self::CashWithdrawal => None,
        }
    }
}

/// The wallet that a `pay_method_id` means; `None` for cards and what no wallet is.
fn wallet(method: PayMethod) -> Option<&'static str> {
    match method {
        PayMethod::Alipay | PayMethod::AlipayPlus => Some("alipay"),
        PayMethod::WeChatPay => Some("wechat"),
        PayMethod::UnionPay => Some("unionpay"),
        PayMethod::Visa
        | PayMethod::MasterCard
        | PayMethod::Amex
        | PayMethod::Discover
        | PayMethod::Jcb
        | PayMethod::DinersClub
        | PayMethod::PayPal
        | PayMethod::Venmo
        | PayMethod::CashPay => None,
    }
}

/// How it is paid, and with what.
fn way(call: &OrderCall, context: &Context<'_>) -> Result<(Flow, Wallet), Reject> {
    let not_offered = || Reject::invalid("pay_method_id", "is not offered here for this pay_scenario");
    let flow = match call.pay_scenario {
        PayScenario::SwipeCard => Flow::CardPresent,
        PayScenario::ScanQr => Flow::MerchantPresented,
        PayScenario::BScanQr => Flow::CustomerPresented,
    };
    let word = match call.pay_scenario {
        PayScenario::SwipeCard => match call.pay_method {
            // None of them is a card; UnionPay is both.
            Some(
                PayMethod::Alipay
                | PayMethod::AlipayPlus
                | PayMethod::WeChatPay
                | PayMethod::PayPal
                | PayMethod::Venmo
                | PayMethod::CashPay,
            ) => return Err(not_offered()),
            Some(
                PayMethod::Visa
                | PayMethod::MasterCard
                | PayMethod::Amex
                | PayMethod::Discover
                | PayMethod::Jcb
                | PayMethod::DinersClub
                | PayMethod::UnionPay,
            )
            | None => CARD,
        },
        PayScenario::ScanQr | PayScenario::BScanQr => {
            if call.trans_type != TransType::Sale {
                return Err(Reject::invalid("pay_scenario", "by QR code is for trans_type 1 only"));
            }
            if call.on_screen_tip {
                return Err(Reject::invalid("on_screen_tip", "is for pay_scenario SWIPE_CARD only"));
            }
            call.pay_method.and_then(wallet).ok_or_else(not_offered)?
        }
    };
    let method = Wallet::new(word);
    let is_taken = context.account.methods.contains(&method);
    match (context.offer)(&method, flow) {
        Offer::Yes if is_taken => Ok((flow, method)),
        Offer::Yes | Offer::NoChannel | Offer::NoFlow if word == CARD => {
            Err(Reject::invalid("pay_scenario", "SWIPE_CARD is not offered here"))
        }
        Offer::Yes | Offer::NoChannel | Offer::NoFlow => Err(not_offered()),
    }
}

pub fn terms(call: &OrderCall, context: &Context<'_>) -> Result<Terms, Reject> {
    let (flow, method) = way(call, context)?;
    let deed = call.trans_type.deed().ok_or_else(|| Reject::invalid("trans_type", "is not served"))?;
    let total_minor = call.amount.minor + call.tip_minor + call.cashback_minor;
    if context.account.payment_limit_minor.is_some_and(|limit| total_minor > limit) {
        return Err(Reject::invalid("order_amount", "is above the merchant's limit for one payment"));
    }
    let fees = context.account.fees.as_ref();
    let fees = fees.ok_or_else(|| Reject::invalid("price_currency", "has no fee plan yet"))?;
    let (payer_currency, payer_rate) = match (flow, context.rate) {
        (Flow::CardPresent, _) | (_, None) => (call.amount.currency, Rate::ONE),
        (_, Some(rate)) => (yuan().unwrap_or(call.amount.currency), rate),
    };
    let fees = fees.kept_for(Some(&method), &[]);
    Ok(Terms {
        account: context.account.code.clone(),
        method: Some(method),
        flow,
        amount: call.amount,
        tip_minor: call.tip_minor,
        payer_currency,
        payer_rate,
        fees,
        description: call.description.clone(),
        notify_url: call.notify_url.clone().unwrap_or_default(),
        return_url: String::new(),
        payer_ip: String::new(),
        payer_code: None,
        app_payer: None,
        operator: String::new(),
        terminal: call.terminal_sn.clone(),
        particulars: particulars(call, context),
        tells: Tells::EveryEnd,
        after_time: AfterTime::Counts,
        counter: Some(CounterTerms {
            deed,
            original: context.original,
            refunds_tip_minor: None,
            cashback_minor: call.cashback_minor,
            // A refund gives back what the till said; a tip on it would be money that nobody set aside.
            asks_tip: call.on_screen_tip && !deed.follows_up(),
            queue: match call.queue_mode {
                QueueMode::Fifo => Queue::Fifo,
                QueueMode::Filo => Queue::Filo,
            },
        }),
        created_at: context.now,
        expires_at: context.now.plus_s(call.expires_s.unwrap_or(context.lifetime_s)),
    })
}

fn yuan() -> Option<tillgate_core::Currency> {
    tillgate_core::Currency::from_code("CNY")
}

fn particulars(call: &OrderCall, context: &Context<'_>) -> BTreeMap<String, String> {
    let flag = |is_on: bool| is_on.then(|| "1".to_owned());
    let number = |number: u8| Some(number.to_string());
    let queue_mode = match call.queue_mode {
        QueueMode::Fifo => None,
        QueueMode::Filo => Some(QueueMode::Filo.word().to_owned()),
    };
    [
        (kept::APP_ID, Some(context.app_id.to_owned())),
        (kept::MERCHANT_NO, Some(context.merchant_no.to_owned())),
        (kept::STORE_NO, call.store_no.clone()),
        (kept::METHOD, Some(super::Method::PayOrder.word().to_owned())),
        (kept::TRANS_TYPE, number(call.trans_type.number())),
        (kept::PAY_SCENARIO, Some(call.pay_scenario.word().to_owned())),
        (kept::PAY_METHOD, call.pay_method.map(|method| method.word().to_owned())),
        (kept::CARD_TYPE, call.card_type.and_then(|card| number(card.number()))),
        (kept::ORIGINAL, call.orig_merchant_order_no.clone()),
        (kept::ATTACH, call.attach.clone()),
        (kept::QUEUE_MODE, queue_mode),
        (kept::RECEIPT_PRINT, number(call.receipt_print.number())),
        (kept::NO_SIGNATURE, flag(!call.on_screen_signature)),
        (kept::CONFIRM, flag(call.confirm_on_terminal)),
        (kept::AUTHENTICATE, flag(call.needs_terminal_authentication)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}
