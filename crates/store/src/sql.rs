//! Statements that both homes of the store understand, written once.
//!
//! Their parameters are `$1`, `$2` and so on in the order in which they first appear: PostgreSQL counts them so, and
//! SQLite numbers a name when it first meets it. What only one of the two says is in its own folder.

/// Names statements, and keeps a list of them for the tests that read them all.
macro_rules! statements {
    ($($(#[$note:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$note])* pub const $name: &str = $text;)*
        #[cfg(test)]
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use statements;

/// Selects what [`crate::rows::order`] reads.
macro_rules! order {
    () => {
        "SELECT merchant_id, order_no, version, room, reference, state_body, captured_minor, refunded_minor, \
         refunding_minor, refunds, events, presentation, terms, choices, given_back, counter FROM orders \
         WHERE merchant_id = $1"
    };
}

macro_rules! notification {
    () => {
        "SELECT merchant_id, order_no, event_no, url, content_type, body, state, attempts FROM notifications"
    };
}

macro_rules! work {
    () => {
        "SELECT merchant_id, order_no, slot, slot_no, due_at, attempt FROM work"
    };
}

macro_rules! credential {
    () => {
        "SELECT c.merchant_id, m.name, c.room, c.login, c.name, c.enabled, c.settings
         FROM credentials c JOIN merchants m ON m.merchant_id = c.merchant_id"
    };
}

macro_rules! rate {
    () => {
        "SELECT base, quote, set_at, rate_e8, source FROM rates"
    };
}

statements! {
    ORDER = concat!(order!(), " AND order_no = $2");
    ORDER_BY_REFERENCE = concat!(
        order!(),
        " AND order_no = (SELECT order_no FROM order_references
              WHERE merchant_id = $1 AND room = $2 AND reference = $3 AND refund_no = 0)"
    );
    REFUND_PLACE = "SELECT order_no, refund_no FROM order_references
        WHERE merchant_id = $1 AND room = $2 AND reference = $3 AND refund_no > 0";
    REFUNDS = "SELECT merchant_id, order_no, refund_no, amount_minor, note, requested_at, late, state_body, reference,
            choice, means
        FROM refunds WHERE merchant_id = $1 AND order_no = $2 ORDER BY refund_no";
    EVENTS = "SELECT at, body FROM events WHERE merchant_id = $1 AND order_no = $2 ORDER BY event_no";
    POSTINGS = "SELECT event_no, account, currency, amount_minor FROM postings
        WHERE merchant_id = $1 AND order_no = $2 ORDER BY event_no, line";
    WORK = concat!(work!(), " WHERE merchant_id = $1 AND order_no = $2 ORDER BY due_at");
    PUT_WORK = "INSERT INTO work (merchant_id, order_no, slot, slot_no, due_at, attempt)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (merchant_id, order_no, slot, slot_no)
            DO UPDATE SET due_at = excluded.due_at, attempt = excluded.attempt";
    DUE = concat!(work!(), " WHERE due_at <= $1 ORDER BY due_at LIMIT $2");
    NEXT_DUE = "SELECT due_at FROM work ORDER BY due_at LIMIT 1";

    NOTIFICATION = concat!(notification!(), " WHERE merchant_id = $1 AND order_no = $2 AND event_no = $3");
    /// Of one merchant. An empty word stands for any state.
    NOTIFICATIONS_OF = concat!(
        notification!(),
        " WHERE merchant_id = $1 AND ($2 = '' OR state = $2) ORDER BY order_no DESC, event_no DESC LIMIT $3"
    );
    NOTIFICATIONS = concat!(
        notification!(),
        " WHERE ($1 = '' OR state = $1) ORDER BY order_no DESC, event_no DESC LIMIT $2"
    );
    ATTEMPTS = "SELECT attempt, at, took_ms, status, answer FROM notification_attempts
        WHERE merchant_id = $1 AND order_no = $2 AND event_no = $3 ORDER BY attempt";
    RESEND = "UPDATE notifications SET state = 'waiting' WHERE merchant_id = $1 AND order_no = $2 AND event_no = $3";

    /// What the terminal has first, then those that wait, in their order; within an instant by their numbers, which grow.
    QUEUE = concat!(
        order!(),
        " AND terminal = $2 AND queue_rank IS NOT NULL
          ORDER BY queue_rank, CASE WHEN queue_rank < 0 AND queue_rank > $3 THEN -order_no ELSE order_no END LIMIT $4"
    );
    QUEUE_LENGTH = "SELECT count(*) FROM (SELECT 1 FROM orders
            WHERE merchant_id = $1 AND terminal = $2 AND queue_rank IS NOT NULL LIMIT $3) AS found";
    NEWEST_BATCH = "SELECT batch_no, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END FROM batches
        WHERE merchant_id = $1 AND terminal = $2 ORDER BY batch_no DESC LIMIT 1";
    BATCH_END = "SELECT closed_at FROM batches WHERE merchant_id = $1 AND terminal = $2 AND batch_no = $3";
    /// What a refund gives back is not captured by it: its amount is its own.
    BATCH_LINES = "SELECT deed, CASE WHEN state = 'voided' THEN 1 ELSE 0 END, currency, count(*),
            CAST(sum(CASE deed WHEN 'refund' THEN amount_minor + tip_minor ELSE captured_minor END) AS BIGINT),
            CAST(sum(tip_minor) AS BIGINT)
        FROM orders WHERE merchant_id = $1 AND batch_terminal = $2 AND batch_no = $3 AND batch_no > 0
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    OWE_SETTLEMENT = "INSERT INTO work (merchant_id, order_no, slot, slot_no, due_at, attempt)
        SELECT merchant_id, order_no, 's', 0, CAST($1 AS BIGINT), 0 FROM orders
        WHERE merchant_id = $2 AND batch_terminal = $3 AND batch_no = $4 AND batch_no > 0 AND state = 'paid'
        ON CONFLICT DO NOTHING";
    SIGNATURE = "SELECT png FROM signatures WHERE merchant_id = $1 AND order_no = $2";
    PUT_PAIRING = "INSERT INTO pairings (merchant_id, terminal, code_digest, expires_at, tries_left)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (merchant_id, terminal) DO UPDATE SET code_digest = excluded.code_digest,
            expires_at = excluded.expires_at, tries_left = excluded.tries_left";
    TAKE_PAIRING = "DELETE FROM pairings
        WHERE merchant_id = $1 AND terminal = $2 AND code_digest = $3 AND expires_at > $4";
    MISS_PAIRING = "UPDATE pairings SET tries_left = tries_left - 1 WHERE merchant_id = $1 AND terminal = $2";
    DROP_PAIRING = "DELETE FROM pairings
        WHERE merchant_id = $1 AND terminal = $2 AND (tries_left <= 0 OR expires_at <= $3)";

    CLAIM = "SELECT subject, answer FROM claims WHERE merchant_id = $1 AND claim_key = $2";
    /// A few rows at a time.
    FORGET_CLAIMS = "DELETE FROM claims WHERE merchant_id = $1 AND claim_key IN
        (SELECT claim_key FROM claims WHERE merchant_id = $1 AND at < $2 ORDER BY at LIMIT 8)";
    /// The first answer stays, and is what comes back.
    ANSWER_CLAIM = "INSERT INTO claims (merchant_id, claim_key, subject, answer, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (merchant_id, claim_key) DO UPDATE SET answer = coalesce(claims.answer, excluded.answer)
        RETURNING answer";

    CREDENTIAL = concat!(credential!(), " WHERE c.merchant_id = $1 AND c.room = $2 AND c.login = $3");
    CREDENTIALS = concat!(credential!(), " ORDER BY c.merchant_id, c.room, c.login");
    KEYS = "SELECT key_no, sealed, created_at, valid_until, CASE WHEN used_at IS NULL THEN 0 ELSE 1 END
        FROM credential_keys WHERE merchant_id = $1 AND room = $2 AND login = $3 ORDER BY key_no DESC";
    ACCOUNTS = "SELECT body FROM accounts WHERE merchant_id = $1 AND room = $2 AND login = $3 ORDER BY code";
    LOGINS = "SELECT login FROM credentials WHERE merchant_id = $1 AND room = $2 ORDER BY login";
    LOGIN_OF = "SELECT login FROM accounts WHERE merchant_id = $1 AND room = $2 AND code = $3";
    ADD_MERCHANT = "INSERT INTO merchants (merchant_id, name, created_at)
        VALUES ((SELECT coalesce(max(merchant_id), 0) + 1 FROM merchants), $1, $2) RETURNING merchant_id";
    PUT_CREDENTIAL = "INSERT INTO credentials (merchant_id, room, login, name, enabled, settings)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (merchant_id, room, login)
            DO UPDATE SET name = excluded.name, enabled = excluded.enabled, settings = excluded.settings";
    PUT_ACCOUNT = "INSERT INTO accounts (merchant_id, room, login, code, body) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (merchant_id, room, code) DO UPDATE SET login = excluded.login, body = excluded.body";
    END_KEYS = "UPDATE credential_keys
        SET valid_until = CASE WHEN valid_until < $1 THEN valid_until ELSE $1 END
        WHERE merchant_id = $2 AND room = $3 AND login = $4";
    ADD_KEY = "INSERT INTO credential_keys (merchant_id, room, login, key_no, sealed, created_at)
        VALUES ($1, $2, $3, (SELECT coalesce(max(key_no), 0) + 1 FROM credential_keys
            WHERE merchant_id = $1 AND room = $2 AND login = $3), $4, $5)";
    KEY_WAS_USED = "UPDATE credential_keys SET used_at = coalesce(used_at, $1)
        WHERE merchant_id = $2 AND room = $3 AND login = $4 AND key_no = $5";
    PUT_RATE = "INSERT INTO rates (base, quote, set_at, rate_e8, source) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (base, quote, set_at) DO UPDATE SET rate_e8 = excluded.rate_e8, source = excluded.source";
    RATES = concat!(rate!(), " ORDER BY base, quote, set_at DESC");
    /// A step by the primary key for each pair there is, however long its history.
    NEXT_PAIR = "SELECT base, quote FROM rates WHERE (base, quote) > ($1, $2) ORDER BY base, quote LIMIT 1";
    NEWEST_RATE = concat!(rate!(), " WHERE base = $1 AND quote = $2 ORDER BY set_at DESC LIMIT 1");
    PUT_GATEWAY_KEY = "INSERT INTO gateway_keys (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    GATEWAY_KEY = "SELECT sealed FROM gateway_keys WHERE name = $1";
    PUT_PURPOSE = "INSERT INTO purpose (one, word) VALUES (1, $1) ON CONFLICT DO NOTHING";
    PURPOSE = "SELECT word FROM purpose";
    BEAT = "INSERT INTO heartbeat (one, beats) VALUES (1, 1)
        ON CONFLICT (one) DO UPDATE SET beats = heartbeat.beats + 1";

    MERCHANTS = "SELECT merchant_id FROM merchants ORDER BY merchant_id";
    WALK_ORDERS = concat!(order!(), " AND order_no > $2 ORDER BY order_no LIMIT $3");
    WALK_BATCH = concat!(
        order!(),
        " AND batch_terminal = $2 AND batch_no = $3 AND batch_no > 0 AND order_no > $4 ORDER BY order_no LIMIT $5"
    );
    BATCHES = "SELECT terminal, batch_no, opened_at, closed_at FROM batches WHERE merchant_id = $1
        ORDER BY terminal, batch_no";
    /// All of a merchant's lines are read, by his part of the primary key.
    BALANCES = "SELECT CAST(0 AS BIGINT), account, currency, CAST(sum(amount_minor) AS BIGINT) FROM postings
        WHERE merchant_id = $1 AND at < $2 GROUP BY account, currency ORDER BY account, currency";
    WALK_LEDGER = "SELECT event_no, account, currency, amount_minor, at, order_no, line FROM postings
        WHERE merchant_id = $1 AND at >= $2 AND at < $3 AND (at, order_no, event_no, line) > ($2, $4, $5, $6)
        ORDER BY at, order_no, event_no, line LIMIT $7";
    /// In one look, so that a gateway at work does not make any.
    STRAY_LINES = "SELECT DISTINCT p.order_no, p.event_no FROM postings p
        LEFT JOIN events e USING (merchant_id, order_no, event_no)
        LEFT JOIN orders o USING (merchant_id, order_no)
        WHERE p.merchant_id = $1 AND (e.event_no IS NULL OR o.order_no IS NULL OR e.at <> p.at)
        ORDER BY p.order_no, p.event_no";
    /// Orders with an entry in that time, each once; and those made in it that only held money, which books no entry.
    MOVED_ORDERS = "SELECT order_no FROM postings WHERE merchant_id = $1 AND at >= $2 AND at < $3
        UNION SELECT order_no FROM orders
            WHERE merchant_id = $1 AND order_no BETWEEN $4 AND $5 AND deed = 'authorization'
        ORDER BY 1";
    PUT_STATEMENT_FILE = "INSERT INTO statement_files (channel, digest, name, line_count, imported_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    STATEMENT_FILE = "SELECT channel, name, line_count, imported_at FROM statement_files
        WHERE channel = $1 AND digest = $2";
    STATEMENT_FILES = "SELECT channel, name, line_count, imported_at FROM statement_files ORDER BY imported_at, name";
    /// A step by the primary key.
    NEXT_STATED_MERCHANT = "SELECT min(merchant_id) FROM statement_lines WHERE merchant_id > $1";
    STATED_ORDERS = "SELECT DISTINCT order_no FROM statement_lines
        WHERE merchant_id = $1 AND channel = $2 AND at >= $3 AND at < $4 ORDER BY order_no";
    STATEMENT_LINES = "SELECT merchant_id, order_no, line_no, trade_no, original_trade_no, kind, amount_minor,
            currency, at, reference, batch
        FROM statement_lines WHERE merchant_id = $1 AND channel = $2 AND order_no = $3
        ORDER BY at, trade_no, digest, line_no";

    COUNT_ORDERS = "SELECT state, count(*) FROM orders GROUP BY state ORDER BY state";
    SUM_POSTINGS = "SELECT currency, CAST(sum(amount_minor) AS BIGINT) FROM postings
        GROUP BY currency ORDER BY currency";
    COUNT_WORK = "SELECT count(*) FROM work";
    COUNT_EXHAUSTED = "SELECT count(*) FROM notifications WHERE state = 'exhausted'";
}

/// The merchant's orders, newest first, with as many conditions as there are words: each a column and its word, from `$2`.
pub fn search_orders(columns: &[&str]) -> String {
    use std::fmt::Write as _;
    let mut sql = order!().to_owned();
    for (place, column) in (2..).zip(columns) {
        // `<> ''` lets the partial indexes be used.
        let _ = write!(sql, " AND {column} = ${place} AND {column} <> ''");
    }
    let _ = write!(sql, " ORDER BY order_no DESC LIMIT ${}", columns.len() + 2);
    sql
}

#[cfg(test)]
mod tests {
    use super::ALL;

    /// The numbers of the parameters, as they come.
    pub fn parameters(text: &str) -> Vec<usize> {
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
        text.split('$').skip(1).map(|rest| digits(rest).parse().unwrap()).collect()
    }

    #[test]
    fn parameters_are_numbered_as_they_first_appear() {
        for (name, text) in ALL {
            let mut seen = 0;
            for number in parameters(text) {
                assert!(number <= seen + 1, "{name}: ${number} comes too early");
                seen = seen.max(number);
            }
        }
    }
}
