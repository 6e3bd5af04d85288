//! `order, command -> what becomes of it`, as text. A wrong line prints the whole table as it is.

use std::fmt::Write as _;

use super::sample;
use crate::decide::{Decision, decide};
use crate::{
    CloseReason, Command, FailReason, Flow, Order, OrderState, Presentation, RefundState, Refusal, Timestamp,
};

/// Columns: order | command | becomes | event | work | ledger. The last four are what is checked.
/// Work begins with `ends` when the open order's own work is dropped first; `+890s` counts from now.
fn check(table: &str) {
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
            decision.events.iter().map(crate::Event::name).collect::<Vec<_>>().join(", "),
            work_words(&decision),
            ledger_words(&decision)
        ),
    }
}

/// `pending code`, `paid code refunding 5000`, `failed:expired code refunding 12000` (money that came late).
fn order(cell: &str) -> Order {
    let words: Vec<&str> = cell.split(' ').collect();
    let mut order = sample::order(sample::state(words[0]), sample::presentation(words[1]));
    if let ["refunding", amount] = words[2..] {
        order.refunds = 1;
        if matches!(order.state, OrderState::Paid { .. }) {
            order.funds.refunding_minor = amount.parse().unwrap();
        }
    }
    order
}

fn command(order: Option<&Order>, cell: &str) -> (Command, Timestamp) {
    let words: Vec<&str> = cell.split(' ').collect();
    let open_refund = |number, minor: &str| {
        sample::refund_of(order.expect("an order"), number, minor.parse().expect("an amount"))
    };
    let mut now = sample::NOW;
    let command = match words[..] {
        ["create"] => Command::Create(sample::new_order(sample::terms(Flow::MerchantPresented))),
        ["create", "charge"] => Command::Create(sample::new_order(sample::terms(Flow::CustomerPresented))),
        ["present", word] => Command::Present(sample::presentation(word)),
        ["says", asked, outcome] => sample::says(asked, outcome),
        ["cancel"] => Command::Cancel,
        ["expire", "early"] => Command::Expire,
        ["expire"] => {
            now = sample::EXPIRES_AT;
            Command::Expire
        }
        ["refund", minor] => sample::refund_command(minor.parse().unwrap(), Vec::new()),
        ["refund", minor, "again"] => {
            sample::refund_command(minor.parse().unwrap(), vec![open_refund(1, minor)])
        }
        ["refund", minor, "after", "failure"] => {
            let mut earlier = open_refund(1, minor);
            earlier.state = RefundState::Failed { at: sample::NOW, reason: "no".into() };
            sample::refund_command(minor.parse().unwrap(), vec![earlier])
        }
        ["refund", minor, "says", outcome] => {
            Command::RefundSays { refund: open_refund(1, minor), outcome: sample::outcome(outcome) }
        }
        _ => panic!("no command is called {cell}"),
    };
    (command, now)
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
        Presentation::Code(_) => "code",
        Presentation::App(_) => "app",
    };
    let mut words = format!("{state} {shown}");
    for (name, minor) in
        [("refunding", order.funds.refunding_minor), ("refunded", order.funds.refunded_minor)]
    {
        if minor > 0 {
            let _ = write!(words, " {name} {minor}");
        }
    }
    words
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

fn ledger_words(decision: &Decision) -> String {
    let line = |posting: &crate::Posting| {
        let account = posting.account.to_string();
        format!("{} {:+}", account.split(':').next().unwrap_or_default(), posting.amount.minor)
    };
    decision.postings.iter().map(line).collect::<Vec<_>>().join(", ")
}

fn refusal_words(refusal: &Refusal) -> String {
    refusal.to_string()
}

#[test]
fn an_order_is_born_and_shown() {
    check(
        "
-                  | create         | pending nothing | created   | expire+890s            |
-                  | create charge  | pending charge  | created   | expire+890s charge+0s  |
-                  | cancel         | refused: the order does not exist
-                  | refund 100     | refused: the order does not exist
pending nothing    | create         | unchanged
pending code       | create charge  | refused: the reference belongs to an order with another Flow
closing:expired code | create       | refused: the reference belongs to an order that has ended (closing)
paid code          | create         | refused: the reference belongs to an order that has ended (paid)
pending nothing    | present code   | pending code    | presented | ask+10s |
pending nothing    | present app    | pending app     | presented | ask+10s |
pending nothing    | present nothing | unchanged
pending code       | present app    | unchanged
pending charge     | present code   | unchanged
closing:expired charge | present code | unchanged
cancelled nothing  | present code   | unchanged
",
    );
}

