//! The words of the tables: an order, a command and what became of it, each in one cell.

use std::fmt::Write as _;

use super::{counter_words, sample};
use crate::decide::{Decision, decide};
use crate::{
    AfterTime, CloseReason, Command, Cost, Event, FailReason, Flow, LedgerAccount, Method, NewOrder,
    NewRefund, OnRefund, Order, OrderState, Presentation, Refund, RefundState, Refusal, Tells, Timestamp,
};

/// Columns: order | command | becomes | events | work | ledger. The last four are what is checked.
/// Work begins with `ends` when the open order's own work is dropped first; `+890s` counts from now.
pub fn check(table: &str) {
    let mut actual = String::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let _ = writeln!(actual, "{} | {} | {}", cells[0], cells[1], outcome_of(cells[0], cells[1]));
    }
    let squeezed = |text: &str| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        text.lines().map(words).filter(|line| !line.is_empty()).collect()
    };
    assert!(squeezed(&actual) == squeezed(table), "the table should be:\n{actual}");
}

fn outcome_of(order_cell: &str, command_cell: &str) -> String {
    let order = (order_cell != "-").then(|| order(order_cell));
    let (command, now) = command(order.as_ref(), command_cell);
    match decide(order, command, now) {
        Err(refusal) => format!("refused: {}", refusal_words(&refusal)),
        Ok(decision) if decision.is_nothing() => "unchanged".into(),
        Ok(decision) => format!(
            "{} | {} | {} | {}",
            order_words(&decision.order),
            decision.events.iter().map(event_words).collect::<Vec<_>>().join(", "),
            work_words(&decision),
            ledger_words(&decision)
        ),
    }
}

/// `pending code`, and what differs from the usual order in pairs of words: `paid code tip 3000 refunding 5000`.
/// `deed sale` is at a terminal, see [`counter_words`]. `choice 2` has been chosen twice (0: not yet), `gave 12` has sent the late money of both back.
pub fn order(cell: &str) -> Order {
    let words: Vec<&str> = cell.split(' ').collect();
    let mut order = sample::order(sample::state(words[0]), sample::presentation(words[1]));
    let mut funds = order.funds;
    for pair in words[2..].chunks(2) {
        let number = || -> i64 { pair[1].parse().expect("a number") };
        if counter_words::at_counter(&mut order, pair[0], pair[1]) {
            continue;
        }
        match pair[0] {
            "tip" => order.terms.tip_minor = number(),
            "fee" => order.terms.fees.usual.rate_bp = number() as u32,
            "fixed" => order.terms.fees.usual.fixed_minor = number(),
            "vat" => order.terms.fees.usual.vat_bp = number() as u32,
            "back" => order.terms.fees.usual.on_refund = OnRefund::GiveBack,
            "refunding" => funds.refunding_minor = number(),
            "refunded" => funds.refunded_minor = number(),
            "choice" => choose_until(&mut order, number() as usize),
            "gave" => order.given_back = pair[1].bytes().map(|digit| 1 << (digit - b'1')).sum(),
            "after" => order.terms.after_time = after_time(pair[1]),
            "tells" => order.terms.tells = tells(pair[1]),
            other => panic!("nothing of an order is called {other}"),
        }
    }
    if matches!(order.state, OrderState::Paid { .. }) {
        funds.captured_minor = order.terms.total().minor;
    }
    let merchants = [funds.refunding_minor, funds.refunded_minor].iter().filter(|minor| **minor > 0).count();
    order.refunds = order.given_back.count_ones() + merchants as u32;
    order.funds = funds;
    counter_words::finish(&mut order);
    order
}

/// The payer went from one wallet to the other and back.
fn choose_until(order: &mut Order, choices: usize) {
    if choices == 0 {
        order.terms.method = None;
    }
    order.choices = ["alipay", "wechat"].into_iter().cycle().map(Method::new).take(choices).collect();
}

fn after_time(word: &str) -> AfterTime {
    match word {
        "counts" => AfterTime::Counts,
        "goes-back" => AfterTime::GoesBack,
        other => panic!("nothing becomes {other} of money after time"),
    }
}

fn tells(word: &str) -> Tells {
    match word {
        "every-end" => Tells::EveryEnd,
        "payment" => Tells::Payment,
        other => panic!("nobody is told {other}"),
    }
}

fn command(order: Option<&Order>, cell: &str) -> (Command, Timestamp) {
    let words: Vec<&str> = cell.split(' ').collect();
    let now = if words == ["expire"] { sample::EXPIRES_AT } else { sample::NOW };
    let choice = order.map_or(1, Order::choice);
    let by = |word: &str| -> u32 { word.parse().expect("a choice") };
    let present = |choice, word| Command::Present { choice, presentation: sample::presentation(word) };
    if let Some(command) = counter_words::command(order, &words) {
        return (command, now);
    }
    let command = match words[..] {
        ["create", ..] => Command::Create(new_order(&words[1..])),
        ["present", word] => present(choice, word),
        ["present", word, "by", of] => present(by(of), word),
        ["choose", method] => sample::choose(method, choice),
        ["choose", method, "unclosed"] => sample::choose_open(method, choice),
        ["choose", method, "instead", "of", of] => sample::choose(method, by(of)),
        ["says", asked, outcome] => sample::says_by(choice, asked, outcome),
        ["says", asked, outcome, "by", of] => sample::says_by(by(of), asked, outcome),
        ["cancel"] => Command::Cancel,
        ["expire"] | ["expire", "early"] => Command::Expire,
        ["refund", minor, "says", outcome] => {
            let order = order.expect("an order");
            let refund = sample::refund_of(order, order.refunds, minor.parse().expect("an amount"));
            Command::RefundSays { refund, outcome: sample::outcome(outcome) }
        }
        ["late", of, "says", outcome] => {
            let refund = sample::late_refund_of(order.expect("an order"), 1, by(of));
            Command::RefundSays { refund, outcome: sample::outcome(outcome) }
        }
        ["refund", ..] => Command::Refund(new_refund(order, cell)),
        _ => panic!("no command is called {cell}"),
    };
    (command, now)
}

