//! The web shop's line to the gateway: cards it sends, pages it opens, what it does by paths; and the payer's browser.

use std::io;

use tillgate_protocols::codepay::client::Answer as Opened;
use tillgate_protocols::codepay::{Code, Method};

use super::super::book::{Answer, decimal};
use super::super::line::Line;
use super::book::{Challenge, Deed, End, Increase, Sent, TestCard, Way};
use super::desk::{Desk, text};
use crate::client::post_form;
use crate::codepay_till::{OnlineSale, sealed_card};
use crate::workloads_codepay::now_ms;

/// Where the payers of the sandbox's cards are asked who they are.
const ISSUER: &str = "/sandbox/3ds/";

impl Desk {
    fn starts(&self) -> u32 {
        self.book.borrow().codepay.starts
    }

    fn challenge(&self, named_in: &str) -> Option<Challenge> {
        let path = issuer_path(named_in)?;
        Some(Challenge { path, asked_in: self.starts(), answered_in: None })
    }

    fn told_at(&self) -> String {
        format!("http://{}/told/codepay", self.notify)
    }

    /// Sends a card for an order, sealed anew each time.
    pub async fn buy(&self, line: &mut Line, place: usize, again: bool) -> io::Result<()> {
        let (number, amount, way) = self.order(place, |order| {
            order.sent_again |= again;
            (order.number.clone(), decimal(order.amount_minor), order.way.clone())
        });
        let (Some(key), Way::Card(card)) = (self.key.get(), way) else { return Ok(()) };
        let notify_url = self.told_at();
        let sale =
            OnlineSale { number: &number, amount: &amount, notify_url: &notify_url, ..OnlineSale::default() };
        let Some(sealed) = sealed_card(card, key) else { return Ok(()) };
        let request = self.signing.merchant_checkout(&sale, &sealed, now_ms());
        let Some(answer) = self.call(line, &request).await? else { return Ok(()) };
        self.created(place, &answer);
        if answer.is_success() {
            let challenge = self.challenge(&text(&answer, "redirect_url_3dsecure"));
            self.order(place, |order| {
                order.challenge = challenge;
                order.seen = End::of(&text(&answer, "trans_status"));
            });
        }
        Ok(())
    }

    /// A page for an order.
    pub async fn open_page(&self, line: &mut Line, place: usize) -> io::Result<()> {
        let (number, amount) = self.order(place, |order| (order.number.clone(), decimal(order.amount_minor)));
        let notify_url = self.told_at();
        let sale =
            OnlineSale { number: &number, amount: &amount, notify_url: &notify_url, ..OnlineSale::default() };
        let request = self.signing.checkout(&sale, now_ms());
        let Some(answer) = self.call(line, &request).await? else { return Ok(()) };
        if !answer.is_success() {
            self.complain(format!("a page was refused: {answer:?}"));
            return Ok(());
        }
        self.beat();
        let page = path_of(&text(&answer, "pay_url"));
        self.order(place, |order| (order.created, order.page) = (Answer::Yes, page));
        Ok(())
    }

    /// Types a card on the page, and looks whether the issuer wants to hear from the payer.
    pub async fn pay_on_page(&self, line: &mut Line, place: usize, card: TestCard) -> io::Result<()> {
        let Some(page) = self.order(place, |order| order.page.clone()) else { return Ok(()) };
        let (pan, cvv) = card;
        let form = format!("number={pan}&expiry=1239&cvv={cvv}&holder=Zoe+Payer");
        let reply = line.exchange(&post_form(&format!("{page}/card"), &form)).await?;
        if !matches!(reply.status, 200 | 303) {
            let what = format!("the page of {place} answered a card with {}", reply.status);
            self.complain(what);
        }
        let shown = line.get(&page).await?.text();
        let challenge = self.challenge(&shown);
        self.order(place, |order| order.challenge = challenge);
        Ok(())
    }

