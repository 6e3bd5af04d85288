//! Money that goes back without a terminal: refunds, and whatever becomes of an order that is cancelled.

use tillgate_core::{Command, Deed, Flow, Order, OrderState, RefundMeans, RefundState, Refusal};
use tillgate_protocols::codepay::{Code, Number, RefundCall, RefundView, Reject, Sent, Submitted, view};

use super::desk::{Caller, Found, refused};
use super::{Answer, fault};
use crate::gateway::Problem;

impl Caller<'_> {
    pub(super) async fn refund_query(&self, number: Number) -> Result<Answer, Reject> {
        match self.find(&number).await? {
            Found::Order(order) if order.terms.deed() == Deed::Refund => {
                Ok(Answer::Refund(self.refund_at_terminal(&order).await?))
            }
            Found::Order(_) => {
                Err(Reject::because(Code::NoTransaction, "This is not the number of a refund"))
            }
            Found::Refund(order, refund) => Ok(Answer::Refund(view::refund_view(&order, &refund))),
        }
    }

    /// A refund that is an order of its own; what of the fee goes back is known where its money is booked.
    async fn refund_at_terminal(&self, order: &Order) -> Result<RefundView, Reject> {
        let mut view = view::refund_order_view(order);
        if let Some(original) = order.terms.counter.and_then(|counter| counter.original) {
            let refunds =
                self.desk.gateway.store.load_refunds(self.merchant, original).await.map_err(fault)?;
            let carried = refunds.iter().find(|refund| refund.means.carried_by == Some(order.number));
            let cost_back = carried.map(|refund| refund.state.cost_back()).unwrap_or_default();
            (view.fee_minor, view.vat_minor) = (cost_back.fee_minor, cost_back.vat_minor);
        }
        Ok(view)
    }

    pub(super) async fn refund(&self, call: RefundCall) -> Result<Answer, Reject> {
        let order = match self.find(&call.original).await {
            Ok(Found::Order(order)) => *order,
            Ok(Found::Refund(..)) => return Err(refused("The original is a refund itself")),
            Err(reject) if reject.code == Code::System => return Err(reject),
            Err(_) => return Err(Reject::new(Code::NoTransaction)),
        };
        let order = self.with_money(order).await?;
        let currency = order.terms.amount.currency;
        if call.currency.is_some_and(|said| said != currency) {
            return Err(Reject::invalid("price_currency", "is not the original order's"));
        }
        if matches!(order.terms.deed(), Deed::Void | Deed::Refund) {
            return Err(refused("The original took no money"));
        }
        let amount = call.amount.money(currency)?;
        let means = RefundMeans { notify_url: call.notify_url.unwrap_or_default(), ..RefundMeans::default() };
        let name = (Some(call.merchant_order_no.as_str()), call.description.as_str(), means);
        let gateway = &self.desk.gateway;
        let number = gateway.refund_by(self.merchant, order.number, amount.minor, name).await?;
        let refund = gateway.load_refund(self.merchant, order.number, number).await?;
        let refund = refund.ok_or_else(|| fault("the refund is gone"))?;
        Ok(Answer::Submitted(Submitted {
            trans_no: view::refund_trans_no(&refund),
            amount,
            fee_minor: refund.state.cost_back().fee_minor,
            vat_minor: refund.state.cost_back().vat_minor,
        }))
    }

    /// Whatever became of it: it is closed, or the money goes back.
    pub(super) async fn revoke(&self, reference: &str) -> Result<Answer, Reject> {
        let order = self.known_order(reference).await?;
        if order.terms.flow == Flow::CardPresent {
            return Err(refused("Cards at a terminal are not cancelled here; send a void or a refund"));
        }
        let order = match order.state.is_open() {
            true => {
                let gateway = &self.desk.gateway;
                let order = gateway.apply(order.merchant, order.number, Command::Cancel, None).await?;
                gateway.wait_until(order, self.desk.answer_within, |order| !order.state.is_open()).await?
            }
            false => order,
        };
        let sent = Sent { trans_no: view::order_trans_no(&order), terminal: None };
        match &order.state {
            OrderState::Failed { .. } | OrderState::Cancelled { .. } | OrderState::Voided { .. } => {
                Ok(Answer::Sent(sent))
            }
            OrderState::Paid { .. } => {
                self.give_back(&order).await?;
                Ok(Answer::Sent(sent))
            }
            OrderState::Pending | OrderState::Closing(_) | OrderState::Authorized { .. } => {
                Err(refused("The order is being closed; ask with order.query"))
            }
        }
    }

    async fn give_back(&self, order: &Order) -> Result<(), Reject> {
        let gateway = &self.desk.gateway;
        let means = RefundMeans { is_void: true, ..RefundMeans::default() };
        let name = (None, "order.revoker", means);
        let minor = order.funds.captured_minor;
        let number = match gateway.refund_by(order.merchant, order.number, minor, name).await {
            Ok(number) | Err(Problem::Refused(Refusal::RefundRepeated(number))) => number,
            Err(other) => return Err(other.into()),
        };
        let patience = self.desk.answer_within;
        match gateway.wait_for_refund(order.merchant, order.number, number, patience).await? {
            RefundState::Succeeded { .. } | RefundState::Requested => Ok(()),
            RefundState::Failed { reason, .. } => {
                Err(refused(format_args!("The wallet refused to give it back: {reason}")))
            }
        }
    }
}
