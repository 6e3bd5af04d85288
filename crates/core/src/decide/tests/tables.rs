//! `order, command -> what becomes of it`, as text. A wrong line prints the whole table as it is.

use super::sample;
use super::words::check;
use crate::decide::decide;
use crate::{AppPayer, Command, Flow, Method, NewRefund, OrderState, Presentation, Refund, Terms};

#[test]
fn an_order_is_born_and_shown() {
    check(
        "
-                  | create         | pending nothing | created   | expire+890s            |
-                  | create charge  | pending charge  | created   | expire+890s charge+0s  |
-                  | cancel         | refused: the order does not exist
-                  | refund 100     | refused: the order does not exist
-                  | create shown   | pending code    | created, presented | expire+890s ask+10s |
-                  | create charge shown | pending charge | created | expire+890s charge+0s |
pending nothing    | create         | unchanged
pending nothing    | create shown   | unchanged
pending code       | create shown   | unchanged
pending code choice 2 | create      | unchanged
pending nothing choice 0 | create unchosen | unchanged
pending nothing    | create unchosen | refused: the reference belongs to an order with another Method
pending nothing    | create tip     | refused: the reference belongs to an order with another Tip
pending code       | create charge  | refused: the reference belongs to an order with another Flow
closing:expired code | create       | unchanged
closing:expired charge | create     | unchanged
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
pending code   | says callback paid   | paid code            | paid            | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
pending charge | says charge paid     | paid charge          | paid            | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
pending charge | says charge declined | failed:declined charge | failed        | ends notify+0s |
pending charge | says charge pending  | pending charge       | outcome unknown | ends ask+1s expire+890s |
pending charge | says charge unknown  | pending charge       | outcome unknown | ends ask+1s expire+890s |
pending charge | says query unknown   | unchanged
pending code   | says query pending   | unchanged
pending code   | says query declined  | failed:declined code | failed          | ends notify+0s |
closing:cancelled code | says close declined | cancelled code | cancelled       | ends notify+0s |
closing:expired code | says close declined | failed:expired code | failed       | ends notify+0s |
closing:cancelled code | says close paid | paid code         | paid            | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
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
paid code refunding 5000  | refund 5000 after 5000 | refused: the same refund has been requested (1)
paid code                 | refund 5000 after 5000 failed | paid code refunding 5000 | refund requested | refund+0s |
paid code refunding 5000  | refund 5000 says paid     | paid code refunded 5000 | refund succeeded | | merchant_payable +5000, channel_receivable:alipay -5000
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
cancelled code            | says callback paid | cancelled code gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
failed:expired code       | says query paid    | failed:expired code gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
failed:declined charge    | says query paid    | failed:declined charge gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
cancelled code tip 3000   | says query paid    | cancelled code gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +15000, late_payments -15000
cancelled code gave 1     | says callback paid | unchanged
cancelled code gave 1     | late 1 says paid   | cancelled code gave 1 | refund succeeded | | late_payments +12000, channel_receivable:alipay -12000
cancelled code gave 1     | late 1 says declined | cancelled code gave 1 | refund failed | |
cancelled code gave 1     | late 1 says pending | unchanged
",
    );
}

