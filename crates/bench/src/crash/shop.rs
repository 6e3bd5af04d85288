//! The load of the crash test: tills that sell, shoppers who pay, refunds and cancels, until the gateway dies.
//!
//! Every answer goes into the book before anything else happens. An I/O error is the gateway's death.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tillgate_protocols::latipay::client;

use super::book::{Answer, Book, RefundTry, Sale, decimal};
use super::check::Queried;
use super::line::{Line, fault};
use crate::client::{get, post_json};
use crate::dice::Dice;
use crate::till::{self, Till};

/// The merchant's tills, and where they write down what they were told.
pub struct Shop {
    pub book: Rc<RefCell<Book>>,
    pub till: Till,
    pub notify: SocketAddr,
}

/// Amount endings that make the wallet behave oddly; most amounts have none. `(percent, endings)`.
const ODD_PERCENT: u64 = 35;
const ODD_ENDINGS: [i64; 10] = [51, 52, 53, 55, 56, 57, 58, 59, 62, 63];
/// Ordinary endings: below all rules.
const PLAIN_ENDINGS: u64 = 50;
const WALLETS: [(&str, &str); 2] = [("W00000001", "NZD"), ("W00000002", "AUD")];
/// Refunds tried for one order at most.
const REFUNDS_MAX: usize = 3;

/// One till: sells until the connection breaks.
pub async fn sell(shop: Rc<Shop>, address: SocketAddr, mut dice: Dice) {
    // An error is what we wait for.
    let _: io::Result<()> = async {
        let mut line = Line::open(address, &shop.book).await?;
        loop {
            match dice.between(0, 100) {
                0..45 => shop.sell_by_code(&mut line, &mut dice).await?,
                45..70 => shop.charge_bar_code(&mut line, &mut dice).await?,
                70..80 => shop.send_again(&mut line, &mut dice).await?,
                80..90 => shop.refund_some(&mut line, &mut dice).await?,
                90..95 => shop.cancel_some(&mut line, &mut dice).await?,
                _ => shop.ask_some(&mut line, &mut dice).await?,
            }
            if dice.percent(30) {
                tokio::time::sleep(Duration::from_millis(dice.between(1, 12))).await;
            }
        }
    }
    .await;
}

fn code_of(body: &str) -> Answer {
    match client::Fields::from_json(body).map(|fields| fields.get("code") == Some("0")) {
        Ok(true) => Answer::Yes,
        Ok(false) | Err(_) => Answer::No,
    }
}

/// Our fault; other failures with this code say more.
fn is_fault(body: &str) -> bool {
    client::Fields::from_json(body)
        .is_ok_and(|fields| fields.get("code") == Some(FAULT.0) && fields.get("message") == Some(FAULT.1))
}

const FAULT: (&str, &str) = ("1", "FAIL");

impl Shop {
    fn sale<T>(&self, place: usize, change: impl FnOnce(&mut Sale) -> T) -> T {
        change(self.book.borrow_mut().sale(place))
    }

    fn complain(&self, what: String) {
        self.book.borrow_mut().complaints.push(what);
    }

    /// The answer, unless it says that the gateway could not.
    async fn call(&self, line: &mut Line, request: &[u8]) -> io::Result<String> {
        let body = line.exchange(request).await?.text();
        if is_fault(&body) { Err(fault(&self.book, || format!("latipay: {body}"))) } else { Ok(body) }
    }

