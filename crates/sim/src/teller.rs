//! The wallets' counter: one signed request in, one signed answer out.
//!
//! Knows: the services and the words of their answers. Deliberately does not know: the rules' details.
//! A request that is not understood or not signed is answered with an error and changes nothing.

use std::io;

use parking_lot::Mutex;

use crate::amount::Amount;
use crate::answer::{Fields, refund_fields, state_fields, trade_fields};
use crate::books::Books;
use crate::mini_program;
use crate::rules::Script;
use crate::trade::{State, Terms, Trade};
use crate::wallet::Wallet;
use crate::wire::{Message, seal};
use crate::world::Reply;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Present,
    Charge,
    Query,
    Close,
    Refund,
    RefundQuery,
}

struct Request<'a> {
    service: Service,
    message: &'a Message,
    terms: Terms,
    refund_no: &'a str,
    refund_amount: Option<Amount>,
}

pub fn handle(key: &str, books: &Mutex<Books>, now_ms: i64, body: &[u8]) -> io::Result<Reply> {
    let answer = |fields: Fields<'_>| Reply::Answer(seal(fields, key));
    let Some(message) = Message::read(body, key) else {
        return Ok(answer(vec![("status", "error".into()), ("reason", "ILLEGAL_SIGN".into())]));
    };
    let Some(request) = Request::read(&message) else {
        return Ok(answer(vec![("status", "error".into()), ("reason", "INVALID_PARAMETER".into())]));
    };
    if request.lacks_payer() {
        return Ok(answer(request.refused("OPENID_MISSING")));
    }
    let mut books = books.lock();
    let Some(trade) = request.perform(key, &mut books, now_ms)? else {
        return Ok(answer(request.not_found()));
    };
    if let Some(trouble) = trouble(trade, &request, now_ms) {
        return Ok(trouble);
    }
    let about_refund = !request.refund_no.is_empty();
    if about_refund && trade.refund(request.refund_no).is_none() {
        return Ok(answer(match request.service {
            // the number is another trade's
            Service::Refund => request.refused("REFUND_NO_USED"),
            _ => request.not_found(),
        }));
    }
    Ok(answer(request.answer(key, trade)))
}

/// Silence or garbage, where the rule has it so at this time.
fn trouble(trade: &Trade, request: &Request<'_>, now_ms: i64) -> Option<Reply> {
    let refund = trade.refund(request.refund_no);
    if refund.is_some_and(|refund| now_ms < refund.silent_until_ms) {
        return Some(Reply::Silence);
    }
    (now_ms < trade.trouble_until_ms).then(|| match trade.script() {
        Some(Script::Garbage) => Reply::Garbage(b"<html><body>502 Bad Gateway</body></html>".to_vec()),
        _ => Reply::Silence,
    })
}

impl<'a> Request<'a> {
    fn read(message: &'a Message) -> Option<Self> {
        let service = match message.get("service") {
            "present" => Service::Present,
            "charge" => Service::Charge,
            "query" => Service::Query,
            "close" => Service::Close,
            "refund" => Service::Refund,
            "refund_query" => Service::RefundQuery,
            _ => return None,
        };
        let text = |name| message.get(name).to_owned();
        let terms = Terms {
            number: text("out_trade_no"),
            wallet: Wallet::from_word(message.get("method"))?,
            flow: text("flow"),
            amount: Amount::parse(message.get("amount"))?,
            currency: text("currency"),
            payer_amount: text("payer_amount"),
            payer_currency: text("payer_currency"),
            subject: text("subject"),
            seller: text("seller"),
            payer_code: text("payer_code"),
            app_id: text("app_id"),
            payer_id: text("payer_id"),
            expires_ms: message.get("expires_at_ms").parse().ok()?,
        };
        let refund_no = message.get("refund_no");
        let refund_amount = Amount::parse(message.get("refund_amount"));
        let about_refund = matches!(service, Service::Refund | Service::RefundQuery);
        let refund_named = !refund_no.is_empty() && refund_amount.is_some();
        let named = !terms.number.is_empty() && !terms.currency.is_empty() && terms.amount.minor > 0;
        (named && about_refund == refund_named).then_some(Self {
            service,
            message,
            terms,
            refund_no,
            refund_amount,
        })
    }

