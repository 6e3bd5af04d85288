//! Orders and refunds of the engine in the documents' words.

use tillgate_core::{
    CardKind, Deed, Entry, Event, Flow, Money, Order, OrderState, Presentation, Refund, RefundState, Slip,
    Stage, order::FailReason,
};

use super::Method;
use super::answers::{MerchantCheckoutView, PaymentView};
use super::encode::{OrderView, RefundView, masked_pan, trans_no};
use super::terms::kept;
use super::words::{CardType, EntryModel, PayMethod, PayScenario, TransStatus, TransType};

/// Where an order is.
pub fn trans_status(order: &Order) -> TransStatus {
    match &order.state {
        OrderState::Pending | OrderState::Closing(_) if !is_under_way(order) => TransStatus::Created,
        OrderState::Pending | OrderState::Closing(_) => TransStatus::Processing,
        OrderState::Authorized { .. } => TransStatus::Successful,
        OrderState::Paid { .. } if order.terms.deed() == Deed::Authorization => TransStatus::Captured,
        OrderState::Paid { .. } => TransStatus::Successful,
        OrderState::Failed { .. } | OrderState::Cancelled { .. } => TransStatus::Closed,
        OrderState::Voided { .. } => TransStatus::Cancelled,
    }
}

/// Whether somebody may be paying it: a terminal has it, a card was sent, a page shows a code.
fn is_under_way(order: &Order) -> bool {
    match order.terms.flow {
        Flow::CardOnline => true,
        Flow::HostedPage => order.presentation != Presentation::None,
        Flow::CardPresent | Flow::MerchantPresented | Flow::CustomerPresented | Flow::MiniApp => {
            order.counter.as_ref().is_none_or(|counter| counter.stage == Stage::Taken)
        }
    }
}

/// What made the order.
pub fn method(order: &Order) -> Method {
    let word = kept_text(order, kept::METHOD);
    let known = Method::ALL.into_iter().find(|method| Some(method.word()) == word);
    known.unwrap_or(Method::PayOrder)
}

/// The order's own number, without an attempt: each attempt at a merchant's number is an order of its own.
pub fn order_trans_no(order: &Order) -> String {
    trans_no(order.number.0.unsigned_abs(), 0).unwrap_or_default()
}

pub fn refund_trans_no(refund: &Refund) -> String {
    let attempt = u8::try_from(refund.number.0).unwrap_or(u8::MAX);
    trans_no(refund.order.0.unsigned_abs(), attempt).unwrap_or_default()
}

fn kept_text<'o>(order: &'o Order, name: &str) -> Option<&'o str> {
    order.terms.particulars.get(name).map(String::as_str)
}

fn kept_number(order: &Order, name: &str) -> Option<u8> {
    kept_text(order, name)?.parse().ok()
}

pub fn trans_type(order: &Order) -> TransType {
    kept_number(order, kept::TRANS_TYPE).and_then(TransType::from_number).unwrap_or(TransType::Sale)
}

pub fn pay_scenario(order: &Order) -> Option<PayScenario> {
    kept_text(order, kept::PAY_SCENARIO).and_then(PayScenario::from_word)
}

/// With what it was paid; before, with what it was to be paid.
fn pay_method(order: &Order, slip: Option<&Slip>) -> Option<PayMethod> {
    let chosen = order.method().filter(|_| order.terms.flow == Flow::HostedPage && !order.is_card());
    if let Some(wallet) = chosen {
        return wallet_word(wallet.as_str());
    }
    let read = slip.and_then(|slip| PayMethod::from_word(&slip.brand));
    read.or_else(|| kept_text(order, kept::PAY_METHOD).and_then(PayMethod::from_word))
}

fn wallet_word(method: &str) -> Option<PayMethod> {
    match method {
        "alipay" => Some(PayMethod::Alipay),
        "wechat" => Some(PayMethod::WeChatPay),
        "unionpay" => Some(PayMethod::UnionPay),
        _ => None,
    }
}

/// What pay.merchant.checkout answers of its order.
pub fn merchant_checkout_view(order: &Order) -> MerchantCheckoutView {
    let view = order_view(order);
    let challenge = match &order.presentation {
        Presentation::Challenge(url) if order.state == OrderState::Pending => Some(url.clone()),
        _ => None,
    };
    MerchantCheckoutView {
        trans_no: view.trans_no,
        trans_status: view.trans_status,
        pay_channel_trans_no: view.pay_channel_trans_no,
        pay_user_account_id: view.pay_user_account_id,
        trans_end_time: view.trans_end_time,
        ref_no: view.ref_no,
        pay_method: view.pay_method,
        redirect_url_3dsecure: challenge,
    }
}

/// What `/api/payments/` answers of an order: the transaction itself, or what was made of it.
pub fn payment_view(order: &Order) -> PaymentView {
    let view = order_view(order);
    let resp = match view.trans_status {
        TransStatus::Created | TransStatus::Processing => Some(("101".to_owned(), "IN PROGRESS".to_owned())),
        TransStatus::Successful | TransStatus::Captured | TransStatus::Cancelled => PaymentView::approval(),
        TransStatus::Closed => view.trans_error.map(|(code, words)| (code, words.to_uppercase())),
    };
    PaymentView {
        resp,
        trans_no: Some(view.trans_no),
        auth_no: view.auth_no,
        trans_time: view.trans_end_time.unwrap_or(order.terms.created_at),
        trans_status: view.trans_status,
    }
}

