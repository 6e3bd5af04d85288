//! The OTT Pay merchant's back office: asks with signed messages, opens each answer, and writes down at once what it
//! said. The tills and the reckoning at the end share it.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use tillgate_protocols::ottpay::client::Answer as Opened;
use tillgate_protocols::ottpay::codes;

use super::book::{Answer, Book};
use super::book_ottpay::{End, OttRefund, OttSale, RefundAnswer, number_in};
use super::check_ottpay::{OttQueried, RefundQueried};
use super::line::{Line, fault};
use crate::ottpay_till::{OttTill, PATH};

#[derive(Debug)]
pub struct Desk {
    pub book: Rc<RefCell<Book>>,
    pub till: OttTill,
    pub notify: SocketAddr,
}

fn text(answer: &Opened, name: &str) -> String {
    answer.fields.get(name).unwrap_or_default().to_owned()
}

impl Desk {
    pub fn sale<T>(&self, place: usize, change: impl FnOnce(&mut OttSale) -> T) -> T {
        change(&mut self.book.borrow_mut().ottpay.sales[place])
    }

    pub fn refund_of<T>(
        &self,
        (place, refund): (usize, usize),
        change: impl FnOnce(&mut OttRefund) -> T,
    ) -> T {
        self.sale(place, |sale| change(&mut sale.refunds[refund]))
    }

    pub fn complain(&self, what: String) {
        self.book.borrow_mut().complaints.push(format!("ottpay: {what}"));
    }

    /// Sends a message; `None` if its answer cannot be trusted.
    pub async fn call(&self, line: &mut Line, message: &str) -> io::Result<Option<Opened>> {
        let reply = line.post_json(PATH, message).await?;
        let (status, body) = (reply.status, reply.text());
        match self.till.read(&body) {
            Ok(answer) if answer.rsp_code == codes::SYSTEM_ERROR => {
                Err(fault(&self.book, || format!("ottpay: {answer:?}")))
            }
            Ok(answer) if status == 200 => Ok(Some(answer)),
            Ok(_) => {
                self.complain(format!("status {status}: {body}"));
                Ok(None)
            }
            Err(error) => {
                self.complain(format!("an answer that cannot be trusted: {error}: {body}"));
                Ok(None)
            }
        }
    }

    /// What the answer to a sale says. True if the order stands and can still be paid.
    pub fn note_order(&self, place: usize, answer: &Opened) -> bool {
        let status = text(answer, "order_status");
        let said = match answer.rsp_code.as_str() {
            codes::SUCCESS | codes::PROCESSING => Answer::Yes,
            // It exists and has ended.
            codes::FAIL | codes::TIMEOUT | codes::ORDER_PAID if !status.is_empty() => Answer::Yes,
            _ => Answer::No,
        };
        let (alone, is_new) = self.sale(place, |sale| {
            let is_new = sale.created != Answer::Yes;
            if is_new {
                sale.created = said;
            }
            (!sale.sent_again, is_new)
        });
        if is_new && said == Answer::Yes {
            self.book.borrow_mut().pulses.beat("OTT Pay");
        }
        if said == Answer::No && alone {
            let (order_id, way) = self.sale(place, |sale| (sale.order_id.clone(), sale.way));
            self.complain(format!("{order_id} ({way:?}), fresh, was refused: {answer:?}"));
        }
        self.note(place, answer);
        answer.is_success() && End::of(&status).is_none()
    }

