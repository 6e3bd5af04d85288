//! The rule of each kind of field, and what they add up to.

use std::collections::BTreeMap;
use std::fmt::Display;

use tillgate_core::{Account, AfterTime, AppPayer, Currency, Flow, Method, Money, Rate, Tells, Terms};

use super::codes::{self, Reject};
use super::decode::{Call, CreateCall};
use super::fields::{self, FieldSpec, Kind};
use super::{Action, BIZ_TYPES, BizType, Context, Offer, PREPAY, Profile};
use crate::wire::json::{Field, Value};
use crate::wire::pay_code;
use crate::wire::url::check_callable;

const DURATION_S: std::ops::RangeInclusive<i64> = 1..=604_800;
/// Digits of an amount, so that it cannot overflow before it is compared.
const AMOUNT_DIGITS: usize = 15;

/// The fields read so far, each by its own rule; empty or zero where none was sent.
#[derive(Default)]
pub(super) struct Draft<'a> {
    envelope_operator: &'a str,
    md5: &'a str,
    order_id: &'a str,
    own_id: &'a str,
    operator: &'a str,
    terminal: &'a str,
    amount_minor: i64,
    tip_minor: i64,
    particulars: BTreeMap<String, String>,
    description: &'a str,
    auth_code: &'a str,
    biz_type: &'a str,
    call_back_url: &'a str,
    redirect_url: &'a str,
    currency: &'a str,
    duration_s: Option<i64>,
    app_id: &'a str,
    open_id: &'a str,
}

/// A known field's text. Null is as good as absent; a number stands for its literal.
fn text<'r>(read: &'r [Field<'_>], name: &'static str) -> Result<&'r str, Reject> {
    match read.iter().find(|field| field.name == name).map(|field| &field.value) {
        Some(Value::Text(text)) => Ok(text),
        Some(Value::Number(literal)) => Ok(literal),
        Some(Value::Null) | None => Ok(""),
        Some(Value::Bool(_) | Value::Nested(_)) => Err(Reject::param(name, "must be text")),
    }
}