    /// Does it, and gives back the trade as it then stands; `None` if there is none.
    fn perform<'b>(&self, key: &str, books: &'b mut Books, now_ms: i64) -> io::Result<Option<&'b Trade>> {
        let number = &self.terms.number;
        let changed = match books.by_number(number) {
            Some(trade) if books.is_refund_of_another(self.refund_no, trade.position) => None,
            Some(trade) => self.on_known(trade, now_ms),
            None => self.on_unknown(key, books.next_position(), now_ms),
        };
        if let Some(trade) = changed {
            books.save(trade)?;
        }
        Ok(books.by_number(number))
    }

    /// The trade as it becomes, `None` if it stays.
    fn on_unknown(&self, key: &str, position: usize, now_ms: i64) -> Option<Trade> {
        let mut trade = match self.service {
            Service::Present | Service::Charge | Service::Close => self.new_trade(key, position, now_ms),
            Service::Query | Service::Refund | Service::RefundQuery => return None,
        };
        match self.service {
            // a tombstone: whatever arrives later finds it closed
            Service::Close => trade.state = State::Closed { at_ms: now_ms },
            _ if self.terms.expires_ms <= now_ms => trade.state = State::Expired { at_ms: now_ms },
            Service::Charge => trade.charged(now_ms),
            _ => trade.presented(now_ms),
        }
        Some(trade)
    }

    fn on_known(&self, old: &Trade, now_ms: i64) -> Option<Trade> {
        if !self.may_change(old, now_ms) {
            return None;
        }
        let mut trade = old.clone();
        let happened = trade.advance(now_ms);
        let in_trouble = now_ms < trade.trouble_until_ms;
        match self.service {
            Service::Present => trade.duplicate_presents += 1,
            Service::Charge => trade.duplicate_charges += 1,
            Service::Refund if trade.refund(self.refund_no).is_some() => trade.duplicate_refunds += 1,
            Service::Close if trade.is_pending() && !in_trouble => trade.close(now_ms),
            Service::Refund if !in_trouble => {
                let amount = self.refund_amount.clone()?;
                trade.start_refund(now_ms, self.refund_no, amount, &self.terms.currency);
            }
            Service::Close | Service::Refund | Service::Query | Service::RefundQuery => {
                return happened.then_some(trade);
            }
        }
        Some(trade)
    }

    /// Spares the copy of a trade that only is looked at.
    fn may_change(&self, trade: &Trade, now_ms: i64) -> bool {
        let due = trade.next_due().is_some_and(|due_ms| due_ms <= now_ms);
        due || match self.service {
            Service::Query | Service::RefundQuery => false,
            Service::Close => trade.is_pending(),
            Service::Present | Service::Charge | Service::Refund => true,
        }
    }

    fn new_trade(&self, key: &str, position: usize, now_ms: i64) -> Trade {
        let wallet = self.terms.wallet;
        let presented = self.service == Service::Present;
        let shown = presented && !self.terms.is_mini_app();
        let prepaid = presented && self.terms.is_mini_program();
        let payer = match &self.terms {
            terms if !terms.payer_id.is_empty() => terms.payer_id.clone(),
            terms if terms.payer_code.is_empty() => wallet.payer(&terms.number),
            terms => wallet.payer(&terms.payer_code),
        };
        let code_url = shown.then(|| wallet.code_url(&format!("{key} code {position}")));
        let prepay_id = prepaid.then(|| Wallet::prepay_id(&format!("{key} prepay {position}"), now_ms));
        Trade {
            position,
            wallet_no: wallet.number(now_ms, position, 0),
            payer,
            code_url: code_url.unwrap_or_default(),
            prepay_id: prepay_id.unwrap_or_default(),
            terms: self.terms.clone(),
            created_ms: now_ms,
            state: State::Pending,
            late: false,
            pays_at_ms: None,
            trouble_until_ms: 0,
            walked_away: false,
            refunds: Vec::new(),
            callbacks: Vec::new(),
            callbacks_made: 0,
            charges: 0,
            duplicate_presents: 0,
            duplicate_charges: 0,
            duplicate_refunds: 0,
        }
    }

    /// A WeChat mini program's payment is made for one payer.
    fn lacks_payer(&self) -> bool {
        let terms = &self.terms;
        let nobody = terms.app_id.is_empty() || terms.payer_id.is_empty();
        self.service == Service::Present && terms.is_mini_program() && nobody
    }

    fn not_found(&self) -> Fields<'a> {
        match self.service {
            Service::Query | Service::RefundQuery => self.nothing("not_found", "TRADE_NOT_EXIST"),
            // nothing to give back
            _ => self.refused("TRADE_NOT_EXIST"),
        }
    }

    fn refused(&self, reason: &'static str) -> Fields<'a> {
        self.nothing("declined", reason)
    }

    /// An answer without a trade: what was asked, and why not.
    fn nothing(&self, word: &'static str, reason: &'static str) -> Fields<'a> {
        let mut fields: Fields<'a> =
            ["service", "out_trade_no", "amount", "currency", "refund_no", "refund_amount"]
                .map(|name| (name, self.message.get(name).into()))
                .to_vec();
        fields.extend([("status", word.into()), ("reason", reason.into())]);
        fields
    }

    fn answer<'b>(&'b self, key: &str, trade: &'b Trade) -> Fields<'b> {
        let mut fields = trade_fields(trade);
        fields.push(("service", self.message.get("service").into()));
        match trade.refund(self.refund_no) {
            Some(refund) => fields.extend(refund_fields(trade, refund)),
            None if self.service == Service::Present && trade.is_pending() => {
                fields.push(("status", "presented".into()));
                match trade.terms.is_mini_program() {
                    true => fields.extend(mini_program::prepay_fields(trade, key)),
                    false => fields.push(("code_url", (&trade.code_url).into())),
                }
            }
            None => fields.extend(state_fields(trade)),
        }
        fields
    }
}