/// `electron_sign_url` is the server's to add.
pub fn order_view(order: &Order) -> OrderView {
    let counter = order.counter.as_deref();
    // A card that did not pay is no longer meant once the payer has chosen a wallet.
    let is_cards = order.terms.flow != Flow::HostedPage || order.is_card();
    let slip = counter.and_then(|counter| counter.slip.as_ref()).filter(|_| is_cards);
    let status = trans_status(order);
    let has_moved = matches!(
        order.state,
        OrderState::Paid { .. } | OrderState::Authorized { .. } | OrderState::Voided { .. }
    );
    let cashback_minor = order.terms.counter.map_or(0, |counter| counter.cashback_minor);
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let (channel_ref, payer) = match &order.state {
        OrderState::Paid { channel_ref, payer, .. }
        | OrderState::Authorized { channel_ref, payer, .. }
        | OrderState::Voided { channel_ref, payer, .. } => (some(channel_ref), some(payer)),
        _ => (None, None),
    };
    let masked = slip.and_then(|slip| masked_pan(&slip.first_six, &slip.last_four));
    OrderView {
        merchant_order_no: order.reference.clone(),
        trans_no: order_trans_no(order),
        trans_type: trans_type(order),
        trans_status: status,
        order_amount: order.terms.amount,
        tip_minor: Some(order.tip_minor()).filter(|minor| *minor > 0),
        cashback_minor: Some(cashback_minor).filter(|minor| *minor > 0),
        paid_minor: has_moved.then(|| paid_minor(order)),
        fee_minor: order.cost().fee_minor,
        vat_minor: order.cost().vat_minor,
        discount_bpc_minor: 0,
        discount_bmopc_minor: 0,
        trans_end_time: order.state.ended_at(),
        store_no: kept_text(order, kept::STORE_NO).and_then(some),
        terminal_sn: some(&order.terms.terminal),
        pay_scenario: pay_scenario(order),
        pay_method: pay_method(order, slip),
        pay_user_account_id: masked.or(payer),
        pay_channel_trans_no: channel_ref,
        pay_platform_trans_no: None,
        entry_model: slip.and_then(|slip| slip.entry).map(entry_model),
        ref_no: slip.and_then(|slip| some(&slip.ref_no)),
        auth_no: slip.and_then(|slip| some(&slip.auth_code)),
        attach: kept_text(order, kept::ATTACH).and_then(some),
        trans_error: trans_error(order, slip),
        electron_sign_url: None,
    }
}

/// A completion may take less than was held.
fn paid_minor(order: &Order) -> i64 {
    match order.terms.deed() {
        Deed::Sale | Deed::Authorization if order.funds.captured_minor > 0 => order.funds.captured_minor,
        Deed::Sale | Deed::Authorization | Deed::Void | Deed::Refund | Deed::Completion => {
            order.total().minor
        }
    }
}

fn trans_error(order: &Order, slip: Option<&Slip>) -> Option<(String, String)> {
    let own = |code: &str, words: &str| Some((code.to_owned(), words.to_owned()));
    match &order.state {
        OrderState::Failed { reason: FailReason::Expired, .. } => own("107", "timeout"),
        OrderState::Cancelled { .. } => own("102", "cancelled"),
        OrderState::Failed { reason: FailReason::Declined(reason), .. } => {
            slip.and_then(|slip| slip.refused.clone()).or_else(|| own("115", reason))
        }
        OrderState::Pending
        | OrderState::Closing(_)
        | OrderState::Authorized { .. }
        | OrderState::Paid { .. }
        | OrderState::Voided { .. } => None,
    }
}

fn entry_model(entry: Entry) -> EntryModel {
    match entry {
        Entry::Swipe => EntryModel::Swipe,
        Entry::Chip => EntryModel::Chip,
        Entry::Contactless => EntryModel::Contactless,
        Entry::Manual => EntryModel::Manual,
    }
}

/// As the terminal's wire numbers them.
pub fn card_type(kind: CardKind) -> CardType {
    match kind {
        CardKind::Debit => CardType::Debit,
        CardKind::Credit => CardType::Credit,
        CardKind::Ebt => CardType::Ebt,
        CardKind::Gift => CardType::Gift,
    }
}

/// A refund that order.refund.submit made.
pub fn refund_view(order: &Order, refund: &Refund) -> RefundView {
    let (trans_status, trans_end_time) = match &refund.state {
        RefundState::Requested => (TransStatus::Processing, None),
        RefundState::Succeeded { at, .. } => (TransStatus::Successful, Some(*at)),
        RefundState::Failed { at, .. } => (TransStatus::Closed, Some(*at)),
    };
    let cost_back = refund.state.cost_back();
    RefundView {
        merchant_order_no: refund.reference.clone().unwrap_or_default(),
        trans_no: refund_trans_no(refund),
        trans_status,
        order_amount: Money::new(refund.amount_minor, order.terms.amount.currency),
        fee_minor: cost_back.fee_minor,
        vat_minor: cost_back.vat_minor,
        trans_end_time,
        pay_channel_trans_no: None,
    }
}

/// A refund that was made at a terminal: an order of its own.
pub fn refund_order_view(order: &Order) -> RefundView {
    let view = order_view(order);
    RefundView {
        merchant_order_no: view.merchant_order_no.clone(),
        trans_no: view.trans_no.clone(),
        trans_status: view.trans_status,
        order_amount: order.total(),
        fee_minor: 0,
        vat_minor: 0,
        trans_end_time: view.trans_end_time,
        pay_channel_trans_no: view.pay_channel_trans_no,
    }
}

/// The refund that an event is the end of.
pub fn refund_ended_by(event: &Event) -> Option<tillgate_core::RefundNo> {
    match event {
        Event::RefundSucceeded { refund, .. } | Event::RefundFailed { refund, .. } => Some(*refund),
        _ => None,
    }
}
