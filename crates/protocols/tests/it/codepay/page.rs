//! The tables of `docs/codepay.md` are those of the code. `UPDATE_DOCS=1` writes them anew.

use std::path::Path;

use serde_json::Value;
use tillgate_protocols::codepay::fields::{self, FieldSpec};
use tillgate_protocols::codepay::sign::Variant;
use tillgate_protocols::codepay::words::{
    CardType, EntryModel, OnlineStatus, PayMethod, PayScenario, QueueMode, ReceiptPrint, TERMINAL_CODES,
    TransStatus,
};
use tillgate_protocols::codepay::{openapi, retry_delay_s};

use super::*;

/// The head of a table in the page, and its rows.
type Table = (&'static str, Vec<String>);

fn names<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let marked: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if marked.is_empty() { "-".to_owned() } else { marked.join(", ") }
}

/// `|` would end a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn envelope() -> Table {
    let row = |spec: &FieldSpec| {
        let needed = if spec.is_required() { "required" } else { "" };
        format!("| `{}` | {needed} | {} |", spec.name, cell(spec.about))
    };
    ("| envelope of a request | | |", fields::ENVELOPE.iter().map(row).collect())
}

fn variants() -> Table {
    let row = |(at, variant): (usize, Variant)| format!("| {} | {} |", at + 1, variant.about());
    ("| variant | values in the text |", Variant::ALL.into_iter().enumerate().map(row).collect())
}

fn schema<'d>(document: &'d Value, method: Method, part: &str) -> &'d Value {
    &document["components"]["schemas"][openapi::name(method, part)]
}

fn methods(document: &Value) -> Table {
    let row = |method: Method| {
        let field = |spec: &FieldSpec| match spec.is_required() {
            true => format!("**`{}`**", spec.name),
            false => format!("`{}`", spec.name),
        };
        let inward: Vec<String> = fields::of(method).iter().map(field).collect();
        let outward = schema(document, method, "data")["properties"].as_object().unwrap();
        let what = schema(document, method, "request")["description"].as_str().unwrap();
        let outward = names(outward.keys().map(String::as_str));
        format!("| `{}` | {} | {} | {outward} |", method.word(), cell(what), inward.join(", "))
    };
    ("| method | what | fields in | `data` out |", Method::ALL.into_iter().map(row).collect())
}

/// The document's name for each of its APIs, and the test of its sample in `documents.rs` or `online.rs`.
fn api(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::PayOrder => ("Create Order", "create_order"),
        Method::PayClose => ("Close Order", "close_order"),
        Method::Checkout => ("CodePay Hosted Checkout", "hosted_checkout"),
        Method::MerchantCheckout => ("Merchant Hosted Checkout", "merchant_checkout"),
        Method::PaymentCapture => ("Capture Payment", "payments_by_path"),
        Method::PaymentIncrement => ("Incremental Authorization", "payments_by_path"),
        Method::PaymentCancel => ("Cancel Payment", "payments_by_path"),
        Method::PaymentRefund => ("Refund Payment", "payments_by_path"),
        Method::PaymentTip => ("Tip Adjustment (minimal)", "payments_by_path"),
        Method::PaymentRecall => ("Recall transaction", "payments_by_path"),
        Method::OpenBatchClose => ("Batch Close (minimal)", "batches_by_path"),
        Method::OpenBatch => ("Get Open Batch", "batches_by_path"),
        Method::TipAdjustment => ("Tip Adjustment", "adjust_the_tip_and_close_the_batch"),
        Method::BatchClose => ("Batch close", "adjust_the_tip_and_close_the_batch"),
        Method::OrderQuery => ("Query Order", "queries"),
        Method::RefundQuery => ("Query Refund", "queries"),
        Method::Revoke => ("Cancel Order", "cancel_order"),
        Method::RefundSubmit => ("Submit Order Refund", "submit_refund"),
    }
}

/// The server's test that sends the sample, and where further stories are.
fn sent(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Checkout => ("hosted_checkout", "; `web/pages.rs`"),
        Method::MerchantCheckout => ("merchant_hosted_checkout", "; `web/`"),
        method if method.has_word() => ("each_is_answered_as_documented", ""),
        _ => ("payments_and_batches_by_path", "; `payments.rs`"),
    }
}