    /// The payer at his issuer. He is not asked again once he has been answered.
    pub async fn at_issuer(&self, line: &mut Line, place: usize, form: &str) -> io::Result<()> {
        let (challenge, page) =
            self.order(place, |order| (order.open_challenge().map(str::to_owned), order.page.clone()));
        let Some(challenge) = challenge else { return Ok(()) };
        let status = line.exchange(&post_form(&challenge, form)).await?.status;
        if !matches!(status, 200 | 303) {
            self.complain(format!("the issuer answered with {status}"));
        }
        let answered_in = Some(self.starts());
        self.order(place, |order| {
            order.challenge.iter_mut().for_each(|challenge| challenge.answered_in = answered_in);
        });
        // A browser brings nothing back but itself.
        if let Some(page) = page {
            line.get(&format!("{page}/return")).await?;
        }
        Ok(())
    }

    /// What an order by a path asks for, written down before it is sent.
    pub fn prepare(&self, place: usize, (order_part_minor, tip_part_minor): (i64, i64)) {
        let book = self.book.borrow();
        let order = &book.codepay.orders[place];
        let original = order.original.and_then(|place| book.codepay.orders[place].trans_no.clone());
        let (number, original) = (order.number.as_str(), original.unwrap_or_default());
        let (amount, part, tip) =
            (decimal(order.amount_minor), decimal(order_part_minor), decimal(tip_part_minor));
        let mut fields = vec![("merchant_order_no", number), ("trans_no", original.as_str())];
        let method = match order.deed {
            Deed::Completion => {
                fields.push(("trans_amount", &amount));
                Method::PaymentCapture
            }
            Deed::Refund => {
                fields.extend([("order_amount", part.as_str()), ("tip_amount", tip.as_str())]);
                Method::PaymentRefund
            }
            Deed::Void | Deed::Sale | Deed::Authorization => Method::PaymentCancel,
        };
        let request = self.signing.by_path(method, &fields);
        drop(book);
        self.order(place, |order| order.way = Way::Path(Sent { request, ..Sent::default() }));
    }

    /// Sends what acts on another order, or the same bytes again.
    pub async fn by_path(&self, line: &mut Line, place: usize) -> io::Result<()> {
        let Way::Path(sent) = self.order(place, |order| order.way.clone()) else { return Ok(()) };
        let Some((answer, body)) = self.call_to_the_byte(line, &sent.request).await? else { return Ok(()) };
        let number = self.order(place, |order| order.number.clone());
        self.order(place, |order| {
            if answer.is_success() {
                order.created = Answer::Yes;
                order.trans_no.get_or_insert(text(&answer, "trans_no"));
                let end = End::of(&text(&answer, "trans_status"));
                if end.is_some() && order.may_be(end) {
                    order.seen = end;
                }
            } else if order.created == Answer::None && is_final(&answer) {
                order.created = Answer::No;
            }
        });
        let other = self.order(place, |order| match &mut order.way {
            Way::Path(sent) => is_other(sent, &answer, &body),
            _ => None,
        });
        other.into_iter().for_each(|what| self.complain(format!("{number}: {what}")));
        Ok(())
    }

    pub fn prepare_increase(&self, place: usize, amount_minor: i64) -> usize {
        let trans_no = self.order(place, |order| order.trans_no.clone()).unwrap_or_default();
        let fields = [("trans_no", trans_no.as_str()), ("trans_amount", &decimal(amount_minor))];
        let request = self.signing.by_path(Method::PaymentIncrement, &fields);
        let increase =
            Increase { amount_minor, sent: Sent { request, ..Sent::default() }, said: Answer::None };
        self.order(place, |order| {
            order.increases.push(increase);
            order.increases.len() - 1
        })
    }

