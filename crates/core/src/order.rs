//! An order: its terms never change, its state moves forward along [`crate::table`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::counter::{Counter, CounterTerms, Deed, Stage};
use crate::fee::FeePlan;
use crate::ids::{MerchantId, OrderNo};
use crate::money::{Currency, Money};
use crate::rate::Rate;
use crate::time::Timestamp;

/// How the payer pays, a word of the channels (`alipay`); opaque here.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Method(Arc<str>);

impl Method {
    pub fn new(word: &str) -> Self {
        Self(word.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How payer and payment meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The till shows a QR code, the payer scans it.
    MerchantPresented,
    /// The payer shows a code, the till scans it.
    CustomerPresented,
    /// A page of ours shows the QR code.
    HostedPage,
    /// The wallet's own mini app pays.
    MiniApp,
    /// A card is read at a terminal.
    CardPresent,
    /// A card's digits are given to us, or we act at the acquirer on what a card paid: no terminal has a part in it.
    CardOnline,
}

impl Flow {
    pub const ALL: [Self; 6] = [
        Self::MerchantPresented,
        Self::CustomerPresented,
        Self::HostedPage,
        Self::MiniApp,
        Self::CardPresent,
        Self::CardOnline,
    ];
    /// Those a wallet can be paid by.
    pub const OF_WALLETS: [Self; 4] =
        [Self::MerchantPresented, Self::CustomerPresented, Self::HostedPage, Self::MiniApp];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MerchantPresented => "merchant_presented",
            Self::CustomerPresented => "customer_presented",
            Self::HostedPage => "hosted_page",
            Self::MiniApp => "mini_app",
            Self::CardPresent => "card_present",
            Self::CardOnline => "card_online",
        }
    }
}

/// Of which ends the merchant is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    #[default]
    EveryEnd,
    /// Only that it was paid.
    Payment,
}

/// What becomes of money that a channel reports after the order's time was up, before it has closed the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterTime {
    /// The order is paid after all.
    #[default]
    Counts,
    /// Nobody waits for it any more: the money goes back.
    GoesBack,
}

/// Who pays in a wallet's mini app, in the wallet's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppPayer {
    pub app_id: String,
    pub payer_id: String,
}

/// What the merchant asked for. Fixed when the order is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The account's code.
    pub account: String,
    /// `None`: the payer chooses on our page.
    pub method: Option<Method>,
    pub flow: Flow,
    /// The sale, without a tip.
    pub amount: Money,
    /// On top of the amount, in the same currency.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tip_minor: i64,
    /// What the payer sees in his own currency.
    pub payer_currency: Currency,
    pub payer_rate: Rate,
    /// What it costs the merchant, by any method it may be paid with.
    #[serde(alias = "fee_bp")]
    pub fees: FeePlan,
    pub description: String,
    pub notify_url: String,
    pub return_url: String,
    pub payer_ip: String,
    /// The code a till scanned off the payer's phone.
    pub payer_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_payer: Option<AppPayer>,
    /// Who sold it and at which till, in the merchant's words; empty if he did not say. Orders are found by them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub operator: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub terminal: String,
    /// What the room keeps with the order to say it again; opaque here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub particulars: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub tells: Tells,
    #[serde(default, skip_serializing_if = "is_default")]
    pub after_time: AfterTime,
    /// For an order that goes to a terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<CounterTerms>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Terms {
    /// What the payer was asked for: the amount, the tip, the cashback. Rooms refuse a sum that does not fit.
    pub fn total(&self) -> Money {
        self.with_tip(self.tip_minor)
    }

    /// The same with another tip.
    pub fn with_tip(&self, tip_minor: i64) -> Money {
        let minor = self.sale_minor().saturating_add(tip_minor);
        Money::new(minor, self.amount.currency)
    }

    /// Without the tip: the amount, and what the merchant hands out in cash.
    pub fn sale_minor(&self) -> i64 {
        let cashback_minor = self.counter.map_or(0, |counter| counter.cashback_minor);
        self.amount.minor.saturating_add(cashback_minor)
    }

    /// What a terminal is to do; anything else is a sale.
    pub fn deed(&self) -> Deed {
        self.counter.map_or(Deed::Sale, |counter| counter.deed)
    }

    pub fn payer_amount(&self) -> Money {
        self.payer_rate.convert(self.total(), self.payer_currency)
    }
}

/// What the channel gave us to show to the payer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    /// The channel has not heard of the order: nobody can pay it yet.
    #[default]
    None,
    /// The channel is charging a code the payer showed.
    Charge,
    /// The same; a terminal has scanned the code.
    Scanned(String),
    /// The text of a QR code.
    Code(String),
    /// Fields a wallet's mini app passes on, in their order.
    App(Vec<(String, String)>),
    /// Where the payer's browser is to go: the card's issuer wants to hear from him.
    Challenge(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The merchant asked for it.
    Cancelled,
    /// Its time ran out.
    Expired,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    /// The channel's own word for it.
    Declined(String),
    Expired,
}