#[test]
fn a_tip_comes_last_and_goes_back_last() {
    check(
        "
-                      | create tip         | pending nothing | created | expire+890s |
pending code tip 3000  | says callback paid | paid code | paid | ends notify+0s | channel_receivable:alipay +15000, merchant_payable -11820, tips_payable -3000, fee_income -180
pending code tip 3000 fee 0 | says callback paid | paid code | paid | ends notify+0s | channel_receivable:alipay +15000, merchant_payable -12000, tips_payable -3000
pending code tip 3000 fee 10000 | says callback paid | paid code | paid | ends notify+0s | channel_receivable:alipay +15000, merchant_payable +3000, tips_payable -3000, fee_income -15000
paid code tip 3000     | refund 15001       | refused: the refund exceeds the order
paid code tip 3000     | refund 12001       | paid code refunding 12001 | refund requested | refund+0s |
paid code tip 3000     | refund 15000       | paid code refunding 15000 | refund requested | refund+0s |
paid code tip 3000 refunded 12000 | refund 3001 | refused: the refund exceeds what is left of the order
paid code tip 3000 refunded 12000 | refund 3000 | paid code refunding 3000 refunded 12000 | refund requested | refund+0s |
paid code tip 3000 refunding 5000  | refund 5000 says paid  | paid code refunded 5000  | refund succeeded | | merchant_payable +5000, channel_receivable:alipay -5000
paid code tip 3000 refunding 12000 | refund 12000 says paid | paid code refunded 12000 | refund succeeded | | merchant_payable +12000, channel_receivable:alipay -12000
paid code tip 3000 refunding 12001 | refund 12001 says paid | paid code refunded 12001 | refund succeeded | | merchant_payable +12000, tips_payable +1, channel_receivable:alipay -12001
paid code tip 3000 refunding 15000 | refund 15000 says paid | paid code refunded 15000 | refund succeeded | | merchant_payable +12000, tips_payable +3000, channel_receivable:alipay -15000
paid code tip 3000 refunding 2000 refunded 11000 | refund 2000 says paid | paid code refunded 13000 | refund succeeded | | merchant_payable +1000, tips_payable +1000, channel_receivable:alipay -2000
paid code tip 3000 refunding 2000 refunded 13000 | refund 2000 says paid | paid code refunded 15000 | refund succeeded | | tips_payable +2000, channel_receivable:alipay -2000
paid code tip 3000 refunding 2000 refunded 11000 | refund 2000 says declined | paid code refunded 11000 | refund failed | |
",
    );
}

#[test]
fn the_payer_chooses() {
    check(
        "
-                         | create unchosen | pending nothing choice 0 | created | expire+890s |
-                         | create unchosen shown | pending nothing choice 0 | created | expire+890s |
pending nothing choice 0  | present code    | unchanged
pending nothing choice 0  | says callback paid | unchanged
pending nothing choice 0  | choose wechat   | pending nothing | chosen wechat | ends expire+890s |
pending nothing choice 0  | cancel          | cancelled nothing choice 0 | cancelled | ends notify+0s |
pending nothing choice 0  | expire          | failed:expired nothing choice 0 | failed | ends notify+0s |
pending nothing           | choose wechat   | pending nothing choice 2 | chosen wechat | ends expire+890s |
pending code              | choose wechat   | pending nothing choice 2 | chosen wechat | ends expire+890s |
pending app               | choose wechat   | pending nothing choice 2 | chosen wechat | ends expire+890s |
pending code              | choose wechat unclosed | unchanged
pending app               | choose wechat unclosed | unchanged
pending nothing           | choose wechat unclosed | pending nothing choice 2 | chosen wechat | ends expire+890s |
pending nothing choice 0  | choose wechat unclosed | pending nothing | chosen wechat | ends expire+890s |
pending code choice 2     | choose alipay   | pending nothing choice 3 | chosen alipay | ends expire+890s |
pending code              | choose alipay   | unchanged
pending charge            | choose wechat   | unchanged
pending code              | choose wechat instead of 0 | unchanged
pending code              | choose wechat instead of 2 | unchanged
pending code choice 2     | choose alipay instead of 1 | unchanged
pending code choice 29    | choose wechat   | pending nothing choice 30 | chosen wechat | ends expire+890s |
pending code choice 30    | choose alipay   | refused: the payer has chosen too often
pending code choice 30    | choose wechat   | unchanged
pending code choice 30    | choose alipay instead of 29 | unchanged
closing:cancelled code    | choose wechat   | unchanged
closing:expired code choice 30 | choose alipay | unchanged
paid code                 | choose wechat   | unchanged
failed:expired code       | choose wechat   | unchanged
cancelled nothing choice 0 | choose wechat  | unchanged
-                         | choose wechat   | refused: the order does not exist
",
    );
}

#[test]
fn only_the_choice_that_counts_is_shown_and_heard() {
    check(
        "
pending nothing choice 2  | present code      | pending code choice 2 | presented | ask+10s |
pending nothing choice 2  | present code by 1 | unchanged
pending nothing choice 2  | present code by 3 | unchanged
pending nothing choice 2  | present code by 0 | unchanged
pending code choice 2     | present app by 1  | unchanged
pending code choice 2     | says query declined by 1 | unchanged
pending code choice 2     | says charge unknown by 1 | unchanged
pending code choice 2     | says query pending by 1  | unchanged
closing:expired code choice 2 | says close declined by 1 | unchanged
closing:expired code choice 2 | says close declined | failed:expired code choice 2 | failed | ends notify+0s |
pending code choice 2     | says query declined | failed:declined code choice 2 | failed | ends notify+0s |
pending code choice 2     | says query paid     | paid code choice 2 | paid | ends notify+0s | channel_receivable:wechat +12000, merchant_payable -11856, fee_income -144
pending code choice 2 gave 1 | says query paid  | paid code choice 2 gave 1 | paid | ends notify+0s | channel_receivable:wechat +12000, merchant_payable -11856, fee_income -144
paid code choice 2 refunding 5000 | refund 5000 says paid | paid code choice 2 refunded 5000 | refund succeeded | | merchant_payable +5000, channel_receivable:wechat -5000
",
    );
}