    /// Writes a sale with these terms into the book, with the request that makes it.
    fn open(&self, dice: &mut Dice, bar_code: bool) -> usize {
        let (wallet_id, currency) = *dice.pick(&WALLETS).unwrap_or(&WALLETS[0]);
        let ending = match dice.percent(ODD_PERCENT) {
            true => *dice.pick(&ODD_ENDINGS).unwrap_or(&63),
            false => dice.between(0, PLAIN_ENDINGS) as i64,
        };
        let amount_minor = dice.between(2, 90) as i64 * 100 + ending;
        let amount = decimal(amount_minor);
        let mut book = self.book.borrow_mut();
        let reference = format!("crash-{}", book.sales.len());
        let wants_notice = !bar_code || dice.percent(80);
        let callback_url = if wants_notice { format!("http://{}/told", self.notify) } else { String::new() };
        let method = if dice.percent(50) { "alipay" } else { "wechat" };
        let terms = till::Sale {
            reference: &reference,
            wallet_id,
            amount: &amount,
            method,
            callback_url: &callback_url,
        };
        let sent = if bar_code {
            let digits = dice.between(1_000_000_000_000_000, 9_999_999_999_999_999);
            let prefix = if method == "alipay" { 28 } else { 13 };
            ("/v2/barcode", self.till.bar_code(terms, &format!("{prefix}{digits}")))
        } else {
            ("/v2/transaction", self.till.order(terms))
        };
        book.open(Sale { reference, currency, amount_minor, wants_notice, sent, ..Sale::default() })
    }

    /// Sends a sale; what the answer says is in the book. `None` if it was refused.
    async fn send(&self, line: &mut Line, place: usize, again: bool) -> io::Result<Option<String>> {
        let (path, request) = self.sale(place, |sale| {
            sale.sent_again |= again;
            sale.sent.clone()
        });
        let body = self.call(line, &post_json(path, &request)).await?;
        let answer = code_of(&body);
        let (alone, is_new) = self.sale(place, |sale| {
            let is_new = sale.created != Answer::Yes;
            if is_new {
                sale.created = answer;
            }
            (!sale.sent_again, is_new)
        });
        if is_new && answer == Answer::Yes {
            self.book.borrow_mut().pulses.beat("Latipay");
        }
        // A repeat may find the order ended.
        if answer == Answer::No && alone {
            self.complain(format!("a fresh order was refused: {request} -> {body}"));
        }
        Ok((answer == Answer::Yes).then_some(body))
    }

