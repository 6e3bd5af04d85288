//! What Patroni is told: how soon a leader counts as dead, and what an acknowledged write is worth.

use std::fmt;

use serde_json::{Value, json};

pub const SUPERUSER: &str = "postgres";

/// The leader's lock runs out after so long. Patroni's least; newer ones take no less.
const TTL_S: u32 = 20;
/// How often each Patroni looks. With twice the retries it has to fit into the lock's time.
const LOOP_WAIT_S: u32 = 5;
const RETRY_TIMEOUT_S: u32 = 5;
/// How soon a replica looks for the new leader again. PostgreSQL's own 5 s would be added to each failover: nothing is
/// acknowledged before a replica follows.
pub const FOLLOW_AGAIN: &str = "500ms";

/// For a replica that has lost its leader and is to lag.
pub const NEVER_AGAIN: &str = "1h";

#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A write is acknowledged when so many replicas have it. None: in a test of the checkers.
    pub synchronous: usize,
}

impl Settings {
    pub fn is_synchronous(self) -> bool {
        self.synchronous > 0
    }

    /// What all machines go by; kept in etcd.
    pub fn shared(self) -> Value {
        json!({
            "ttl": TTL_S,
            "loop_wait": LOOP_WAIT_S,
            "retry_timeout": RETRY_TIMEOUT_S,
            // In bytes; only where replication does not wait can a replica be behind by more than nothing.
            "maximum_lag_on_failover": 1 << 30,
            "synchronous_mode": self.is_synchronous(),
            // How many are asked for; Patroni makes do with fewer while there are fewer.
            "synchronous_node_count": self.synchronous.max(1),
            // Without it a leader that has lost its replicas goes on alone, and what it acknowledges is on one disk.
            "synchronous_mode_strict": self.is_synchronous(),
            "postgresql": {
                "use_pg_rewind": true,
                "parameters": { "max_connections": 200, "wal_retrieve_retry_interval": FOLLOW_AGAIN },
            },
        })
    }
}

/// A change of what all go by.
pub fn following_again(after: &str) -> Value {
    json!({ "postgresql": { "parameters": { "wal_retrieve_retry_interval": after } } })
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strict = match self.synchronous {
            0 => "off".to_owned(),
            count => format!("on, strict, synchronous_node_count {count}"),
        };
        write!(
            f,
            "ttl {TTL_S} s, loop_wait {LOOP_WAIT_S} s, retry_timeout {RETRY_TIMEOUT_S} s, synchronous_mode {strict}, \
             wal_retrieve_retry_interval {FOLLOW_AGAIN}"
        )
    }
}
