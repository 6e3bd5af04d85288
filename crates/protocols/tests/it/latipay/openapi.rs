//! The checked-in document is the one the code gives. `UPDATE_DOCS=1 cargo test` writes it.

use std::path::Path;

use tillgate_protocols::latipay::{Route, fields, openapi};

#[test]
fn the_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/latipay.json");
    let current = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "docs/openapi/latipay.json is not current: run with UPDATE_DOCS=1");
}

#[test]
fn every_route_and_field_is_in_it() {
    let document = openapi::document();
    for route in Route::ALL {
        for path in route.paths() {
            let verb = if route.is_post() { "post" } else { "get" };
            let operation = document["paths"][path][verb].to_string();
            assert!(operation.contains("\"x-codes\""), "{path}");
            for spec in fields::of(route) {
                assert!(operation.contains(&format!("\"{}\"", spec.name)), "{path} {}", spec.name);
            }
        }
    }
    assert!(document["paths"]["/pay/{nonce}"]["get"].is_object());
}
