//! What each call does: the order it means, the command, the answer.

use std::sync::Arc;

use tillgate_core::{
    Command, Counter, CounterRefusal, Deed, Flow, MerchantId, Money, NewOrder, Order, OrderNo, OrderState,
    Pending, Presentation, Refund, RefundNo, Refusal, Stage,
};
use tillgate_protocols::codepay::terms::{self, Context, kept};
use tillgate_protocols::codepay::words::{OnlineStatus, TransType};
use tillgate_protocols::codepay::{
    App as Client, AppMerchant, Asked, BatchView, Call, CloseCall, Code, Decimal, Number, OrderCall, Reject,
    ReplayKey, Sent, TipCall, Whose, read_trans_no, view,
};
use tillgate_protocols::ecrhub::{self, BatchClose, Closing, Topic};
use tillgate_store::{Batch, Claim, OrderKey};

use super::{Answer, CodePay, Merchant, ROOM, Terminal, fault};
use crate::channels::trade_no;
use crate::clock;
use crate::gateway::Problem;

/// A request that was understood, and whose it is.
pub(super) struct Caller<'a> {
    pub desk: &'a CodePay,
    pub client: &'a Client,
    pub merchant: MerchantId,
    pub merchant_no: String,
}

/// The order or the refund that a number means.
pub(super) enum Found {
    Order(Box<Order>),
    Refund(Box<Order>, Box<Refund>),
}

impl From<Problem> for Reject {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Refused(refusal) => Self::of(&refusal),
            Problem::Unavailable => Self::because(Code::Refused, "The wallet does not answer, try again"),
            // Logged where it arose. A request that came before is looked up by who made the claim.
            Problem::Fault(_) | Problem::Repeated => Self::new(Code::System),
        }
    }
}

pub(super) fn refused(why: impl std::fmt::Display) -> Reject {
    Reject::because(Code::Refused, why)
}

impl CodePay {
    pub(super) async fn carry_out(
        &self,
        client: &Client,
        asked: Asked,
        key: Option<&ReplayKey>,
    ) -> Result<Answer, Reject> {
        let Asked { whose, call } = asked;
        if let Call::Recall(number) = &call {
            return self.recall(client, &whose, number).await;
        }
        let Whose::Merchant(merchant) = whose else { return Err(Reject::new(Code::NotAuthorized)) };
        let caller = Caller::of(self, client, &merchant);
        match call {
            Call::Order(call) => caller.order(call).await,
            Call::Close(call) => caller.close(call).await,
            Call::Query(number) => caller.query(number).await,
            Call::RefundQuery(number) => caller.refund_query(number).await,
            Call::Refund(call) => caller.refund(call).await,
            Call::Revoke { merchant_order_no } => caller.revoke(&merchant_order_no).await,
            Call::AdjustTip(call) => caller.adjust_tip(call).await,
            Call::CloseBatch { terminal_sn } => caller.close_batch(&terminal_sn).await,
            Call::Checkout(call) => caller.checkout(call).await,
            Call::MerchantCheckout(call) => caller.merchant_checkout(call, key).await,
            Call::CloseBatches(call) => caller.close_batches(&call).await,
            Call::OpenBatches(call) => caller.open_batches(&call).await,
            // These have their effect once, and are answered elsewhere.
            Call::Capture(_)
            | Call::Increase(_)
            | Call::CancelPayment(_)
            | Call::RefundParts(_)
            | Call::PaymentTip(_)
            | Call::Recall(_) => Err(Reject::new(Code::NotAuthorized)),
        }
    }
}

impl<'a> Caller<'a> {
    pub fn of(desk: &'a CodePay, client: &'a Client, merchant: &AppMerchant) -> Self {
        Self { desk, client, merchant: merchant.merchant, merchant_no: merchant.merchant_no.clone() }
    }
}

