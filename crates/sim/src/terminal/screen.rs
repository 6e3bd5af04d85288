//! The order on the screen: step by step, as the script has it, until it ends.
//!
//! Knows: who is asked what, and when a card may still be charged. Deliberately does not know: the gateway's
//! questions in between (`topics`), what an acquirer's word says (`outcome`), how a result is told (`kept`).

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::acquirer;
use super::codes::{Code, Money};
use super::frame;
use super::order::{Order, Scenario, TransType};
use super::outcome::{self, Outcome};
use super::script::{Break, Entry, Payer, Script};
use super::{Action, Terminal, receipt};
use crate::money;

/// Above this many of the currency a swiped or read card is signed for, where the screen asks.
const SIGNED_ABOVE: i64 = 25;

#[derive(Debug, Serialize, Deserialize)]
enum Step {
    Manager,
    Cashier,
    Tip,
    /// A card, a code to be scanned, or our code for the payer's phone.
    Present,
    /// The acquirer is being asked.
    Charging,
    /// The gateway has the payer's code.
    Scanned {
        payer_code: String,
        request_id: String,
        is_heard: bool,
    },
    /// The acquirer has answered; it is not told yet.
    Ready(Outcome),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OnScreen {
    pub order: Order,
    script: Script,
    step: Step,
    /// When somebody acts; `None` while something is waited for.
    due_ms: Option<i64>,
    expires_at_ms: i64,
    /// The script's break before the card has been.
    has_broken: bool,
    waits_for_line: bool,
}

impl OnScreen {
    pub fn new(order: Order, script: Script, now_ms: i64) -> Self {
        let expires_at_ms = now_ms + order.expires_s * 1_000;
        let mut screen = Self {
            order,
            script,
            step: Step::Manager,
            due_ms: None,
            expires_at_ms,
            has_broken: false,
            waits_for_line: false,
        };
        let asks_manager = screen.order.asks_manager;
        if asks_manager {
            screen.step_to(Step::Manager, now_ms)
        } else {
            screen.after_manager(now_ms)
        }
        screen
    }

    pub fn next_due(&self) -> Option<i64> {
        let expires_ms = match self.step {
            Step::Charging | Step::Ready(_) => None,
            _ => Some(self.expires_at_ms),
        };
        [self.due_ms, expires_ms].into_iter().flatten().min()
    }

    /// A card is being charged or was, or the gateway charges the payer's code.
    pub fn has_begun(&self) -> bool {
        matches!(self.step, Step::Charging | Step::Scanned { .. } | Step::Ready(_))
    }

    pub fn is_charging(&self) -> bool {
        matches!(self.step, Step::Charging)
    }

    /// What is known but not told, with the order.
    pub fn into_parts(self) -> (Order, Option<Outcome>) {
        let ready = if let Step::Ready(outcome) = self.step { Some(outcome) } else { None };
        (self.order, ready)
    }

    fn step_to(&mut self, step: Step, now_ms: i64) {
        self.step = step;
        self.due_ms = Some(now_ms + self.script.think_ms);
    }

    fn after_manager(&mut self, now_ms: i64) {
        if self.order.asks_cashier { self.step_to(Step::Cashier, now_ms) } else { self.after_cashier(now_ms) }
    }

    fn after_cashier(&mut self, now_ms: i64) {
        let sells = matches!(
            self.order.trans_type,
            TransType::Sale | TransType::Authorization | TransType::SaleWithCashback
        );
        let asks = sells && self.order.asks_tip && self.order.scenario == Scenario::Card;
        if asks { self.step_to(Step::Tip, now_ms) } else { self.step_to(Step::Present, now_ms) }
    }

    fn add_tip(&mut self) {
        if let Some(tip) = self.script.tip_on(self.order.amount, self.order.digits()) {
            self.order.tip = tip;
        }
    }

    fn breaks_before_card(&self) -> bool {
        self.script.breaks == Some(Break::BeforeCard) && !self.has_broken
    }

