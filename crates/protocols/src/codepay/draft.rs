//! From checked fields to the calls they add up to.

use tillgate_core::{Currency, Money};

use super::address;
use super::calls::{
    Asked, BatchesCall, Call, CancelCall, CaptureCall, CheckoutCall, CloseCall, Decimal, IncreaseCall,
    MerchantCheckoutCall, Number, OrderCall, Origin, PaymentTipCall, RefundCall, RefundParts,
    RefundPartsCall, TipCall, Whose,
};
use super::card::SealedCard;
use super::codes::{Code, Reject};
use super::decode::text;
use super::fields::{self, BILLING, CARD, ENC_TYPE, FieldSpec, ORDER_DETAIL, TERMINALS};
use super::order_detail::OrderDetail;
use super::rules::{check, flag, number, seconds};
use super::words::{CardType, PayMethod, PayScenario, QueueMode, ReceiptPrint, TransType};
use super::{App, Method};
use crate::wire::json::{Field, Value, read_list};

/// What is missing is said before what is wrong.
pub(super) fn read(
    method: Method,
    read: &[Field<'_>],
    dropped: &[String],
    app: &App,
) -> Result<Asked, Reject> {
    if !method.has_word() {
        // Its signature holds for every path: what another path would read must not be passed over here.
        let is_known = |name: &str| {
            let own = fields::of(method).iter().chain(fields::ENVELOPE);
            own.into_iter().any(|spec| spec.name == name)
        };
        if let Some(foreign) = read.iter().find(|field| !is_known(&field.name)) {
            return Err(Reject::invalid(&foreign.name, "is not a field of this request"));
        }
    }
    let form = Form { method, read };
    for spec in fields::of(method).iter().filter(|spec| spec.is_required()) {
        if dropped.iter().any(|name| name == spec.name) {
            return Err(Reject::field(Code::Missing, spec.name, "is not covered by the signature"));
        }
        if form.value(spec)?.is_empty() {
            return Err(Reject::missing(spec.name));
        }
    }
    for spec in fields::of(method) {
        let text = form.value(spec)?;
        if !text.is_empty() {
            check(spec, text)?;
        }
    }
    let merchant_no = form.text("merchant_no")?;
    let other = || Reject::because(Code::NotAuthorized, "merchant_no is not one this app may act for");
    let whose = match merchant_no {
        // Required, where a call cannot do without it.
        "" => Whose::AnyOfTheApp,
        merchant_no => Whose::Merchant(app.merchant(merchant_no).ok_or_else(other)?.clone()),
    };
    Ok(Asked { whose, call: form.call()? })
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

    /// The same; of what may be nested, its source.
    fn value(&self, spec: &FieldSpec) -> Result<&'r str, Reject> {
        let field = self.read.iter().find(|field| field.name == spec.name);
        match field.map(|field| &field.value) {
            Some(Value::Nested(raw)) if spec.kind.may_be_nested() => Ok(raw),
            _ => self.text(spec.name),
        }
    }

    fn nested(&self, name: &'static str) -> Result<&'r str, Reject> {
        fields::find(self.method, name).map_or(Ok(""), |spec| self.value(spec))
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
                let tip = self.needed("tip_adjustment_amount")?;
                Call::AdjustTip(TipCall { merchant_order_no: self.owned("merchant_order_no")?, tip })
            }
            Method::BatchClose => Call::CloseBatch { terminal_sn: self.owned("terminal_sn")? },
            Method::Checkout => Call::Checkout(self.checkout()?),
            Method::MerchantCheckout => Call::MerchantCheckout(self.merchant_checkout()?),
            Method::PaymentCapture => Call::Capture(CaptureCall {
                merchant_order_no: self.owned("merchant_order_no")?,
                trans_no: self.owned("trans_no")?,
                amount: self.needed("trans_amount")?,
            }),
            Method::PaymentIncrement => Call::Increase(IncreaseCall {
                trans_no: self.owned("trans_no")?,
                amount: self.needed("trans_amount")?,
            }),
            Method::PaymentCancel => Call::CancelPayment(CancelCall {
                merchant_order_no: self.owned("merchant_order_no")?,
                trans_no: self.owned("trans_no")?,
            }),
            Method::PaymentRefund => Call::RefundParts(self.refund_parts()?),
            Method::PaymentTip => Call::PaymentTip(PaymentTipCall {
                trans_no: self.owned("trans_no")?,
                tip: self.needed("tip_amount")?,
            }),
            Method::PaymentRecall => Call::Recall(self.number("trans_no", "merchant_order_no")?),
            Method::OpenBatchClose => Call::CloseBatches(self.batches()?),
            Method::OpenBatch => Call::OpenBatches(self.batches()?),
        })
    }

    /// Required, so it is there.
    fn needed(&self, name: &'static str) -> Result<Decimal, Reject> {
        self.decimal(name)?.ok_or_else(|| Reject::missing(name))
    }

    fn amount(&self) -> Result<Money, Reject> {
        let currency = Currency::from_code(self.text("price_currency")?);
        let currency = currency.ok_or_else(|| Reject::missing("price_currency"))?;
        Ok(Money::new(self.minor("order_amount", currency)?, currency))
    }

    fn order(&self) -> Result<OrderCall, Reject> {
        let trans_type = number(self.text("trans_type")?).and_then(TransType::from_number);
        let trans_type = trans_type.ok_or_else(|| Reject::missing("trans_type"))?;
        let amount = self.amount()?;
        let currency = amount.currency;
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

/// Cards that are not there: the calls of web shops.
impl Form<'_> {
    fn origin(&self) -> Result<Origin, Reject> {
        Ok(Origin {
            term_ip: self.some("term_ip")?,
            longitude: self.some("longitude")?,
            latitude: self.some("latitude")?,
        })
    }

    fn checkout(&self) -> Result<CheckoutCall, Reject> {
        let amount = self.amount()?;
        let detail = self.nested(ORDER_DETAIL)?;
        let order_detail = match detail {
            "" => OrderDetail::default(),
            text => OrderDetail::read(text, amount.currency)?,
        };
        Ok(CheckoutCall {
            merchant_order_no: self.owned("merchant_order_no")?,
            store_no: self.some("store_no")?,
            amount,
            expires_s: seconds(self.text("expires")?),
            description: self.owned("description")?,
            order_detail,
            origin: self.origin()?,
            return_url: self.some("return_url")?,
            notify_url: self.some("notify_url")?,
            attach: self.some("attach")?,
        })
    }

    fn merchant_checkout(&self) -> Result<MerchantCheckoutCall, Reject> {
        Ok(MerchantCheckoutCall {
            merchant_order_no: self.owned("merchant_order_no")?,
            store_no: self.some("store_no")?,
            card: SealedCard::read(self.nested(CARD)?, self.text(ENC_TYPE)?)?,
            billing: address::read(BILLING, self.nested(BILLING)?)?,
            amount: self.amount()?,
            expires_s: seconds(self.text("expires")?),
            description: self.owned("description")?,
            origin: self.origin()?,
            return_url: self.some("return_url")?,
            notify_url: self.some("notify_url")?,
            attach: self.some("attach")?,
        })
    }

    fn refund_parts(&self) -> Result<RefundPartsCall, Reject> {
        let parts = RefundParts {
            order: self.decimal("order_amount")?,
            tip: self.decimal("tip_amount")?,
            surcharge: self.decimal("surcharge_amount")?,
            sales_tax: self.decimal("sales_tax_amount")?,
            service_charge: self.decimal("service_charge_amount")?,
        };
        let is_nothing = parts.each().into_iter().flatten().all(Decimal::is_zero);
        if is_nothing {
            let what = "or another part must be greater than zero";
            return Err(Reject::field(Code::Missing, "order_amount", what));
        }
        Ok(RefundPartsCall {
            merchant_order_no: self.owned("merchant_order_no")?,
            trans_no: self.owned("trans_no")?,
            parts,
        })
    }

    fn batches(&self) -> Result<BatchesCall, Reject> {
        Ok(BatchesCall { store_no: self.some("store_no")?, terminals: self.terminals()? })
    }

    /// A list, as such or as JSON text.
    fn terminals(&self) -> Result<Vec<String>, Reject> {
        const MOST: usize = 100;
        let text = self.nested(TERMINALS)?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let wrong = || {
            let what =
                format_args!("must be a list of at most {MOST} serial numbers of at most 32 characters");
            Reject::invalid(TERMINALS, what)
        };
        let mut terminals = Vec::new();
        for value in read_list(text, MOST).ok_or_else(wrong)? {
            let Value::Text(serial) = value else { return Err(wrong()) };
            let is_plain = !serial.chars().any(char::is_control) && serial.chars().count() <= 32;
            if !is_plain || serial.is_empty() {
                return Err(wrong());
            }
            if terminals.iter().any(|known| *known == *serial) {
                return Err(Reject::invalid(TERMINALS, "has a terminal twice"));
            }
            terminals.push(serial.into_owned());
        }
        Ok(terminals)
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