impl Caller<'_> {
    pub async fn merchant(&self) -> Result<Arc<Merchant>, Reject> {
        let merchant = self.desk.merchants.find(&self.merchant_no).await.map_err(fault)?;
        let own = |merchant: &Arc<Merchant>| merchant.merchant == self.merchant && merchant.enabled;
        merchant.filter(own).ok_or_else(|| Reject::new(Code::NotAuthorized))
    }

    /// One of this merchant's, in the store that was named.
    pub async fn terminal(&self, terminal_sn: &str, store_no: Option<&str>) -> Result<Arc<Terminal>, Reject> {
        let terminal = self.desk.terminals.find(terminal_sn).await.map_err(fault)?;
        let terminal = terminal
            .filter(|terminal| terminal.merchant == self.merchant && terminal.merchant_no == self.merchant_no)
            .ok_or_else(|| Reject::invalid("terminal_sn", "is not a terminal of this merchant"))?;
        if !terminal.enabled {
            return Err(Reject::invalid("terminal_sn", "is switched off"));
        }
        if store_no.is_some_and(|store_no| store_no != terminal.store_no) {
            return Err(Reject::invalid("terminal_sn", "is not a terminal of this store"));
        }
        Ok(terminal)
    }

    async fn order(&self, mut call: OrderCall) -> Result<Answer, Reject> {
        let merchant = self.merchant().await?;
        if let Some(store_no) = &call.store_no
            && merchant.stores.iter().all(|store| store.store_no != *store_no)
        {
            return Err(Reject::invalid("store_no", "is not a store of this merchant"));
        }
        let terminal = self.terminal(&call.terminal_sn, call.store_no.as_deref()).await?;
        let gateway = &self.desk.gateway;
        let is_online = gateway.is_online(self.merchant, &terminal.terminal_sn).await;
        if call.reject_when_offline && !is_online {
            return Err(refused("The terminal is offline"));
        }
        let original = self.original(&call).await?;
        if let (TransType::Void, Some(original)) = (call.trans_type, &original) {
            void_whole(&mut call, original);
        }
        let account = merchant.accounts.iter().find(|account| account.currency == call.amount.currency);
        let account =
            account.ok_or_else(|| Reject::invalid("price_currency", "is not sold in by this merchant"))?;
        let rates = self.desk.rates.table().await.map_err(fault)?;
        let context = Context {
            app_id: &self.client.app_id,
            merchant_no: &self.merchant_no,
            account,
            original: original.map(|original| original.number),
            now: clock::now(),
            lifetime_s: self.desk.order_lifetime_s,
            rate: rates.of(call.amount.currency),
            offer: &|method, flow| gateway.channels.offered(method, flow),
        };
        let mut terms = terms::terms(&call, &context)?;
        terms.particulars.entry(kept::STORE_NO.to_owned()).or_insert_with(|| terminal.store_no.clone());
        let limit = self.desk.queue_limit;
        let waiting = gateway.store.queue_length(self.merchant, &terminal.terminal_sn, limit).await;
        if waiting.map_err(fault)? >= limit {
            return Err(refused(format_args!("{limit} orders wait for this terminal already")));
        }
        let new = NewOrder {
            merchant: self.merchant,
            number: gateway.numbers.next(clock::now()),
            room: ROOM.into(),
            reference: call.merchant_order_no,
            terms,
            presentation: Presentation::None,
            card: None,
        };
        let order = gateway
            .create_at_counter(new)
            .await
            .map_err(|problem| self.not_made(problem, call.trans_type))?;
        let status = if is_online { OnlineStatus::Online } else { OnlineStatus::Offline };
        Ok(Answer::Sent(Sent { trans_no: view::order_trans_no(&order), terminal: Some(status) }))
    }

    /// What stands in the way of an order that acts on another is said of that one.
    fn not_made(&self, problem: Problem, trans_type: TransType) -> Reject {
        let original = |code, what: &str| Reject::field(code, "orig_merchant_order_no", what);
        match (&problem, trans_type) {
            (Problem::Refused(Refusal::NotPaid), TransType::Void) => {
                original(Code::NoReversal, "was never paid, or is undone already")
            }
            (Problem::Refused(Refusal::NotPaid), TransType::Refund) => {
                original(Code::NoTransaction, "was never paid, or is undone already")
            }
            (Problem::Refused(Refusal::AtCounter(CounterRefusal::NothingToCapture)), _) => {
                original(Code::NoTransaction, "is no authorization that could be captured")
            }
            (Problem::Refused(Refusal::AtCounter(CounterRefusal::AboveAuthorized)), _) => {
                Reject::invalid("order_amount", "with the tip is more than was authorized")
            }
            (Problem::Refused(Refusal::AtCounter(CounterRefusal::WrongKind)), _) => {
                original(Code::Refused, "is not an order this can be done to")
            }
            _ => problem.into(),
        }
    }

    /// The order it acts on. A completion's money stands on its authorization.
    async fn original(&self, call: &OrderCall) -> Result<Option<Order>, Reject> {
        if !call.trans_type.needs_original() {
            return Ok(None);
        }
        let reference = call.orig_merchant_order_no.as_deref().unwrap_or_default();
        let unknown = || {
            let code = match call.trans_type {
                TransType::Void => Code::NoReversal,
                _ => Code::NoTransaction,
            };
            Reject::field(code, "orig_merchant_order_no", "is not the number of an order")
        };
        let order = self.find_order(reference).await?.ok_or_else(unknown)?;
        let order = self.with_money(order).await?;
        if order.terms.flow != Flow::CardPresent {
            let what = "was not paid by card; use order.refund.submit or order.revoker";
            return Err(Reject::field(Code::Refused, "orig_merchant_order_no", what));
        }
        if order.terms.amount.currency != call.amount.currency {
            return Err(Reject::invalid("price_currency", "is not the original order's"));
        }
        Ok(Some(order))
    }

    /// The order that holds the money: of a completion, the authorization it completed.
    pub async fn with_money(&self, order: Order) -> Result<Order, Reject> {
        let original = order.terms.counter.and_then(|counter| counter.original);
        match original.filter(|_| order.terms.deed() == Deed::Completion) {
            None => Ok(order),
            Some(number) => {
                let key = OrderKey::Number(number);
                let held = self.desk.gateway.store.load_order(self.merchant, key).await.map_err(fault)?;
                held.ok_or_else(|| fault("an authorization is gone"))
            }
        }
    }

    /// An order that was made under this merchant number.
    pub async fn find_order(&self, reference: &str) -> Result<Option<Order>, Reject> {
        let key = OrderKey::Reference { room: ROOM, reference };
        let found = self.desk.gateway.store.load_order(self.merchant, key).await.map_err(fault)?;
        Ok(found.filter(|order| self.is_own(order)))
    }

    fn is_own(&self, order: &Order) -> bool {
        *order.room == *ROOM
            && order.terms.particulars.get(kept::MERCHANT_NO).is_some_and(|no| *no == self.merchant_no)
    }

    pub async fn known_order(&self, reference: &str) -> Result<Order, Reject> {
        self.find_order(reference).await?.ok_or_else(|| Reject::new(Code::OrderNoInvalid))
    }

    pub async fn find(&self, number: &Number) -> Result<Found, Reject> {
        let store = &self.desk.gateway.store;
        let (order_no, attempt) = match number {
            Number::Merchant(reference) => {
                if let Some(order) = self.find_order(reference).await? {
                    return Ok(Found::Order(Box::new(order)));
                }
                let place = store.find_refund(self.merchant, ROOM, reference).await.map_err(fault)?;
                place.ok_or_else(|| Reject::new(Code::OrderNoInvalid))?
            }
            Number::Trans(trans_no) => {
                let unknown = || Reject::new(Code::TransNoInvalid);
                let (number, attempt) = read_trans_no(trans_no).ok_or_else(unknown)?;
                let number = i64::try_from(number).map_err(|_| unknown())?;
                (OrderNo(number), RefundNo(attempt.into()))
            }
        };
        let unknown = match number {
            Number::Merchant(_) => Code::OrderNoInvalid,
            Number::Trans(_) => Code::TransNoInvalid,
        };
        let order = store.load_order(self.merchant, OrderKey::Number(order_no)).await.map_err(fault)?;
        let order = order.filter(|order| self.is_own(order)).ok_or_else(|| Reject::new(unknown))?;
        if attempt == RefundNo(0) {
            return Ok(Found::Order(Box::new(order)));
        }
        let refund = self.desk.gateway.load_refund(self.merchant, order_no, attempt).await?;
        let refund = refund.filter(|refund| refund.reference.is_some());
        let refund = refund.ok_or_else(|| Reject::new(unknown))?;
        Ok(Found::Refund(Box::new(order), Box::new(refund)))
    }

    async fn query(&self, number: Number) -> Result<Answer, Reject> {
        Ok(match self.find(&number).await? {
            Found::Order(order) => Answer::Order(Box::new(self.desk.view(&order))),
            Found::Refund(order, refund) => Answer::Refund(view::refund_view(&order, &refund)),
        })
    }

    async fn close(&self, call: CloseCall) -> Result<Answer, Reject> {
        let terminal = self.terminal(&call.terminal_sn, call.store_no.as_deref()).await?;
        let order = self.known_order(&call.merchant_order_no).await?;
        if order.terms.terminal != terminal.terminal_sn {
            return Err(Reject::invalid("terminal_sn", "is not the order's terminal"));
        }
        // One that does not know how it ended cannot give it up: the acquirer is asked.
        let may_give_up = |counter: &Counter| counter.stage == Stage::Taken && !counter.is_unknown;
        let is_asked = order.counter.as_deref().is_some_and(may_give_up);
        if order.state == OrderState::Pending && is_asked && order.terms.flow == Flow::CardPresent {
            self.ask_to_close(&order).await?;
        }
        self.stop(order).await
    }

    /// A terminal that is charging a card will not give the order up. One that is silent is not waited for: the
    /// acquirer is asked.
    async fn ask_to_close(&self, order: &Order) -> Result<(), Reject> {
        let number = trade_no(order.merchant, order.number, 1);
        let frame = ecrhub::close(&number, &number, clock::now());
        let told = self.desk.gateway.ask_terminal(order, (Topic::Close, &number), frame).await;
        match told.map(|told| told.answer.closing()) {
            Some(Closing::TooLate) => Err(refused("The card is being charged; ask with order.query")),
            Some(Closing::Closed | Closing::NeverHeardOf | Closing::DoesNotKnow) | None => Ok(()),
        }
    }

    /// Cancels the order and waits for its end.
    async fn stop(&self, order: Order) -> Result<Answer, Reject> {
        let gateway = &self.desk.gateway;
        let order = gateway.apply(order.merchant, order.number, Command::Cancel, None).await?;
        let order =
            gateway.wait_until(order, self.desk.answer_within, |order| !order.state.is_open()).await?;
        match &order.state {
            OrderState::Cancelled { .. } => {
                Ok(Answer::Sent(Sent { trans_no: view::order_trans_no(&order), terminal: None }))
            }
            OrderState::Pending | OrderState::Closing(_) => {
                Err(refused("The order is being closed; ask with order.query"))
            }
            OrderState::Paid { .. } | OrderState::Authorized { .. } | OrderState::Voided { .. } => {
                Err(Reject::of(&Refusal::AlreadyPaid))
            }
            OrderState::Failed { reason, .. } => Err(Reject::of(&Refusal::AlreadyFailed(reason.clone()))),
        }
    }

    async fn adjust_tip(&self, call: TipCall) -> Result<Answer, Reject> {
        let order = self.with_money(self.known_order(&call.merchant_order_no).await?).await?;
        let tip = call.tip.money(order.terms.amount.currency)?;
        let order = self.set_tip(order, &call.tip, None).await?;
        if is_tipping(&order) {
            return Err(refused("The acquirer has not answered yet; ask with order.query"));
        }
        match order.tip_minor() == tip.minor {
            true => Ok(Answer::Done),
            false => Err(refused("The acquirer refused the tip")),
        }
    }

    /// The whole tip from now on; the order as it is when the acquirer has spoken.
    pub async fn set_tip(&self, order: Order, tip: &Decimal, claim: Option<Claim>) -> Result<Order, Reject> {
        let money = tip.money(order.terms.amount.currency)?;
        self.is_within_limit(&order, order.terms.sale_minor() + money.minor, tip.field()).await?;
        let gateway = &self.desk.gateway;
        let command = Command::AdjustTip { tip_minor: money.minor, open_batch: None };
        let order = match gateway.apply_claimed(order.merchant, order.number, command, claim).await {
            Err(Problem::Repeated) => order,
            other => other?,
        };
        let order = self.tip_is_decided(order).await?;
        if !is_tipping(&order) && order.tip_minor() == money.minor && !order.terms.terminal.is_empty() {
            let number = trade_no(order.merchant, order.number, 1);
            let frame = ecrhub::tip_adjustment(&number, &number, money, clock::now());
            gateway.tell_terminal(order.merchant, &order.terms.terminal, frame).await;
        }
        Ok(order)
    }

    /// Or the time is up; then it is still on its way.
    pub async fn tip_is_decided(&self, order: Order) -> Result<Order, Reject> {
        let is_decided = |order: &Order| !is_tipping(order);
        Ok(self.desk.gateway.wait_until(order, self.desk.answer_within, is_decided).await?)
    }

    pub async fn is_within_limit(&self, order: &Order, minor: i64, field: &str) -> Result<(), Reject> {
        let merchant = self.merchant().await?;
        let account = merchant.accounts.iter().find(|account| account.code == order.terms.account);
        let limit_minor =
            account.and_then(|account| account.payment_limit_minor).unwrap_or(Money::LIMIT_MINOR);
        match minor > limit_minor {
            true => Err(Reject::invalid(field, "makes it more than the merchant's limit for one payment")),
            false => Ok(()),
        }
    }

    async fn close_batch(&self, terminal_sn: &str) -> Result<Answer, Reject> {
        let terminal = self.terminal(terminal_sn, None).await?;
        let batch = self.close_one(&terminal.terminal_sn).await?;
        let batch = batch.ok_or_else(|| Reject::new(Code::NoPending))?;
        let currencies = batch.currencies();
        // Of several currencies there is no sum.
        let total = match currencies[..] {
            [currency] => Some(Money::new(batch.net_minor(currency), currency)),
            _ => None,
        };
        Ok(Answer::Batch(BatchView { count: Some(batch.count()), total }))
    }

    /// `None`: nothing is in it.
    pub async fn close_one(&self, terminal_sn: &str) -> Result<Option<Batch>, Reject> {
        let gateway = &self.desk.gateway;
        let now = clock::now();
        let closed = gateway.store.close_batch(self.merchant, terminal_sn, now).await.map_err(fault)?;
        gateway.alarm.set_no_later_than(now);
        for frame in closed.iter().flat_map(|batch| batch_frames(terminal_sn, batch)) {
            gateway.tell_terminal(self.merchant, terminal_sn, frame).await;
        }
        Ok(closed)
    }
}

