//! Sales of web shops: a page of ours, or a card the shop asked for on its own.

use std::sync::Arc;

use tillgate_channels::{CARD, Card, Online};
use tillgate_core::{Account, Entry, Flow, Method, NewOrder, Order, Presentation, Slip};
use tillgate_protocols::codepay::terms::{self, Context};
use tillgate_protocols::codepay::{
    CardKeys, CheckoutCall, CheckoutView, Code, MerchantCheckoutCall, OrderDetail, Reject, view,
};
use tillgate_protocols::wire::card::CardData;
use tillgate_protocols::wire::nonce;
use tillgate_protocols::wire::offer::Offer;
use zeroize::Zeroizing;

use super::desk::Caller;
use super::{Answer, CodePay, Merchant, ROOM, fault};
use crate::gateway::billing_of;
use crate::{clock, random};

impl CodePay {
    /// Whether cards may be given to this gateway, and there is somebody who takes them.
    pub fn takes_cards(&self) -> bool {
        self.cards_are_open
            && self.gateway.channels.offered(&Method::new(CARD), Flow::CardOnline) == Offer::Yes
    }

    /// Where the payer's browser comes back to after his bank's page. It brings nothing that is trusted.
    pub fn return_from_issuer(&self, order: &Order) -> String {
        format!("{}/return", self.checkout_url(order))
    }

    /// What a payer may choose from on a page: cards, and the wallets there are. Empty where the merchant has chosen.
    pub fn choosable(&self, order: &Order, merchant: &Merchant) -> Vec<Method> {
        if order.terms.flow != Flow::HostedPage {
            return Vec::new();
        }
        let account = merchant.accounts.iter().find(|account| account.code == order.terms.account);
        let Some(account) = account else { return Vec::new() };
        let offer = |method: &Method, flow: Flow| self.offered(method, flow);
        terms::offered(&order_detail(order).payment, account, &offer)
    }

    fn offered(&self, method: &Method, flow: Flow) -> Offer {
        match method.as_str() == CARD && !self.takes_cards() {
            true => Offer::NoChannel,
            false => self.gateway.channels.offered(method, flow),
        }
    }

    pub fn checkout_url(&self, order: &Order) -> String {
        let nonce = nonce::make(&self.nonce_key, order.merchant, order.number, order.terms.created_at, 0);
        format!("{}/checkout/{nonce}", self.public_url)
    }
}

/// What the shop said of its order, for its page.
pub fn order_detail(order: &Order) -> OrderDetail {
    let text = order.terms.particulars.get(terms::kept::ORDER_DETAIL);
    text.and_then(|text| OrderDetail::from_text(text)).unwrap_or_default()
}

/// What may be kept of a card, and the card as the acquirer is given it. The rest is wiped here.
pub fn card_of(data: CardData) -> (Card, Slip) {
    let slip = Slip {
        brand: data.brand().word().to_owned(),
        first_six: data.first_six().to_owned(),
        last_four: data.last_four().to_owned(),
        entry: Some(Entry::Manual),
        token: format!("card_{}", random::hex::<16>()),
        ..Slip::default()
    };
    let card = Card {
        pan: Zeroizing::new(data.pan().to_owned()),
        expiry: Zeroizing::new(data.expiry().to_owned()),
        cvv: Some(Zeroizing::new(data.cvv().to_owned())),
        entry: Entry::Manual,
    };
    (card, slip)
}

