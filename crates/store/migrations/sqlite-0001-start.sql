-- Every table of merchants' data begins with merchant_id, every key too: the same schema can be spread over several machines.
-- Times are milliseconds since 1970 UTC, amounts whole minor units.

CREATE TABLE merchants (
    merchant_id INTEGER PRIMARY KEY CHECK (merchant_id BETWEEN 1 AND 16777215),
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

-- How a merchant logs on to a room: Latipay's user_id.
CREATE TABLE credentials (
    merchant_id INTEGER NOT NULL REFERENCES merchants,
    room        TEXT    NOT NULL,
    login       TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    enabled     INTEGER NOT NULL,
    settings    TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, room, login)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX credentials_login ON credentials (room, login);

-- Secrets are sealed by the server before they come here.
CREATE TABLE credential_keys (
    merchant_id INTEGER NOT NULL,
    room        TEXT    NOT NULL,
    login       TEXT    NOT NULL,
    key_no      INTEGER NOT NULL,
    sealed      BLOB    NOT NULL,
    created_at  INTEGER NOT NULL,
    valid_until INTEGER,
    -- When a request was first signed with it; until then the merchant may not have it yet.
    used_at     INTEGER,
    PRIMARY KEY (merchant_id, room, login, key_no),
    FOREIGN KEY (merchant_id, room, login) REFERENCES credentials
) STRICT, WITHOUT ROWID;

-- Where a login's money goes: Latipay's wallets. Each belongs to one login. `body` is the account as JSON.
CREATE TABLE accounts (
    merchant_id INTEGER NOT NULL,
    room        TEXT    NOT NULL,
    login       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, room, code),
    FOREIGN KEY (merchant_id, room, login) REFERENCES credentials
) STRICT, WITHOUT ROWID;

CREATE TABLE orders (
    merchant_id     INTEGER NOT NULL,
    order_no        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    room            TEXT    NOT NULL,
    reference       TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    state_body      TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor > 0),
    captured_minor  INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor),
    refunded_minor  INTEGER NOT NULL CHECK (refunded_minor >= 0),
    refunding_minor INTEGER NOT NULL CHECK (refunding_minor >= 0),
    refunds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    presentation    TEXT    NOT NULL,
    terms           TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, order_no),
    CHECK (refunded_minor + refunding_minor <= captured_minor)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX orders_reference ON orders (merchant_id, room, reference);

CREATE TABLE events (
    merchant_id INTEGER NOT NULL,
    order_no    INTEGER NOT NULL,
    event_no    INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no)
) STRICT, WITHOUT ROWID;

-- Debits are positive, credits negative; the lines of one event sum to zero.
CREATE TABLE postings (
    merchant_id  INTEGER NOT NULL,
    order_no     INTEGER NOT NULL,
    event_no     INTEGER NOT NULL,
    line         INTEGER NOT NULL,
    account      TEXT    NOT NULL,
    currency     TEXT    NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (merchant_id, order_no, event_no, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunds (
    merchant_id  INTEGER NOT NULL,
    order_no     INTEGER NOT NULL,
    refund_no    INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    reference    TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    late         INTEGER NOT NULL,
    state_body   TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, order_no, refund_no)
) STRICT, WITHOUT ROWID;

-- What is owed to the outside. `due_at` is also the end of a lease: a worker takes a row by moving it.
CREATE TABLE work (
    merchant_id INTEGER NOT NULL,
    order_no    INTEGER NOT NULL,
    slot        TEXT    NOT NULL,
    slot_no     INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, order_no, slot, slot_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_due ON work (due_at);

-- What the database is for: a live gateway and a sandbox never share one.
CREATE TABLE purpose (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    word TEXT NOT NULL
) STRICT;

-- A row that a readiness probe writes: a full or broken disk shows here first.
CREATE TABLE heartbeat (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    beats INTEGER NOT NULL
) STRICT;

-- What a merchant is told, the same bytes at each try.
CREATE TABLE notifications (
    merchant_id  INTEGER NOT NULL,
    order_no     INTEGER NOT NULL,
    event_no     INTEGER NOT NULL,
    url          TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    body         BLOB    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'exhausted')),
    attempts     INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification_attempts (
    merchant_id INTEGER NOT NULL,
    order_no    INTEGER NOT NULL,
    event_no    INTEGER NOT NULL,
    attempt     INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    took_ms     INTEGER NOT NULL,
    status      INTEGER,
    answer      TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no, attempt)
) STRICT, WITHOUT ROWID;
