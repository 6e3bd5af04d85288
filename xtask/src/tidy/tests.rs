//! Each rule catches what is planted for it, and lets pass what only looks like it.

use std::path::Path;

use super::source::Source;
use super::{File, check, judge};

/// The findings in a tidy house with these files in it.
fn findings(files: &[(&str, &str)]) -> Vec<String> {
    let house = [("LICENSE", "Apache"), ("crates/core/src/lib.rs", "//! Money.\n")];
    let added = |path: &str| files.iter().any(|(added, _)| *added == path);
    let house = house.iter().filter(|(path, _)| !added(path));
    judge(house.chain(files).map(|(path, text)| File::of((*path).into(), (*text).into())).collect())
}

/// A finding with these words, for each file that is not tidy by itself.
fn catches(plants: &[(&str, &str, &str)]) {
    for (path, text, words) in plants {
        let found = findings(&[(path, text)]);
        assert!(found.iter().any(|finding| finding.contains(words)), "{path}: {text}\n{words}: {found:?}");
    }
}

fn passes(files: &[(&str, &str)]) {
    for file in files {
        assert_eq!(findings(&[*file]), Vec::<String>::new(), "{}", file.1);
    }
}

#[test]
fn the_repository_is_tidy() {
    let found = check(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_crate_knows_only_what_the_table_allows() {
    catches(&[
        ("crates/core/src/a.rs", "use tillgate_store::Store;", "core may not know store"),
        ("crates/store/src/a.rs", "use {std::fmt, tillgate_protocols as p};", "store may not know protocols"),
        (
            "crates/channels/src/a.rs",
            "fn a() { tillgate_protocols::b(); }",
            "channels may not know protocols",
        ),
        ("crates/sim/src/a.rs", "pub use tillgate_core::Money;", "sim may not know core"),
        ("crates/protocols/src/a.rs", "use tillgate::gateway;", "protocols may not know server"),
        ("crates/core/Cargo.toml", "[dependencies]\ntillgate-store.workspace = true", "built on store"),
        ("crates/sim/Cargo.toml", "[dependencies]\ntillgate-core = \"1\"", "built on core"),
        (
            "crates/store/Cargo.toml",
            "[dependencies]\nx = { package = \"tillgate-channels\" }",
            "built on channels",
        ),
        ("crates/core/Cargo.toml", "[dependencies.tokio]\nversion = \"1\"", "tokio is not"),
        ("crates/core/Cargo.toml", "[target.'cfg(unix)'.dependencies]\nrand = \"1\"", "rand is not"),
        ("crates/drawer/Cargo.toml", "[package]", "not in the table"),
    ]);
    passes(&[
        ("crates/core/Cargo.toml", "[dependencies]\nserde = \"1\"\n[dev-dependencies]\ntokio = \"1\""),
        ("crates/sim/Cargo.toml", "[dev-dependencies]\ntillgate-core.workspace = true"),
        ("crates/store/src/a.rs", "use tillgate_core::{Order, Event};\n// not tillgate_protocols::x"),
        ("crates/sim/src/tests/a.rs", "use tillgate_core::Money;"),
        ("crates/sim/src/a.rs", "#[cfg(test)]\nmod tests {\n use tillgate_core::Money; fn a() {}\n}\n"),
        ("crates/protocols/src/a.rs", "use tillgate_core::tillgate::x;"),
        ("crates/server/src/a.rs", "use tillgate_sim::World; use std::time::Instant;"),
    ]);
}

#[test]
fn a_module_for_tests_is_recognised_by_its_declaration() {
    let lib = "//! Money.\n#[cfg(test)]\nmod contract;\nmod real;\n";
    let uses = "use std::time::Instant;";
    let found = findings(&[
        ("crates/core/src/lib.rs", lib),
        ("crates/core/src/contract.rs", uses),
        ("crates/core/src/contract/races.rs", uses),
        ("crates/core/src/contracts.rs", uses),
    ]);
    assert!(
        !found.is_empty() && found.iter().all(|finding| finding.starts_with("crates/core/src/contracts.rs"))
    );
}

#[test]
fn pure_crates_have_no_clock_no_chance_and_no_sockets() {
    catches(&[
        ("crates/core/src/a.rs", "use std::time::{Duration, SystemTime};", "SystemTime is not"),
        ("crates/sim/src/a.rs", "use std::{io, net::{TcpStream}};", "std::net is not"),
        ("crates/protocols/src/a.rs", "fn a() { let t = std::time::Instant::now(); }", "Instant is not"),
        ("crates/protocols/src/a.rs", "use aws_lc_rs::{hmac, rand};", "aws_lc_rs::rand is not"),
        ("crates/channels/src/a.rs", "fn a() { rand::random() }", "rand is not"),
        ("crates/channels/src/a.rs", "use rand as chance;", "rand is not"),
        ("crates/channels/src/a.rs", "fn a() { ::rand::random() }", "rand is not"),
        ("crates/channels/src/a.rs", "use std::net;", "std::net is not"),
        ("crates/core/src/a.rs", "#[tokio::main]\nasync fn a() {}", "tokio is not"),
    ]);
    passes(&[
        ("crates/core/src/a.rs", "use std::time::Duration;\nuse crate::operand::x;"),
        (
            "crates/protocols/src/a.rs",
            "use std::net::{IpAddr, Ipv6Addr}; fn a() { std::net::Ipv4Addr::new() }",
        ),
        ("crates/core/src/a.rs", "//! Never calls `Instant::now()`.\nconst A: &str = \"tokio::main\";"),
        ("crates/store/src/a.rs", "use tokio::sync::oneshot;\nuse std::time::Instant;"),
    ]);
}

#[test]
fn rooms_in_one_crate_do_not_know_each_other() {
    let house = |path: &'static str, text: &'static str| {
        findings(&[
            ("crates/protocols/src/latipay/sign.rs", "use super::fields::Field;"),
            ("crates/protocols/src/codepay/sign.rs", "use crate::wire::Reply;"),
            ("crates/protocols/src/wire/reply.rs", "use super::json::Json;"),
            (path, text),
        ])
    };
    for text in [
        "use crate::codepay::sign;",
        "use super::super::codepay::sign::x;",
        "use crate::{wire, codepay::{sign}};",
        "fn a() { crate::codepay::sign::x() }",
    ] {
        let found = house("crates/protocols/src/latipay/codes.rs", text);
        assert!(
            found.iter().any(|finding| finding.contains("latipay may not know codepay")),
            "{text}: {found:?}"
        );
    }
    assert!(!house("crates/protocols/src/wire/a.rs", "use crate::latipay::sign;").is_empty());
    assert!(house("crates/protocols/src/lib.rs", "//! All.\nuse crate::latipay::Room;").is_empty());
    assert!(house("crates/protocols/src/latipay/a.rs", "use serde::codepay::x;").is_empty());
}

#[test]
fn money_is_never_a_float() {
    catches(&[
        ("crates/server/src/a.rs", "fn a(x: f64) {}", "f64"),
        ("crates/core/src/a.rs", "const A: i64 = 1.5f32 as i64;", "f32"),
    ]);
    passes(&[
        ("crates/bench/src/a.rs", "fn a(x: f64) {}"),
        ("crates/core/src/a.rs", "// no f64\nconst A: &str = \"f64\"; fn leaf64() {}"),
        ("crates/core/tests/a.rs", "fn a(x: f64) {}"),
    ]);
}

#[test]
fn files_and_functions_stay_short() {
    let lines = |count: usize| "// a\n".repeat(count);
    catches(&[("crates/server/src/a.rs", &lines(501), "501 lines, 500 are allowed")]);
    passes(&[("crates/server/src/a.rs", &lines(500)), ("docs/a.md", &lines(900))]);
    let function = |count: usize| {
        format!(
            "trait T {{ fn b(&self); }}\nfn long(x: [u8; 2]) -> Option<()> {{\n{}}}\n",
            "    let a = \"{\"; // }}}\n".repeat(count)
        )
    };
    catches(&[("crates/server/src/a.rs", &function(81), ":2: fn long has 81 lines, 80 are allowed")]);
    passes(&[("crates/server/src/a.rs", &function(80))]);
}

#[test]
fn nothing_is_left_for_later() {
    let (fix, cross) = (["FIX", "ME"].concat(), "X".repeat(3));
    catches(&[
        ("crates/core/src/a.rs", "fn a() { todo!() }", "todo!"),
        ("crates/core/src/tests/a.rs", "fn a() { unimplemented!() }", "unimplemented!"),
        ("crates/core/src/a.rs", &format!("/* {fix}: later */"), &fix),
        ("crates/store/migrations/a.sql", &format!("-- {cross} later"), &cross),
    ]);
    passes(&[
        ("crates/core/src/a.rs", "const A: &str = \"todo!\"; // a todo! list in words is not one".trim_end()),
        ("crates/core/src/a.rs", &format!("// the mask {cross}{cross}-1234")),
    ]);
}

#[test]
fn places_have_names_and_openings() {
    catches(&[
        ("crates/server/src/util/a.rs", "", "a place called util"),
        ("crates/server/src/helpers.rs", "", "a place called helpers"),
        ("crates/server/src/a.rs", "pub mod common { }", "a module called common"),
        ("crates/server/src/main.rs", "fn main() {}", "does not open"),
        ("crates/server/src/http/mod.rs", "// http", "does not open"),
    ]);
    passes(&[
        ("crates/server/src/commonplace.rs", "mod utility;"),
        ("crates/server/src/main.rs", "//! The binary."),
    ]);
    assert_eq!(judge(vec![File::of("a.md".into(), String::new())]), ["LICENSE: is missing"]);
}

#[test]
fn no_path_belongs_to_one_machine() {
    let home = ["/ho", "me/"].concat();
    catches(&[
        ("docs/a.md", &format!("run `{home}ann/tillgate`"), "one machine"),
        ("crates/core/src/a.rs", &format!("const A: &str = \"{home}ann\";"), "one machine"),
    ]);
    passes(&[("docs/a.md", &format!("https://shop.example{home}page and {home}"))]);
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let text = r##"let a = "/* \" // "; // c1
let b = 'x'; let c: &'a str = r#"" fn "#; /* c2 /* c3 */ c4 */ let d = '\''; let e = '"'; end"##;
    let source = Source::of(text);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&source.code), "let a = ; let b = ; let c: &'a str = ; let d = ; let e = ; end");
    assert_eq!(squeezed(&source.comments), "// c1 /* c2 /* c3 */ c4 */");
    assert_eq!(source.code.lines().count(), 2);
}

#[test]
fn nested_imports_are_read_as_paths() {
    let source = Source::of("use std::{\n    io::{self, Read as R},\n    net,\n};\nuse a::b;\n");
    let paths: Vec<_> = source.used_paths.into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["std::io::self", "std::io::Read", "std::net", "a::b"]);
}