#[test]
fn the_channel_decides() {
    check(
        "
pending code   | says callback paid   | paid code            | paid            | ends notify+0s | channel_receivable +12000, merchant_payable -11856, fee_income -144
pending charge | says charge paid     | paid charge          | paid            | ends notify+0s | channel_receivable +12000, merchant_payable -11856, fee_income -144
pending charge | says charge declined | failed:declined charge | failed        | ends notify+0s |
pending charge | says charge pending  | pending charge       | outcome unknown | ends ask+1s expire+890s |
pending charge | says charge unknown  | pending charge       | outcome unknown | ends ask+1s expire+890s |
pending charge | says query unknown   | unchanged
pending code   | says query pending   | unchanged
pending code   | says query declined  | failed:declined code | failed          | ends notify+0s |
closing:cancelled code | says close declined | cancelled code | cancelled       | ends notify+0s |
closing:expired code | says close declined | failed:expired code | failed       | ends notify+0s |
closing:cancelled code | says close paid | paid code         | paid            | ends notify+0s | channel_receivable +12000, merchant_payable -11856, fee_income -144
closing:expired code | says close unknown | unchanged
closing:expired charge | says charge unknown | unchanged
paid code      | says callback paid   | unchanged
paid code      | says query declined  | unchanged
failed:declined code | says query declined | unchanged
",
    );
}

#[test]
fn an_order_is_stopped() {
    check(
        "
pending nothing        | cancel       | cancelled nothing      | cancelled       | ends notify+0s |
pending code           | cancel       | closing:cancelled code | close requested | ends close+0s  |
pending charge         | cancel       | closing:cancelled charge | close requested | ends close+0s |
closing:cancelled code | cancel       | unchanged
closing:expired code   | cancel       | closing:cancelled code | close reason changed | |
paid code              | cancel       | refused: the order has been paid
failed:declined code   | cancel       | refused: the order has failed
cancelled code         | cancel       | unchanged
pending nothing        | expire early | unchanged
pending nothing        | expire       | failed:expired nothing | failed          | ends notify+0s |
pending app            | expire       | closing:expired app    | close requested | ends close+0s  |
closing:cancelled code | expire       | unchanged
paid code              | expire       | unchanged
",
    );
}

#[test]
fn money_is_given_back() {
    check(
        "
pending code              | refund 100        | refused: the order was never paid
failed:expired code       | refund 100        | refused: the order was never paid
paid code                 | refund 12001      | refused: the refund exceeds the order
paid code                 | refund 0          | refused: the refund exceeds the order
paid code                 | refund -1         | refused: the refund exceeds the order
paid code                 | refund 12000      | paid code refunding 12000 | refund requested | refund+0s |
paid code refunding 5000  | refund 7001       | refused: the refund exceeds what is left of the order
paid code refunding 5000  | refund 7000       | paid code refunding 12000 | refund requested | refund+0s |
paid code refunding 5000  | refund 5000 again | refused: the same refund has been requested
paid code                 | refund 5000 after failure | paid code refunding 5000 | refund requested | refund+0s |
paid code refunding 5000  | refund 5000 says paid     | paid code refunded 5000 | refund succeeded | | merchant_payable +5000, channel_receivable -5000
paid code refunding 5000  | refund 5000 says declined | paid code | refund failed | |
paid code refunding 5000  | refund 5000 says pending  | unchanged
paid code refunding 5000  | refund 5000 says unknown  | unchanged
",
    );
}

#[test]
fn late_money_goes_back_whole_and_once() {
    check(
        "
cancelled code            | says callback paid | cancelled code       | late payment | refund+0s | channel_receivable +12000, late_payments -12000
failed:expired code       | says query paid    | failed:expired code  | late payment | refund+0s | channel_receivable +12000, late_payments -12000
failed:declined charge    | says query paid    | failed:declined charge | late payment | refund+0s | channel_receivable +12000, late_payments -12000
cancelled code refunding 12000 | says callback paid | unchanged
cancelled code refunding 12000 | refund 12000 says paid | cancelled code | refund succeeded | | late_payments +12000, channel_receivable -12000
cancelled code refunding 12000 | refund 12000 says declined | cancelled code | refund failed | |
",
    );
}

/// Each term a merchant may have changed is named, the first in the order of the refusal.
#[test]
fn a_reference_reused_with_another_term_is_refused() {
    type Change = fn(&mut crate::Terms);
    let changes: [(&str, Change); 8] = [
        ("Account", |terms| terms.account.push('2')),
        ("Method", |terms| terms.method = crate::Method::new("wechat")),
        ("Amount", |terms| terms.amount.minor += 1),
        ("Description", |terms| terms.description.push('!')),
        ("NotifyUrl", |terms| terms.notify_url.clear()),
        ("ReturnUrl", |terms| terms.return_url.push('x')),
        ("PayerIp", |terms| terms.payer_ip.push('1')),
        ("PayerCode", |_| {}),
    ];
    for (term, change) in changes {
        let mut terms = sample::terms(Flow::MerchantPresented);
        change(&mut terms);
        terms.payer_code = Some("another".into());
        let order = sample::order(OrderState::Pending, Presentation::None);
        let refusal =
            decide(Some(order), Command::Create(sample::new_order(terms)), sample::NOW).unwrap_err();
        assert_eq!(refusal.to_string(), format!("the reference belongs to an order with another {term}"));
    }
}

#[test]
#[should_panic(expected = "the table should be")]
fn a_wrong_line_is_noticed() {
    check("pending code | cancel | cancelled code | cancelled | ends notify+0s |");
}
