//! The terms of orders without a terminal: paid on a page of ours, with a card the merchant has asked for, or acting on
//! another order by a path.

use std::collections::BTreeMap;

use tillgate_core::{
    Account, AfterTime, CounterTerms, Deed, Flow, Method as Wallet, Money, Order, Queue, Rate, Tells, Terms,
};

use super::{CARD, Context, kept, yuan};
use crate::codepay::Method;
use crate::codepay::calls::{CheckoutCall, MerchantCheckoutCall, Origin};
use crate::codepay::codes::{Code, Reject};
use crate::codepay::order_detail::{Options, OrderDetail};
use crate::codepay::words::TransType;
use crate::wire::offer::Offer;

/// What a path does to an order.
#[derive(Debug, Clone, Copy)]
pub struct FollowUp {
    /// [`Method::PaymentCapture`], [`Method::PaymentCancel`] or [`Method::PaymentRefund`].
    pub method: Method,
    /// Without the tip.
    pub amount: Money,
    pub tip_minor: i64,
    /// How much of what a refund gives back is tip.
    pub refunds_tip_minor: Option<i64>,
}

/// What all of them say alike.
struct Sale<'c> {
    method: Method,
    amount: Money,
    store_no: Option<&'c String>,
    description: &'c str,
    origin: &'c Origin,
    return_url: Option<&'c String>,
    notify_url: Option<&'c String>,
    attach: Option<&'c String>,
    expires_s: Option<i64>,
}

/// The methods of an account that the merchant allows and somebody offers on a page.
pub fn offered(
    options: &Options,
    account: &Account,
    offer: &(dyn Fn(&Wallet, Flow) -> Offer + Sync),
) -> Vec<Wallet> {
    let is_allowed = |method: &&Wallet| match method.as_str() {
        CARD => options.takes_cards(),
        wallet => options.takes_wallet(wallet),
    };
    let methods = account.methods.iter().filter(is_allowed);
    methods.filter(|method| offer(method, Flow::HostedPage) == Offer::Yes).cloned().collect()
}

pub fn checkout(call: &CheckoutCall, context: &Context<'_>) -> Result<Terms, Reject> {
    let choosable = offered(&call.order_detail.payment, context.account, context.offer);
    if choosable.is_empty() {
        let is_choosy = call.order_detail.payment != Options::default();
        return Err(match is_choosy {
            true => Reject::invalid("order_detail.data.payment", "leaves nothing that is offered here"),
            false => Reject::because(Code::NotAuthorized, "Nothing is offered here to pay with on a page"),
        });
    }
    let sale = Sale {
        method: Method::Checkout,
        amount: call.amount,
        store_no: call.store_no.as_ref(),
        description: &call.description,
        origin: &call.origin,
        return_url: call.return_url.as_ref(),
        notify_url: call.notify_url.as_ref(),
        attach: call.attach.as_ref(),
        expires_s: call.expires_s,
    };
    let mut terms = sale.terms(Flow::HostedPage, None, &choosable, context)?;
    if call.order_detail != OrderDetail::default() {
        terms.particulars.insert(kept::ORDER_DETAIL.to_owned(), call.order_detail.to_text());
    }
    Ok(terms)
}

pub fn merchant_checkout(call: &MerchantCheckoutCall, context: &Context<'_>) -> Result<Terms, Reject> {
    let card = Wallet::new(CARD);
    let is_taken = context.account.methods.contains(&card);
    if !is_taken || (context.offer)(&card, Flow::CardOnline) != Offer::Yes {
        return Err(Reject::because(Code::NotAuthorized, "Cards are not offered here online"));
    }
    let sale = Sale {
        method: Method::MerchantCheckout,
        amount: call.amount,
        store_no: call.store_no.as_ref(),
        description: &call.description,
        origin: &call.origin,
        return_url: call.return_url.as_ref(),
        notify_url: call.notify_url.as_ref(),
        attach: call.attach.as_ref(),
        expires_s: call.expires_s,
    };
    let mut terms = sale.terms(Flow::CardOnline, Some(card), &[], context)?;
    let billing = serde_json::to_string(&call.billing).unwrap_or_default();
    terms.particulars.insert(kept::BILLING.to_owned(), billing);
    Ok(terms)
}