impl Caller<'_> {
    pub(super) async fn checkout(&self, call: CheckoutCall) -> Result<Answer, Reject> {
        let merchant = self.merchant().await?;
        self.has_store(&merchant, call.store_no.as_deref())?;
        let account = self.account(&merchant, call.amount.currency)?;
        let rates = self.desk.rates.table().await.map_err(fault)?;
        let offer = |method: &Method, flow: Flow| self.offered(method, flow);
        let context = self.context(account, rates.of(call.amount.currency), &offer);
        let new = NewOrder {
            merchant: self.merchant,
            number: self.desk.gateway.numbers.next(context.now),
            room: ROOM.into(),
            reference: call.merchant_order_no.clone(),
            terms: terms::checkout(&call, &context)?,
            presentation: Presentation::None,
            card: None,
        };
        let order = self.desk.gateway.create_at_counter(new).await?;
        Ok(Answer::Checkout(CheckoutView { pay_url: self.desk.checkout_url(&order) }))
    }

    pub(super) async fn merchant_checkout(&self, call: MerchantCheckoutCall) -> Result<Answer, Reject> {
        if !self.desk.cards_are_open {
            let what = "Card data is not taken here (cards.pci_scope_acknowledged)";
            return Err(Reject::because(Code::NotAuthorized, what));
        }
        let merchant = self.merchant().await?;
        self.has_store(&merchant, call.store_no.as_deref())?;
        let account = self.account(&merchant, call.amount.currency)?;
        let offer = |method: &Method, flow: Flow| self.offered(method, flow);
        let context = self.context(account, None, &offer);
        let terms = terms::merchant_checkout(&call, &context)?;
        let (card, slip) = card_of(self.opened(&call).await?);
        let new = NewOrder {
            merchant: self.merchant,
            number: self.desk.gateway.numbers.next(context.now),
            room: ROOM.into(),
            reference: call.merchant_order_no.clone(),
            terms,
            presentation: Presentation::None,
            card: Some(Box::new(slip)),
        };
        let online = Online {
            seller: merchant.name.clone(),
            return_url: self.desk.return_from_issuer_of(&new),
            billing: Some(billing_of(&call.billing)),
            payer_ip: new.terms.payer_ip.clone(),
        };
        let gateway = &self.desk.gateway;
        let order = gateway.sell_by_card(new, card, online).await?;
        let has_news = |order: &Order| {
            !order.state.is_open() || matches!(order.presentation, Presentation::Challenge(_))
        };
        let order = gateway.wait_until(order, self.desk.answer_within, has_news).await?;
        Ok(Answer::MerchantCheckout(Box::new(view::merchant_checkout_view(&order))))
    }

    /// Opened last, when nothing else stands in the way.
    async fn opened(&self, call: &MerchantCheckoutCall) -> Result<CardData, Reject> {
        let (sealed, key, aes) = (call.card.clone(), self.desk.key.clone(), self.client.aes_key.clone());
        let (allows_plain, now) = (self.desk.allows_plain_cards, clock::now());
        let open = move || sealed.open(CardKeys { private: &key, aes: aes.as_ref(), allows_plain }, now);
        self.desk.pool.run(open).await.ok_or_else(|| fault("the pool has stopped"))?
    }

    fn offered(&self, method: &Method, flow: Flow) -> Offer {
        self.desk.offered(method, flow)
    }

    fn has_store(&self, merchant: &Arc<Merchant>, store_no: Option<&str>) -> Result<(), Reject> {
        match store_no {
            Some(store_no) if merchant.stores.iter().all(|store| store.store_no != store_no) => {
                Err(Reject::invalid("store_no", "is not a store of this merchant"))
            }
            _ => Ok(()),
        }
    }

    fn account<'m>(
        &self,
        merchant: &'m Merchant,
        currency: tillgate_core::Currency,
    ) -> Result<&'m Account, Reject> {
        let account = merchant.accounts.iter().find(|account| account.currency == currency);
        account.ok_or_else(|| Reject::invalid("price_currency", "is not sold in by this merchant"))
    }

    pub(super) fn context<'c>(
        &'c self,
        account: &'c Account,
        rate: Option<tillgate_core::Rate>,
        offer: &'c (dyn Fn(&Method, Flow) -> Offer + Sync),
    ) -> Context<'c> {
        Context {
            app_id: &self.client.app_id,
            merchant_no: &self.merchant_no,
            account,
            original: None,
            now: clock::now(),
            lifetime_s: self.desk.order_lifetime_s,
            rate,
            offer,
        }
    }
}

impl CodePay {
    /// The same before the order is stored.
    fn return_from_issuer_of(&self, new: &NewOrder) -> String {
        let nonce = nonce::make(&self.nonce_key, new.merchant, new.number, new.terms.created_at, 0);
        format!("{}/checkout/{nonce}/return", self.public_url)
    }
}
