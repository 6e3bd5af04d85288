//! The checked-in document is the one the code gives. `UPDATE_DOCS=1 cargo test` writes it.

use std::path::Path;

use serde_json::Value;
use tillgate_protocols::ottpay::{PATHS, codes, fields, openapi};

use super::*;

#[test]
fn the_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/ottpay.json");
    let current = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "docs/openapi/ottpay.json is not current: run with UPDATE_DOCS=1");
}

fn schema<'d>(document: &'d Value, name: &str) -> &'d Value {
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "{name}");
    schema
}

#[test]
fn every_path_action_field_and_code_is_in_it() {
    let document = openapi::document();
    for path in PATHS {
        let post = &document["paths"][path]["post"];
        let one_of =
            post["requestBody"]["content"]["application/json"]["schema"]["oneOf"].as_array().unwrap();
        assert_eq!(one_of.len(), Action::ALL.len(), "{path}");
    }
    for action in Action::ALL {
        let word = action.word();
        let request = schema(&document, &format!("{word}_request"));
        assert_eq!(request["properties"]["action"]["const"], word);
        assert_eq!(
            request["properties"]["data"]["x-decrypted"]["$ref"],
            format!("#/components/schemas/{word}_data")
        );
        let data = schema(&document, &format!("{word}_data"));
        let required: Vec<&str> =
            data["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        for spec in fields::of(action) {
            assert!(data["properties"][spec.name].is_object(), "{word} {}", spec.name);
            assert_eq!(required.contains(&spec.name), spec.is_required(), "{word} {}", spec.name);
        }
        schema(&document, &format!("{word}_answer"));
    }
    let words: Vec<&str> =
        document["x-codes"].as_array().unwrap().iter().map(|row| row["rsp_code"].as_str().unwrap()).collect();
    assert_eq!(words, codes::CODES.iter().map(|code| code.word).collect::<Vec<_>>());
    assert!(document["webhooks"]["call_back"]["post"].is_object());
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let (document, mut found) = (openapi::document(), Vec::new());
    references(&document, &mut found);
    assert!(found.len() > 30);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

/// What an answer really holds is what its schema says.
#[test]
fn answers_have_the_documented_fields() {
    let p = profile();
    let order = |action| order(action, "sale_num=S1", paid(), code());
    let app = Presentation::App(vec![("appId".to_owned(), "a".to_owned())]);
    let mut chosen = order(Action::PrepayInit);
    chosen.choices = vec![Method::new("alipay")];
    let done = refund(RefundState::Succeeded { at: NOW, cost_back: tillgate_core::Cost::NOTHING });
    let document = openapi::document();
    for (name, answer) in [
        ("PASSIVEPAY_answer_data", room::passive_answer(&p, &order(Action::PassivePay))),
        ("ACTIVEPAY_answer_data", room::active_answer(&p, &order(Action::ActivePay))),
        ("REFUND_answer_data", room::refund_answer(&p, &chosen, &done)),
        ("RefundStatus_answer_data", room::refund_status_answer(&p, &chosen, &done)),
        ("EX_RATE_QUERY_answer_data", room::rate_answer(&p, currency("CAD"), Rate::ONE)),
        ("PREPAY_INIT_answer_data", room::prepay_init_answer(&p, &chosen, "https://a.example/")),
        ("PREPAY_QUERY_answer_data", room::prepay_query_answer(&p, &chosen)),
        ("MAPPPAY_answer_data", room::mapp_answer(&p, &super::order(Action::MappPay, "", paid(), app))),
        ("STATUS_QUERY", room::status_answer(&p, &chosen)),
        ("CallBack_data", String::from_utf8(room::notification(&p, &order(Action::ActivePay)).body).unwrap()),
    ] {
        let answer = client::read_answer(&answer, &key()).unwrap();
        let mut sent: Vec<&str> = answer.fields.iter().map(|(name, _)| name).collect();
        let schema = match name {
            "STATUS_QUERY" => &schema(&document, "STATUS_QUERY_answer_data")["oneOf"][0],
            name => schema(&document, name),
        };
        let mut documented: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        sent.sort_unstable();
        documented.sort_unstable();
        assert_eq!(sent, documented, "{name}");
    }
}
