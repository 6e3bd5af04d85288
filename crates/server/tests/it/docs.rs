//! The pages in `docs/` say what the program does: tables that stand in both are compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tillgate_protocols::latipay::Route;
use tillgate_protocols::latipay::codes::CODES;
use tillgate_protocols::ottpay::{self, Action};
use tillgate_sim::{
    CARD_RULES, CHALLENGE_MS, RULES, STATEMENT_COLUMNS, TEST_CARDS, TEST_CODE, TEST_PIN, WRONG_CVV, WRONG_ZIP,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

#[test]
fn every_amount_rule_stands_in_the_sandboxs_page() {
    let page = page("sandbox.md");
    for rule in RULES {
        let row =
            format!("| {:02} | `{}` | {} | {} |", rule.ending, rule.name, rule.title_en, rule.description_en);
        assert!(page.contains(&row), "docs/sandbox.md lacks: {row}");
    }
}

#[test]
fn every_test_card_and_card_rule_stands_in_the_sandboxs_page() {
    let page = page("sandbox.md");
    let cards = section(&page, "### Test cards");
    for card in TEST_CARDS {
        let row = format!("| `{}` | {} | {} |", card.pan, card.title_en, card.about_en);
        assert!(cards.contains(&row), "docs/sandbox.md lacks: {row}");
    }
    assert_eq!(first_words(cards), TEST_CARDS.iter().map(|card| card.pan).collect());
    assert!(cards.contains(&format!("The PIN is {TEST_PIN}.")));
    let words = cards.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        format!("shows the code, {TEST_CODE};"),
        format!("after {} minutes", CHALLENGE_MS / 60_000),
        format!("The security code {WRONG_CVV} (or 9{WRONG_CVV})"),
        format!("the postal code {WRONG_ZIP}"),
    ] {
        assert!(words.contains(&text), "docs/sandbox.md lacks: {text}");
    }
    let amounts = section(&page, "### Amounts on cards");
    for rule in CARD_RULES {
        let row =
            format!("| {:02} | `{}` | {} | {} |", rule.ending, rule.name, rule.title_en, rule.description_en);
        assert!(amounts.contains(&row), "docs/sandbox.md lacks: {row}");
    }
    let rows = amounts.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ending"));
    assert_eq!(rows.count(), CARD_RULES.len());
}

#[test]
fn a_statements_columns_stand_in_its_page() {
    let page = page("reconciliation.md");
    let format = section(&page, "## The file's format");
    assert!(format.contains(&format!("\n{STATEMENT_COLUMNS}\n")));
    let columns: BTreeSet<&str> = STATEMENT_COLUMNS.split(',').collect();
    assert_eq!(first_words(format), columns);
}

/// Pages and API, as they stand in the router's source.
#[test]
fn every_route_of_the_sandbox_stands_in_its_page() {
    let (page, source) =
        (page("sandbox.md"), fs::read_to_string(root().join("crates/server/src/sandbox/routes.rs")).unwrap());
    let routes: Vec<&str> =
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.len() > 25, "{routes:?}");
    let parts_of_pages = ["/status", "/qr", "/code"];
    for route in routes.iter().filter(|route| parts_of_pages.iter().all(|end| !route.ends_with(end))) {
        let shown = route
            .replace("/sandbox/wallet/{wallet}/pay/", "/sandbox/wallet/…/pay/")
            .replace("/sandbox/wallet/{wallet}", "/sandbox/wallet/{alipay,wechat,unionpay}")
            .replace("/{action}", "/pay`");
        assert!(page.contains(&shown), "docs/sandbox.md lacks {route}");
    }
}

#[test]
fn every_code_and_route_stands_in_latipays_page() {
    let page = page("latipay.md");
    for code in CODES {
        assert!(page.contains(&format!("| {} |", code.code)), "docs/latipay.md lacks code {}", code.code);
    }
    for path in Route::ALL.iter().flat_map(|route| route.paths()) {
        assert!(page.contains(path.trim_end_matches('/')), "docs/latipay.md lacks {path}");
    }
}

/// What stands under a heading.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let after = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    after.1.split("\n#").next().unwrap_or_default()
}