fn apis() -> Table {
    let tests = [include_str!("documents.rs"), include_str!("online.rs")].concat();
    let server = include_str!("../../../../server/tests/it/codepay/samples.rs");
    let row = |method: Method| {
        let ((title, test), (sent, more)) = (api(method), sent(method));
        assert!(tests.contains(&format!("#[test]\nfn {test}()")), "{test} is no test");
        assert!(server.contains(&format!("async fn {sent}()")), "{sent} is no test of the server");
        let route = match method.has_word() {
            true => format!("`{}` {}", room::ENTRY, method.word()),
            false => format!("`{}`", method.word()),
        };
        format!("| {title} | {route} | served | `{test}` | `{sent}`{more} |")
    };
    (
        "| API of the document | route | state | read by | sent and answered by |",
        Method::ALL.into_iter().map(row).collect(),
    )
}

/// A row for each rule, with the methods it holds for.
fn inward() -> Table {
    let mut rules: Vec<(&FieldSpec, Vec<Method>)> = Vec::new();
    for method in Method::ALL.into_iter() {
        for spec in fields::of(method) {
            let same = |(known, _): &&mut (&FieldSpec, Vec<Method>)| {
                (known.name, known.about, known.max) == (spec.name, spec.about, spec.max)
            };
            match rules.iter_mut().find(same) {
                Some((_, methods)) => methods.push(method),
                None => rules.push((spec, vec![method])),
            }
        }
    }
    let all = Method::ALL.len();
    let row = |(spec, methods): (&FieldSpec, Vec<Method>)| {
        let of = match methods.len() == all {
            true => "all".to_owned(),
            false => names(methods.into_iter().map(Method::word)),
        };
        format!("| `{}` | {of} | {} | {} |", spec.name, cell(spec.about), spec.max)
    };
    ("| field | of | what | length |", rules.into_iter().map(row).collect())
}

fn words() -> Table {
    fn of<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> String {
        names(all.iter().map(|known| word(*known)))
    }
    let rows = [
        ("pay_scenario", of(PayScenario::ALL, PayScenario::word)),
        ("pay_method_id", of(PayMethod::ALL, PayMethod::word)),
        ("order_queue_mode", of(QueueMode::ALL, QueueMode::word)),
        ("terminal_online_status", of(OnlineStatus::ALL, OnlineStatus::word)),
        ("trans_type", "1 sale, 2 void, 3 refund, 4 authorization, 6 completion, 11 sale with cashback. 5, 7, 8 and 12, known to clients, are refused by name".to_owned()),
        ("card_type", format!("{}: debit, credit, EBT, gift", numbers(CardType::ALL, CardType::number))),
        ("entry_model", format!("{}: swipe, chip, contactless, manual", numbers(EntryModel::ALL, EntryModel::number))),
        ("receipt_print_mode", format!("{}: none, merchant, customer, both", numbers(ReceiptPrint::ALL, ReceiptPrint::number))),
    ];
    let row = |(name, words): (&str, String)| format!("| `{name}` | {words} |");
    ("| field | its words and numbers |", rows.into_iter().map(row).collect())
}

fn numbers<T: Copy>(all: &[T], number: fn(T) -> u8) -> String {
    let numbers: Vec<String> = all.iter().map(|known| number(*known).to_string()).collect();
    numbers.join(", ")
}

/// Every field of any answer once, in the order of the first that has it.
fn outward(document: &Value) -> Vec<String> {
    let mut rows: Vec<(String, String)> = Vec::new();
    for method in Method::ALL.into_iter() {
        let properties = schema(document, method, "data")["properties"].as_object().unwrap();
        for (name, property) in properties {
            if !rows.iter().any(|(known, _)| known == name) {
                rows.push((name.clone(), property["description"].as_str().unwrap().to_owned()));
            }
        }
    }
    rows.into_iter().map(|(name, about)| format!("| `{name}` | {} |", cell(&about))).collect()
}