    pub async fn increase(&self, line: &mut Line, (place, number): (usize, usize)) -> io::Result<()> {
        let request = self.order(place, |order| order.increases[number].sent.request.clone());
        let Some((answer, body)) = self.call_to_the_byte(line, &request).await? else { return Ok(()) };
        let other = self.order(place, |order| {
            let increase = &mut order.increases[number];
            if is_final(&answer) {
                let is_made = answer.is_success() && text(&answer, "trans_status") == "2";
                increase.said = if is_made { Answer::Yes } else { Answer::No };
            }
            is_other(&mut increase.sent, &answer, &body)
        });
        other.into_iter().for_each(|what| self.complain(format!("an increase of order {place}: {what}")));
        Ok(())
    }
}

/// What is under way may be answered otherwise later; so may a fault, and an order that was busy just then.
fn is_final(answer: &Opened) -> bool {
    match answer.is_success() {
        true => End::of(&text(answer, "trans_status")).is_some(),
        false => answer.code != Code::System.word() && answer.msg != BUSY,
    }
}

const BUSY: &str = "[TG005]the order is busy";

/// Keeps the first answer that stays; says what differs from it.
pub fn is_other(sent: &mut Sent, answer: &Opened, body: &[u8]) -> Option<String> {
    let Some(first) = &sent.answer else {
        sent.answer = is_final(answer).then(|| body.to_vec());
        return None;
    };
    sent.repeats += 1;
    let shown = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    (first != body).then(|| format!("the same bytes were answered {} and then {}", shown(first), shown(body)))
}

/// The path of an absolute address.
fn path_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    rest.find('/').map(|start| rest[start..].to_owned())
}

/// The issuer's page that is named in a text.
fn issuer_path(text: &str) -> Option<String> {
    let start = text.find(ISSUER)?;
    let rest = &text[start + ISSUER.len()..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    (end > 0).then(|| format!("{ISSUER}{}", &rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: &str) -> Opened {
        signed("0", "Success", &format!(r#"{{"trans_status":{status}}}"#))
    }

    fn signed(code: &str, msg: &str, data: &str) -> Opened {
        let key = tillgate_protocols::codepay::PrivateKey::generate().unwrap();
        let sign = key.sign(&format!("code={code}&data={data}&msg={msg}&psn=1"));
        let data = data.replace('"', "\\\"");
        let body = format!(r#"{{"code":"{code}","msg":"{msg}","psn":"1","data":"{data}","sign":"{sign}"}}"#);
        tillgate_protocols::codepay::client::read_answer(body.as_bytes(), key.public()).unwrap()
    }

    #[test]
    fn only_what_is_over_must_be_answered_alike() {
        let mut sent = Sent::default();
        assert_eq!(is_other(&mut sent, &answer("9"), b"under way"), None);
        assert_eq!(is_other(&mut sent, &answer("2"), b"done"), None);
        assert_eq!(is_other(&mut sent, &answer("2"), b"done"), None);
        assert!(is_other(&mut sent, &answer("2"), b"done twice").is_some());
        assert_eq!(sent.repeats, 2);
    }

    #[test]
    fn what_was_busy_is_asked_again() {
        let mut sent = Sent::default();
        assert_eq!(is_other(&mut sent, &signed("TG005", BUSY, "{}"), b"busy"), None);
        let settled = signed("TG005", "[TG005]the order is settled", "{}");
        assert_eq!(is_other(&mut sent, &settled, b"settled"), None);
        assert!(is_other(&mut sent, &signed("ET002", "[ET002]nothing is held", "{}"), b"other").is_some());
    }

    #[test]
    fn addresses_are_found() {
        assert_eq!(path_of("http://127.0.0.1:8080/checkout/ab?x").as_deref(), Some("/checkout/ab?x"));
        let page = r#"<a href="http://127.0.0.1:1/sandbox/3ds/0af-9_Z?lang=en">"#;
        assert_eq!(issuer_path(page).as_deref(), Some("/sandbox/3ds/0af-9_Z"));
        assert_eq!(issuer_path("nothing"), None);
    }
}