/// Where an order is. Paid, Failed and Cancelled are final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    Pending,
    /// The channel is being asked to close it; until it answers the payer may still have paid.
    Closing(CloseReason),
    /// The money is held for the merchant.
    Authorized {
        at: Timestamp,
        channel_ref: String,
        payer: String,
    },
    Paid {
        at: Timestamp,
        channel_ref: String,
        payer: String,
    },
    Failed {
        at: Timestamp,
        reason: FailReason,
    },
    Cancelled {
        at: Timestamp,
    },
    /// It was paid or authorized, and undone before it was settled.
    Voided {
        at: Timestamp,
        channel_ref: String,
        payer: String,
    },
}

impl OrderState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Closing(_) => "closing",
            Self::Authorized { .. } => "authorized",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Voided { .. } => "voided",
        }
    }

    /// No later word changes it. A sale that was paid may still be voided, which is another order's doing.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Pending | Self::Closing(_) | Self::Authorized { .. })
    }

    /// The payer may still pay.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Pending | Self::Closing(_))
    }

    /// When it came to its end, or was authorized.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending | Self::Closing(_) => None,
            Self::Authorized { at, .. }
            | Self::Paid { at, .. }
            | Self::Failed { at, .. }
            | Self::Cancelled { at }
            | Self::Voided { at, .. } => Some(*at),
        }
    }
}

/// Minor units of the order's currency. `refunded + refunding <= captured`, kept by the store as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Funds {
    pub captured_minor: i64,
    pub refunded_minor: i64,
    /// Promised to refunds whose outcome is still open.
    pub refunding_minor: i64,
}

impl Funds {
    pub fn refundable_minor(self) -> i64 {
        self.captured_minor - self.refunded_minor - self.refunding_minor
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub merchant: MerchantId,
    pub number: OrderNo,
    /// Counts events, from 1; the store writes only over the version it was read at.
    pub version: u32,
    /// The room that created it and will notify, opaque here.
    pub room: Arc<str>,
    /// The merchant's number, unique per merchant and room.
    pub reference: String,
    pub terms: Terms,
    /// The methods the order was to be paid with, in turn. Each was given up, and closed at its channel, before
    /// the next; the last is the one that counts.
    pub choices: Vec<Method>,
    /// Choices whose late money has been sent back, bit by bit from the first.
    pub given_back: u32,
    pub state: OrderState,
    pub presentation: Presentation,
    pub funds: Funds,
    /// With [`Terms::counter`], and only with it.
    pub counter: Option<Box<Counter>>,
    /// Refunds there have been, whatever came of them.
    pub refunds: u32,
    /// Events in the journal.
    pub events: u32,
}

/// How often a payer may choose, the first time included.
pub const CHOICES_MAX: usize = 30;

impl Order {
    /// `None` while the payer has not chosen.
    pub fn method(&self) -> Option<&Method> {
        self.choices.last()
    }

    /// Number of the choice that counts; 0 while there is none.
    pub fn choice(&self) -> u32 {
        self.choices.len() as u32
    }

    /// As it is now.
    pub fn tip_minor(&self) -> i64 {
        self.counter.as_ref().map_or(self.terms.tip_minor, |counter| counter.tip_minor)
    }

    /// What the payer pays, with the tip as it is now.
    pub fn total(&self) -> Money {
        self.terms.with_tip(self.tip_minor())
    }

    /// The most that may be captured.
    pub fn authorized_minor(&self) -> i64 {
        self.counter.as_ref().map_or_else(|| self.terms.total().minor, |counter| counter.authorized_minor)
    }

    /// A card's: whether it was paid say the terminal and the acquirer, no wallet. On a page the payer may choose a
    /// card or a wallet.
    pub fn is_card(&self) -> bool {
        self.is_cards_choice(self.choice())
    }

    /// The same of one of its choices.
    pub fn is_cards_choice(&self, choice: u32) -> bool {
        let Some(counter) = &self.counter else { return false };
        match self.terms.flow {
            Flow::CardPresent | Flow::CardOnline => true,
            Flow::HostedPage => choice > 0 && counter.card_choices & 1 << (choice - 1) != 0,
            Flow::MerchantPresented | Flow::CustomerPresented | Flow::MiniApp => false,
        }
    }

    /// Whether it waits for a terminal, or is on one.
    pub fn is_for_terminal(&self) -> bool {
        self.counter.is_some() && !matches!(self.terms.flow, Flow::CardOnline | Flow::HostedPage)
    }

    /// Whether a terminal may have it on its screen.
    pub fn is_at_terminal(&self) -> bool {
        self.counter.as_ref().is_some_and(|counter| counter.stage != Stage::Waiting)
    }

    /// The code that a till or a terminal scanned off the payer's phone.
    pub fn payer_code(&self) -> Option<&str> {
        match &self.presentation {
            Presentation::Scanned(code) => Some(code),
            _ => self.terms.payer_code.as_deref(),
        }
    }

    /// The channel is charging a code the payer showed.
    pub fn is_charging(&self) -> bool {
        matches!(self.presentation, Presentation::Charge | Presentation::Scanned(_))
    }

    /// The method of an earlier choice, or of this one.
    pub fn method_of(&self, choice: u32) -> Option<&Method> {
        self.choices.get(choice.checked_sub(1)? as usize)
    }
}