    async fn sell_by_code(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        let place = self.open(dice, false);
        let Some(body) = self.send(line, place, false).await? else { return Ok(()) };
        let hosted = match client::check_transaction_answer(&body, &self.till.key) {
            Ok(hosted) => hosted,
            Err(error) => {
                self.complain(format!("an answer that cannot be trusted: {error}: {body}"));
                return Ok(());
            }
        };
        let path = format!("/v2/merchanthosted/gatewaydata/{}", hosted.nonce);
        let shown = self.call(line, &get(&path)).await?;
        // Garbage and silence are rules of the wallet: then there is no code to show.
        let Ok(data) = client::check_gatewaydata_answer(&shown, &self.till.key) else { return Ok(()) };
        let get = |name: &str| data.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        self.sale(place, |sale| sale.order_id = get("order_id"));
        let code = get("qr_code_url").unwrap_or_default();
        match dice.between(0, 100) {
            0..60 => {
                self.shopper_pays(line, &code).await?;
                if dice.percent(50) {
                    self.ask(line, place).await?;
                    self.refund(line, place, dice).await?;
                }
            }
            60..75 => self.cancel(line, place).await?,
            75..85 => {
                self.shopper_pays(line, &code).await?;
                self.cancel(line, place).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn shopper_pays(&self, line: &mut Line, code: &str) -> io::Result<()> {
        let scan = serde_json::json!({ "code": code }).to_string();
        let seen = line.post_json("/sandbox/api/scan", &scan).await?.text();
        let view: serde_json::Value = serde_json::from_str(&seen).unwrap_or_default();
        let Some(trade_no) = view["trade_no"].as_str() else {
            // Expired meanwhile is possible; unknown is not.
            self.complain(format!("the wallet does not know the code {code}: {seen}"));
            return Ok(());
        };
        line.post_json(&format!("/sandbox/api/payments/{trade_no}/pay"), "{}").await.map(drop)
    }

    async fn charge_bar_code(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        let place = self.open(dice, true);
        let Some(body) = self.send(line, place, false).await? else { return Ok(()) };
        let order_id = client::Fields::from_json(&body)
            .ok()
            .and_then(|fields| fields.get("order_id").map(str::to_owned));
        self.sale(place, |sale| sale.order_id = order_id);
        if dice.percent(20) {
            self.send(line, place, true).await?;
        }
        for _ in 0..dice.between(0, 4) {
            let seen = self.ask(line, place).await?;
            if seen.is_some_and(|queried| queried.status == "paid") {
                return self.refund(line, place, dice).await;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        if dice.percent(20) {
            self.cancel(line, place).await?;
        }
        Ok(())
    }

    /// Mostly a recent one: those are at risk.
    fn some(&self, dice: &mut Dice) -> Option<usize> {
        let all = self.book.borrow().sales.len() as u64;
        let recent = if dice.percent(80) { 60 } else { all };
        (all > 0).then(|| dice.between(all.saturating_sub(recent), all) as usize)
    }

    async fn send_again(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        let Some(place) = self.some(dice) else { return Ok(()) };
        self.send(line, place, true).await.map(drop)
    }

    async fn ask_some(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        let Some(place) = self.some(dice) else { return Ok(()) };
        self.ask(line, place).await.map(drop)
    }

    async fn refund_some(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        match self.some(dice) {
            Some(place) => self.refund(line, place, dice).await,
            None => Ok(()),
        }
    }

    async fn cancel_some(&self, line: &mut Line, dice: &mut Dice) -> io::Result<()> {
        match self.some(dice) {
            Some(place) => self.cancel(line, place).await,
            None => Ok(()),
        }
    }

    async fn cancel(&self, line: &mut Line, place: usize) -> io::Result<()> {
        let reference = self.sale(place, |sale| sale.reference.clone());
        let body = self.call(line, &post_json("/v2/cancel", &self.till.cancel(&reference))).await?;
        if code_of(&body) == Answer::Yes {
            self.sale(place, |sale| sale.cancelled = true);
        }
        Ok(())
    }

    /// A part, or now and then all of it. Only one till at a time tries a given amount.
    async fn refund(&self, line: &mut Line, place: usize, dice: &mut Dice) -> io::Result<()> {
        let (order_id, whole, tried) =
            self.sale(place, |sale| (sale.order_id.clone(), sale.amount_minor, sale.refunds.clone()));
        let Some(order_id) = order_id.filter(|_| tried.len() < REFUNDS_MAX) else { return Ok(()) };
        let amount_minor = if dice.percent(20) { whole } else { dice.between(1, whole as u64) as i64 };
        if tried.iter().any(|other| other.amount_minor == amount_minor) {
            return Ok(());
        }
        let number = self.sale(place, |sale| {
            sale.refunds.push(RefundTry { amount_minor, answer: Answer::None });
            sale.refunds.len() - 1
        });
        let request = self.till.refund(&order_id, &decimal(amount_minor), &format!("part {number}"));
        let request = post_json("/v2/refund", &request);
        let body = self.call(line, &request).await?;
        let answer = code_of(&body);
        self.sale(place, |sale| sale.refunds[number].answer = answer);
        if dice.percent(20) {
            // Sent twice it must still be made once; the first answer counts.
            self.call(line, &request).await?;
        }
        Ok(())
    }

    async fn ask(&self, line: &mut Line, place: usize) -> io::Result<Option<Queried>> {
        let reference = self.sale(place, |sale| sale.reference.clone());
        let queried = self.query(line, &reference).await?;
        if let Some(queried) = queried.as_ref().filter(|queried| queried.status != "pending") {
            self.sale(place, |sale| {
                sale.seen.get_or_insert_with(|| queried.status.clone());
            });
        }
        Ok(queried)
    }

    /// `None` if there is no such order.
    pub async fn query(&self, line: &mut Line, reference: &str) -> io::Result<Option<Queried>> {
        let body = self.call(line, &get(&self.till.query(reference))).await?;
        match client::check_query_answer(&body, &self.till.key) {
            Ok(fields) => {
                let get = |name| fields.get(name).unwrap_or_default().to_owned();
                Ok(Some(Queried { status: get("status"), amount: get("amount"), currency: get("currency") }))
            }
            Err(client::ClientError::Refused { code: 201, .. }) => Ok(None),
            Err(error) => {
                self.complain(format!("a query's answer that cannot be trusted: {error}: {body}"));
                Ok(None)
            }
        }
    }
}