#[test]
fn money_by_a_choice_given_up_goes_back() {
    check(
        "
pending nothing choice 2  | says callback paid by 1 | pending nothing choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
pending code choice 2     | says callback paid by 1 | pending code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
pending code choice 2 tip 3000 | says query paid by 1 | pending code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +15000, late_payments -15000
closing:cancelled code choice 2 | says close paid by 1 | closing:cancelled code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
closing:expired code choice 2 after goes-back | says query paid by 1 | closing:expired code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
paid code choice 2        | says callback paid by 1 | paid code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
failed:expired code choice 2 | says callback paid by 1 | failed:expired code choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
cancelled nothing choice 2 | says callback paid by 1 | cancelled nothing choice 2 gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
pending code choice 3 gave 1 | says callback paid by 2 | pending code choice 3 gave 12 | late payment by 2 | refund+0s | channel_receivable:wechat +12000, late_payments -12000
cancelled code choice 2 gave 1 | says callback paid | cancelled code choice 2 gave 12 | late payment by 2 | refund+0s | channel_receivable:wechat +12000, late_payments -12000
pending code choice 2 gave 1 | says callback paid by 1 | unchanged
closing:expired code choice 2 gave 1 | says query paid by 1 | unchanged
paid code choice 2 gave 1 | says callback paid by 1 | unchanged
paid code choice 2 gave 1 | says callback paid | unchanged
failed:expired code choice 2 gave 12 | says callback paid | unchanged
pending code choice 2     | says callback paid by 0 | unchanged
pending code choice 2     | says callback paid by 3 | unchanged
pending code choice 2     | says callback paid by 4000000000 | unchanged
pending code choice 2 gave 1 | late 1 says paid | pending code choice 2 gave 1 | refund succeeded | | late_payments +12000, channel_receivable:alipay -12000
pending code choice 2 gave 1 | late 1 says declined | pending code choice 2 gave 1 | refund failed | |
closing:expired code choice 2 gave 1 | late 1 says paid | closing:expired code choice 2 gave 1 | refund succeeded | | late_payments +12000, channel_receivable:alipay -12000
paid code choice 2 gave 1 tip 3000 | late 1 says paid | paid code choice 2 gave 1 | refund succeeded | | late_payments +15000, channel_receivable:alipay -15000
paid code choice 2 gave 1 | refund 12000 | paid code choice 2 gave 1 refunding 12000 | refund requested | refund+0s |
paid code choice 2 gave 1 | refund 12000 after 12000 late | paid code choice 2 gave 1 refunding 12000 | refund requested | refund+0s |
",
    );
}

#[test]
fn after_its_time_money_counts_or_goes_back() {
    check(
        "
closing:expired code                   | says query paid | paid code | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
closing:expired code after goes-back   | says query paid | failed:expired code gave 1 | failed, late payment by 1 | ends notify+0s refund+0s | channel_receivable:alipay +12000, late_payments -12000
closing:expired code after goes-back   | says close paid | failed:expired code gave 1 | failed, late payment by 1 | ends notify+0s refund+0s | channel_receivable:alipay +12000, late_payments -12000
closing:expired code after goes-back tip 3000 tells payment | says close paid | failed:expired code gave 1 | failed, late payment by 1 | ends refund+0s | channel_receivable:alipay +15000, late_payments -15000
closing:expired code choice 2 after goes-back gave 1 | says callback paid | failed:expired code choice 2 gave 12 | failed, late payment by 2 | ends notify+0s refund+0s | channel_receivable:wechat +12000, late_payments -12000
closing:expired charge after goes-back | says charge paid | failed:expired charge gave 1 | failed, late payment by 1 | ends notify+0s ask+60s refund+0s | channel_receivable:alipay +12000, late_payments -12000
closing:expired code after goes-back   | says close declined | failed:expired code | failed | ends notify+0s |
closing:cancelled code after goes-back | says close paid | paid code | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
pending code after goes-back           | says query paid | paid code | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
failed:expired code after goes-back    | says query paid | failed:expired code gave 1 | late payment by 1 | refund+0s | channel_receivable:alipay +12000, late_payments -12000
failed:expired code after goes-back gave 1 | says query paid | unchanged
",
    );
}

