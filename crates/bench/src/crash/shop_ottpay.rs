//! The load of OTT Pay: tills that show codes, scan codes and send payers to a page; shoppers who pay, choose, choose
//! again or walk away; refunds and questions; until the gateway dies. An I/O error is its death.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tillgate_protocols::ottpay::client::Answer as Opened;
use tillgate_protocols::wire::json::{Value, read_object};

use super::book_ottpay::{End, OttRefund, OttSale, RefundAnswer, Way};
use super::check_ottpay::OttQueried;
use super::desk_ottpay::Desk;
use super::line::Line;
use crate::dice::Dice;
use crate::ottpay_till::{OttTerms, PayerWallet};

/// Totals that end so make the wallet behave oddly; the others are paid.
const ODD_PERCENT: u64 = 40;
/// None by which a payment pays itself: with a code nobody has seen (docs/adr/0013) the sandbox's wallet would be
/// paid for no order.
const ACTIVE_ENDINGS: &[i64] = &[51, 53, 54, 56, 57, 58, 59, 62];
const PASSIVE_ENDINGS: &[i64] = &[51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 62];
const PAGE_ENDINGS: &[i64] = &[51, 52, 53, 54, 55, 55, 55, 55, 56, 57, 58, 59, 60, 62, 63];
/// Ordinary endings: below all rules.
const PLAIN_ENDINGS: u64 = 50;
/// Refunds tried for one order at most.
const REFUNDS_MAX: usize = 3;
/// A till waits so long for a passive payment, ms. Then it asks, or sends the same bytes again.
const PATIENCE_MS: (u64, u64) = (5, 120);

/// One till with its connection.
struct Clerk {
    desk: Rc<Desk>,
    address: SocketAddr,
    line: Line,
    dice: Dice,
}

/// Sells until the connection breaks.
pub async fn sell(desk: Rc<Desk>, address: SocketAddr, dice: Dice) {
    // An error is what we wait for.
    let _: io::Result<()> = async {
        let mut clerk = Clerk { line: Line::open(address, &desk.book).await?, desk, address, dice };
        loop {
            match clerk.dice.between(0, 100) {
                0..25 => clerk.show_code().await?,
                25..47 => clerk.scan_code().await?,
                47..80 => clerk.send_to_page().await?,
                80..86 => clerk.send_again().await?,
                86..94 => clerk.refund_some().await?,
                _ => clerk.ask_some().await?,
            }
            if clerk.dice.percent(30) {
                tokio::time::sleep(Duration::from_millis(clerk.dice.between(1, 12))).await;
            }
        }
    }
    .await;
}

/// The digest a message carries; a passive payment without a number is named after it.
fn digest_of(message: &str) -> String {
    let read = read_object(message.as_bytes()).unwrap_or_default();
    match read.iter().find(|field| field.name == "md5").map(|field| &field.value) {
        Some(Value::Text(md5)) => md5.to_ascii_uppercase(),
        _ => String::new(),
    }
}

impl Clerk {
    /// Writes a sale into the book, with the bytes that make it.
    fn open(&mut self, way: Way) -> usize {
        let endings = match way {
            Way::Active => ACTIVE_ENDINGS,
            Way::Passive => PASSIVE_ENDINGS,
            Way::Page => PAGE_ENDINGS,
        };
        let dice = &mut self.dice;
        let ending = match dice.percent(ODD_PERCENT) {
            true => *dice.pick(endings).unwrap_or(&51),
            false => dice.between(0, PLAIN_ENDINGS) as i64,
        };
        let total_minor = dice.between(2, 90) as i64 * 100 + ending;
        let tip_minor = if dice.percent(50) { dice.between(1, 99) as i64 } else { 0 };
        let amount_minor = total_minor - tip_minor;
        let wallet = PayerWallet::any(dice);
        let unnamed = way == Way::Passive && dice.percent(40);
        let payer_code = wallet.payer_code(dice.throw());
        let mut book = self.desk.book.borrow_mut();
        let mut order_id = format!("ott-{}", book.ottpay.sales.len());
        let named = if unnamed { "" } else { &order_id };
        let terms = OttTerms { order_id: named, amount_minor, tip_minor };
        let (till, url) = (&self.desk.till, format!("http://{}/told/ottpay", self.desk.notify));
        let sent = match way {
            Way::Active => till.active(terms, wallet, &url),
            Way::Passive => till.passive(terms, wallet, &payer_code),
            Way::Page => till.prepay(terms, &url),
        };
        if unnamed {
            order_id = format!("P{}", digest_of(&sent));
        }
        book.ottpay.open(OttSale { order_id, way, amount_minor, tip_minor, sent, ..OttSale::default() })
    }

