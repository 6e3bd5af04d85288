//! The contract on PostgreSQL, and what only PostgreSQL promises.

use std::sync::Arc;

use super::{Postgres, Settings};
use crate::contract::{Home, contract_tests};

/// An empty database in the process's own cluster.
fn database() -> String {
    tillgate_scratch::shared().unwrap().fresh_database().unwrap()
}

async fn fresh() -> (Home, ()) {
    let store = Postgres::connect(&Settings::new(database())).await.unwrap();
    (Arc::new(store), ())
}

contract_tests!(fresh);