#[test]
fn some_merchants_hear_only_of_payments() {
    check(
        "
pending code tells payment           | says query paid     | paid code | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
closing:expired code tells payment   | says close paid     | paid code | paid | ends notify+0s | channel_receivable:alipay +12000, merchant_payable -11856, fee_income -144
pending code tells payment           | says query declined | failed:declined code | failed | ends |
pending nothing tells payment        | expire              | failed:expired nothing | failed | ends |
pending nothing tells payment        | cancel              | cancelled nothing | cancelled | ends |
closing:cancelled code tells payment | says close declined | cancelled code | cancelled | ends |
closing:expired charge tells payment | says close declined | failed:expired charge | failed | ends ask+60s |
",
    );
}

#[test]
fn a_refund_is_known_by_its_reference() {
    check(
        "
paid code                | refund 5000 no r1 | paid code refunding 5000 | refund requested | refund+0s |
paid code refunding 5000 | refund 5000 no r1 after 5000 no r1 | refused: the same refund has been requested (1)
paid code refunding 5000 | refund 5000 no r1 noted again after 5000 no r1 | refused: the same refund has been requested (1)
paid code refunded 5000  | refund 5000 no r1 after 5000 no r1 succeeded | refused: the same refund has been requested (1)
paid code                | refund 5000 no r1 after 5000 no r1 failed | refused: the same refund has been requested (1)
paid code refunding 5000 | refund 4000 no r1 after 5000 no r1 | refused: the reference belongs to an order with another Amount
paid code                | refund 4000 no r1 after 5000 no r1 failed | refused: the reference belongs to an order with another Amount
paid code refunding 12000 | refund 12001 no r1 after 12000 no r1 | refused: the reference belongs to an order with another Amount
paid code refunding 12000 | refund 12000 no r1 after 12000 no r1 | refused: the same refund has been requested (1)
paid code refunding 5000 | refund 5000 no r2 after 5000 no r1 | paid code refunding 10000 | refund requested | refund+0s |
paid code refunding 5000 | refund 5000 no r1 after 5000 | paid code refunding 10000 | refund requested | refund+0s |
paid code refunding 5000 | refund 5000 after 5000 no r1 | refused: the same refund has been requested (1)
paid code refunding 5000 | refund 5000 after 5000 | refused: the same refund has been requested (1)
paid code refunded 5000  | refund 5000 after 5000 succeeded | refused: the same refund has been requested (1)
paid code                | refund 5000 after 5000 failed | paid code refunding 5000 | refund requested | refund+0s |
paid code refunding 5000 | refund 5000 noted again after 5000 | paid code refunding 10000 | refund requested | refund+0s |
paid code refunding 5000 | refund 4000 after 5000 | paid code refunding 9000 | refund requested | refund+0s |
pending code             | refund 5000 no r1 | refused: the order was never paid
",
    );
}

