//! The long-running commands: what they need, refuse, and how they end.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;
use tillgate::config::{Config, DEFAULT};

use super::{Process, command, free_port, prints, refuses, runs, text};
use crate::harness::{KEY, TestWorld, database};

#[test]
fn the_default_configuration_is_the_configuration_by_default() {
    let printed = prints(&["default-config"]);
    assert_eq!(printed.trim(), DEFAULT.trim());
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tillgate.toml");
    std::fs::write(&file, &printed).unwrap();
    let (read, default) = (Config::load(Some(&file)).unwrap(), Config::load(None).unwrap());
    assert_eq!(format!("{read:?}"), format!("{default:?}"));
    for (bad, word) in [
        ("listen = 'nowhere'", "listen"),
        ("colour = 'red'", "colour"),
        ("public_url = 'https://pay.example/'", "public_url"),
        ("[rates]\nNZD = '4.6'", "tillgate rate set"),
        ("[orders]\nlifetime_s = -1", "lifetime_s"),
    ] {
        std::fs::write(&file, bad).unwrap();
        let said = refuses(&["serve", "--config", text(&file)]);
        assert!(said.contains(word), "{bad}: {said}");
    }
}

#[test]
fn the_openapi_document_is_the_one_in_the_docs() {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let docs = include_str!("../../../../../docs/openapi/latipay.json");
    assert_eq!(read(&prints(&["openapi", "latipay"])), read(docs));
    assert_eq!(read(&prints(&["openapi"])), read(docs), "without a word it is Latipay's");
    let printed = read(&prints(&["openapi", "ottpay"]));
    assert_eq!(printed, tillgate_protocols::ottpay::openapi::document());
    assert!(printed["paths"]["/processV2"]["post"].is_object(), "{printed}");
    assert!(refuses(&["openapi", "nopay"]).contains("nopay"));
}

#[tokio::test]
async fn the_healthcheck_is_good_or_bad() {
    let mut world = TestWorld::new().await;
    let address = world.place.admin_url("").trim_start_matches("http://").to_owned();
    assert!(prints(&["healthcheck", "--address", &address]).contains("200"));
    world.stop().await;
    assert_eq!(runs(&["healthcheck", "--address", &address]).status.code(), Some(1));
    world.start().await;
}

/// Settings of a gateway with this folder, and with the database its world has.
fn data_args(dir: &std::path::Path) -> String {
    let database = database::beside(dir).map(|url| format!("database = '{url}'\n")).unwrap_or_default();
    format!("{database}data_dir = '{0}'\nmaster_key_file = '{0}/master.key'\n", dir.display())
}

#[test]
fn serve_refuses_what_is_not_safe() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tillgate.toml");
    std::fs::write(&file, data_args(dir.path())).unwrap();
    let said = refuses(&["serve", "--config", text(&file)]);
    assert!(said.contains("public_url"), "{said}");
    let serve = ["serve", "--config", text(&file), "--public-url", "https://pay.example"];
    // A database of the future.
    prints(&[
        "merchant",
        "add",
        "--data-dir",
        text(dir.path()),
        "--name",
        "x",
        "--wallet",
        "W1:NZD:alipay:120",
    ]);
    let database = rusqlite::Connection::open(dir.path().join("tillgate.sqlite")).unwrap();
    let version: i64 = database.query_row("PRAGMA user_version", (), |row| row.get(0)).unwrap();
    database.pragma_update(None, "user_version", version + 1).unwrap();
    assert!(refuses(&serve).contains("newer"));
    database.pragma_update(None, "user_version", version).unwrap();
    // Without the master key nothing is made up, and another one does not open the secrets.
    std::fs::remove_file(dir.path().join("master.key")).unwrap();
    assert!(refuses(&serve).contains("master key") && !dir.path().join("master.key").exists());
    std::fs::write(dir.path().join("master.key"), "ab".repeat(32)).unwrap();
    assert!(refuses(&serve).contains("master key"));
}