fn statuses() -> Table {
    let means = |status: TransStatus| match status {
        TransStatus::Created => "stored; no terminal has taken it",
        TransStatus::Processing => "on a terminal, or its end is not known yet: ask again",
        TransStatus::Closed => {
            "final: declined, failed, closed or out of time. No money moved, or it went back"
        }
        TransStatus::Successful => "paid, or authorized, or given back: what trans_type asked for is done",
        TransStatus::Cancelled => "final: void or cancelled after it had been successful",
        TransStatus::Captured => "final: an authorization that was completed",
    };
    let mut all = TransStatus::ALL.to_vec();
    all.sort_by_key(|status| (*status != TransStatus::Created, status.number()));
    let row = |status: TransStatus| format!("| {} | {} |", status.number(), means(status));
    ("| trans_status | means |", all.into_iter().map(row).collect())
}

fn terminal_codes() -> Table {
    let entries: Vec<String> =
        TERMINAL_CODES.iter().map(|(code, about)| format!("{code:03} | {about}")).collect();
    let rows = entries.chunks(3).map(|row| format!("| {} |", row.join(" | ")));
    ("| code | means | code | means | code | means |", rows.collect())
}

fn codes() -> Table {
    let row = |code: Code| format!("| `{}` | {} | {} |", code.word(), code.message(), cell(code.about()));
    ("| code | `msg` | means |", Code::ALL.map(row).to_vec())
}

/// The fields of the envelope of a callback.
fn callback(document: &Value) -> Vec<String> {
    let own = &document["components"]["schemas"]["CallBack"]["allOf"][0]["properties"];
    let row = |(name, property): (&String, &Value)| {
        format!("| `{name}` | {} |", property["description"].as_str().unwrap())
    };
    own.as_object().unwrap().iter().map(row).collect()
}

/// The page with the rows of a table replaced; `head` stands in it once per `turn`.
fn with_rows(page: &str, head: &str, turn: usize, rows: &[String]) -> String {
    let mut lines: Vec<&str> = page.lines().collect();
    let places: Vec<usize> = (0..lines.len()).filter(|at| lines[*at] == head).collect();
    let start = places.get(turn).unwrap_or_else(|| panic!("the page lacks {head}")) + 2;
    let length = lines[start..].iter().take_while(|line| line.starts_with('|')).count();
    lines.splice(start..start + length, rows.iter().map(String::as_str));
    lines.join("\n") + "\n"
}

#[test]
fn the_tables_are_those_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/codepay.md");
    let stored = std::fs::read_to_string(&path).unwrap();
    let document = openapi::document();
    let mut page = stored.clone();
    for (head, rows) in [
        envelope(),
        variants(),
        methods(&document),
        apis(),
        inward(),
        words(),
        statuses(),
        terminal_codes(),
        codes(),
    ] {
        page = with_rows(&page, head, 0, &rows);
    }
    for (turn, rows) in [outward(&document), callback(&document)].into_iter().enumerate() {
        page = with_rows(&page, "| field | what |", turn, &rows);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).unwrap();
    } else {
        assert!(stored == page, "docs/codepay.md is not current: run with UPDATE_DOCS=1");
    }
}

#[test]
fn the_schedule_is_that_of_the_code() {
    let delays: Vec<i64> = (1..).map_while(retry_delay_s).collect();
    let expected = [5, 10, 15, 30, 60, 180, 600, 900, 1_800, 1_800, 1_800, 10_800, 10_800, 10_800];
    assert_eq!(delays, expected, "docs/codepay.md has a sentence for these");
    let sum: i64 = delays.iter().sum();
    let (hours, minutes) = (sum / 3_600, sum % 3_600 / 60);
    let page = include_str!("../../../../../docs/codepay.md");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = format!(
        "after 5, 10, 15, 30 and 60 s, 3, 10 and 15 min, three times 30 min, three times 3 h; {} sends in all, over {hours} h {minutes} min.",
        delays.len() + 1
    );
    assert!(page.contains(&sentence), "{sentence}");
}

#[test]
fn the_worked_example_is_right() {
    let page = include_str!("../../../../../docs/codepay.md");
    let row = |word: &str| page.lines().find_map(|line| line.strip_prefix(word)).unwrap().trim();
    let fields: std::collections::BTreeMap<String, String> = serde_json::from_str(row("object ")).unwrap();
    let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(sign::text_of(&pairs), row("text "));
}
