//! The AsyncAPI document and the page say what the code does. The document is written so that it can be read by its
//! indentation: a schema's name at four blanks, a field's at eight, an example on one line.

use std::collections::BTreeSet;

use tillgate_protocols::ecrhub::fields::{self, FieldSpec, Kind};

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/terminal-protocol.asyncapi.yaml");
const PAGE: &str = include_str!("../../../../../docs/terminal-protocol.md");

/// The lines below a key, up to the next one as far to the left.
fn block<'d>(text: &'d str, key: &str) -> Vec<&'d str> {
    let indent = key.len() - key.trim_start().len();
    let mut lines = text.lines().skip_while(|line| *line != key);
    assert!(lines.next().is_some(), "no {key}");
    lines.take_while(|line| line.len() - line.trim_start().len() > indent).collect()
}

fn schema(name: &str) -> Vec<&'static str> {
    let start = DOCUMENT.find("\n  schemas:\n").unwrap();
    block(&DOCUMENT[start..], &format!("    {name}:"))
}

fn properties(schema: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    let lines = schema.iter().filter_map(|line| line.strip_prefix("        "));
    lines.map(|line| line.split_once(": ").unwrap()).collect()
}

fn required(schema: &[&'static str]) -> BTreeSet<&'static str> {
    let line = schema.iter().find_map(|line| line.strip_prefix("      required: ["));
    line.map(|line| line.trim_end_matches(']').split(", ").collect()).unwrap_or_default()
}

fn same_fields(name: &str, table: &[FieldSpec]) {
    let schema = schema(name);
    let properties = properties(&schema);
    let documented: Vec<&str> = properties.iter().map(|(field, _)| *field).collect();
    assert_eq!(documented, table.iter().map(|spec| spec.name).collect::<Vec<_>>(), "{name}");
    let needed = table.iter().filter(|spec| spec.is_required);
    assert_eq!(required(&schema), needed.map(|spec| spec.name).collect(), "{name}");
    for (spec, (_, rule)) in table.iter().zip(properties) {
        let word = match spec.kind {
            Kind::Switch => "type: boolean",
            Kind::Object => "type: object",
            // As text, three digits.
            Kind::Integer if spec.name == "response_code" => "type: string",
            Kind::Integer => "type: integer",
            _ if spec.name == "timestamp" => "type: [string, integer]",
            _ => "type: string",
        };
        assert!(rule.contains(word), "{name} {}: {rule}", spec.name);
        let has_length = word.contains("string");
        let length = format!("maxLength: {},", spec.max);
        assert!(!has_length || rule.contains(&length), "{name} {}: {rule}", spec.name);
    }
}

#[test]
fn every_topic_and_field_is_in_the_document() {
    same_fields("request", fields::REQUEST);
    same_fields("answer", fields::ANSWER);
    for topic in Topic::ALL {
        let word = topic.word();
        same_fields(&format!("{word}.request"), fields::request(topic));
        same_fields(&format!("{word}.answer"), fields::answer(topic));
        let operation = block(DOCUMENT, &format!("  {word}:"));
        let action = if topic.is_asked_by_terminal() { "receive" } else { "send" };
        assert!(operation.contains(&format!("    action: {action}").as_str()), "{word}");
        for part in ["request", "answer"] {
            let message = block(DOCUMENT, &format!("    {word}.{part}:")).join("\n");
            assert!(message.contains(&format!("topic: {{ const: {word} }}")), "{word}.{part}");
        }
    }
    for (name, table) in
        [("pair", fields::PAIR), ("paired", fields::PAIRED), ("pair_refused", fields::PAIR_REFUSED)]
    {
        same_fields(name, table);
    }
}

#[test]
fn every_code_is_in_the_document_and_no_other() {
    let words: Vec<String> = Code::ALL.iter().map(|code| format!("\"{}\"", code.word())).collect();
    assert!(schema("answer").join("\n").contains(&format!("enum: [{}]", words.join(", "))));
    let rows: Vec<String> = Code::ALL
        .iter()
        .map(|code| {
            let text = answers("ecrhub.pay.order", &code.word(), json!({}));
            let money = match answer_of(&text).meaning() {
                Meaning::Done => "moved",
                Meaning::InProgress => "not yet",
                Meaning::NotDone { .. } => "not moved",
                Meaning::DoesNotKnow => "unknown",
            };
            let (word, message) = (code.word(), code.message());
            format!("  - {{ response_code: \"{word}\", response_msg: {message}, money: {money} }}")
        })
        .collect();
    assert_eq!(block(DOCUMENT, "x-response-codes:"), rows);
    let rows: Vec<String> = CloseCode::ALL
        .iter()
        .map(|code| format!("  - {{ code: {}, reason: {} }}", code.number(), code.reason()))
        .collect();
    assert_eq!(block(DOCUMENT, "x-close-codes:"), rows);
    let limits = format!(
        "x-limits: {{ frame_bytes: {FRAME_BYTES}, init_within_s: {INIT_WITHIN_S}, heartbeat_s: {HEARTBEAT_S}, silence_s: {SILENCE_S} }}"
    );
    assert!(DOCUMENT.lines().any(|line| line == limits), "{limits}");
}

/// What terminals send in the examples is read without a fault; what the gateway sends has its fields.
#[test]
fn the_examples_are_messages() {
    let mut seen = BTreeSet::new();
    for text in DOCUMENT.lines().filter_map(|line| line.trim_start().strip_prefix("payload: {")) {
        let text = ["{", text].concat();
        let example: Value = serde_json::from_str(&text).unwrap();
        let Some(word) = example["topic"].as_str() else { continue };
        let topic = Topic::from_word(word).unwrap();
        let is_answer = example.get("response_code").is_some();
        seen.insert((topic, is_answer));
        if is_answer == topic.is_asked_by_terminal() {
            let table = if is_answer { fields::answer(topic) } else { fields::request(topic) };
            let biz = example["biz_data"].as_object().unwrap();
            for name in biz.keys() {
                assert!(table.iter().any(|spec| spec.name == name), "{word} {name}");
            }
            for spec in table.iter().filter(|spec| spec.is_required) {
                assert!(biz.contains_key(spec.name), "{word} {}", spec.name);
            }
            continue;
        }
        match ecrhub::read(&text) {
            Ok(FromTerminal::Answer { answer, .. }) => {
                assert_eq!(answer.result.faults, [], "{text}");
                let amount = answer.result.minor(AmountField::Trans, currency("USD"));
                assert_eq!(amount.is_ok(), answer.meaning() == Meaning::Done, "{text}");
            }
            Ok(FromTerminal::UnknownTopic { .. } | FromTerminal::Stray { .. }) | Err(_) => panic!("{text}"),
            Ok(_) => {}
        }
    }
    assert_eq!(seen.len(), 2 * Topic::ALL.len());
}

#[test]
fn every_topic_field_and_code_is_on_the_page() {
    for topic in Topic::ALL {
        assert!(PAGE.contains(topic.word()), "{}", topic.word());
        for spec in fields::request(topic).iter().chain(fields::answer(topic)) {
            assert!(PAGE.contains(spec.name), "{} {}", topic.word(), spec.name);
        }
    }
    for spec in [fields::REQUEST, fields::ANSWER, fields::PAIR, fields::PAIRED, fields::PAIR_REFUSED].concat()
    {
        assert!(PAGE.contains(spec.name), "{}", spec.name);
    }
    let codes = PAGE.split_once("## Response codes\n").unwrap().1.split("\n\n").next().unwrap();
    let codes = codes.replace('\n', " ");
    for code in Code::ALL {
        let row = format!("{} {}", code.word(), code.message());
        assert!(codes.split(" · ").any(|entry| entry.trim_end_matches('.') == row), "{row}");
    }
    let closing = PAGE.split_once("## Close codes\n").unwrap().1;
    for code in CloseCode::ALL {
        assert!(closing.contains(&code.number().to_string()), "{code:?}");
    }
}
