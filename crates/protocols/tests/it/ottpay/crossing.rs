//! The action is outside of what is digested: which object passes as another action's, and that none moves money by it.

use super::*;

/// Sends an object sealed elsewhere under another action.
fn passes(sealed: &sign::Sealed, action: Action) -> bool {
    let body = client::enveloped(&client::Envelope::new(action, MERCHANT), sealed);
    understand(&body, &profile()).is_ok()
}

#[test]
fn requests_under_another_action() {
    let mut crossed = Vec::new();
    for from in Action::ALL {
        let sealed = sign::seal(&pairs(&example(from)), &key()).unwrap();
        for to in Action::ALL.into_iter().filter(|to| *to != from && *to != Action::ExRateQuery) {
            if passes(&sealed, to) {
                crossed.push(format!("{} as {}", from.word(), to.word()));
            }
        }
    }
    // Questions, which move nothing; and a mini program's order as one with a code to scan, which nobody has paid.
    assert_eq!(
        crossed,
        [
            "PASSIVEPAY as STATUS_QUERY",
            "ACTIVEPAY as STATUS_QUERY",
            "REFUND as STATUS_QUERY",
            "PREPAY_INIT as PREPAY_QUERY",
            "MAPPPAY as ACTIVEPAY",
            "MAPPPAY as STATUS_QUERY",
        ]
    );
}

/// What we say is sealed with the same key.
#[test]
fn our_answers_as_requests() {
    let p = profile();
    let order = |action| order(action, "sale_num=S1", paid(), code());
    let done = refund(RefundState::Requested);
    let mut crossed = Vec::new();
    for (name, answer) in [
        ("PASSIVEPAY", room::passive_answer(&p, &order(Action::PassivePay))),
        ("ACTIVEPAY", room::active_answer(&p, &order(Action::ActivePay))),
        ("STATUS_QUERY", room::status_answer(&p, &order(Action::ActivePay))),
        ("REFUND", room::refund_answer(&p, &order(Action::ActivePay), &done)),
        ("PREPAY_INIT", room::prepay_init_answer(&p, &order(Action::PrepayInit), "https://a.example/")),
        ("PREPAY_QUERY", room::prepay_query_answer(&p, &order(Action::PrepayInit))),
        ("call-back", String::from_utf8(room::notification(&p, &order(Action::ActivePay)).body).unwrap()),
    ] {
        let map: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&answer).unwrap();
        let text = |name: &str| map[name].as_str().unwrap().to_owned();
        let sealed = sign::Sealed { data: text("data"), md5: text("md5") };
        let moves =
            [Action::PassivePay, Action::ActivePay, Action::Refund, Action::PrepayInit, Action::MappPay];
        for to in moves.into_iter().filter(|to| passes(&sealed, *to)) {
            crossed.push(format!("{name} as {}", to.word()));
        }
    }
    // It names the same order, amount and refund as the request did, so it is the same refund.
    assert_eq!(crossed, ["REFUND as REFUND"]);
}
