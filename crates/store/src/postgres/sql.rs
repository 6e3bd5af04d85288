//! Statements that only PostgreSQL is given. Those that write take one merchant's rows of a group at once, as arrays.

use crate::sql::statements;

statements! {
    MERCHANT_OF_LOGIN = "SELECT merchant_id FROM logins WHERE room = $1 AND login = $2";
    /// A login is one merchant's: who takes it first has it.
    TAKE_LOGIN = "INSERT INTO logins (room, login, merchant_id) VALUES ($1, $2, $3)
        ON CONFLICT (room, login) DO UPDATE SET room = excluded.room WHERE logins.merchant_id = excluded.merchant_id";

    PUT_CLAIMS = "INSERT INTO claims (merchant_id, claim_key, subject, answer, at)
        SELECT $1, n.claim_key, n.subject, NULL, n.at
        FROM unnest($2::BYTEA[], $3::TEXT[], $4::BIGINT[]) AS n (claim_key, subject, at)
        ON CONFLICT DO NOTHING RETURNING claim_key";
    /// A batch begins with its first order, once the one before is closed.
    BEGIN_BATCHES = "INSERT INTO batches (merchant_id, terminal, batch_no, opened_at)
        SELECT $1, n.terminal, n.batch_no, n.opened_at
        FROM unnest($2::TEXT[], $3::BIGINT[], $4::BIGINT[]) AS n (terminal, batch_no, opened_at)
        WHERE n.batch_no = 1 OR EXISTS (SELECT 1 FROM batches b WHERE b.merchant_id = $1
            AND b.terminal = n.terminal AND b.batch_no = n.batch_no - 1 AND b.closed_at IS NOT NULL)
        ON CONFLICT DO NOTHING";
    /// They stay open until the transaction ends: whoever closes one waits.
    HOLD_BATCHES = "SELECT b.terminal, b.batch_no FROM batches b
        WHERE b.merchant_id = $1 AND b.closed_at IS NULL AND (b.terminal, b.batch_no) IN
            (SELECT * FROM unnest($2::TEXT[], $3::BIGINT[]))
        ORDER BY b.terminal, b.batch_no FOR SHARE";
    INSERT_ORDERS = "INSERT INTO orders (merchant_id, order_no, version, room, reference, state, state_body, currency,
            amount_minor, captured_minor, refunded_minor, refunding_minor, refunds, events, presentation, terms,
            tip_minor, choices, given_back, operator, terminal, authorized_minor, deed, counter, queue_rank,
            batch_terminal, batch_no)
        SELECT $1, n.order_no, n.version, n.room, n.reference, n.state, n.state_body, n.currency, n.amount_minor,
            n.captured_minor, n.refunded_minor, n.refunding_minor, n.refunds, n.events, n.presentation, n.terms,
            n.tip_minor, n.choices, n.given_back, n.operator, n.terminal, n.authorized_minor, n.deed, n.counter,
            n.queue_rank, '', 0
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::TEXT[],
            $9::BIGINT[], $10::BIGINT[], $11::BIGINT[], $12::BIGINT[], $13::BIGINT[], $14::BIGINT[], $15::TEXT[],
            $16::TEXT[], $17::BIGINT[], $18::TEXT[], $19::BIGINT[], $20::TEXT[], $21::TEXT[], $22::BIGINT[],
            $23::TEXT[], $24::TEXT[], $25::BIGINT[])
            AS n (order_no, version, room, reference, state, state_body, currency, amount_minor, captured_minor,
                refunded_minor, refunding_minor, refunds, events, presentation, terms, tip_minor, choices, given_back,
                operator, terminal, authorized_minor, deed, counter, queue_rank)
        ON CONFLICT DO NOTHING RETURNING order_no";
    UPDATE_ORDERS = "UPDATE orders o SET version = n.version, state = n.state, state_body = n.state_body,
            captured_minor = n.captured_minor, refunded_minor = n.refunded_minor,
            refunding_minor = n.refunding_minor, refunds = n.refunds, events = n.events,
            presentation = n.presentation, choices = n.choices, given_back = n.given_back, tip_minor = n.tip_minor,
            authorized_minor = n.authorized_minor, counter = n.counter, queue_rank = n.queue_rank,
            batch_terminal = n.batch_terminal, batch_no = n.batch_no
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::BIGINT[],
            $9::BIGINT[], $10::BIGINT[], $11::BIGINT[], $12::TEXT[], $13::TEXT[], $14::BIGINT[], $15::BIGINT[],
            $16::BIGINT[], $17::TEXT[], $18::BIGINT[], $19::TEXT[], $20::BIGINT[])
            AS n (order_no, expected, version, state, state_body, captured_minor, refunded_minor, refunding_minor,
                refunds, events, presentation, choices, given_back, tip_minor, authorized_minor, counter, queue_rank,
                batch_terminal, batch_no)
        WHERE o.merchant_id = $1 AND o.order_no = n.order_no AND o.version = n.expected RETURNING o.order_no";
    TAKE_REFERENCES = "INSERT INTO order_references (merchant_id, room, reference, order_no, refund_no)
        SELECT $1, n.room, n.reference, n.order_no, n.refund_no
        FROM unnest($2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[]) AS n (room, reference, order_no, refund_no)
        ON CONFLICT DO NOTHING RETURNING room, reference";
    /// The reference of an order that came to nothing goes to the one that is made instead.
    PASS_REFERENCES = "UPDATE order_references r SET order_no = n.order_no
        FROM unnest($2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[]) AS n (room, reference, earlier, order_no)
        WHERE r.merchant_id = $1 AND r.room = n.room AND r.reference = n.reference AND r.order_no = n.earlier
            AND r.refund_no = 0
        RETURNING r.room, r.reference";
    /// Only who holds the lease, by its end and its attempt, may.
    FINISH_WORK = "DELETE FROM work w
        USING unnest($2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[])
            AS n (order_no, slot, slot_no, due_at, attempt)
        WHERE w.merchant_id = $1 AND w.order_no = n.order_no AND w.slot = n.slot AND w.slot_no = n.slot_no
            AND w.due_at = n.due_at AND w.attempt = n.attempt
        RETURNING w.order_no, w.slot, w.slot_no";
    MOVE_WORK = "UPDATE work w SET due_at = n.new_due_at, attempt = n.new_attempt
        FROM unnest($2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[], $8::BIGINT[])
            AS n (order_no, slot, slot_no, due_at, attempt, new_due_at, new_attempt)
        WHERE w.merchant_id = $1 AND w.order_no = n.order_no AND w.slot = n.slot AND w.slot_no = n.slot_no
            AND w.due_at = n.due_at AND w.attempt = n.attempt
        RETURNING w.order_no, w.slot, w.slot_no";

    PUT_EVENTS = "INSERT INTO events (merchant_id, order_no, event_no, at, body)
        SELECT $1, n.order_no, n.event_no, n.at, n.body
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[]) AS n (order_no, event_no, at, body)";
    PUT_POSTINGS = "INSERT INTO postings (merchant_id, order_no, event_no, line, account, currency, amount_minor, at)
        SELECT $1, n.order_no, n.event_no, n.line, n.account, n.currency, n.amount_minor, n.at
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[], $8::BIGINT[])
            AS n (order_no, event_no, line, account, currency, amount_minor, at)";
    PUT_REFUNDS = "INSERT INTO refunds (merchant_id, order_no, refund_no, amount_minor, note, requested_at, late,
            state_body, reference, choice, means)
        SELECT $1, n.order_no, n.refund_no, n.amount_minor, n.note, n.requested_at, n.late, n.state_body,
            n.reference, n.choice, n.means
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::TEXT[], $6::BIGINT[], $7::BIGINT[], $8::TEXT[],
            $9::TEXT[], $10::BIGINT[], $11::TEXT[])
            AS n (order_no, refund_no, amount_minor, note, requested_at, late, state_body, reference, choice, means)
        ON CONFLICT (merchant_id, order_no, refund_no) DO UPDATE SET state_body = excluded.state_body";
    END_OPEN_WORK = "DELETE FROM work WHERE merchant_id = $1 AND order_no = ANY ($2) AND slot IN ('a', 'c', 'k', 'x')";
    PUT_WORKS = "INSERT INTO work (merchant_id, order_no, slot, slot_no, due_at, attempt)
        SELECT $1, n.order_no, n.slot, n.slot_no, n.due_at, n.attempt
        FROM unnest($2::BIGINT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[])
            AS n (order_no, slot, slot_no, due_at, attempt)
        ON CONFLICT (merchant_id, order_no, slot, slot_no)
            DO UPDATE SET due_at = excluded.due_at, attempt = excluded.attempt";
    PUT_SIGNATURES = "INSERT INTO signatures (merchant_id, order_no, png)
        SELECT $1, n.order_no, n.png FROM unnest($2::BIGINT[], $3::BYTEA[]) AS n (order_no, png)
        ON CONFLICT DO NOTHING";
    PUT_NOTIFICATIONS = "INSERT INTO notifications (merchant_id, order_no, event_no, url, content_type, body, state, attempts)
        SELECT $1, n.order_no, n.event_no, n.url, n.content_type, n.body, n.state, n.attempts
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::BYTEA[], $7::TEXT[], $8::BIGINT[])
            AS n (order_no, event_no, url, content_type, body, state, attempts)
        ON CONFLICT (merchant_id, order_no, event_no)
            DO UPDATE SET state = excluded.state, attempts = excluded.attempts";
    PUT_ATTEMPTS = "INSERT INTO notification_attempts (merchant_id, order_no, event_no, attempt, at, took_ms, status, answer)
        SELECT $1, n.order_no, n.event_no, n.attempt, n.at, n.took_ms, n.status, n.answer
        FROM unnest($2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[], $8::TEXT[])
            AS n (order_no, event_no, attempt, at, took_ms, status, answer)
        ON CONFLICT DO NOTHING";

    /// Waits for whoever puts an order into it.
    HOLD_NEWEST_BATCH = "SELECT batch_no, CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END FROM batches
        WHERE merchant_id = $1 AND terminal = $2 ORDER BY batch_no DESC LIMIT 1 FOR UPDATE";
    CLOSE_BATCH = "UPDATE batches SET closed_at = $4
        WHERE merchant_id = $1 AND terminal = $2 AND batch_no = $3 AND closed_at IS NULL";
    PUT_STATEMENT_LINES = "INSERT INTO statement_lines (merchant_id, order_no, channel, digest, line_no, trade_no,
            original_trade_no, kind, amount_minor, currency, at, reference, batch)
        SELECT $1, n.order_no, $2, $3, n.line_no, n.trade_no, n.original_trade_no, n.kind, n.amount_minor, n.currency,
            n.at, n.reference, n.batch
        FROM unnest($4::BIGINT[], $5::BIGINT[], $6::TEXT[], $7::TEXT[], $8::TEXT[], $9::BIGINT[], $10::TEXT[],
            $11::BIGINT[], $12::TEXT[], $13::TEXT[])
            AS n (order_no, line_no, trade_no, original_trade_no, kind, amount_minor, currency, at, reference, batch)";
}