impl Sale<'_> {
    fn terms(
        &self,
        flow: Flow,
        method: Option<Wallet>,
        choosable: &[Wallet],
        context: &Context<'_>,
    ) -> Result<Terms, Reject> {
        let account = context.account;
        if account.payment_limit_minor.is_some_and(|limit| self.amount.minor > limit) {
            return Err(Reject::invalid("order_amount", "is above the merchant's limit for one payment"));
        }
        let fees = account.fees.as_ref();
        let fees = fees.ok_or_else(|| Reject::invalid("price_currency", "has no fee plan yet"))?;
        // Wallets count in yuan. A card is charged in the order's currency, whatever stands here.
        let has_wallet = choosable.iter().any(|method| method.as_str() != CARD);
        let (payer_currency, payer_rate) = match (has_wallet, context.rate, yuan()) {
            (true, Some(rate), Some(yuan)) => (yuan, rate),
            _ => (self.amount.currency, Rate::ONE),
        };
        let mut particulars = named(self.method, TransType::Sale, context);
        for (name, value) in [
            (kept::STORE_NO, self.store_no),
            (kept::ATTACH, self.attach),
            (kept::LONGITUDE, self.origin.longitude.as_ref()),
            (kept::LATITUDE, self.origin.latitude.as_ref()),
        ] {
            particulars.extend(value.map(|value| (name.to_owned(), value.clone())));
        }
        Ok(Terms {
            account: account.code.clone(),
            // What is offered when he pays may be more than what is offered now.
            fees: fees.kept_for(method.as_ref(), &account.methods),
            method,
            flow,
            amount: self.amount,
            tip_minor: 0,
            payer_currency,
            payer_rate,
            description: self.description.to_owned(),
            notify_url: self.notify_url.cloned().unwrap_or_default(),
            return_url: self.return_url.cloned().unwrap_or_default(),
            payer_ip: self.origin.term_ip.clone().unwrap_or_default(),
            payer_code: None,
            app_payer: None,
            operator: String::new(),
            terminal: String::new(),
            particulars,
            tells: Tells::EveryEnd,
            after_time: AfterTime::Counts,
            counter: Some(CounterTerms {
                deed: Deed::Sale,
                original: None,
                cashback_minor: 0,
                asks_tip: false,
                refunds_tip_minor: None,
                queue: Queue::Fifo,
            }),
            created_at: context.now,
            expires_at: context.now.plus_s(self.expires_s.unwrap_or(context.lifetime_s)),
        })
    }
}

/// A capture, a cancel or a refund that the acquirer carries out by itself. It is settled where its original is.
pub fn follow_up(follow_up: &FollowUp, original: &Order, context: &Context<'_>) -> Result<Terms, Reject> {
    let (deed, trans_type) = match follow_up.method {
        Method::PaymentCapture => (Deed::Completion, TransType::Completion),
        Method::PaymentCancel => (Deed::Void, TransType::Void),
        Method::PaymentRefund => (Deed::Refund, TransType::Refund),
        _ => return Err(Reject::new(Code::NotAuthorized)),
    };
    let card = Wallet::new(CARD);
    let fees = context.account.fees.as_ref();
    let fees = fees.ok_or_else(|| Reject::because(Code::Refused, "The account has no fee plan"))?;
    let mut particulars = named(follow_up.method, trans_type, context);
    particulars.insert(kept::ORIGINAL.to_owned(), original.reference.clone());
    let store_no = original.terms.particulars.get(kept::STORE_NO);
    particulars.extend(store_no.map(|store_no| (kept::STORE_NO.to_owned(), store_no.clone())));
    Ok(Terms {
        account: original.terms.account.clone(),
        fees: fees.kept_for(Some(&card), &[]),
        method: Some(card),
        flow: Flow::CardOnline,
        amount: follow_up.amount,
        tip_minor: follow_up.tip_minor,
        payer_currency: follow_up.amount.currency,
        payer_rate: Rate::ONE,
        description: original.terms.description.clone(),
        notify_url: String::new(),
        return_url: String::new(),
        payer_ip: String::new(),
        payer_code: None,
        app_payer: None,
        operator: String::new(),
        terminal: original.terms.terminal.clone(),
        particulars,
        tells: Tells::EveryEnd,
        after_time: AfterTime::Counts,
        counter: Some(CounterTerms {
            deed,
            original: Some(original.number),
            cashback_minor: 0,
            asks_tip: false,
            refunds_tip_minor: follow_up.refunds_tip_minor,
            queue: Queue::Fifo,
        }),
        created_at: context.now,
        expires_at: context.now.plus_s(context.lifetime_s),
    })
}

fn named(method: Method, trans_type: TransType, context: &Context<'_>) -> BTreeMap<String, String> {
    [
        (kept::APP_ID, context.app_id.to_owned()),
        (kept::MERCHANT_NO, context.merchant_no.to_owned()),
        (kept::METHOD, method.word().to_owned()),
        (kept::TRANS_TYPE, trans_type.number().to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