    /// What any answer about an order says of it.
    fn note(&self, place: usize, answer: &Opened) {
        let (status, code) = (text(answer, "order_status"), text(answer, "code_url"));
        let bizpay_order_id = text(answer, "bizpay_order_id");
        let number = number_in(&bizpay_order_id);
        let mut changed = Vec::new();
        self.sale(place, |sale| {
            sale.seen_closing |= status == "canceling";
            if let Some(end) = End::of(&status) {
                let first = *sale.seen.get_or_insert(end);
                if first != end {
                    changed.push(format!("was {first:?} and is {status}"));
                }
            }
            if !number.is_empty() && sale.number.get_or_insert_with(|| number.to_owned()) != number {
                changed.push(format!("was {:?} and is {number}", sale.number));
            }
            if !code.is_empty() && *sale.code.get_or_insert_with(|| code.clone()) != code {
                changed.push(format!("showed {:?} and shows {code}", sale.code));
            }
            let total = answer.fields.get("total_amount").unwrap_or_default();
            if !total.is_empty() && total != sale.total_minor().to_string() {
                changed.push(format!("is of {} and {total} is answered", sale.total_minor()));
            }
        });
        for change in changed {
            let order_id = self.sale(place, |sale| sale.order_id.clone());
            self.complain(format!("{order_id} {change}"));
        }
    }

    /// STATUS_QUERY of a sale; what it says is in the book.
    pub async fn ask(&self, line: &mut Line, place: usize) -> io::Result<Option<OttQueried>> {
        let order_id = self.sale(place, |sale| sale.order_id.clone());
        let Some(answer) = self.find(line, &self.till.status(&order_id)).await? else { return Ok(None) };
        self.note(place, &answer);
        Ok(Some(queried(&answer)))
    }

    /// The same, and nothing is written down.
    pub async fn status(&self, line: &mut Line, order_id: &str) -> io::Result<Option<OttQueried>> {
        Ok(self.find(line, &self.till.status(order_id)).await?.as_ref().map(queried))
    }

    pub async fn refund_status(&self, line: &mut Line, number: &str) -> io::Result<Option<RefundQueried>> {
        let found = self.find(line, &self.till.status(number)).await?;
        Ok(found.map(|answer| RefundQueried {
            order_id: text(&answer, "ori_order_id"),
            amount: text(&answer, "refund_amt"),
            status: text(&answer, "order_status"),
        }))
    }

    pub async fn page_status(&self, line: &mut Line, order_id: &str) -> io::Result<Option<String>> {
        let found = self.find(line, &self.till.page_status(order_id)).await?;
        Ok(found.map(|answer| text(&answer, "status")))
    }

    /// `None`: the number is not known.
    async fn find(&self, line: &mut Line, message: &str) -> io::Result<Option<Opened>> {
        let Some(answer) = self.call(line, message).await? else { return Ok(None) };
        if !answer.is_success() && answer.rsp_code != codes::PARAM_ERROR {
            self.complain(format!("a query was answered {answer:?}"));
        }
        Ok(answer.is_success().then_some(answer))
    }

    /// What the answer to a refund says. A repeat must not say less than the first answer.
    pub fn note_refund(&self, place: (usize, usize), answer: &Opened) {
        let said = match answer.rsp_code.as_str() {
            codes::SUCCESS => RefundAnswer::Made,
            codes::PROCESSING => RefundAnswer::Open,
            _ => RefundAnswer::Refused,
        };
        let stands = said != RefundAnswer::Refused || answer.fields.get("order_status").is_some();
        let number = answer.fields.get("order_id").filter(|number| stands && !number.is_empty());
        let taken_back = self.refund_of(place, |refund| {
            let taken_back = match refund.answer {
                RefundAnswer::Made => said != RefundAnswer::Made,
                RefundAnswer::Open => !stands,
                RefundAnswer::Silence | RefundAnswer::Refused => false,
            };
            if refund.answer != RefundAnswer::Made && !taken_back {
                refund.answer = said;
            }
            if let Some(number) = number {
                refund.number = Some(number.to_owned());
            }
            taken_back
        });
        if taken_back {
            self.complain(format!("a refund that was acknowledged is answered {answer:?}"));
        }
    }
}

fn queried(answer: &Opened) -> OttQueried {
    OttQueried {
        status: text(answer, "order_status"),
        total: text(answer, "total_amount"),
        tip: text(answer, "tip"),
        refund_fee: text(answer, "refund_fee"),
        number: number_in(&text(answer, "bizpay_order_id")).to_owned(),
        code: text(answer, "payInfo"),
    }
}