/// Each term a merchant may have changed is named, the first in the order of the refusal.
#[test]
fn a_reference_reused_with_another_term_is_refused() {
    type Change = fn(&mut Terms);
    let changes: [(&str, Change); 15] = [
        ("Account", |terms| terms.account.push('2')),
        ("Method", |terms| terms.method = Some(Method::new("wechat"))),
        ("Flow", |terms| terms.flow = Flow::HostedPage),
        ("Amount", |terms| terms.amount.minor += 1),
        ("Tip", |terms| terms.tip_minor += 1),
        ("Description", |terms| terms.description.push('!')),
        ("NotifyUrl", |terms| terms.notify_url.clear()),
        ("ReturnUrl", |terms| terms.return_url.push('x')),
        ("PayerIp", |terms| terms.payer_ip.push('1')),
        ("PayerCode", |terms| terms.payer_code = Some("another".into())),
        ("PayerCode", |terms| {
            terms.app_payer = Some(AppPayer { app_id: "wx1".into(), payer_id: "o1".into() });
        }),
        ("Operator", |terms| terms.operator.push('2')),
        ("Terminal", |terms| terms.terminal.push('2')),
        ("Particulars", |terms| {
            terms.particulars.insert("table".into(), "4".into());
        }),
        ("Lifetime", |terms| terms.expires_at = terms.expires_at.plus_s(1)),
    ];
    let mut order = sample::order(OrderState::Pending, Presentation::None);
    order.terms.method = None;
    let refusal = |terms| {
        let create = Command::Create(sample::new_order(terms));
        decide(Some(order.clone()), create, sample::NOW).unwrap_err().to_string()
    };
    for (first, (term, change)) in changes.iter().enumerate() {
        let expected = format!("the reference belongs to an order with another {term}");
        let mut terms = order.terms.clone();
        change(&mut terms);
        assert_eq!(refusal(terms), expected, "alone");
        let mut terms = order.terms.clone();
        changes[first..].iter().for_each(|(_, change)| change(&mut terms));
        assert_eq!(refusal(terms), expected, "with all that come after it");
    }
}

/// What the merchant does not say himself may differ: when he asked, our rate and fee, what his room is like.
#[test]
fn a_repeated_create_may_differ_in_what_is_ours() {
    type Change = fn(&mut Terms);
    let changes: [Change; 5] = [
        |terms| (terms.created_at, terms.expires_at) = (sample::NOW, sample::EXPIRES_AT.plus_s(10)),
        |terms| terms.payer_rate = crate::Rate::ONE,
        |terms| terms.fees.usual.rate_bp += 1,
        |terms| terms.tells = crate::Tells::Payment,
        |terms| terms.after_time = crate::AfterTime::GoesBack,
    ];
    let mut unchosen = sample::order(OrderState::Pending, Presentation::None);
    (unchosen.terms.method, unchosen.choices) = (None, Vec::new());
    for order in [unchosen, sample::order(OrderState::Pending, Presentation::None)] {
        for change in changes {
            let mut terms = order.terms.clone();
            change(&mut terms);
            let decision =
                decide(Some(order.clone()), Command::Create(sample::new_order(terms)), sample::NOW).unwrap();
            assert!(decision.is_nothing() && decision.order == order, "{decision:?}");
        }
    }
}

/// Where the room fixes the lifetime with the method, only the first order's counts.
#[test]
fn a_lifetime_is_compared_only_where_the_payer_chooses() {
    let order = sample::order(OrderState::Pending, Presentation::None);
    let mut terms = order.terms.clone();
    terms.expires_at = terms.expires_at.plus_s(1);
    let decided = decide(Some(order.clone()), Command::Create(sample::new_order(terms)), sample::NOW);
    assert_eq!(decided.unwrap().order, order);
}

/// All of the late money's refund, not only what the table shows of it.
#[test]
fn late_money_goes_back_by_the_choice_it_came_by() {
    let order = super::words::order("paid code choice 2 tip 3000 refunding 5000");
    let decision = decide(Some(order.clone()), sample::says_by(1, "callback", "paid"), sample::NOW).unwrap();
    let expected = Refund {
        note: "payment that came too late".into(),
        requested_at: sample::NOW,
        ..sample::late_refund_of(&order, 2, 1)
    };
    assert_eq!((decision.refund, decision.order.refunds), (Some(expected), 2));
    assert_eq!(decision.order.funds, order.funds);
}

/// The merchant's number, his remark and the choice that was paid stay with the refund.
#[test]
fn a_refund_keeps_what_the_merchant_calls_it() {
    let order = super::words::order("paid code choice 2");
    let new = NewRefund {
        means: Default::default(),
        amount_minor: 5_000,
        reference: Some("r1".into()),
        note: "cold coffee".into(),
        earlier: Vec::new(),
    };
    let decision = decide(Some(order.clone()), Command::Refund(new), sample::NOW).unwrap();
    let expected = Refund {
        reference: Some("r1".into()),
        requested_at: sample::NOW,
        ..sample::refund_of(&order, 1, 5_000)
    };
    assert_eq!((decision.refund, expected.choice), (Some(expected), 2));
}

#[test]
#[should_panic(expected = "the table should be")]
fn a_wrong_line_is_noticed() {
    check("pending code | cancel | cancelled code | cancelled | ends notify+0s |");
}