#[tokio::test]
async fn serve_refuses_the_documents_key() {
    let mut world = TestWorld::new().await;
    world.stop().await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tillgate.toml");
    std::fs::write(&file, data_args(&world.data_dir())).unwrap();
    let serve = ["serve", "--config", text(&file), "--public-url", "https://pay.example"];
    let said = refuses(&serve);
    assert!(said.contains("a key printed in the documents") && !said.contains(KEY), "{said}");
    // Once all logins have other keys it starts.
    let data = world.data_dir();
    for (room, login) in [
        ("latipay", "U000334333"),
        ("latipay", "U000000013"),
        ("latipay", "U00001534"),
        ("ottpay", "QC00005496"),
        ("ottpay", "QC00005497"),
    ] {
        let rotate = ["merchant", "rotate-key", login, "--room", room, "--old-valid-hours", "0"];
        assert!(refuses(&serve).contains("a key printed in the documents"), "before {login}");
        prints(&[&rotate[..], &["--data-dir", text(&data)]].concat());
    }
    let key = super::codepay::public_key_file();
    let data = ["--data-dir", text(&data)];
    let rotate_app = ["codepay", "app", "rotate-key", "--old-valid-hours", "0"];
    for rotate in [
        vec!["codepay", "app", "card-key", "wz6012822ca2f1as78", "--generate"],
        [&rotate_app[..], &["wz6012822ca2f1as78", "--public-key-file", text(&key)]].concat(),
        [&rotate_app[..], &["wze0fcae4016b4da15"]].concat(),
        vec!["codepay", "terminal", "pair", "WPYB002248000865", "--end-old-secret"],
        vec!["codepay", "terminal", "pair", "WPYB002248000866", "--end-old-secret"],
    ] {
        assert!(refuses(&serve).contains("a key printed in the documents"), "before {rotate:?}");
        prints(&[&rotate[..], &data].concat());
    }
    let [port, admin] = [free_port(), free_port()].map(|port| (port, format!("127.0.0.1:{port}")));
    let mut serve = command(&[&serve[..], &["--listen", &port.1, "--admin-listen", &admin.1]].concat());
    let mut process = Process::start(&mut serve);
    process.waits_for(port.0);
    assert_eq!(process.terminates(), Some(0));
}

#[test]
fn flags_before_environment_before_file_and_sigterm_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tillgate.toml");
    let [flag, by_env, by_file, admin_env, admin_file] = [(); 5].map(|()| free_port());
    let config = format!(
        "public_url = 'https://pay.example'\nlisten = '127.0.0.1:{by_file}'\nadmin_listen = '127.0.0.1:{admin_file}'\n{}",
        data_args(dir.path())
    );
    std::fs::write(&file, config).unwrap();
    let listen = format!("127.0.0.1:{flag}");
    let mut serve = command(&["serve", "--config", text(&file), "--listen", &listen]);
    serve.env("TILLGATE_LISTEN", format!("127.0.0.1:{by_env}"));
    serve.env("TILLGATE_ADMIN_LISTEN", format!("127.0.0.1:{admin_env}"));
    let mut process = Process::start(&mut serve);
    process.waits_for(flag);
    process.waits_for(admin_env);
    for other in [by_env, by_file, admin_file] {
        assert!(TcpStream::connect(("127.0.0.1", other)).is_err());
    }
    prints(&["healthcheck", "--address", &format!("127.0.0.1:{admin_env}")]);
    assert!(dir.path().join("tillgate.sqlite").exists(), "the file's data folder");
    assert_eq!(process.terminates(), Some(0));
    let mut log = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("stopping") && !log.contains("ERROR"), "{log}");
}

/// Reads what is printed at the start, as far as the last line with an example.
fn examples(process: &mut Process) -> Vec<String> {
    let output = BufReader::new(process.0.stdout.take().unwrap());
    let lines = output.lines().map(Result::unwrap);
    lines.filter(|line| line.starts_with("curl ")).take(4).collect()
}

/// Posts the data of the printed command without curl.
fn posts_by_socket(curl: &str, path: &str, port: u16) -> Value {
    let body = curl.split_once(" -d '").unwrap().1.trim_end().strip_suffix('\'').unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn got_by_socket(path: &str, port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_sandbox_prints_a_command_that_works_as_pasted() {
    let dir = tempfile::tempdir().unwrap();
    let [port, admin] = [free_port(), free_port()];
    let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{admin}"));
    let data = dir.path().join("new folder");
    let mut sandbox =
        command(&["sandbox", "--listen", &listen, "--admin-listen", &admin, "--data-dir", text(&data)]);
    let mut process = Process::start(&mut sandbox);
    process.waits_for(port);
    let [curl, _, _, checkout] = examples(&mut process).try_into().unwrap();
    let answer = posts_by_socket(&curl, "/v2/transaction", port);
    assert_eq!(answer["code"], 0, "{answer}");
    let host_url = answer["host_url"].as_str().unwrap();
    assert!(host_url.starts_with(&format!("http://{listen}/")), "{host_url}");
    if Command::new("curl").arg("--version").output().is_ok() {
        let pasted = Command::new("bash").args(["-c", &curl]).output().unwrap();
        let answer: Value = serde_json::from_slice(&pasted.stdout).unwrap();
        assert_eq!(answer["code"], 0, "the same order again: {answer}");
    }
    let answer = posts_by_socket(&checkout, "/api/entry", port);
    assert_eq!(answer["code"], "0", "{answer}");
    let data: Value = serde_json::from_str(answer["data"].as_str().unwrap()).unwrap();
    let pay_url = data["pay_url"].as_str().unwrap();
    let page = pay_url.strip_prefix(&format!("http://{listen}")).unwrap_or_else(|| panic!("{pay_url}"));
    let page = got_by_socket(&format!("{page}?lang=en"), port);
    assert!(
        page.contains("Enamel mug") && page.contains("24.00") && page.contains("id=\"number\""),
        "{page}"
    );
    assert_eq!(process.terminates(), Some(0));
}
