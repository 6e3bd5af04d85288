//! The master key: every node needs the same.

use super::{First, Two, on_postgres};
use crate::cli::{command, text};
use crate::harness::database::Database;

fn refused(two: &Two, folder: &std::path::Path) -> String {
    let Database::Server(url) = two.database() else { unreachable!() };
    let mut sandbox = command(&["sandbox", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let with_password = url.replace("postgres@", "postgres:geheim@");
    let output =
        sandbox.args(["--data-dir", text(folder)]).env("TILLGATE_DATABASE", with_password).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains("geheim"), "{said}");
    said
}

on_postgres! {
    async fn a_node_with_another_master_key_does_not_start() {
        let two = Two::start(First::A).await;
        let folder = tempfile::tempdir().unwrap();
        let said = refused(&two, folder.path());
        assert!(said.contains("every node needs the same key"), "{said}");
        assert!(!folder.path().join("master.key").exists(), "none is made up");
        std::fs::write(folder.path().join("master.key"), "ab".repeat(32)).unwrap();
        let said = refused(&two, folder.path());
        assert!(said.contains("another master key"), "{said}");
    }
}