    /// Sends a sale's bytes. `None` if the answer did not come in time, or cannot be trusted.
    async fn send(&mut self, place: usize, again: bool) -> io::Result<Option<(Opened, bool)>> {
        let (message, way) = self.desk.sale(place, |sale| {
            sale.sent_again |= again;
            (sale.sent.clone(), sale.way)
        });
        let patience = match way {
            Way::Passive => self.dice.between(PATIENCE_MS.0, PATIENCE_MS.1),
            Way::Active | Way::Page => 60_000,
        };
        let called = self.desk.call(&mut self.line, &message);
        let answer = match tokio::time::timeout(Duration::from_millis(patience), called).await {
            Ok(answer) => answer?,
            Err(_) => {
                // The answer may still come: not on this connection.
                self.line = Line::open(self.address, &self.desk.book).await?;
                None
            }
        };
        let Some(answer) = answer else { return Ok(None) };
        let open = self.desk.note_order(place, &answer);
        Ok(Some((answer, open)))
    }

    async fn show_code(&mut self) -> io::Result<()> {
        let place = self.open(Way::Active);
        let Some((answer, true)) = self.send(place, false).await? else { return Ok(()) };
        let code = answer.fields.get("code_url").unwrap_or_default().to_owned();
        if self.dice.percent(10) {
            self.send(place, true).await?;
        }
        match self.dice.between(0, 100) {
            0..65 => {
                self.shopper_pays(&code).await?;
                self.after_sale(place).await
            }
            // Runs out.
            _ => Ok(()),
        }
    }

    /// Perhaps a question, then perhaps a refund.
    async fn after_sale(&mut self, place: usize) -> io::Result<()> {
        if self.dice.percent(50) {
            self.desk.ask(&mut self.line, place).await?;
            self.refund(place).await?;
        }
        Ok(())
    }

    async fn shopper_pays(&mut self, code: &str) -> io::Result<()> {
        pay(&self.desk, &mut self.line, code).await
    }

