//! What can be asked for, as it leaves this room: each call with its fields checked.

use tillgate_core::{Address, Currency, Money, MoneyError};

use super::AppMerchant;
use super::card::SealedCard;
use super::codes::Reject;
use super::fields::{FieldSpec, Kind};
use super::order_detail::OrderDetail;
use super::words::{CardType, PayMethod, PayScenario, QueueMode, ReceiptPrint, TransType};

/// A call, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub whose: Whose,
    pub call: Call,
}

/// Whose transactions a call may be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The request names one of the app's.
    Merchant(AppMerchant),
    /// It names none: any of [`App::merchants`](super::App::merchants).
    AnyOfTheApp,
}

/// What a merchant wants of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "most calls are the large one, and each is moved once")]
pub enum Call {
    Order(OrderCall),
    Close(CloseCall),
    /// Of an order, or of a refund by its own number.
    Query(Number),
    RefundQuery(Number),
    Refund(RefundCall),
    /// Cancel whatever became of it: close it, or give the money back. Not for cards on a terminal.
    Revoke {
        merchant_order_no: String,
    },
    AdjustTip(TipCall),
    CloseBatch {
        terminal_sn: String,
    },
    Checkout(CheckoutCall),
    MerchantCheckout(MerchantCheckoutCall),
    Capture(CaptureCall),
    Increase(IncreaseCall),
    CancelPayment(CancelCall),
    RefundParts(RefundPartsCall),
    PaymentTip(PaymentTipCall),
    Recall(Number),
    CloseBatches(BatchesCall),
    OpenBatches(BatchesCall),
}

/// Which transaction is meant. Of two numbers `trans_no` counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    Trans(String),
    Merchant(String),
}

/// `wisehub.cloud.pay.order`: a sale, void, refund, authorization, completion or sale with cashback at a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderCall {
    pub trans_type: TransType,
    pub merchant_order_no: String,
    /// Set where [`TransType::needs_original`]; otherwise as sent.
    pub orig_merchant_order_no: Option<String>,
    pub store_no: Option<String>,
    pub terminal_sn: String,
    pub pay_scenario: PayScenario,
    /// Set for the QR scenarios.
    pub pay_method: Option<PayMethod>,
    pub card_type: Option<CardType>,
    /// Above zero, without tip and cashback. The three together fit [`Money::LIMIT_MINOR`].
    pub amount: Money,
    /// Minor units of the same currency.
    pub tip_minor: i64,
    /// Zero unless it is a sale with cashback.
    pub cashback_minor: i64,
    pub on_screen_tip: bool,
    pub on_screen_signature: bool,
    pub confirm_on_terminal: bool,
    pub receipt_print: ReceiptPrint,
    pub needs_terminal_authentication: bool,
    pub reject_when_offline: bool,
    pub queue_mode: QueueMode,
    pub description: String,
    /// To be said again, unaltered.
    pub attach: Option<String>,
    pub notify_url: Option<String>,
    /// `None`: the gateway's own time.
    pub expires_s: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCall {
    pub store_no: Option<String>,
    pub terminal_sn: String,
    pub merchant_order_no: String,
    pub description: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundCall {
    /// The paid order.
    pub original: Number,
    /// The refund's own number.
    pub merchant_order_no: String,
    /// `None`: the order's. If set, `amount` fits it.
    pub currency: Option<Currency>,
    /// Above zero.
    pub amount: Decimal,
    pub description: String,
    pub notify_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TipCall {
    pub merchant_order_no: String,
    /// The whole tip from now on; may be zero.
    pub tip: Decimal,
}

/// Where a payer is, as the merchant's shop says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    pub term_ip: Option<String>,
    /// Decimal degrees.
    pub longitude: Option<String>,
    pub latitude: Option<String>,
}

/// `pay.checkout`: an order that is paid on a page of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutCall {
    pub merchant_order_no: String,
    pub store_no: Option<String>,
    /// Above zero.
    pub amount: Money,
    /// `None`: the gateway's own time.
    pub expires_s: Option<i64>,
    pub description: String,
    pub order_detail: OrderDetail,
    pub origin: Origin,
    /// Where the payer's browser goes afterwards.
    pub return_url: Option<String>,
    pub notify_url: Option<String>,
    /// To be said again, unaltered.
    pub attach: Option<String>,
}

/// `pay.merchant.checkout`: a sale with a card the merchant has asked for on a page of his own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantCheckoutCall {
    pub merchant_order_no: String,
    pub store_no: Option<String>,
    pub card: SealedCard,
    pub billing: Address,
    /// Above zero.
    pub amount: Money,
    /// `None`: the gateway's own time.
    pub expires_s: Option<i64>,
    pub description: String,
    pub origin: Origin,
    /// Where the payer's browser goes after 3-D Secure.
    pub return_url: Option<String>,
    pub notify_url: Option<String>,
    /// To be said again, unaltered.
    pub attach: Option<String>,
}

