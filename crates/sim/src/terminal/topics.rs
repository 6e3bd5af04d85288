//! What the gateway says and asks: one topic after the other.
//!
//! Knows: which answer each topic gets. Deliberately does not know: what people do with an order (`screen`).

use super::codes::{Code, Money};
use super::frame::{self, Fields, Frame, text, whole};
use super::order::{Order, Scenario};
use super::outcome::Outcome;
use super::receipt;
use super::screen::OnScreen;
use super::{Action, Terminal};
use crate::money;

/// `trans_status` of `ecrhub.pay.result`. What was taken back (3) had been paid.
const PAID: Option<i64> = Some(2);
const UNPAID: Option<i64> = Some(1);

impl Terminal {
    pub(super) fn read_frame(&mut self, text: &str, now_ms: i64) {
        let Some(frame) = Frame::read(text) else {
            self.note("offline", "", "the gateway sent what is no frame");
            return self.hang_up_with(4400, now_ms);
        };
        self.heard(now_ms);
        match &frame.code {
            Some(code) => self.read_answer(&frame, code, now_ms),
            None => self.read_request(&frame, now_ms),
        }
    }

    fn read_answer(&mut self, frame: &Frame, code: &str, now_ms: i64) {
        match frame.topic.as_str() {
            "ecrhub.init" => self.hear_greeting(frame, now_ms),
            "ecrhub.pay.scan" => self.hear_scan_answer(&frame.request_id, code),
            _ => {}
        }
    }

    fn read_request(&mut self, frame: &Frame, now_ms: i64) {
        match frame.topic.as_str() {
            "ecrhub.pay.order" => self.hear_order(frame, now_ms),
            "ecrhub.pay.result" => self.hear_result(frame, now_ms),
            "ecrhub.pay.query" => self.hear_query(frame),
            "ecrhub.pay.close" => self.hear_close(frame, now_ms),
            "ecrhub.pay.batch.close" => self.hear_batch_close(frame),
            "ecrhub.pay.tip.adjustment" => self.hear_tip(frame),
            "ecrhub.pay.reprint" => self.hear_reprint(frame),
            _ => self.reply(frame, Code::ParameterError, "unknown topic"),
        }
    }

    fn reply(&mut self, frame: &Frame, code: Code, message: &str) {
        let biz = match frame.trade_no() {
            "" => Fields::new(),
            trade_no => frame::trade_no(trade_no),
        };
        self.send(frame::answer(&frame.topic, &frame.request_id, code, message, &biz));
    }

    /// The order on the screen, if it is this one.
    fn on_screen(&self, trade_no: &str) -> Option<&OnScreen> {
        self.memory.screen.as_ref().filter(|screen| screen.order.trade_no == trade_no)
    }

    fn hear_order(&mut self, frame: &Frame, now_ms: i64) {
        let trade_no = frame.trade_no();
        if self.on_screen(trade_no).is_some() {
            return self.reply(frame, Code::InProgress, "");
        }
        if let Some(ended) = self.memory.kept.find_mut(trade_no) {
            ended.request_id.clone_from(&frame.request_id);
            return self.tell(trade_no, now_ms);
        }
        let refusal = match Order::read(frame) {
            Ok(order) if self.memory.screen.is_none() => {
                self.reply(frame, Code::InProgress, "");
                self.show(order, now_ms);
                return self.tick_screen(now_ms);
            }
            Ok(_) => (Code::Failed, "another order is on the screen"),
            Err(refusal) => refusal,
        };
        self.refuse(frame, refusal, now_ms);
    }

    fn refuse(&mut self, frame: &Frame, (code, message): (Code, &str), now_ms: i64) {
        let trade_no = frame.trade_no();
        self.note("refused", trade_no, &format!("{} {message}", code.text()));
        if trade_no.is_empty() {
            return self.reply(frame, code, message);
        }
        let outcome = Outcome::because(trade_no, code, message);
        self.keep_refused(trade_no, &frame.request_id, outcome, now_ms);
        self.tell(trade_no, now_ms);
    }

    fn hear_query(&mut self, frame: &Frame) {
        let trade_no = frame.trade_no();
        if self.on_screen(trade_no).is_some() {
            return self.reply(frame, Code::InProgress, "");
        }
        match self.memory.kept.find(trade_no) {
            Some(ended) => {
                let Outcome { code, message, biz } = ended.outcome.clone();
                self.send(frame::answer(&frame.topic, &frame.request_id, code, &message, &biz));
            }
            None => {
                self.keep_unknown(trade_no);
                self.reply(frame, Code::DoesNotExist, "");
            }
        }
    }