    fn is_signed(&self) -> bool {
        let is_read = matches!(self.script.entry, Entry::Swipe | Entry::Chip);
        let is_large = self.order.total() > SIGNED_ABOVE * money::unit(self.order.digits());
        self.order.asks_signature && (self.script.signs || is_read && is_large)
    }
}

impl Terminal {
    pub(super) fn show(&mut self, order: Order, now_ms: i64) {
        let (last, number) = (self.scripts.len().saturating_sub(1), self.memory.taken);
        let turn = usize::try_from(number).unwrap_or(usize::MAX).min(last);
        let script = self.scripts.get(turn).cloned().unwrap_or_default().for_order(number);
        self.memory.taken += 1;
        let text = format!("{} {} {}", order.trans_type.title(), order.currency, order.print(order.total()));
        self.note("order", &order.trade_no, &text);
        if order.scenario == Scenario::ShowCode {
            self.note("code", &order.trade_no, &order.qr_code);
        }
        self.memory.screen = Some(OnScreen::new(order, script, now_ms));
        self.is_changed = true;
    }

    pub(super) fn tick_screen(&mut self, now_ms: i64) {
        while let Some(screen) = &self.memory.screen {
            if screen.next_due().is_none_or(|due_ms| due_ms > now_ms) {
                return;
            }
            self.is_changed = true;
            match &screen.step {
                Step::Charging | Step::Ready(_) => self.act(now_ms),
                _ if screen.expires_at_ms <= now_ms => self.expire(now_ms),
                _ => self.act(now_ms),
            }
        }
    }

    /// Time is over: after it nothing may be charged. What a code was scanned for, only the gateway knows.
    fn expire(&mut self, now_ms: i64) {
        let Some(screen) = &self.memory.screen else { return };
        let code = match (&screen.step, screen.order.scenario) {
            (Step::Scanned { .. }, _) => Code::TimeOut,
            (_, Scenario::Card) => Code::CardTimeOut,
            _ => Code::QrTimeOut,
        };
        self.end(code, now_ms);
    }

    /// Somebody does what his turn is.
    fn act(&mut self, now_ms: i64) {
        let Some(screen) = &mut self.memory.screen else { return };
        screen.due_ms = None;
        match &screen.step {
            Step::Manager if screen.script.manager_refuses => self.end(Code::OperatorCancelled, now_ms),
            Step::Manager => screen.after_manager(now_ms),
            Step::Cashier => screen.after_cashier(now_ms),
            Step::Tip => {
                screen.add_tip();
                screen.step_to(Step::Present, now_ms);
            }
            Step::Present if screen.breaks_before_card() => {
                (screen.has_broken, screen.waits_for_line) = (true, true);
                let offline_ms = screen.script.offline_ms;
                self.unplug(offline_ms, now_ms);
            }
            Step::Present => self.present(now_ms),
            Step::Ready(outcome) => {
                let outcome = outcome.clone();
                self.finish(outcome, true, now_ms);
            }
            Step::Charging | Step::Scanned { .. } => {}
        }
    }

    /// The payer's turn, or nobody's where no card is needed.
    fn present(&mut self, now_ms: i64) {
        let Some(screen) = &self.memory.screen else { return };
        let needs_card = !screen.order.trans_type.is_follow_up();
        match (screen.script.payer, screen.order.scenario) {
            (Payer::Cancels, _) => self.end(Code::Cancelled, now_ms),
            (Payer::WalksAway, _) if needs_card => {}
            // The payer's phone and the gateway do the rest.
            (_, Scenario::ShowCode) => {}
            (_, Scenario::ScanCode) => self.scan(now_ms),
            (Payer::IsDeclined, Scenario::Card) if needs_card => {
                let mut outcome = Outcome::new(&screen.order.trade_no, Code::Rejected);
                outcome.biz.insert("processor_code".into(), "Z1".into());
                outcome.biz.insert("processor_msg".into(), "DECLINED BY THE CARD".into());
                self.finish(outcome, false, now_ms);
            }
            (_, Scenario::Card) => self.ask_acquirer(now_ms),
        }
    }