    async fn scan_code(&mut self) -> io::Result<()> {
        let place = self.open(Way::Passive);
        let mut paid = self.send(place, false).await?.is_some_and(|(answer, _)| is_paid(&answer));
        if self.dice.percent(if paid { 10 } else { 40 }) {
            // The same bytes: the same payment.
            paid |= self.send(place, true).await?.is_some_and(|(answer, _)| is_paid(&answer));
        }
        for _ in 0..self.dice.between(0, 3) {
            let queried = self.desk.ask(&mut self.line, place).await?;
            paid |= queried.is_some_and(|queried| queried.end() == Some(End::Paid));
            if paid {
                return self.refund(place).await;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        Ok(())
    }

    /// A page: opened, a wallet chosen, often another after that, then the code is paid or left.
    async fn send_to_page(&mut self) -> io::Result<()> {
        let place = self.open(Way::Page);
        let Some((answer, true)) = self.send(place, false).await? else { return Ok(()) };
        let url = answer.fields.get("payInfo").unwrap_or_default();
        let Some(page) = url.split_once("/pay/").map(|(_, nonce)| format!("/pay/{nonce}")) else {
            self.desk.complain(format!("a page without an address: {answer:?}"));
            return Ok(());
        };
        if self.dice.percent(10) {
            self.send(place, true).await?;
        }
        if self.dice.percent(8) {
            // Never chosen: it runs out.
            return self.line.get(&page).await.map(drop);
        }
        let mut wallet = PayerWallet::any(&mut self.dice);
        let mut code = self.choose(place, &page, wallet).await?;
        for _ in 0..if self.dice.percent(65) { self.dice.between(1, 3) } else { 0 } {
            let other = PayerWallet::any(&mut self.dice);
            if other == wallet {
                continue;
            }
            wallet = other;
            if self.dice.percent(30) {
                // He pays what he was shown and chooses another at the same time.
                let mut phone = Line::open(self.address, &self.desk.book).await?;
                let desk = self.desk.clone();
                let (paid, chosen) =
                    tokio::join!(pay(&desk, &mut phone, &code), self.choose(place, &page, wallet));
                (code, _) = (chosen?, paid?);
            } else {
                code = self.choose(place, &page, wallet).await?;
            }
        }
        if self.dice.percent(75) {
            self.shopper_pays(&code).await?;
            self.after_sale(place).await?;
        }
        Ok(())
    }

    /// Chooses on the page and looks at it again; the code it then has, empty if there is none.
    async fn choose(&mut self, place: usize, page: &str, wallet: PayerWallet) -> io::Result<String> {
        let form = format!("method={}", wallet.method);
        let status = self.line.exchange(&post_form(page, &form)).await?.status;
        if status != 303 {
            self.desk.complain(format!("choosing {wallet:?} on {page} is answered {status}"));
        }
        let status = self.line.get(page).await?.status;
        if status != 200 {
            self.desk.complain(format!("{page} is answered {status}"));
        }
        let queried: Option<OttQueried> = self.desk.ask(&mut self.line, place).await?;
        Ok(queried.map(|queried| queried.code).unwrap_or_default())
    }

    /// Mostly a recent one: those are at risk.
    fn some(&mut self) -> Option<usize> {
        let all = self.desk.book.borrow().ottpay.sales.len() as u64;
        let recent = if self.dice.percent(80) { 60 } else { all };
        (all > 0).then(|| self.dice.between(all.saturating_sub(recent), all) as usize)
    }

    async fn send_again(&mut self) -> io::Result<()> {
        let Some(place) = self.some() else { return Ok(()) };
        self.send(place, true).await.map(drop)
    }

    async fn ask_some(&mut self) -> io::Result<()> {
        let Some(place) = self.some() else { return Ok(()) };
        self.desk.ask(&mut self.line, place).await.map(drop)
    }

    async fn refund_some(&mut self) -> io::Result<()> {
        let Some(place) = self.some() else { return Ok(()) };
        self.refund(place).await
    }

    /// A part, or now and then all of it, with a number of its own or without; often sent twice. Each amount once for
    /// an order, so that the wallet's refunds can be told apart.
    async fn refund(&mut self, place: usize) -> io::Result<()> {
        let sale = self.desk.sale(place, |sale| sale.clone());
        let whole_minor = sale.total_minor();
        let amount_minor = match self.dice.percent(20) {
            true => whole_minor,
            false => self.dice.between(1, whole_minor as u64) as i64,
        };
        let is_known = sale.refunds.iter().any(|other| other.amount_minor == amount_minor);
        if is_known || sale.refunds.len() >= REFUNDS_MAX || sale.seen != Some(End::Paid) {
            return Ok(());
        }
        let own_id = match self.dice.percent(50) {
            true => format!("{}-back-{}", sale.order_id, sale.refunds.len()),
            false => String::new(),
        };
        let number = Some(own_id.clone()).filter(|own_id| !own_id.is_empty());
        let refund = self.desk.sale(place, |sale| {
            sale.refunds.push(OttRefund { amount_minor, number, answer: RefundAnswer::Silence });
            sale.refunds.len() - 1
        });
        let message = self.desk.till.refund(&sale.order_id, amount_minor, &own_id);
        let times = if self.dice.percent(30) { 2 } else { 1 };
        for _ in 0..times {
            if let Some(answer) = self.desk.call(&mut self.line, &message).await? {
                self.desk.note_refund((place, refund), &answer);
            }
        }
        Ok(())
    }
}

fn is_paid(answer: &Opened) -> bool {
    answer.fields.get("order_status").and_then(End::of) == Some(End::Paid)
}

fn post_form(path: &str, form: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    )
    .into_bytes()
}

/// The shopper scans the code and presses pay. He may find it closed, paid or expired.
async fn pay(desk: &Desk, line: &mut Line, code: &str) -> io::Result<()> {
    if code.is_empty() {
        return Ok(());
    }
    let scan = serde_json::json!({ "code": code }).to_string();
    let seen = line.post_json("/sandbox/api/scan", &scan).await?.text();
    let view: serde_json::Value = serde_json::from_str(&seen).unwrap_or_default();
    let Some(trade_no) = view["trade_no"].as_str() else {
        desk.complain(format!("the wallet does not know the code {code}: {seen}"));
        return Ok(());
    };
    line.post_json(&format!("/sandbox/api/payments/{trade_no}/pay"), "{}").await.map(drop)
}