fn new_order(words: &[&str]) -> NewOrder {
    let flow = if words.contains(&"charge") { Flow::CustomerPresented } else { Flow::MerchantPresented };
    let mut new = sample::new_order(sample::terms(flow));
    for word in words {
        match *word {
            "charge" => {}
            "tip" => new.terms.tip_minor = 3_000,
            "unchosen" => new.terms.method = None,
            "shown" => new.presentation = sample::presentation("code"),
            other => panic!("nothing is created {other}"),
        }
    }
    new
}

/// `refund 5000 no r1 after 5000 no r1 failed`: what is asked for, and the one refund there was before.
fn new_refund(order: Option<&Order>, cell: &str) -> NewRefund {
    let (asked, before) = cell.split_once(" after ").unwrap_or((cell, ""));
    let refund = |text: &str| -> Refund {
        let words: Vec<&str> = text.split(' ').collect();
        let some_order = order.cloned().unwrap_or_else(|| self::order("paid code"));
        let mut refund = sample::refund_of(&some_order, 1, words[0].parse().expect("an amount"));
        let mut rest = words[1..].iter();
        while let Some(word) = rest.next() {
            match *word {
                "no" => refund.reference = rest.next().map(|number| (*number).to_owned()),
                "noted" => refund.note = rest.next().map(|note| (*note).to_owned()).unwrap_or_default(),
                "failed" => refund.state = RefundState::Failed { at: sample::NOW, reason: "no".into() },
                "succeeded" => {
                    refund.state = RefundState::Succeeded { at: sample::NOW, cost_back: Cost::NOTHING }
                }
                "late" => refund.reverses_late_payment = true,
                other => panic!("nothing of a refund is called {other}"),
            }
        }
        refund
    };
    let new = refund(asked.strip_prefix("refund ").expect("a refund"));
    let earlier = (!before.is_empty()).then(|| refund(before)).into_iter().collect();
    NewRefund {
        amount_minor: new.amount_minor,
        reference: new.reference,
        note: new.note,
        means: Default::default(),
        earlier,
    }
}

fn order_words(order: &Order) -> String {
    let state = match &order.state {
        OrderState::Closing(CloseReason::Cancelled) => "closing:cancelled",
        OrderState::Closing(CloseReason::Expired) => "closing:expired",
        OrderState::Failed { reason: FailReason::Declined(_), .. } => "failed:declined",
        OrderState::Failed { reason: FailReason::Expired, .. } => "failed:expired",
        other => other.name(),
    };
    let shown = match order.presentation {
        Presentation::None => "nothing",
        Presentation::Charge => "charge",
        Presentation::Scanned(_) => "scanned",
        Presentation::Code(_) => "code",
        Presentation::App(_) => "app",
        Presentation::Challenge(_) => "challenge",
    };
    let mut words = format!("{state} {shown}");
    if order.choice() != 1 {
        let _ = write!(words, " choice {}", order.choice());
    }
    if order.given_back != 0 {
        let given_back = (1..=32).filter(|choice| order.given_back & (1 << (choice - 1)) != 0);
        let _ =
            write!(words, " gave {}", given_back.map(|choice: u32| choice.to_string()).collect::<String>());
    }
    for (name, minor) in
        [("refunding", order.funds.refunding_minor), ("refunded", order.funds.refunded_minor)]
    {
        if minor > 0 {
            let _ = write!(words, " {name} {minor}");
        }
    }
    words + &counter_words::order_words(order)
}

fn event_words(event: &Event) -> String {
    match event {
        Event::LatePayment { choice, .. } => format!("{} by {choice}", event.name()),
        Event::Chosen(method) => format!("{} {}", event.name(), method.as_str()),
        event => event.name().to_owned(),
    }
}

fn work_words(decision: &Decision) -> String {
    let mut words = Vec::new();
    if decision.ends_open_work {
        words.push("ends".to_owned());
    }
    for work in &decision.work {
        let delay_s = work.due_at.since_ms(decision.at) / 1_000;
        words.push(format!("{}+{delay_s}s", work.kind.name()));
    }
    words.join(" ")
}

/// The merchant's account is always the same; which channel owes us is said.
fn ledger_words(decision: &Decision) -> String {
    let line = |posting: &crate::Posting| {
        let account = posting.account.to_string();
        let account = match posting.account {
            LedgerAccount::MerchantPayable(_) | LedgerAccount::TipsPayable(_) => {
                account.split(':').next().unwrap_or_default()
            }
            _ => &account,
        };
        format!("{account} {:+}", posting.amount.minor)
    };
    decision.postings.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn refusal_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::RefundRepeated(number) => format!("{refusal} ({})", number.0),
        refusal => refusal.to_string(),
    }
}
