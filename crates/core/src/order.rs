//! An order: its terms never change, its state moves forward along [`crate::table`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

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
}

impl Flow {
    pub const ALL: [Self; 4] =
        [Self::MerchantPresented, Self::CustomerPresented, Self::HostedPage, Self::MiniApp];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::MerchantPresented => "merchant_presented",
            Self::CustomerPresented => "customer_presented",
            Self::HostedPage => "hosted_page",
            Self::MiniApp => "mini_app",
        }
    }
}

/// What the merchant asked for. Fixed when the order is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The account's code.
    pub account: String,
    pub method: Method,
    pub flow: Flow,
    pub amount: Money,
    /// What the payer sees in his own currency.
    pub payer_currency: Currency,
    pub payer_rate: Rate,
    pub fee_bp: u32,
    pub description: String,
    pub notify_url: String,
    pub return_url: String,
    pub payer_ip: String,
    /// The code a till scanned off the payer's phone.
    pub payer_code: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Terms {
    pub fn payer_amount(&self) -> Money {
        self.payer_rate.convert(self.amount, self.payer_currency)
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
    /// The text of a QR code.
    Code(String),
    /// Fields a wallet's mini app passes on, in their order.
    App(Vec<(String, String)>),
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
}

impl OrderState {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Closing(_) => "closing",
            Self::Paid { .. } => "paid",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Pending | Self::Closing(_))
    }

    /// When it became final.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self {
            Self::Pending | Self::Closing(_) => None,
            Self::Paid { at, .. } | Self::Failed { at, .. } | Self::Cancelled { at } => Some(*at),
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
    /// Counts commits, from 1; the store writes only over the version it was read at.
    pub version: u32,
    /// The room that created it and will notify, opaque here.
    pub room: Arc<str>,
    /// The merchant's number, unique per merchant and room.
    pub reference: String,
    pub terms: Terms,
    pub state: OrderState,
    pub presentation: Presentation,
    pub funds: Funds,
    /// Refunds there have been, whatever came of them.
    pub refunds: u32,
    /// Events in the journal.
    pub events: u32,
}