/// `/api/payments/capture`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureCall {
    /// The capture's own number.
    pub merchant_order_no: String,
    /// Of the authorization.
    pub trans_no: String,
    /// Above zero.
    pub amount: Decimal,
}

/// `/api/payments/incremental_authorization`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncreaseCall {
    /// Of the authorization.
    pub trans_no: String,
    /// On top of what is authorized; above zero.
    pub amount: Decimal,
}

/// `/api/payments/cancel`: an authorization that was not captured is let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelCall {
    /// The cancel's own number.
    pub merchant_order_no: String,
    /// Of the authorization.
    pub trans_no: String,
}

/// `/api/payments/refund`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPartsCall {
    /// The refund's own number.
    pub merchant_order_no: String,
    /// Of the payment.
    pub trans_no: String,
    pub parts: RefundParts,
}

/// What goes back of each part of a payment. At least one is above zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefundParts {
    pub order: Option<Decimal>,
    pub tip: Option<Decimal>,
    pub surcharge: Option<Decimal>,
    pub sales_tax: Option<Decimal>,
    pub service_charge: Option<Decimal>,
}

impl RefundParts {
    /// In the order of the document.
    pub fn each(&self) -> [Option<&Decimal>; 5] {
        let Self { order, tip, surcharge, sales_tax, service_charge } = self;
        [order, tip, surcharge, sales_tax, service_charge].map(Option::as_ref)
    }

    /// All parts together, and how much of it is tip; in minor units of the payment's currency.
    pub fn total(&self, currency: Currency) -> Result<(Money, i64), Reject> {
        let mut total_minor = 0_i64;
        for part in self.each().into_iter().flatten() {
            total_minor += part.money(currency)?.minor;
            if total_minor > Money::LIMIT_MINOR {
                return Err(Reject::invalid(part.field(), "with the other parts is too large"));
            }
        }
        let tip = self.tip.as_ref().map(|tip| tip.money(currency)).transpose()?;
        Ok((Money::new(total_minor, currency), tip.map_or(0, |tip| tip.minor)))
    }

    /// A part that is none of order and tip, if there is one above zero: nothing of the kind is ever charged here.
    pub fn never_charged(&self) -> Option<&Decimal> {
        let [_, _, others @ ..] = self.each();
        others.into_iter().flatten().find(|part| !part.is_zero())
    }
}

/// `/api/payments/tip_adjustment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentTipCall {
    pub trans_no: String,
    /// The whole tip from now on; may be zero.
    pub tip: Decimal,
}

/// `/api/batch/close` and `/api/batch/open`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchesCall {
    pub store_no: Option<String>,
    /// None: all terminals of the store.
    pub terminals: Vec<String>,
}

/// A decimal number as it was written. Which minor units it is depends on the order's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    field: String,
    text: String,
}

impl Decimal {
    /// Digits, optionally a point and digits: no sign, no exponent, no blanks.
    pub(super) fn read(field: &str, text: &str, max: usize) -> Result<Self, Reject> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > max || !digits(whole) || !digits(fraction) {
            let what = format_args!("must be a plain decimal number, {max} characters at most");
            return Err(Reject::invalid(field, what));
        }
        Ok(Self { field: field.to_owned(), text: text.to_owned() })
    }

    pub(super) fn new(spec: &FieldSpec, text: &str) -> Result<Self, Reject> {
        let decimal = Self::read(spec.name, text, spec.max)?;
        if spec.kind == Kind::Amount && decimal.is_zero() {
            return Err(Reject::invalid(spec.name, "must be greater than zero"));
        }
        Ok(decimal)
    }

    /// The parameter it stood in.
    pub fn field(&self) -> &str {
        &self.field
    }

    pub fn is_zero(&self) -> bool {
        self.text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
    }

    /// In minor units of a currency. Zeros behind its last digit are dropped, for Java writes 30 yen as `30.0`; what
    /// has more digits than the currency is refused, with the field's name.
    pub fn money(&self, currency: Currency) -> Result<Money, Reject> {
        let (whole, fraction) = self.text.split_once('.').unwrap_or((&self.text, ""));
        let kept = fraction.trim_end_matches('0');
        let plain = if kept.is_empty() { whole.to_owned() } else { [whole, ".", kept].concat() };
        Money::parse_decimal(&plain, currency).map_err(|error| match error {
            MoneyError::TooPrecise => {
                let (digits, code) = (currency.exponent(), currency.code());
                Reject::invalid(
                    &self.field,
                    format_args!("has more than {code}'s {digits} digits after the point"),
                )
            }
            MoneyError::NotDecimal | MoneyError::TooLarge => Reject::invalid(&self.field, error),
        })
    }

    pub(super) fn is_equal(&self, other: &Self) -> bool {
        let parts = |decimal: &Self| {
            let (whole, fraction) = decimal.text.split_once('.').unwrap_or((&decimal.text, ""));
            (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned())
        };
        parts(self) == parts(other)
    }
}
