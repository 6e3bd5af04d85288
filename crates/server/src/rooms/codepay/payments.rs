//! What is asked for at paths of its own: captures, more to be held, cancels, refunds by part, tips, and a look at what
//! became of a transaction. None of them needs a terminal: the acquirer is asked by us.

use tillgate_core::{
    Command, CounterRefusal as No, Event, Money, NewOrder, Order, Pending, Presentation, Refund, RefundState,
    Refusal,
};
use tillgate_protocols::codepay::terms::FollowUp;
use tillgate_protocols::codepay::terms::{self, Context};
use tillgate_protocols::codepay::words::TransStatus;
use tillgate_protocols::codepay::{
    App as Client, AppMerchant, Call, CancelCall, CaptureCall, Code, IncreaseCall, Method, Number,
    PaymentTipCall, PaymentView, RefundPartsCall, Reject, ReplayKey, Whose, view,
};
use tillgate_protocols::wire::offer::Offer;
use tillgate_store::Claim;

use super::desk::{Caller, Found, is_tipping};
use super::once::{self, Before};
use super::{Answer, CodePay, ROOM, fault};
use crate::clock;
use crate::gateway::Problem;

/// Until the acquirer must have answered; it is asked all that time.
const LIFETIME_S: i64 = 3_600;

/// A request that may have been begun before, and what it began.
struct Once {
    claim: Option<Claim>,
    is_begun: bool,
}

impl CodePay {
    /// A call that has its effect once. The whole body: one that was sent before is sent again.
    pub(super) async fn answer_once(
        &self,
        client: &Client,
        (whose, call): (Whose, Call),
        key: Option<&ReplayKey>,
    ) -> String {
        let object_data = client.settings.object_data;
        let found = self.payment_of(client, &whose, &call).await;
        let (caller, order) = match found {
            Ok(found) => found,
            Err(reject) => return self.sign(Answer::Reject(reject), object_data).await,
        };
        let before = match key {
            None => Ok(None),
            Some(key) => self.before(caller.merchant, key).await.map(Some),
        };
        let once = match before {
            Err(reject) => return self.sign(Answer::Reject(reject), object_data).await,
            Ok(Some(Before::Answered(body))) => return body,
            Ok(Some(Before::Begun(claim))) => Once { claim: Some(claim), is_begun: true },
            Ok(Some(Before::Never(claim))) => Once { claim: Some(claim), is_begun: false },
            Ok(None) => Once { claim: None, is_begun: false },
        };
        let claim = once.claim.clone();
        let answer = caller.pay(order, call, once).await.unwrap_or_else(Answer::Reject);
        let (stays, is_refusal) = (once::stays(&answer), once::is_refusal(&answer));
        let body = self.sign(answer, object_data).await;
        let Some(claim) = claim.filter(|_| stays && !body.is_empty()) else { return body };
        match self.kept(claim, body.clone()).await {
            Ok(kept) => kept,
            // Next time it might be another, or none.
            Err(error) if is_refusal => self.sign(Answer::Reject(super::fault(error)), object_data).await,
            Err(error) => {
                // What was done is done, and is found again by its claim.
                tracing::error!(%error, "keeping an answer");
                body
            }
        }
    }