    fn hear_close(&mut self, frame: &Frame, now_ms: i64) {
        let trade_no = frame.trade_no();
        if let Some(screen) = self.memory.screen.take_if(|screen| screen.order.trade_no == trade_no) {
            if screen.has_begun() {
                self.memory.screen = Some(screen);
                return self.reply(frame, Code::CloseFailed, "a card is being charged");
            }
            let outcome = Outcome::because(trade_no, Code::Cancelled, "closed by the gateway");
            self.keep_confirmed(screen.into_parts().0, outcome, false, now_ms);
            return self.reply(frame, Code::Success, "");
        }
        let code = match self.memory.kept.find(trade_no).map(|ended| ended.outcome.code.money()) {
            Some(Money::Stayed) => Code::Success,
            Some(Money::Moved | Money::Unknown) => Code::CloseFailed,
            None => {
                self.keep_unknown(trade_no);
                Code::DoesNotExist
            }
        };
        self.reply(frame, code, "");
    }

    /// How an order ended, whoever said so.
    fn hear_result(&mut self, frame: &Frame, now_ms: i64) {
        let trade_no = frame.trade_no();
        let status = whole(&frame.biz, "trans_status").flatten();
        self.reply(frame, Code::Success, "");
        match self.memory.screen.take_if(|screen| screen.order.trade_no == trade_no) {
            Some(screen) => self.take_off(screen, frame, status, now_ms),
            None => self.close_case(frame, status, now_ms),
        }
    }

    fn take_off(&mut self, screen: OnScreen, frame: &Frame, status: Option<i64>, now_ms: i64) {
        let is_paid = status == PAID;
        let is_charging = screen.is_charging();
        let (order, ready) = screen.into_parts();
        match ready {
            Some(outcome) => {
                self.keep(order, outcome, now_ms);
                self.confirm_by_word(frame.trade_no(), status == UNPAID, now_ms);
            }
            None => {
                let outcome = word_as_outcome(frame, is_paid);
                if is_paid && order.scenario != Scenario::Card {
                    self.print(receipt::receipts(&order, &outcome.biz));
                }
                self.keep_confirmed(order, outcome, is_charging, now_ms);
            }
        }
    }

    /// Of an order that is no longer, or never was, on the screen.
    fn close_case(&mut self, frame: &Frame, status: Option<i64>, now_ms: i64) {
        let is_paid = status == PAID;
        let trade_no = frame.trade_no();
        self.confirm_by_word(trade_no, status == UNPAID, now_ms);
        let Some(ended) = self.memory.kept.find_mut(trade_no) else { return self.keep_unknown(trade_no) };
        if ended.outcome.code.money() == Money::Unknown {
            // Now we know, too.
            ended.outcome = word_as_outcome(frame, is_paid);
            let lines = match &ended.order {
                Some(order) if is_paid => receipt::receipts(order, &ended.outcome.biz),
                _ => Vec::new(),
            };
            self.print(lines);
        }
    }

    fn hear_batch_close(&mut self, frame: &Frame) {
        let count = whole(&frame.biz, "count").flatten().unwrap_or(0);
        self.print(receipt::batch_report(&frame.biz, count));
        self.reply(frame, Code::Success, "");
    }

    fn hear_tip(&mut self, frame: &Frame) {
        let tip = text(&frame.biz, "tip_amount");
        let ended = self.memory.kept.find_mut(frame.trade_no());
        let Some((order, result)) =
            ended.and_then(|ended| ended.order.as_mut().map(|order| (order, &ended.outcome.biz)))
        else {
            return self.reply(frame, Code::DoesNotExist, "");
        };
        let Some(tip) = money::parse(tip, order.digits()) else {
            return self.reply(frame, Code::AmountFormat, "tip_amount");
        };
        order.tip = tip;
        let lines = receipt::receipts(order, result);
        self.is_changed = true;
        self.print(lines);
        self.reply(frame, Code::Success, "");
    }

    fn hear_reprint(&mut self, frame: &Frame) {
        let ended = self.memory.kept.find(frame.trade_no());
        let Some((order, result)) =
            ended.and_then(|ended| ended.order.as_ref().map(|order| (order, &ended.outcome.biz)))
        else {
            return self.reply(frame, Code::DoesNotExist, "");
        };
        let lines = receipt::receipt(order, result, "REPRINT");
        self.print(lines);
        self.reply(frame, Code::Success, "");
    }

    fn print(&mut self, lines: Vec<String>) {
        self.out.extend(lines.into_iter().map(Action::Print));
    }
}

fn word_as_outcome(frame: &Frame, is_paid: bool) -> Outcome {
    let code = if is_paid { Code::Success } else { Code::Cancelled };
    let mut outcome = Outcome::because(frame.trade_no(), code, text(&frame.biz, "message"));
    if is_paid {
        for name in ["trans_amount", "pay_method_id"] {
            outcome.biz.extend(frame.biz.get(name).map(|value| (name.to_owned(), value.clone())));
        }
    }
    outcome
}