/// Some clients write `Tip`.
fn tip<'r>(read: &'r [Field<'_>]) -> Result<&'r str, Reject> {
    let has = |name: &str| read.iter().any(|field| field.name == name);
    match (has("tip"), has("Tip")) {
        (true, true) => Err(Reject::param("tip", "is sent twice, as tip and as Tip")),
        (false, true) => text(read, "Tip"),
        _ => text(read, "tip"),
    }
}

impl<'a> Draft<'a> {
    /// `md5` is the message's digest in upper case.
    pub(super) fn new(envelope_operator: &'a str, md5: &'a str) -> Self {
        Self { envelope_operator, md5, ..Self::default() }
    }

    /// What is missing is said before what is wrong.
    pub(super) fn read(
        &mut self,
        action: Action,
        read: &'a [Field<'_>],
        terminal: &'a str,
    ) -> Result<(), Reject> {
        let mut texts = Vec::new();
        for spec in fields::of(action) {
            let text = match spec.kind {
                Kind::Tip => tip(read)?,
                Kind::Operator => Some(text(read, spec.name)?)
                    .filter(|text| !text.is_empty())
                    .unwrap_or(self.envelope_operator),
                _ => text(read, spec.name)?,
            };
            if text.is_empty() && spec.is_required() {
                return Err(Reject::missing(spec.name));
            }
            texts.push((spec, text));
        }
        // Numbers first, so that an answer to what is wrong later can name the order.
        let is_number = |spec: &FieldSpec| matches!(spec.kind, Kind::OrderId | Kind::KnownOrderId);
        texts.sort_by_key(|(spec, _)| !is_number(spec));
        for (spec, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            self.take(spec, text)?;
        }
        let spec = fields::ENVELOPE.iter().find(|spec| spec.kind == Kind::Terminal);
        spec.map_or(Ok(()), |spec| self.take(spec, terminal))
    }

    fn take(&mut self, spec: &FieldSpec, text: &'a str) -> Result<(), Reject> {
        let slot = match spec.kind {
            // The envelope's own, read before.
            Kind::Action | Kind::Version | Kind::MerchantId | Kind::Data | Kind::Md5 => return Ok(()),
            Kind::OrderId | Kind::KnownOrderId => {
                check_number(spec, text)?;
                if spec.kind == Kind::KnownOrderId { &mut self.order_id } else { &mut self.own_id }
            }
            Kind::Amount | Kind::RefundAmount => {
                self.amount_minor = read_minor(spec, text)?;
                if self.amount_minor == 0 {
                    return Err(Reject::param(spec.name, "must be greater than zero"));
                }
                return Ok(());
            }
            Kind::Tip => {
                self.tip_minor = read_minor(spec, text)?;
                return Ok(());
            }
            Kind::Particular => {
                check_note(spec, text)?;
                self.particulars.insert(spec.name.to_owned(), text.to_owned());
                return Ok(());
            }
            Kind::Duration => {
                let seconds = text.parse().ok().filter(|s| DURATION_S.contains(s) && is_digits(text));
                let wrong = || Reject::param(spec.name, "must be 1 to 604800 seconds, in digits");
                self.duration_s = Some(seconds.ok_or_else(wrong)?);
                return Ok(());
            }
            Kind::Operator | Kind::Terminal | Kind::Description => {
                check_note(spec, text)?;
                match spec.kind {
                    Kind::Operator => &mut self.operator,
                    Kind::Terminal => &mut self.terminal,
                    _ => &mut self.description,
                }
            }
            Kind::AppId | Kind::OpenId => {
                if text.len() > spec.max || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                    let what = format_args!("must be 1 to {} visible ASCII characters", spec.max);
                    return Err(Reject::param(spec.name, what));
                }
                if spec.kind == Kind::AppId { &mut self.app_id } else { &mut self.open_id }
            }
            Kind::CallBackUrl | Kind::RedirectUrl => {
                check_callable(text, spec.max).map_err(|error| Reject::param(spec.name, error))?;
                if spec.kind == Kind::CallBackUrl { &mut self.call_back_url } else { &mut self.redirect_url }
            }
            // These depend on the merchant and on each other.
            Kind::AuthCode => &mut self.auth_code,
            Kind::BizType => &mut self.biz_type,
            Kind::Currency | Kind::FeeType => &mut self.currency,
        };
        *slot = text;
        Ok(())
    }

    /// The number the answer is about, as far as it was read: a refund's own before its order's.
    pub(super) fn order_id(&self) -> &'a str {
        if self.own_id.is_empty() { self.order_id } else { self.own_id }
    }

    pub(super) fn call(
        &self,
        action: Action,
        profile: &Profile,
        context: &Context<'_>,
    ) -> Result<Call, Reject> {
        match action {
            Action::PassivePay => self.create(Flow::CustomerPresented, profile, context),
            Action::ActivePay => self.create(Flow::MerchantPresented, profile, context),
            Action::PrepayInit => self.create(Flow::HostedPage, profile, context),
            Action::MappPay => self.create(Flow::MiniApp, profile, context),
            Action::StatusQuery => Ok(Call::Status { order_id: self.order_id.to_owned() }),
            Action::Refund => Ok(Call::Refund {
                order_id: self.order_id.to_owned(),
                amount_minor: self.amount_minor,
                reference: some(self.own_id),
            }),
            Action::ExRateQuery => self.rate(profile, context),
            Action::PrepayQuery => Ok(Call::PrepayQuery {
                prepay_order_id: self.order_id.to_owned(),
                order_id: some(self.own_id),
            }),
        }
    }

    fn rate(&self, profile: &Profile, context: &Context<'_>) -> Result<Call, Reject> {
        let named = Some(self.currency).filter(|code| !code.is_empty());
        let currency = match named {
            Some(code) => Currency::from_code(code),
            None => profile.settings.default_currency(),
        };
        let currency = currency.ok_or_else(|| Reject::param("fee_type", "is not a currency we know"))?;
        let none = || Reject::param("fee_type", format_args!("has no rate for {}", currency.code()));
        Ok(Call::Rate(currency, context.rate_of(currency).ok_or_else(none)?))
    }

    fn create(&self, flow: Flow, profile: &Profile, context: &Context<'_>) -> Result<Call, Reject> {
        let (account, rate) = self.account(profile, context)?;
        let no_plan = || Reject::param("biz_type", "has no fee plan with this merchant");
        let fees = account.fees.as_ref().ok_or_else(no_plan)?;
        let method = self.method(flow, account, context)?;
        let fees = fees.kept_for(method.as_ref(), &account.methods);
        let amount = Money::new(self.amount_minor, account.currency);
        let total_minor = self.amount_minor + self.tip_minor;
        if account.payment_limit_minor.is_some_and(|limit| total_minor > limit) {
            return Err(Reject::param("amount", "with the tip exceeds the limit of the account"));
        }
        if total_minor > Money::LIMIT_MINOR {
            return Err(Reject::param("amount", "is too large"));
        }
        let lifetime_ms = match (flow, self.duration_s) {
            (Flow::CustomerPresented, _) => context.passive_lifetime_ms,
            (_, Some(seconds)) => seconds * 1_000,
            (_, None) => context.order_lifetime_ms,
        };
        let app_payer = (flow == Flow::MiniApp)
            .then(|| AppPayer { app_id: self.app_id.to_owned(), payer_id: self.open_id.to_owned() });
        let terms = Terms {
            account: account.code.clone(),
            method,
            flow,
            amount,
            tip_minor: self.tip_minor,
            payer_currency: rate.1,
            payer_rate: rate.0,
            fees,
            description: self.description.to_owned(),
            notify_url: self.call_back_url.to_owned(),
            return_url: self.redirect_url.to_owned(),
            payer_ip: String::new(),
            payer_code: some(self.auth_code),
            app_payer,
            operator: self.operator.to_owned(),
            terminal: self.terminal.to_owned(),
            particulars: self.particulars.clone(),
            tells: Tells::Payment,
            after_time: match flow {
                // The till has told the payer that it failed.
                Flow::CustomerPresented => AfterTime::GoesBack,
                Flow::MerchantPresented
                | Flow::HostedPage
                | Flow::MiniApp
                | Flow::CardPresent
                | Flow::CardOnline => AfterTime::Counts,
            },
            counter: None,
            created_at: context.now,
            expires_at: context.now.plus_ms(lifetime_ms),
        };
        let reference = match flow {
            Flow::CustomerPresented => some(self.own_id).or_else(|| Some(format!("P{}", self.md5))),
            Flow::MerchantPresented
            | Flow::HostedPage
            | Flow::MiniApp
            | Flow::CardPresent
            | Flow::CardOnline => some(self.own_id),
        };
        Ok(Call::Create(CreateCall { reference, terms }))
    }

    /// The account the money goes to, and the payer's rate with its currency.
    fn account<'p>(
        &self,
        profile: &'p Profile,
        context: &Context<'_>,
    ) -> Result<(&'p Account, (Rate, Currency)), Reject> {
        let (field, account) = match self.currency {
            "" => ("biz_type", profile.default_account()),
            code => {
                let currency = Currency::from_code(code)
                    .ok_or_else(|| Reject::param("currency_type", "is not a currency we know"))?;
                ("currency_type", profile.account_in(currency))
            }
        };
        let account = account.ok_or_else(|| {
            let code = if self.currency.is_empty() { &profile.settings.currency } else { self.currency };
            Reject::param(field, format_args!("cannot be paid: the merchant has no account in {code}"))
        })?;
        let yuan = context.rate_of(account.currency).zip(Currency::from_code("CNY"));
        let no_rate = || {
            Reject::param(
                field,
                format_args!("cannot be paid: no rate from {} to CNY", account.currency.code()),
            )
        };
        Ok((account, yuan.ok_or_else(no_rate)?))
    }

    /// `None` on a prepaid page, where the payer chooses.
    fn method(&self, flow: Flow, account: &Account, context: &Context<'_>) -> Result<Option<Method>, Reject> {
        let wrong = |what: &str| Err(Reject::param("biz_type", what));
        if flow == Flow::HostedPage {
            if self.biz_type != PREPAY {
                return wrong("must be PREPAY");
            }
            let any = account.methods.iter().any(|method| (context.offer)(method, flow) == Offer::Yes);
            return if any { Ok(None) } else { wrong("has no channel of this merchant") };
        }
        let Some(known) = BIZ_TYPES.iter().find(|known| known.word == self.biz_type) else {
            return wrong("must be ALIPAY, WECHATPAY or UNIONPAY");
        };
        if flow == Flow::MiniApp && known.method != "wechat" {
            return wrong("must be WECHATPAY in a mini app");
        }
        let method = Method::new(known.method);
        if !account.methods.contains(&method) {
            return wrong("is none the merchant's account takes");
        }
        if flow == Flow::CustomerPresented {
            check_auth_code(self.auth_code, known)?;
        }
        match (context.offer)(&method, flow) {
            Offer::Yes => Ok(Some(method)),
            Offer::NoChannel => wrong("has no channel of this merchant"),
            Offer::NoFlow => wrong("cannot be paid this way"),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn check_auth_code(code: &str, biz_type: &BizType) -> Result<(), Reject> {
    if pay_code::method_of(code) == Some(biz_type.method) {
        return Ok(());
    }
    let what = format_args!("is no payment code of {}", biz_type.word);
    Err(Reject::field(codes::AUTH_CODE_INVALID, "auth_code", what))
}

/// Digits and nothing else: a point, a sign or an exponent would be a guess.
fn read_minor(spec: &FieldSpec, text: &str) -> Result<i64, Reject> {
    let wrong = |what: &dyn Display| Reject::param(spec.name, what);
    if !is_digits(text) || text.len() > AMOUNT_DIGITS {
        return Err(wrong(&"must be minor units in 1 to 15 digits, like 100 for 1.00"));
    }
    text.parse().map_err(|_| wrong(&"is too large"))
}

fn check_number(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    let fits = text.chars().count() <= spec.max && !text.chars().any(char::is_control) && text.trim() == text;
    let what = format_args!("must be 1 to {} visible characters without blanks around them", spec.max);
    if fits { Ok(()) } else { Err(Reject::param(spec.name, what)) }
}

fn check_note(spec: &FieldSpec, text: &str) -> Result<(), Reject> {
    if text.chars().count() > spec.max {
        return Err(Reject::param(spec.name, format_args!("has more than {} characters", spec.max)));
    }
    if text.chars().any(char::is_control) {
        return Err(Reject::param(spec.name, "has a control character"));
    }
    Ok(())
}
