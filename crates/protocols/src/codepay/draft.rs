//! The rule of each kind of field, and the calls they add up to.

use std::fmt::Display;

use tillgate_core::{Currency, MerchantId, Money, MoneyError};

use super::codes::{Code, Reject};
use super::decode::text;
use super::fields::{self, FieldSpec, Kind};
use super::words::{CardType, PayMethod, PayScenario, QueueMode, ReceiptPrint, TransType};
use super::{App, Method};
use crate::wire::json::Field;
use crate::wire::url::check_callable;

const EXPIRES_S: std::ops::RangeInclusive<i64> = 1..=604_800;
const APPLICATION: &str = "CodePay Register";

/// A call, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub merchant_no: String,
    pub merchant: MerchantId,
    pub call: Call,
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

/// A decimal number as it was written. Which minor units it is depends on the order's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    field: &'static str,
    text: String,
}

impl Decimal {
    /// Digits, optionally a point and digits: no sign, no exponent, no blanks.
    fn new(spec: &FieldSpec, text: &str) -> Result<Self, Reject> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > spec.max || !digits(whole) || !digits(fraction) {
            return Err(Reject::invalid(
                spec.name,
                format_args!("must be a plain decimal number, {} characters at most", spec.max),
            ));
        }
        let decimal = Self { field: spec.name, text: text.to_owned() };
        if spec.kind == Kind::Amount && decimal.is_zero() {
            return Err(Reject::invalid(spec.name, "must be greater than zero"));
        }
        Ok(decimal)
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
                    self.field,
                    format_args!("has more than {code}'s {digits} digits after the point"),
                )
            }
            MoneyError::NotDecimal | MoneyError::TooLarge => Reject::invalid(self.field, error),
        })
    }

    fn is_equal(&self, other: &Self) -> bool {
        let parts = |decimal: &Self| {
            let (whole, fraction) = decimal.text.split_once('.').unwrap_or((&decimal.text, ""));
            (whole.trim_start_matches('0').to_owned(), fraction.trim_end_matches('0').to_owned())
        };
        parts(self) == parts(other)
    }
}

/// What is missing is said before what is wrong.
pub(super) fn read(
    method: Method,
    read: &[Field<'_>],
    dropped: &[String],
    app: &App,
) -> Result<Asked, Reject> {
    let form = Form { method, read };
    for spec in fields::of(method).iter().filter(|spec| spec.is_required()) {
        if dropped.iter().any(|name| name == spec.name) {
            return Err(Reject::field(Code::Missing, spec.name, "is not covered by the signature"));
        }
        if text(read, spec.name)?.is_empty() {
            return Err(Reject::missing(spec.name));
        }
    }
    for spec in fields::of(method) {
        let text = text(read, spec.name)?;
        if !text.is_empty() {
            check(spec, text)?;
        }
    }
    let merchant_no = form.text("merchant_no")?;
    let other = || Reject::because(Code::NotAuthorized, "merchant_no is not one this app may act for");
    let merchant = app.merchant(merchant_no).ok_or_else(other)?.merchant;
    Ok(Asked { merchant_no: merchant_no.to_owned(), merchant, call: form.call()? })
}

/// What can be said of a field by itself.
fn check(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    let wrong = |what: &dyn Display| Err(Reject::invalid(spec.name, what));
    let fits = match spec.kind {
        // The envelope's own, read before.
        Kind::AppId | Kind::Format | Kind::Charset | Kind::SignType | Kind::Sign => true,
        Kind::Version | Kind::Timestamp | Kind::Method => true,
        Kind::Text | Kind::MerchantNo | Kind::TerminalSn => {
            check_length(spec, text)?;
            if text.chars().any(char::is_control) {
                return wrong(&"must not have control characters");
            }
            true
        }
        Kind::Attach => return check_length(spec, text),
        Kind::Application => text == APPLICATION,
        Kind::ApiVersion => text == "2.0",
        Kind::Scenario => PayScenario::from_word(text).is_some(),
        Kind::PayMethod => PayMethod::from_word(text).is_some(),
        Kind::CardType => number(text).and_then(CardType::from_number).is_some(),
        Kind::Currency => Currency::from_code(text).is_some(),
        Kind::Amount | Kind::ExtraAmount => return Decimal::new(spec, text).map(|_| ()),
        Kind::TransType => match number(text).and_then(TransType::from_number) {
            Some(known) if !known.is_served() => {
                return wrong(&format_args!("{} is not served here", known.number()));
            }
            known => known.is_some(),
        },
        Kind::NewOrderNo => is_order_no(text),
        Kind::KnownOrderNo => {
            return if is_order_no(text) { Ok(()) } else { Err(unknown(Code::OrderNoInvalid, spec)) };
        }
        Kind::KnownTransNo => {
            let fits = text.len() <= spec.max && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return if fits { Ok(()) } else { Err(unknown(Code::TransNoInvalid, spec)) };
        }
        Kind::NotifyUrl => {
            return check_callable(text, spec.max).map_err(|error| Reject::invalid(spec.name, error));
        }
        Kind::Expires => seconds(text).is_some(),
        Kind::QueueMode => QueueMode::from_word(text).is_some(),
        Kind::Flag => flag(text).is_some(),
        Kind::ReceiptPrint => number(text).and_then(ReceiptPrint::from_number).is_some(),
    };
    if fits { Ok(()) } else { wrong(&rule(spec.kind)) }
}

/// No order and no transaction can have such a number.
fn unknown(code: Code, spec: &FieldSpec) -> Reject {
    Reject { field: Some(spec.name.to_owned()), ..Reject::new(code) }
}

fn rule(kind: Kind) -> &'static str {
    match kind {
        Kind::Application => "must be CodePay Register",
        Kind::ApiVersion => "must be 2.0",
        Kind::Scenario => "must be SWIPE_CARD, SCANQR_PAY or BSCANQR_PAY",
        Kind::CardType => "must be 1, 2, 3 or 4",
        Kind::Currency => "is not a currency we know",
        Kind::TransType => "must be 1, 2, 3, 4, 6 or 11",
        Kind::NewOrderNo => "must be 1 to 32 letters, digits or _-|*@",
        Kind::Expires => "must be 1 to 604800 seconds, in digits",
        Kind::QueueMode => "must be FIFO or FILO",
        Kind::Flag => "must be true or false",
        Kind::ReceiptPrint => "must be 0, 1, 2 or 3",
        _ => "is none we know",
    }
}