/// A void undoes all that was taken, whatever tip has come since: registers send the amount they sent before. Any other
/// amount stays as it was sent, to be refused.
fn void_whole(call: &mut OrderCall, original: &Order) {
    let whole_minor = match original.state {
        OrderState::Authorized { .. } => original.authorized_minor(),
        _ => original.funds.captured_minor,
    };
    let is_sale = call.amount == original.terms.amount && call.tip_minor == 0;
    let cashback_minor = original.terms.counter.map_or(0, |counter| counter.cashback_minor);
    let tip_minor = whole_minor - call.amount.minor - cashback_minor;
    if is_sale && tip_minor >= 0 {
        (call.tip_minor, call.cashback_minor) = (tip_minor, cashback_minor);
    }
}

/// The acquirer is being asked for a tip.
pub(super) fn is_tipping(order: &Order) -> bool {
    matches!(pending(order), Some(Pending::Tip { .. }))
}

fn pending(order: &Order) -> Option<Pending> {
    order.counter.as_ref().and_then(|counter| counter.pending)
}

/// One report per currency.
fn batch_frames(terminal_sn: &str, batch: &Batch) -> Vec<String> {
    let number = batch.number.to_string();
    let frame = |currency| {
        let lines = batch.lines.iter().filter(|line| !line.is_voided && line.currency == currency);
        let report = BatchClose {
            batch_no: &number,
            count: lines.map(|line| line.count).sum(),
            total: Money::new(batch.net_minor(currency), currency),
        };
        ecrhub::batch_close(&format!("{terminal_sn}-{number}"), &report, clock::now())
    };
    batch.currencies().into_iter().map(frame).collect()
}
