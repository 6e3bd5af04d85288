-- Orders at card terminals: what is to be done there, what they hold, the queue before each terminal, batches.

-- `deed`: what a terminal is to do; any other order is a sale. `counter`: what only an order at a terminal has, as JSON,
-- empty for all others. `queue_rank`: set while the order is open and belongs on a screen; the smallest is next.
-- `tip_minor` is the tip as it is now.
CREATE TABLE orders_3 (
    merchant_id      INTEGER NOT NULL,
    order_no         INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    room             TEXT    NOT NULL,
    reference        TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    state_body       TEXT    NOT NULL,
    currency         TEXT    NOT NULL,
    amount_minor     INTEGER NOT NULL CHECK (amount_minor > 0),
    tip_minor        INTEGER NOT NULL CHECK (tip_minor >= 0),
    authorized_minor INTEGER NOT NULL CHECK (authorized_minor >= 0),
    captured_minor   INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND authorized_minor),
    refunded_minor   INTEGER NOT NULL CHECK (refunded_minor >= 0),
    refunding_minor  INTEGER NOT NULL CHECK (refunding_minor >= 0),
    refunds          INTEGER NOT NULL,
    events           INTEGER NOT NULL,
    choices          TEXT    NOT NULL,
    given_back       INTEGER NOT NULL,
    operator         TEXT    NOT NULL,
    terminal         TEXT    NOT NULL,
    presentation     TEXT    NOT NULL,
    terms            TEXT    NOT NULL,
    deed             TEXT    NOT NULL,
    counter          TEXT    NOT NULL,
    queue_rank       INTEGER,
    batch_terminal   TEXT    NOT NULL,
    batch_no         INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, order_no),
    CHECK (refunded_minor + refunding_minor <= captured_minor)
) STRICT, WITHOUT ROWID;
INSERT INTO orders_3
    SELECT merchant_id, order_no, version, room, reference, state, state_body, currency, amount_minor, tip_minor,
           amount_minor + tip_minor, captured_minor, refunded_minor, refunding_minor, refunds, events, choices,
           given_back, operator, terminal, presentation, terms, 'sale', '', NULL, '', 0
    FROM orders;
DROP TABLE orders;
ALTER TABLE orders_3 RENAME TO orders;
CREATE INDEX orders_operator ON orders (merchant_id, operator, order_no) WHERE operator <> '';
CREATE INDEX orders_terminal ON orders (merchant_id, terminal, order_no) WHERE terminal <> '';
CREATE INDEX orders_queue ON orders (merchant_id, terminal, queue_rank) WHERE queue_rank IS NOT NULL;
CREATE INDEX orders_batch ON orders (merchant_id, batch_terminal, batch_no) WHERE batch_no > 0;

-- How a refund is made, as JSON, where it is not the usual way.
ALTER TABLE refunds ADD COLUMN means TEXT NOT NULL DEFAULT '{}';

-- A terminal's batches, from 1. The open one has no end; it is written with the first order in it.
CREATE TABLE batches (
    merchant_id INTEGER NOT NULL,
    terminal    TEXT    NOT NULL,
    batch_no    INTEGER NOT NULL CHECK (batch_no > 0),
    opened_at   INTEGER NOT NULL,
    closed_at   INTEGER,
    PRIMARY KEY (merchant_id, terminal, batch_no)
) STRICT, WITHOUT ROWID;

-- What payers signed on a screen.
CREATE TABLE signatures (
    merchant_id INTEGER NOT NULL,
    order_no    INTEGER NOT NULL,
    png         BLOB    NOT NULL,
    PRIMARY KEY (merchant_id, order_no)
) STRICT, WITHOUT ROWID;

-- One-time codes by which a terminal gets its secret; one per terminal.
CREATE TABLE pairings (
    merchant_id INTEGER NOT NULL,
    terminal    TEXT    NOT NULL,
    code_digest BLOB    NOT NULL,
    expires_at  INTEGER NOT NULL,
    tries_left  INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, terminal)
) STRICT, WITHOUT ROWID;

-- Keys of the gateway's own, sealed by the server before they come here. Nobody's: one table for the whole gateway.
CREATE TABLE gateway_keys (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