fn check_length(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    let fits = text.chars().count() <= spec.max;
    let what = format_args!("must have {} characters at most", spec.max);
    if fits { Ok(()) } else { Err(Reject::invalid(spec.name, what)) }
}

fn is_order_no(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-|*@".contains(&byte);
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// One or two digits.
fn number(text: &str) -> Option<u8> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| fits && (text.len() == 1 || !text.starts_with('0')))
}

fn seconds(text: &str) -> Option<i64> {
    let fits = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seconds| fits && EXPIRES_S.contains(seconds))
}

/// Forms of some languages write `1` and `0`.
fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The checked fields of one request.
struct Form<'r> {
    method: Method,
    read: &'r [Field<'r>],
}

impl<'r> Form<'r> {
    /// Empty if absent.
    fn text(&self, name: &'static str) -> Result<&'r str, Reject> {
        text(self.read, name)
    }

    fn some(&self, name: &'static str) -> Result<Option<String>, Reject> {
        Ok(Some(self.text(name)?).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn owned(&self, name: &'static str) -> Result<String, Reject> {
        self.text(name).map(str::to_owned)
    }

    fn flag(&self, name: &'static str, default: bool) -> Result<bool, Reject> {
        Ok(flag(self.text(name)?).unwrap_or(default))
    }

    fn decimal(&self, name: &'static str) -> Result<Option<Decimal>, Reject> {
        let text = self.text(name)?;
        let spec = fields::find(self.method, name).filter(|_| !text.is_empty());
        spec.map(|spec| Decimal::new(spec, text)).transpose()
    }

    fn minor(&self, name: &'static str, currency: Currency) -> Result<i64, Reject> {
        let money = self.decimal(name)?.map(|decimal| decimal.money(currency)).transpose()?;
        Ok(money.map_or(0, |money| money.minor))
    }

    /// `trans_no` counts if both are there.
    fn number(&self, trans: &'static str, order: &'static str) -> Result<Number, Reject> {
        if let Some(number) = self.some(trans)? {
            return Ok(Number::Trans(number));
        }
        let either = || Reject::field(Code::Missing, order, format_args!("or {trans} is required"));
        Ok(Number::Merchant(self.some(order)?.ok_or_else(either)?))
    }

    fn call(&self) -> Result<Call, Reject> {
        Ok(match self.method {
            Method::PayOrder => Call::Order(self.order()?),
            Method::PayClose => Call::Close(CloseCall {
                store_no: self.some("store_no")?,
                terminal_sn: self.owned("terminal_sn")?,
                merchant_order_no: self.owned("merchant_order_no")?,
                description: self.some("description")?,
            }),
            Method::OrderQuery => Call::Query(self.number("trans_no", "merchant_order_no")?),
            Method::RefundQuery => Call::RefundQuery(self.number("trans_no", "merchant_order_no")?),
            Method::RefundSubmit => Call::Refund(self.refund()?),
            Method::Revoke => Call::Revoke { merchant_order_no: self.owned("merchant_order_no")? },
            Method::TipAdjustment => {
                let tip = self.decimal("tip_adjustment_amount")?;
                let tip = tip.ok_or_else(|| Reject::missing("tip_adjustment_amount"))?;
                Call::AdjustTip(TipCall { merchant_order_no: self.owned("merchant_order_no")?, tip })
            }
            Method::BatchClose => Call::CloseBatch { terminal_sn: self.owned("terminal_sn")? },
            Method::Checkout
            | Method::MerchantCheckout
            | Method::PaymentCapture
            | Method::PaymentIncrement
            | Method::PaymentCancel
            | Method::PaymentRefund
            | Method::PaymentTip
            | Method::PaymentRecall
            | Method::OpenBatchClose
            | Method::OpenBatch => return Err(Reject::new(Code::NotAuthorized)),
        })
    }

    fn order(&self) -> Result<OrderCall, Reject> {
        let trans_type = number(self.text("trans_type")?).and_then(TransType::from_number);
        let trans_type = trans_type.ok_or_else(|| Reject::missing("trans_type"))?;
        let currency = Currency::from_code(self.text("price_currency")?);
        let currency = currency.ok_or_else(|| Reject::missing("price_currency"))?;
        let amount = Money::new(self.minor("order_amount", currency)?, currency);
        let tip_minor = self.minor("tip_amount", currency)?;
        let cashback_minor = self.minor("cashback_amount", currency)?;
        let pay_scenario =
            PayScenario::from_word(self.text("pay_scenario")?).unwrap_or(PayScenario::SwipeCard);
        let call = OrderCall {
            trans_type,
            merchant_order_no: self.owned("merchant_order_no")?,
            orig_merchant_order_no: self.some("orig_merchant_order_no")?,
            store_no: self.some("store_no")?,
            terminal_sn: self.owned("terminal_sn")?,
            pay_scenario,
            pay_method: PayMethod::from_word(self.text("pay_method_id")?),
            card_type: number(self.text("card_type")?).and_then(CardType::from_number),
            amount,
            tip_minor,
            cashback_minor,
            on_screen_tip: self.flag("on_screen_tip", false)?,
            on_screen_signature: self.flag("on_screen_signature", true)?,
            confirm_on_terminal: self.flag("confirm_on_terminal", false)?,
            receipt_print: number(self.text("receipt_print_mode")?)
                .and_then(ReceiptPrint::from_number)
                .unwrap_or(ReceiptPrint::None),
            needs_terminal_authentication: self.flag("required_terminal_authentication", false)?,
            reject_when_offline: self.flag("reject_trade_when_terminal_offline", false)?,
            queue_mode: QueueMode::from_word(self.text("order_queue_mode")?).unwrap_or(QueueMode::Fifo),
            description: self.owned("description")?,
            attach: self.some("attach")?,
            notify_url: self.some("notify_url")?,
            expires_s: seconds(self.text("expires")?),
        };
        check_order(&call)?;
        Ok(call)
    }

    fn refund(&self) -> Result<RefundCall, Reject> {
        let amounts = (self.decimal("order_amount")?, self.decimal("trans_amount")?);
        let amount = match amounts {
            (Some(own), Some(other)) if !own.is_equal(&other) => {
                return Err(Reject::invalid("trans_amount", "differs from order_amount"));
            }
            (Some(amount), _) | (None, Some(amount)) => amount,
            (None, None) => return Err(Reject::missing("order_amount")),
        };
        let currency = Currency::from_code(self.text("price_currency")?);
        if let Some(currency) = currency {
            amount.money(currency)?;
        }
        let original = self.number("orig_trans_no", "orig_merchant_order_no")?;
        let merchant_order_no = self.owned("merchant_order_no")?;
        if original == Number::Merchant(merchant_order_no.clone()) {
            return Err(Reject::invalid("merchant_order_no", "must not be the original order's"));
        }
        Ok(RefundCall {
            original,
            merchant_order_no,
            currency,
            amount,
            description: self.owned("description")?,
            notify_url: self.some("notify_url")?,
        })
    }
}

/// What the fields of an order must be to each other.
fn check_order(call: &OrderCall) -> Result<(), Reject> {
    let kind = call.trans_type.number();
    if call.trans_type.needs_original() && call.orig_merchant_order_no.is_none() {
        let what = format_args!("is required for trans_type {kind}");
        return Err(Reject::field(Code::Missing, "orig_merchant_order_no", what));
    }
    if call.orig_merchant_order_no.as_ref() == Some(&call.merchant_order_no) {
        return Err(Reject::invalid("merchant_order_no", "must not be the original order's"));
    }
    if call.cashback_minor > 0 && call.trans_type != TransType::SaleWithCashback {
        return Err(Reject::invalid("cashback_amount", "is for trans_type 11 only"));
    }
    if call.on_screen_tip && !call.trans_type.may_ask_tip() {
        return Err(Reject::invalid("on_screen_tip", "is for trans_type 1, 3 and 4 only"));
    }
    if call.pay_scenario.is_qr() && call.pay_method.is_none() {
        return Err(Reject::field(Code::Missing, "pay_method_id", "is required for a QR scenario"));
    }
    if call.amount.minor + call.tip_minor + call.cashback_minor > Money::LIMIT_MINOR {
        return Err(Reject::invalid("order_amount", "with tip and cashback is too large"));
    }
    Ok(())
}
