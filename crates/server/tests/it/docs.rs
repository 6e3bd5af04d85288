//! The pages in `docs/` say what the program does: tables that stand in both are compared.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tillgate_protocols::latipay::Route;
use tillgate_protocols::latipay::codes::CODES;
use tillgate_sim::RULES;

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
fn every_code_and_route_stands_in_latipays_page() {
    let page = page("latipay.md");
    for code in CODES {
        assert!(page.contains(&format!("| {} |", code.code)), "docs/latipay.md lacks code {}", code.code);
    }
    for path in Route::ALL.iter().flat_map(|route| route.paths()) {
        assert!(page.contains(path.trim_end_matches('/')), "docs/latipay.md lacks {path}");
    }
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