    /// The transaction that a call acts on, by our number of it, among those of the app's merchants.
    async fn payment_of<'a>(
        &'a self,
        client: &'a Client,
        whose: &Whose,
        call: &Call,
    ) -> Result<(Caller<'a>, Order), Reject> {
        let trans_no = match call {
            Call::Capture(call) => &call.trans_no,
            Call::Increase(call) => &call.trans_no,
            Call::CancelPayment(call) => &call.trans_no,
            Call::RefundParts(call) => &call.trans_no,
            Call::PaymentTip(call) => &call.trans_no,
            _ => return Err(Reject::new(Code::NotAuthorized)),
        };
        match self.anywhere(client, whose, &Number::Trans(trans_no.clone())).await? {
            (caller, Found::Order(order)) => Ok((caller, *order)),
            (_, Found::Refund(..)) => Err(Reject::field(Code::TransNoInvalid, "trans_no", "is a refund's")),
        }
    }

    /// A number among the app's merchants. What is somebody else's is not found.
    async fn anywhere<'a>(
        &'a self,
        client: &'a Client,
        whose: &Whose,
        number: &Number,
    ) -> Result<(Caller<'a>, Found), Reject> {
        let named;
        let merchants: &[AppMerchant] = match whose {
            Whose::Merchant(merchant) => {
                named = [merchant.clone()];
                &named
            }
            Whose::AnyOfTheApp => &client.merchants,
        };
        let mut found = None;
        for merchant in merchants {
            let caller = Caller::of(self, client, merchant);
            match caller.find(number).await {
                Ok(_) if found.is_some() => {
                    let what = "is a number of several merchants of this app; send merchant_no too";
                    return Err(Reject::invalid("merchant_order_no", what));
                }
                Ok(what) => found = Some((caller, what)),
                Err(reject) if matches!(reject.code, Code::OrderNoInvalid | Code::TransNoInvalid) => {}
                Err(reject) => return Err(reject),
            }
        }
        found.ok_or_else(|| {
            Reject::new(match number {
                Number::Trans(_) => Code::TransNoInvalid,
                Number::Merchant(_) => Code::OrderNoInvalid,
            })
        })
    }

    /// How a transaction stands, whatever became of it.
    pub(super) async fn recall(
        &self,
        client: &Client,
        whose: &Whose,
        number: &Number,
    ) -> Result<Answer, Reject> {
        Ok(Answer::Payment(match self.anywhere(client, whose, number).await? {
            (_, Found::Order(order)) => view::payment_view(&order),
            (_, Found::Refund(order, refund)) => of_refund(&order, &refund),
        }))
    }
}

/// A refund that order.refund.submit made.
fn of_refund(order: &Order, refund: &Refund) -> PaymentView {
    let view = view::refund_view(order, refund);
    let resp = match &refund.state {
        RefundState::Requested => Some(("101".to_owned(), "IN PROGRESS".to_owned())),
        RefundState::Succeeded { .. } => PaymentView::approval(),
        RefundState::Failed { reason, .. } => Some(("106".to_owned(), reason.to_uppercase())),
    };
    PaymentView {
        resp,
        trans_no: Some(view.trans_no),
        auth_no: None,
        trans_time: view.trans_end_time.unwrap_or(refund.requested_at),
        trans_status: view.trans_status,
    }
}

/// What stands in the way of what is done to a transaction is said of that one.
fn not_followed(problem: Problem, method: Method) -> Reject {
    let of_original = |code, what: &str| Reject::field(code, "trans_no", what);
    match &problem {
        Problem::Refused(Refusal::NotPaid) if method == Method::PaymentCancel => {
            of_original(Code::NoReversal, "holds no money that could be let go")
        }
        Problem::Refused(Refusal::NotPaid) => {
            of_original(Code::NoTransaction, "was never paid, or is undone already")
        }
        Problem::Refused(Refusal::AtCounter(No::NothingAuthorized)) => {
            of_original(Code::NoReversal, "has been captured; refund it")
        }
        Problem::Refused(Refusal::AtCounter(No::NothingToCapture)) => {
            of_original(Code::NoTransaction, "holds no money that could be captured")
        }
        Problem::Refused(Refusal::AtCounter(No::AboveAuthorized)) => {
            Reject::invalid("trans_amount", "is more than was authorized")
        }
        Problem::Refused(Refusal::AtCounter(No::WrongKind)) => {
            of_original(Code::Refused, "is not a transaction this can be done to")
        }
        _ => problem.into(),
    }
}

fn not_increased(problem: Problem) -> Reject {
    match &problem {
        Problem::Refused(Refusal::AtCounter(No::NothingAuthorized | No::WrongKind)) => {
            Reject::field(Code::NoTransaction, "trans_no", "holds no money that could be increased")
        }
        _ => problem.into(),
    }
}

