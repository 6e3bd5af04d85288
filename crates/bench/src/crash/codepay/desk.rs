//! The register's line to the gateway: sends, checks each answer's signature, and writes down at once what it said.

use std::cell::{OnceCell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use tillgate_protocols::codepay::client::Answer as Opened;
use tillgate_protocols::codepay::{Code, PublicKey};

use super::super::book::{Answer, Book, decimal};
use super::super::line::{Line, fault};
use super::book::{CounterOrder, End, Submit};
use super::check::{Queried, QueriedSubmit};
use crate::codepay_till::{self, CodePayTill, KEY_PATH, Terms};
use crate::workloads_codepay::now_ms;

pub struct Desk {
    pub book: Rc<RefCell<Book>>,
    pub till: CodePayTill,
    /// The app that signs: what it sends by a path is answered once.
    pub signing: CodePayTill,
    pub notify: SocketAddr,
    /// The gateway's, as it was when it was first asked: it has to stay.
    pub key: Rc<OnceCell<PublicKey>>,
}

pub fn text(answer: &Opened, name: &str) -> String {
    answer.data.get(name).unwrap_or_default().to_owned()
}

impl Desk {
    pub fn order<T>(&self, place: usize, change: impl FnOnce(&mut CounterOrder) -> T) -> T {
        change(&mut self.book.borrow_mut().codepay.orders[place])
    }

    /// Writes an order into the book.
    pub fn open(&self, order: CounterOrder) -> usize {
        let orders = &mut self.book.borrow_mut().codepay.orders;
        orders.push(CounterOrder { number: format!("cp-{}", orders.len()), ..order });
        orders.len() - 1
    }

    pub fn submit<T>(&self, (place, submit): (usize, usize), change: impl FnOnce(&mut Submit) -> T) -> T {
        self.order(place, |order| change(&mut order.submits[submit]))
    }

    pub fn complain(&self, what: String) {
        self.book.borrow_mut().complaints.push(format!("codepay: {what}"));
    }

    /// Asks for the gateway's key, once.
    pub async fn learn_key(&self, line: &mut Line) -> io::Result<()> {
        if self.key.get().is_none() {
            let shown = line.get(KEY_PATH).await?.text();
            match codepay_till::gateway_key(&shown) {
                Ok(key) => drop(self.key.set(key)),
                Err(error) => self.complain(format!("the gateway's key {error}: {shown}")),
            }
        }
        Ok(())
    }

    /// Sends a request; `None` if its answer cannot be trusted.
    pub async fn call(&self, line: &mut Line, request: &[u8]) -> io::Result<Option<Opened>> {
        Ok(self.call_to_the_byte(line, request).await?.map(|(answer, _)| answer))
    }

    /// The same, and the answer as it came.
    pub async fn call_to_the_byte(
        &self,
        line: &mut Line,
        request: &[u8],
    ) -> io::Result<Option<(Opened, Vec<u8>)>> {
        let reply = line.exchange(request).await?;
        let Some(key) = self.key.get() else { return Ok(None) };
        match codepay_till::read(reply.body, key) {
            Ok(answer) if answer.code == Code::System.word() => {
                Err(fault(&self.book, || format!("codepay: {answer:?}")))
            }
            Ok(answer) if reply.status == 200 => Ok(Some((answer, reply.body.to_vec()))),
            Ok(_) => {
                self.complain(format!("status {}: {}", reply.status, reply.text()));
                Ok(None)
            }
            Err(error) => {
                self.complain(format!("an answer that cannot be trusted: {error}: {}", reply.text()));
                Ok(None)
            }
        }
    }

    /// An order was acknowledged.
    pub fn beat(&self) {
        self.book.borrow_mut().pulses.beat("CodePay");
    }

    fn request_of(&self, place: usize) -> Vec<u8> {
        let book = self.book.borrow();
        let order = &book.codepay.orders[place];
        let original = order.original.map(|place| book.codepay.orders[place].number.as_str());
        let tip = if order.tip_minor > 0 { decimal(order.tip_minor) } else { String::new() };
        let terms = Terms {
            number: &order.number,
            original: original.unwrap_or_default(),
            terminal: &order.terminal,
            trans_type: order.deed.word(),
            amount: &decimal(order.amount_minor),
            tip: &tip,
            asks_tip: order.asks_tip,
            expires_s: "",
            notify_url: &format!("http://{}/told/codepay", self.notify),
        };
        self.till.order(terms, now_ms())
    }

    /// Sends an order. True if it was taken.
    pub async fn send(&self, line: &mut Line, place: usize, again: bool) -> io::Result<bool> {
        let request = self.request_of(place);
        self.order(place, |order| order.sent_again |= again);
        let Some(answer) = self.call(line, &request).await? else { return Ok(false) };
        self.created(place, &answer);
        Ok(answer.is_success())
    }

    /// What an order was answered with.
    pub fn created(&self, place: usize, answer: &Opened) {
        if answer.is_success() {
            self.beat();
        }
        let trans_no = text(answer, "trans_no");
        let refused = self.order(place, |order| {
            if answer.is_success() {
                order.created = Answer::Yes;
                if order.trans_no.replace(trans_no).is_some() {
                    // The attempt before came to nothing, or it would have been refused.
                    (order.seen, order.is_closed) = (None, false);
                }
            } else if order.created == Answer::None {
                order.created = Answer::No;
            }
            // A follow-up may find its order busy, undone or settled.
            !answer.is_success() && !order.sent_again && order.deed.takes_a_card()
        });
        if refused {
            self.complain(format!("a fresh order was refused: {answer:?}"));
        }
    }

    /// `None` if there is no such order.
    pub async fn query(&self, line: &mut Line, number: &str) -> io::Result<Option<Queried>> {
        let answer = self.call(line, &self.till.query(number, now_ms())).await?;
        let Some(answer) = answer.filter(Opened::is_success) else { return Ok(None) };
        Ok(Some(Queried {
            status: text(&answer, "trans_status"),
            trans_type: text(&answer, "trans_type"),
            amount: text(&answer, "order_amount"),
            tip: text(&answer, "tip_amount"),
            paid: text(&answer, "paid_amount"),
            trans_no: text(&answer, "trans_no"),
            terminal: text(&answer, "terminal_sn"),
        }))
    }

    /// Asks how an order stands, and writes down its end.
    pub async fn ask(&self, line: &mut Line, place: usize) -> io::Result<Option<End>> {
        let number = self.order(place, |order| order.number.clone());
        let Some(queried) = self.query(line, &number).await? else { return Ok(None) };
        let end = queried.end();
        self.order(place, |order| {
            // What was undone since stays the last word; anything else is judged at the end.
            if end.is_some() && order.may_be(end) {
                order.seen = end;
            }
        });
        Ok(end)
    }

    pub async fn query_submit(&self, line: &mut Line, number: &str) -> io::Result<Option<QueriedSubmit>> {
        let answer = self.call(line, &self.till.query(number, now_ms())).await?;
        let Some(answer) = answer.filter(Opened::is_success) else { return Ok(None) };
        Ok(Some(QueriedSubmit {
            status: text(&answer, "trans_status"),
            amount: text(&answer, "order_amount"),
        }))
    }

    pub async fn refund(&self, line: &mut Line, (place, submit): (usize, usize)) -> io::Result<()> {
        let original = self.order(place, |order| order.number.clone());
        let (number, amount) =
            self.submit((place, submit), |submit| (submit.number.clone(), decimal(submit.amount_minor)));
        let url = format!("http://{}/told/codepay", self.notify);
        let request = self.till.refund((&number, &original), &amount, &url, now_ms());
        let Some(answer) = self.call(line, &request).await? else { return Ok(()) };
        self.submit((place, submit), |submit| match submit.created {
            // The same number again is refused: nothing new.
            Answer::Yes => {}
            Answer::None | Answer::No if answer.is_success() => submit.created = Answer::Yes,
            Answer::None => submit.created = Answer::No,
            Answer::No => {}
        });
        Ok(())
    }

    pub async fn adjust_tip(&self, line: &mut Line, place: usize, tip_minor: i64) -> io::Result<()> {
        let number = self.order(place, |order| {
            order.later_tip = Some((tip_minor, Answer::None));
            order.number.clone()
        });
        let request = self.till.adjust_tip(&number, &decimal(tip_minor), now_ms());
        let Some(answer) = self.call(line, &request).await? else { return Ok(()) };
        let said = if answer.is_success() { Answer::Yes } else { Answer::No };
        self.order(place, |order| order.later_tip = Some((tip_minor, said)));
        Ok(())
    }

    pub async fn close(&self, line: &mut Line, place: usize) -> io::Result<()> {
        let (number, terminal) = self.order(place, |order| (order.number.clone(), order.terminal.clone()));
        let request = self.till.close((&number, &terminal), now_ms());
        let Some(answer) = self.call(line, &request).await? else { return Ok(()) };
        if answer.is_success() {
            self.order(place, |order| order.is_closed = true);
        }
        Ok(())
    }

    /// True if there was a batch to close.
    pub async fn close_batch(&self, line: &mut Line, terminal: &str) -> io::Result<bool> {
        let answer = self.call(line, &self.till.close_batch(terminal, now_ms())).await?;
        Ok(answer.is_some_and(|answer| answer.is_success()))
    }
}