    fn ask_acquirer(&mut self, now_ms: i64) {
        let Some(screen) = &mut self.memory.screen else { return };
        screen.step = Step::Charging;
        let question = acquirer::question(&screen.order, &screen.script);
        let power_cut = screen.script.breaks == Some(Break::WhileAsking);
        let offline_ms = screen.script.offline_ms;
        let total = format!("{} {}", screen.order.currency, screen.order.print(screen.order.total()));
        self.note("charging", &question.trade_no, &total);
        self.out.push(Action::Ask(question));
        if power_cut {
            self.unplug(offline_ms, now_ms);
            self.end(Code::TimeOut, now_ms);
        }
    }

    /// Reads the payer's code. After a break the same code is sent again, as long as nobody said he got it.
    fn scan(&mut self, now_ms: i64) {
        let Some(screen) = &self.memory.screen else { return };
        let payer_code = match &screen.step {
            Step::Scanned { payer_code, .. } => payer_code.clone(),
            _ => match &screen.script.scan {
                Some(code) => code.clone(),
                None => {
                    let wallet = screen.order.pay_method_id.clone();
                    self.payer_code(&wallet)
                }
            },
        };
        let Some(screen) = &self.memory.screen else { return };
        let trade_no = screen.order.trade_no.clone();
        let breaks = screen.script.breaks.filter(|_| matches!(screen.step, Step::Present));
        let offline_ms = screen.script.offline_ms;
        self.note("scanned", &trade_no, &payer_code);
        let biz = json!({ "trade_no": trade_no, "payer_code": payer_code });
        let request_id = self.request("ecrhub.pay.scan", now_ms, biz);
        if let Some(screen) = &mut self.memory.screen {
            screen.step = Step::Scanned { payer_code, request_id, is_heard: false };
        }
        if matches!(breaks, Some(Break::AfterCard | Break::WhileAsking)) {
            self.unplug(offline_ms, now_ms);
        }
    }

    /// Digits as the wallet's app shows them.
    fn payer_code(&mut self, wallet: &str) -> String {
        let (start, more) = match wallet {
            "WeChatPay" => ("13", 16),
            "UnionPay" => ("62", 17),
            _ => ("28", 16),
        };
        format!("{start}{}", self.memory.dice.digits(more))
    }

    pub(super) fn hear_scan_answer(&mut self, number: &str, code: &str) {
        let Some(screen) = &mut self.memory.screen else { return };
        let trade_no = screen.order.trade_no.clone();
        let Step::Scanned { request_id, is_heard, .. } = &mut screen.step else { return };
        if request_id == number {
            *is_heard = true;
            self.is_changed = true;
            if code != "101" && code != "000" {
                self.note("scan refused", &trade_no, code);
            }
        }
    }

    pub(super) fn hear_acquirer(&mut self, trade_no: &str, body: Option<&str>, now_ms: i64) {
        match &self.memory.screen {
            Some(screen) if screen.order.trade_no == trade_no && screen.is_charging() => {
                let outcome = outcome_on(screen, body, now_ms);
                self.note_word(trade_no, &outcome);
                self.answered(outcome, now_ms);
            }
            _ => self.hear_stray(trade_no, body, now_ms),
        }
    }

    fn answered(&mut self, outcome: Outcome, now_ms: i64) {
        let Some(screen) = &mut self.memory.screen else { return };
        self.is_changed = true;
        if outcome.code.money() == Money::Moved {
            let lines = receipt::receipts(&screen.order, &outcome.biz);
            self.out.extend(lines.into_iter().map(Action::Print));
        }
        if screen.script.late_ms > 0 {
            screen.due_ms = Some(now_ms + screen.script.late_ms);
            screen.step = Step::Ready(outcome);
        } else {
            self.finish(outcome, true, now_ms);
        }
    }