impl Caller<'_> {
    async fn pay(&self, order: Order, call: Call, once: Once) -> Result<Answer, Reject> {
        self.merchant().await?;
        let view = match call {
            Call::Capture(call) => self.capture(order, call, once).await?,
            Call::Increase(call) => self.increase(order, &call, once).await?,
            Call::CancelPayment(call) => self.cancel(order, call, once).await?,
            Call::RefundParts(call) => self.refund_parts(order, call, once).await?,
            Call::PaymentTip(call) => self.payment_tip(order, call, once).await?,
            _ => return Err(Reject::new(Code::NotAuthorized)),
        };
        Ok(Answer::Payment(view))
    }

    async fn capture(&self, order: Order, call: CaptureCall, once: Once) -> Result<PaymentView, Reject> {
        let amount = call.amount.money(order.terms.amount.currency)?;
        self.follows(&order, (Method::PaymentCapture, call.merchant_order_no), (amount, None), once).await
    }

    async fn cancel(&self, order: Order, call: CancelCall, once: Once) -> Result<PaymentView, Reject> {
        let held = Money::new(order.authorized_minor(), order.terms.amount.currency);
        self.follows(&order, (Method::PaymentCancel, call.merchant_order_no), (held, None), once).await
    }

    async fn refund_parts(
        &self,
        order: Order,
        call: RefundPartsCall,
        once: Once,
    ) -> Result<PaymentView, Reject> {
        if let Some(part) = call.parts.never_charged() {
            return Err(Reject::field(Code::RefundExceeds, part.field(), "was never charged"));
        }
        let order = self.with_money(order).await?;
        let (total, tip_minor) = call.parts.total(order.terms.amount.currency)?;
        let amounts = (total, Some(tip_minor));
        self.follows(&order, (Method::PaymentRefund, call.merchant_order_no), amounts, once).await
    }

    /// Makes the order that acts on another, and waits for its end.
    async fn follows(
        &self,
        original: &Order,
        (method, reference): (Method, String),
        (amount, refunds_tip_minor): (Money, Option<i64>),
        once: Once,
    ) -> Result<PaymentView, Reject> {
        if !original.is_card() {
            return Err(Reject::field(Code::Refused, "trans_no", "was not paid by card"));
        }
        let gateway = &self.desk.gateway;
        let order = match once.is_begun {
            true => self.begun(original, &reference).await?,
            false => {
                let new = self.follow_up(original, method, reference.clone(), (amount, refunds_tip_minor));
                let new = new.await?;
                match gateway.create_claimed(new, once.claim).await {
                    Ok(order) => order,
                    Err(Problem::Repeated) => self.begun(original, &reference).await?,
                    Err(problem) => return Err(not_followed(problem, method)),
                }
            }
        };
        let order =
            gateway.wait_until(order, self.desk.answer_within, |order| !order.state.is_open()).await?;
        Ok(view::payment_view(&order))
    }

    async fn follow_up(
        &self,
        original: &Order,
        method: Method,
        reference: String,
        (amount, refunds_tip_minor): (Money, Option<i64>),
    ) -> Result<NewOrder, Reject> {
        let merchant = self.merchant().await?;
        let account = merchant.accounts.iter().find(|account| account.code == original.terms.account);
        let account = account.ok_or_else(|| fault("the account of an order is gone"))?;
        let context = Context { lifetime_s: LIFETIME_S, ..self.context(account, None, &|_, _| Offer::Yes) };
        let follow_up = FollowUp { method, amount, tip_minor: 0, refunds_tip_minor };
        Ok(NewOrder {
            merchant: self.merchant,
            number: self.desk.gateway.numbers.next(context.now),
            room: ROOM.into(),
            reference,
            terms: terms::follow_up(&follow_up, original, &context)?,
            presentation: Presentation::None,
            card: None,
        })
    }

    /// What the same request began.
    async fn begun(&self, original: &Order, reference: &str) -> Result<Order, Reject> {
        let order = self.find_order(reference).await?;
        let acts =
            |order: &Order| order.terms.counter.and_then(|counter| counter.original) == Some(original.number);
        order.filter(acts).ok_or_else(|| fault("what a request began is gone"))
    }

    async fn increase(&self, order: Order, call: &IncreaseCall, once: Once) -> Result<PaymentView, Reject> {
        let gateway = &self.desk.gateway;
        let currency = order.terms.amount.currency;
        let amount = call.amount.money(currency)?;
        let (order, number) = match once.claim.as_ref().filter(|_| once.is_begun) {
            Some(_) => {
                let number = self.begun_increase(once.claim.as_ref()).await?;
                (order, number)
            }
            None => {
                self.is_within_limit(&order, order.authorized_minor() + amount.minor, "trans_amount").await?;
                let command = Command::Increase { amount_minor: amount.minor };
                match gateway.apply_claimed(order.merchant, order.number, command, once.claim.clone()).await {
                    Ok(order) => {
                        let number = order.counter.as_ref().map_or(0, |counter| counter.increases);
                        (order, number)
                    }
                    Err(Problem::Repeated) => {
                        let number = self.begun_increase(once.claim.as_ref()).await?;
                        (order, number)
                    }
                    Err(problem) => return Err(not_increased(problem)),
                }
            }
        };
        let is_decided = |order: &Order| !is_increasing(order, number);
        let order = gateway.wait_until(order, self.desk.answer_within, is_decided).await?;
        self.increased(&order, number).await
    }

    /// The number of the increase that the same request began.
    async fn begun_increase(&self, claim: Option<&Claim>) -> Result<u32, Reject> {
        let claim = claim.ok_or_else(|| fault("a request without a claim was begun"))?;
        let store = &self.desk.gateway.store;
        let claimed = store.load_claim(claim.merchant, claim.key.clone()).await.map_err(fault)?;
        let number = claimed.and_then(|claimed| claimed.subject.parse().ok());
        number.ok_or_else(|| fault("a claim says nothing of its increase"))
    }

    /// The journal knows how each increase ended.
    async fn increased(&self, order: &Order, number: u32) -> Result<PaymentView, Reject> {
        let events =
            self.desk.gateway.store.load_events(order.merchant, order.number).await.map_err(fault)?;
        let end = events.into_iter().rev().find(|(_, event)| match event {
            Event::Increased { number: ended, .. } | Event::IncreaseRefused { number: ended, .. } => {
                *ended == number
            }
            _ => false,
        });
        let (at, end) = match end {
            Some((at, end)) => (at, Some(end)),
            None => (clock::now(), None),
        };
        let approved =
            |auth_code: &str| (PaymentView::approval(), Some(auth_code.to_owned()), TransStatus::Successful);
        let (resp, auth_no, trans_status) = match &end {
            Some(Event::Increased { auth_code, .. }) => approved(auth_code),
            Some(Event::IncreaseRefused { reason, .. }) => {
                (Some(("106".to_owned(), reason.to_uppercase())), None, TransStatus::Closed)
            }
            _ => (Some(("101".to_owned(), "IN PROGRESS".to_owned())), None, TransStatus::Processing),
        };
        let auth_no = auth_no.filter(|auth_no| !auth_no.is_empty());
        Ok(PaymentView { resp, trans_no: None, auth_no, trans_time: at, trans_status })
    }

    async fn payment_tip(
        &self,
        order: Order,
        call: PaymentTipCall,
        once: Once,
    ) -> Result<PaymentView, Reject> {
        let order = self.with_money(order).await?;
        let order = match once.is_begun {
            // It was set on its way; how it ended stands in the journal, whatever came after it.
            true => self.tip_is_decided(order).await?,
            false => self.set_tip(order, &call.tip, once.claim).await?,
        };
        let tip = call.tip.money(order.terms.amount.currency)?;
        let view = |trans_status| {
            let trans_time = clock::now();
            PaymentView { resp: None, trans_no: None, auth_no: None, trans_time, trans_status }
        };
        if is_tipping(&order) {
            return Ok(view(TransStatus::Processing));
        }
        let was_set =
            order.tip_minor() == tip.minor || once.is_begun && self.was_tip(&order, tip.minor).await?;
        match was_set {
            true => Ok(view(TransStatus::Successful)),
            false => Err(Reject::because(Code::Refused, "The acquirer refused the tip")),
        }
    }

    async fn was_tip(&self, order: &Order, minor: i64) -> Result<bool, Reject> {
        let events =
            self.desk.gateway.store.load_events(order.merchant, order.number).await.map_err(fault)?;
        let was_set =
            |event: &Event| matches!(event, Event::TipAdjusted { tip_minor } if *tip_minor == minor);
        Ok(events.iter().any(|(_, event)| was_set(event)))
    }
}

fn is_increasing(order: &Order, number: u32) -> bool {
    let pending = order.counter.as_ref().and_then(|counter| counter.pending);
    matches!(pending, Some(Pending::Increase { number: open, .. }) if open == number)
}