/// The words in code marks that begin a table's rows.
fn first_words(table: &str) -> BTreeSet<&str> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn every_rsp_code_and_path_stands_in_ottpays_page() {
    let page = page("ottpay.md");
    let table = section(&page, "## rsp_code");
    for code in ottpay::codes::CODES {
        let row = format!("| `{}` | {} |", code.word, code.about);
        assert!(table.contains(&row), "docs/ottpay.md lacks: {row}");
    }
    assert_eq!(first_words(table), ottpay::codes::CODES.iter().map(|code| code.word).collect());
    for path in ottpay::PATHS {
        assert!(page.contains(&format!("`{path}`")), "docs/ottpay.md lacks {path}");
    }
}

/// A row for each action, with every field that goes in, bold if it is required, and every field that comes out.
#[test]
fn every_action_and_field_stands_in_ottpays_page() {
    let page = page("ottpay.md");
    let table = section(&page, "## Actions");
    assert_eq!(first_words(table), Action::ALL.iter().map(|action| action.word()).collect());
    let document = ottpay::openapi::document();
    let inward = section(&page, "### In");
    for action in Action::ALL {
        let word = action.word();
        let row = table.lines().find(|line| line.starts_with(&format!("| `{word}` |"))).unwrap();
        let [_, _, _, sent, answered, _] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
        for spec in ottpay::fields::of(action) {
            assert!(sent.contains(&format!("`{}`", spec.name)), "docs/ottpay.md: {word} lacks {}", spec.name);
            let is_bold = sent.contains(&format!("**`{}`**", spec.name));
            assert_eq!(is_bold, spec.is_required(), "docs/ottpay.md: {word} {}", spec.name);
            assert!(inward.contains(&format!("`{}`", spec.name)), "docs/ottpay.md explains no {}", spec.name);
        }
        let schema = &document["components"]["schemas"][format!("{word}_answer_data")];
        let properties = schema["properties"].as_object().or(schema["oneOf"][0]["properties"].as_object());
        for name in properties.unwrap().keys() {
            assert!(answered.contains(&format!("`{name}`")), "docs/ottpay.md: {word} does not answer {name}");
        }
    }
}

/// The words the room's two functions give, and no others.
#[test]
fn every_order_status_stands_in_ottpays_page() {
    let source = fs::read_to_string(root().join("crates/protocols/src/ottpay/encode.rs")).unwrap();
    let mut words = BTreeSet::new();
    for name in ["pub fn order_status(", "fn refunded_status("] {
        let (_, rest) = source.split_once(name).unwrap_or_else(|| panic!("{name} is gone"));
        let body = rest.split("\n}\n").next().unwrap_or_default();
        words.extend(body.split('"').skip(1).step_by(2));
    }
    assert!(words.len() > 5, "{words:?}");
    assert_eq!(first_words(section(&page("ottpay.md"), "## order_status")), words);
}

/// Names in the source, `"tillgate_…"`.
fn metrics_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            metrics_in(&path, found);
            continue;
        }
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let names = text.split("\"tillgate_").skip(1).filter_map(|rest| rest.split('"').next());
        found.extend(names.filter(|name| !name.contains(['{', ' '])).map(|name| format!("tillgate_{name}")));
    }
}

#[test]
fn every_metric_stands_in_the_metrics_page_and_none_that_is_not_there() {
    let mut found = BTreeSet::new();
    metrics_in(&root().join("crates/server/src"), &mut found);
    assert!(found.len() > 5, "{found:?}");
    let page = page("metrics.md");
    for name in &found {
        assert!(page.contains(name.as_str()), "docs/metrics.md lacks {name}");
    }
    for word in page
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("tillgate_"))
    {
        let base = ["_bucket", "_sum", "_count"].iter().fold(word, |word, end| word.trim_end_matches(end));
        assert!(found.contains(base), "docs/metrics.md names {word}, which does not exist");
    }
}

/// The words stand in `Event::name`.
#[test]
fn every_event_stands_in_the_metrics_page() {
    let source = fs::read_to_string(root().join("crates/core/src/event.rs")).unwrap();
    let (_, rest) = source.split_once("fn name(").unwrap();
    let body = rest.split("\n    }\n").next().unwrap_or_default();
    let words: Vec<&str> = body.split('"').skip(1).step_by(2).collect();
    assert!(words.len() > 10, "{words:?}");
    for word in words {
        assert!(page("metrics.md").contains(&format!("`{word}`")), "docs/metrics.md lacks {word}");
    }
}
