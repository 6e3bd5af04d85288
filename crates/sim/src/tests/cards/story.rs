//! Random stories: a register that believes only what it is told must end with the acquirer's sums, to the cent.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::TransactionFilter;

/// A few dice, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        (!list.is_empty()).then(|| &list[self.below(list.len() as u64) as usize])
    }

    fn amount(&mut self) -> i64 {
        // round amounts, and every rule now and then
        let ending = if self.below(3) == 0 { 51 + self.below(20) } else { 0 };
        (self.below(40) * 100 + 100 + ending) as i64
    }
}

/// What the register was told of one sale or authorization.
#[derive(Default, Clone)]
struct Told {
    captured: i64,
    refunded: i64,
    tip: i64,
    terminal: String,
    is_voided: bool,
}

struct Register {
    desk: Desk,
    dice: Dice,
    now_ms: i64,
    made: u64,
    told: BTreeMap<String, Told>,
    sent: Vec<CardCall>,
}

impl Register {
    fn new(seed: u64, path: &Path) -> Self {
        let dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (now_ms, made) = (1_000, 0);
        Self { desk: open(path), dice, now_ms, made, told: BTreeMap::new(), sent: Vec::new() }
    }

    fn operation(&mut self, minor: i64) -> CardOperation {
        self.made += 1;
        let terminal = ["T1", "T2", "T3"][self.dice.below(3) as usize].to_owned();
        CardOperation { terminal, ..operation(&format!("n{}", self.made), minor) }
    }

    /// Sends it as a gateway does: what was not answered is asked about, then closed.
    fn finds_out(&mut self, call: &CardCall) -> bool {
        let word = self.desk.says(self.now_ms, call);
        match word.as_str() {
            "approved" => return true,
            "silence" | "unknown" | "pending" => {}
            _ => return false,
        }
        self.now_ms += 6_000;
        let asked = match call.operation() {
            Some(operation) => self.desk.says(self.now_ms, &query(&operation.trade_no)),
            None => self.desk.says(self.now_ms, call),
        };
        match asked.as_str() {
            "approved" => true,
            "never heard of" => {
                assert_eq!(self.desk.says(self.now_ms, &close(call.trade_no())), "12 CLOSED");
                false
            }
            refused => {
                assert!(refused.as_bytes()[0].is_ascii_digit(), "{refused}");
                false
            }
        }
    }

    fn step(&mut self) {
        self.now_ms += self.dice.below(3_000) as i64;
        let known: Vec<String> = self.told.keys().cloned().collect();
        let original = self.dice.pick(&known).cloned();
        match (self.dice.below(10), original) {
            (0 | 1, _) | (_, None) => self.opens(true),
            (2, _) => self.opens(false),
            (3, Some(original)) => self.captures(original),
            (4, Some(original)) => self.voids(original),
            (5 | 6, Some(original)) => self.refunds(original),
            (7, Some(original)) => self.tips(original),
            (8, Some(original)) => {
                self.finds_out(&settle(&original, "B1"));
            }
            (_, Some(_)) => self.repeats(),
        }
    }

    fn opens(&mut self, is_capture: bool) {
        let minor = self.dice.amount();
        let operation = self.operation(minor);
        let (trade_no, terminal) = (operation.trade_no.clone(), operation.terminal.clone());
        let call = CardCall::Authorize { operation, card: card(VISA), is_capture, online: None };
        self.sent.push(call.clone());
        if self.finds_out(&call) {
            let captured = if is_capture { minor } else { 0 };
            self.told.insert(trade_no, Told { captured, terminal, ..Told::default() });
        }
    }

    fn captures(&mut self, original: String) {
        let minor = self.dice.amount();
        let operation = self.operation(minor);
        let terminal = operation.terminal.clone();
        let call = CardCall::Capture { operation, original: original.clone() };
        self.sent.push(call.clone());
        if self.finds_out(&call) {
            let told = self.told.get_mut(&original).unwrap();
            assert_eq!((told.captured, told.is_voided), (0, false), "captured twice");
            (told.captured, told.terminal) = (minor, terminal);
        }
    }

    fn voids(&mut self, original: String) {
        let operation = self.operation(0);
        let call = CardCall::Void { operation, original: original.clone() };
        self.sent.push(call.clone());
        if self.finds_out(&call) {
            let told = self.told.get_mut(&original).unwrap();
            assert_eq!((told.refunded, told.is_voided), (0, false), "a void after a refund, or twice");
            told.is_voided = true;
        }
    }

    fn refunds(&mut self, original: String) {
        let minor = self.dice.amount();
        let operation = CardOperation { terminal: String::new(), ..self.operation(minor) };
        let call = CardCall::Refund { operation, original: original.clone() };
        self.sent.push(call.clone());
        if self.finds_out(&call) {
            let told = self.told.get_mut(&original).unwrap();
            assert!(!told.is_voided);
            told.refunded += minor;
        }
    }

    fn tips(&mut self, original: String) {
        let minor = self.dice.below(500) as i64;
        if self.finds_out(&tip(&original, minor)) {
            let told = self.told.get_mut(&original).unwrap();
            told.captured += minor - told.tip;
            told.tip = minor;
        }
    }

    /// Sends something again, or something else under its number.
    fn repeats(&mut self) {
        let Some(call) = self.dice.pick(&self.sent).cloned() else { return };
        let before = self.desk.sums();
        self.now_ms += 6_000;
        self.desk.says(self.now_ms, &call);
        let mut other = call.clone();
        if let CardCall::Authorize { operation, .. } = &mut other {
            operation.amount.minor += 1;
            let word = self.desk.says(self.now_ms, &other);
            assert!(["94 DUPLICATE NUMBER", "12 CLOSED"].contains(&word.as_str()), "{word}");
        }
        assert_eq!(self.desk.sums(), before, "a repetition moved money: {call:?}");
    }

    fn check(&self) {
        let all = TransactionFilter { limit: usize::MAX, ..TransactionFilter::default() };
        for view in self.desk.acquirer.transactions(&all) {
            assert!(view.refunded_minor <= view.captured_minor, "{view:?}");
            assert!(view.captured_minor <= view.authorized_minor, "{view:?}");
        }
        let kept: i64 =
            self.told.values().filter(|told| !told.is_voided).map(|told| told.captured - told.refunded).sum();
        assert_eq!(self.desk.sums()[3], kept, "the register's sum is another");
        for terminal in ["T1", "T2", "T3"] {
            let captured: i64 = self
                .told
                .values()
                .filter(|told| !told.is_voided && told.terminal == terminal)
                .map(|told| told.captured)
                .sum();
            let totals = self.desk.acquirer.totals(Some(terminal));
            assert_eq!(
                totals.iter().map(|totals| totals.captured_minor).sum::<i64>(),
                captured,
                "{terminal}"
            );
        }
        for (trade_no, _) in self.told.iter().filter(|(_, told)| told.is_voided) {
            assert_eq!(self.desk.view(trade_no).net_minor, 0, "{trade_no}");
        }
    }
}

fn open(path: &Path) -> Desk {
    let config = AcquirerConfig { journal: Some(path.to_owned()), ..config() };
    Desk { acquirer: Acquirer::open(config).unwrap(), ..desk() }
}

#[test]
fn registers_and_acquirer_agree_to_the_cent() {
    for seed in 1..=24 {
        println!("seed {seed}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acquirer.jsonl");
        let mut register = Register::new(seed, &path);
        for step in 0..150 {
            register.step();
            if step % 25 == 24 {
                register.check();
                register.desk = open(&path);
                register.check();
            }
        }
    }
}
