//! The rule of each kind of field, and what they add up to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use tillgate_core::{
    Account, AfterTime, Currency, Flow, Method, Money, MoneyError, OrderNo, Rate, Tells, Terms,
};

use super::codes::{self, Reject};
use super::decode::{Call, CreateCall, RefundAmount};
use super::fields::{FieldSpec, Kind};
use super::{Context, METHOD_WORDS, Offer, Profile, encode};
use crate::wire::pay_code;
use crate::wire::url::check_callable;

/// The fields read so far, each by its own rule.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub(super) account: Option<&'a Account>,
    rate: Option<Rate>,
    amount: Option<Money>,
    pub(super) reference: &'a str,
    method: Option<Method>,
    method_field: &'static str,
    pay_code: &'a str,
    return_url: &'a str,
    callback_url: &'a str,
    ip: &'a str,
    product_name: &'a str,
    merchant_presented: bool,
    order: Option<OrderNo>,
    refund_amount: &'a str,
    note: &'a str,
    pub(super) wait: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn read(
        &mut self,
        spec: &FieldSpec,
        text: &'a str,
        profile: &'a Profile,
        context: &Context<'_>,
    ) -> Result<(), Reject> {
        if text.is_empty() {
            return Ok(());
        }
        let wrong = |what: &dyn std::fmt::Display| Err(Reject::field(codes::PARAM_WRONG, spec.name, what));
        if text.chars().count() > spec.max
            && matches!(spec.kind, Kind::Reference | Kind::ProductName | Kind::Ip)
        {
            return wrong(&format_args!("has more than {} characters", spec.max));
        }
        match spec.kind {
            Kind::UserId | Kind::Signature | Kind::Nonce => {}
            Kind::WalletId => self.read_wallet(text, profile, context)?,
            Kind::Amount => self.read_amount(text)?,
            Kind::KnownReference => self.reference = text,
            Kind::Reference => {
                if text.chars().any(char::is_control) || text.trim() != text || matches!(text, "." | "..") {
                    return wrong(
                        &"must be visible characters without blanks around them, and not a dot segment",
                    );
                }
                self.reference = text;
            }
            Kind::Method => self.read_method(text)?,
            Kind::ReturnUrl => {
                check_callable(text, spec.max).or_else(|error| wrong(&error))?;
                self.return_url = text;
            }
            Kind::CallbackUrl => {
                check_callable(text, spec.max).or_else(|error| wrong(&error))?;
                self.callback_url = text;
            }
            Kind::Ip => {
                text.parse::<IpAddr>().map(drop).or_else(|_| wrong(&"must be an IPv4 or IPv6 address"))?;
                self.ip = text;
            }
            Kind::Version if text != "2.0" => return wrong(&"must be 2.0"),
            Kind::Version => {}
            Kind::ProductName => {
                if text.chars().any(char::is_control) {
                    return wrong(&"has a control character");
                }
                self.product_name = text;
            }
            Kind::HostType if text != "1" => return wrong(&"must be 1 or absent"),
            Kind::HostType => self.merchant_presented = true,
            Kind::PayCode => self.read_pay_code(text)?,
            Kind::Currency => self.read_currency(text)?,
            Kind::OrderId => {
                let unknown = || {
                    Reject::field(codes::REFUND_ORDER_NOT_EXIST, spec.name, "is not the number of an order")
                };
                self.order = Some(encode::parse_order_id(text).ok_or_else(unknown)?);
            }
            Kind::RefundAmount => self.refund_amount = check_refund_amount(text)?,
            Kind::Note => self.note = check_note(text, spec)?,
            Kind::Wait => self.wait = text == "1",
        }
        Ok(())
    }

    fn read_wallet(&mut self, code: &str, profile: &'a Profile, context: &Context<'_>) -> Result<(), Reject> {
        let unassigned =
            || Reject::field(codes::WALLET_NOT_ASSIGNED, "wallet_id", "is not a wallet of this user");
        let account = profile.account(code).ok_or_else(unassigned)?;
        self.account = Some(account);
        self.rate = match account.currency.code() {
            "CNY" => Some(Rate::ONE),
            _ => (context.rate)(account.currency),
        };
        Ok(())
    }

    fn read_amount(&mut self, text: &str) -> Result<(), Reject> {
        let account = self.account.ok_or(Reject::missing("wallet_id"))?;
        let wrong = |what: &str| Reject::field(codes::PARAM_WRONG, "amount", what);
        let money =
            Money::parse_decimal(text, account.currency).map_err(|error| wrong(amount_problem(error)))?;
        if money.minor == 0 {
            return Err(wrong("must be greater than zero"));
        }
        if account.payment_limit_minor.is_some_and(|limit| money.minor > limit) {
            return Err(Reject::field(
                codes::ABOVE_PAYMENT_LIMIT,
                "amount",
                "exceeds the limit of the wallet",
            ));
        }
        self.amount = Some(money);
        Ok(())
    }

    fn read_method(&mut self, text: &str) -> Result<(), Reject> {
        if self.method.is_some() {
            return Ok(());
        }
        let known = METHOD_WORDS.iter().find(|known| known.word == text).ok_or_else(|| {
            Reject::field(codes::WRONG_PAY_TYPE, "payment_method", "is not a payment method")
        })?;
        self.offer_method("payment_method", known.method)
    }

    fn offer_method(&mut self, field: &'static str, method: Option<&str>) -> Result<(), Reject> {
        let account = self.account.ok_or(Reject::missing("wallet_id"))?;
        let method = method.map(Method::new).filter(|method| account.methods.contains(method));
        let unsupported = || Reject::field(codes::METHOD_NOT_SUPPORTED, field, "is none the wallet takes");
        self.method = Some(method.ok_or_else(unsupported)?);
        self.method_field = field;
        Ok(())
    }

    fn read_pay_code(&mut self, code: &'a str) -> Result<(), Reject> {
        let method = pay_code::method_of(code);
        let unknown = || Reject::field(codes::PARAM_WRONG, "pay_code", "is not the code of a wallet we know");
        self.pay_code = code;
        self.offer_method("pay_code", Some(method.ok_or_else(unknown)?))
    }

    fn read_currency(&mut self, text: &str) -> Result<(), Reject> {
        let own = self.account.map(|account| account.currency.code());
        if own == Some(text) {
            return Ok(());
        }
        Err(Reject::field(codes::WRONG_CURRENCY, "currency", "is not the currency of the wallet"))
    }

    pub(super) fn create(self, otherwise: Flow, context: &Context<'_>) -> Result<Call, Reject> {
        let account = self.account.ok_or(Reject::missing("wallet_id"))?;
        let amount = self.amount.ok_or(Reject::missing("amount"))?;
        let method = self.method.ok_or(Reject::missing("payment_method"))?;
        let no_plan = || Reject::field(codes::NO_MARGIN_PLAN, "wallet_id", "has no fee plan");
        let fees = account.fees.as_ref().ok_or_else(no_plan)?.kept_for(Some(&method), &[]);
        let yuan = self.rate.zip(Currency::from_code("CNY"));
        let no_rate =
            || Reject::field(codes::WRONG_CURRENCY, "wallet_id", "has a currency without a rate to CNY");
        let (payer_rate, payer_currency) = yuan.ok_or_else(no_rate)?;
        let flow = if self.merchant_presented { Flow::MerchantPresented } else { otherwise };
        let no_channel = |code, what: &str| Err(Reject::field(code, self.method_field, what));
        match (context.offer)(&method, flow) {
            Offer::Yes => {}
            Offer::NoChannel => {
                return no_channel(codes::PAYCOMPANY_NOT_EXIST, "has no channel of this merchant");
            }
            Offer::NoFlow => return no_channel(codes::GATEWAY_NOT_EXIST, "cannot be paid this way"),
        }
        let lifetime_ms = match flow {
            Flow::CustomerPresented => context.barcode_lifetime_ms,
            Flow::MerchantPresented
            | Flow::HostedPage
            | Flow::MiniApp
            | Flow::CardPresent
            | Flow::CardOnline => context.order_lifetime_ms,
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let terms = Terms {
            account: account.code.clone(),
            method: Some(method),
            flow,
            amount,
            tip_minor: 0,
            payer_currency,
            payer_rate,
            fees,
            description: self.product_name.to_owned(),
            notify_url: self.callback_url.to_owned(),
            return_url: self.return_url.to_owned(),
            payer_ip: self.ip.to_owned(),
            payer_code: some(self.pay_code),
            app_payer: None,
            operator: String::new(),
            terminal: String::new(),
            particulars: BTreeMap::new(),
            tells: Tells::EveryEnd,
            after_time: AfterTime::Counts,
            counter: None,
            created_at: context.now,
            expires_at: context.now.plus_ms(lifetime_ms),
        };
        Ok(Call::Create(CreateCall { reference: some(self.reference), terms }))
    }

    /// `payment_method` says alipay or nothing.
    pub(super) fn create_mini(mut self, context: &Context<'_>) -> Result<Call, Reject> {
        self.read_method("alipay")?;
        if self.method.as_ref().is_some_and(|method| method.as_str() != "alipay") {
            let what = "must be alipay in an Alipay mini app";
            return Err(Reject::field(codes::METHOD_NOT_SUPPORTED, "payment_method", what));
        }
        self.create(Flow::MiniApp, context)
    }

    pub(super) fn refund(self) -> Result<Call, Reject> {
        let order = self.order.ok_or(Reject::missing("order_id"))?;
        let amount = RefundAmount(self.refund_amount.to_owned());
        Ok(Call::Refund { order, amount, reference: self.note.to_owned() })
    }
}

/// 550 like the amount: the vendor's word for what is wrong in a refund, while 207 is for new orders.
fn check_note<'a>(text: &'a str, spec: &FieldSpec) -> Result<&'a str, Reject> {
    let wrong = |what: &dyn std::fmt::Display| Err(Reject::field(codes::REFUND_WRONG, spec.name, what));
    if text.chars().count() > spec.max {
        return wrong(&format_args!("has more than {} characters", spec.max));
    }
    if text.chars().any(char::is_control) {
        return wrong(&"has a control character");
    }
    Ok(text)
}

/// What can be said of a refund's amount before its currency is known.
fn check_refund_amount(text: &str) -> Result<&str, Reject> {
    let wrong = |what: &str| Err(Reject::field(codes::REFUND_WRONG, "refund_amount", what));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || text.len() > 32 {
        return wrong(amount_problem(MoneyError::NotDecimal));
    }
    if text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return wrong("must be greater than zero");
    }
    Ok(text)
}

pub(super) fn amount_problem(error: MoneyError) -> &'static str {
    match error {
        MoneyError::NotDecimal => "must be a plain decimal like 120.00",
        MoneyError::TooPrecise => "has more digits after the point than the currency",
        MoneyError::TooLarge => "is too large",
    }
}