    /// An answer for an order that the gateway has ended meanwhile: if money moved and the gateway said that
    /// none did, it has to hear of it.
    fn hear_stray(&mut self, trade_no: &str, body: Option<&str>, now_ms: i64) {
        let Some(ended) = self.memory.kept.find_mut(trade_no).filter(|ended| ended.is_asked) else { return };
        ended.is_asked = false;
        self.is_changed = true;
        let Some(order) = &ended.order else { return };
        let outcome = outcome::of_word(order, &Script::default(), body, now_ms);
        if outcome.code.money() != Money::Moved {
            return;
        }
        let was_paid = ended.outcome.code == Code::Success;
        ended.outcome = outcome.clone();
        self.note_word(trade_no, &outcome);
        if !was_paid {
            self.memory.kept.reopen(trade_no, now_ms);
            self.tell(trade_no, now_ms);
        }
    }

    fn note_word(&mut self, trade_no: &str, outcome: &Outcome) {
        let what = match outcome.code.money() {
            Money::Moved => "approved",
            Money::Stayed => "declined",
            Money::Unknown => "silence",
        };
        self.note(what, trade_no, "");
    }

    fn end(&mut self, code: Code, now_ms: i64) {
        let Some(screen) = &self.memory.screen else { return };
        let outcome = Outcome::new(&screen.order.trade_no, code);
        self.finish(outcome, false, now_ms);
    }

    /// The order leaves the screen and its result is told, or the line breaks first.
    fn finish(&mut self, outcome: Outcome, by_acquirer: bool, now_ms: i64) {
        let Some(screen) = self.memory.screen.take() else { return };
        let (trade_no, script) = (screen.order.trade_no.clone(), screen.script);
        self.keep(screen.order, outcome, now_ms);
        if by_acquirer && script.breaks == Some(Break::AfterCard) {
            return self.unplug(script.offline_ms, now_ms);
        }
        self.tell(&trade_no, now_ms);
        if script.twice {
            self.tell(&trade_no, now_ms);
        }
        if script.breaks == Some(Break::AfterResult) {
            self.unplug(script.offline_ms, now_ms);
        }
    }

    /// The line is up again: what was held is told, and what is on the screen, so that the gateway can say if that
    /// has ended meanwhile; people go on.
    pub(super) fn line_is_back(&mut self, now_ms: i64) {
        self.memory.kept.hurry(now_ms);
        self.repeat_results(now_ms);
        if let Some(screen) = &self.memory.screen {
            let biz = frame::trade_no(&screen.order.trade_no);
            self.send(frame::answer(
                "ecrhub.pay.order",
                &screen.order.request_id,
                Code::InProgress,
                "",
                &biz,
            ));
        }
        let Some(screen) = &mut self.memory.screen else { return };
        if std::mem::take(&mut screen.waits_for_line) {
            screen.due_ms = Some(now_ms + screen.script.think_ms);
        } else if matches!(screen.step, Step::Scanned { is_heard: false, .. })
            && now_ms < screen.expires_at_ms
        {
            self.scan(now_ms);
        }
        self.is_changed = true;
    }

    /// After a power cut: whoever was asking the acquirer does not know, the rest goes on.
    pub(super) fn wake(&mut self, now_ms: i64) {
        self.memory.kept.forget_questions();
        if self.memory.screen.as_ref().is_some_and(OnScreen::is_charging) {
            self.end(Code::TimeOut, now_ms);
        }
    }
}

fn outcome_on(screen: &OnScreen, body: Option<&str>, now_ms: i64) -> Outcome {
    let mut outcome = outcome::of_word(&screen.order, &screen.script, body, now_ms);
    if outcome.code == Code::Success && screen.is_signed() {
        outcome.biz.insert("signature".into(), receipt::SIGNATURE.into());
    }
    outcome
}
