//! The document has every method, field and code, and says what answers really hold. The checked-in one is the one the
//! code gives: `UPDATE_DOCS=1 cargo test` writes it.

use std::path::Path;

use serde_json::Value;
use tillgate_protocols::codepay::{
    BatchView, BatchesView, CheckoutView, PaymentView, Sent, Submitted, fields, openapi,
};

use super::*;

#[test]
fn the_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi/codepay.json");
    let current = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "docs/openapi/codepay.json is not current: run with UPDATE_DOCS=1");
}

fn schema<'d>(document: &'d Value, name: &str) -> &'d Value {
    let schema = &document["components"]["schemas"][name];
    assert!(schema.is_object(), "{name}");
    schema
}

#[test]
fn every_method_field_and_code_is_in_it() {
    let document = openapi::document();
    let post = &document["paths"][room::ENTRY]["post"];
    for kind in ["application/json", "application/x-www-form-urlencoded"] {
        let one_of = post["requestBody"]["content"][kind]["schema"]["oneOf"].as_array().unwrap();
        assert_eq!(one_of.len(), NAMED.len());
    }
    for method in Method::ALL {
        let request = schema(&document, &openapi::name(method, "request"));
        let named = &request["properties"]["method"]["const"];
        assert_eq!(named.as_str(), Some(method.word()).filter(|_| method.has_word()));
        let path = if method.has_word() { room::ENTRY } else { method.word() };
        assert!(document["paths"][path]["post"].is_object(), "{path}");
        let required: Vec<&str> =
            request["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        for spec in fields::ENVELOPE.iter().chain(fields::of(method)) {
            let is_there = request["properties"][spec.name].is_object();
            assert_eq!(is_there, spec.name != "method" || method.has_word(), "{method:?} {}", spec.name);
            let is_required = fields::is_required(method, spec);
            assert_eq!(required.contains(&spec.name), is_required, "{method:?} {}", spec.name);
        }
    }
    let words: Vec<&str> =
        document["x-codes"].as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap()).collect();
    assert_eq!(words, Code::ALL.map(Code::word));
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
    assert!(found.len() > 20);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}

/// What an answer really holds is what its schema says.
#[test]
fn answers_have_the_documented_fields() {
    let document = openapi::document();
    let sent = Sent { trans_no: "5021".to_owned(), terminal: ONLINE };
    let submitted =
        Submitted { trans_no: "5021".to_owned(), amount: money(1, "USD"), fee_minor: 0, vat_minor: 0 };
    let batch = BatchView { count: Some(1), total: Some(money(1, "USD")) };
    let batches = BatchesView { count: 1, total: Some(money(1, "USD")) };
    let checkout = CheckoutView { pay_url: "https://pay.example/checkout/1".to_owned() };
    let payment = super::answers::payment_view();
    let increment = PaymentView { trans_no: None, ..payment.clone() };
    let tip = PaymentView { resp: None, auth_no: None, ..increment.clone() };
    let merchant_checkout = super::answers::merchant_checkout_view();
    for (method, body) in [
        (Method::PayOrder, answer(|reply| reply.sent(&sent))),
        (Method::OrderQuery, answer(|reply| reply.order(&order_view()))),
        (Method::RefundQuery, answer(|reply| reply.refund(&refund_view()))),
        (Method::RefundSubmit, answer(|reply| reply.submitted(&submitted))),
        (Method::BatchClose, answer(|reply| reply.batch(&batch))),
        (Method::TipAdjustment, answer(|reply| reply.done())),
        (Method::Checkout, answer(|reply| reply.checkout(&checkout))),
        (Method::MerchantCheckout, answer(|reply| reply.merchant_checkout(&merchant_checkout))),
        (Method::PaymentCapture, answer(|reply| reply.payment(&payment))),
        (Method::PaymentIncrement, answer(|reply| reply.payment(&increment))),
        (Method::PaymentCancel, answer(|reply| reply.payment(&payment))),
        (Method::PaymentRefund, answer(|reply| reply.payment(&payment))),
        (Method::PaymentRecall, answer(|reply| reply.payment(&payment))),
        (Method::PaymentTip, answer(|reply| reply.payment(&tip))),
        (Method::OpenBatchClose, answer(|reply| reply.batches(&batches))),
        (Method::OpenBatch, answer(|reply| reply.batches(&batches))),
    ] {
        let answer = client::read_answer(body.as_bytes(), GATEWAY_KEY.public()).unwrap();
        let mut sent: Vec<&str> = answer.data.iter().map(|(name, _)| name).collect();
        let schema = schema(&document, &openapi::name(method, "data"));
        let mut documented: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        sent.sort_unstable();
        documented.sort_unstable();
        assert_eq!(sent, documented, "{method:?}");
    }
}
