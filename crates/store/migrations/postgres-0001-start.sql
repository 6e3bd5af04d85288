-- Every table of merchants' data begins with merchant_id, every key too: the same schema can be spread over several machines.
-- Tables and columns are those of the embedded store. Integers have 64 bits; times are milliseconds since 1970 UTC, amounts
-- whole minor units. Texts are compared byte by byte.

CREATE TABLE merchants (
    merchant_id BIGINT PRIMARY KEY CHECK (merchant_id BETWEEN 1 AND 16777215),
    name        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

-- Whose a login is. Nobody's: one table for the whole gateway, the same on each machine.
CREATE TABLE logins (
    room        TEXT COLLATE "C" NOT NULL,
    login       TEXT COLLATE "C" NOT NULL,
    merchant_id BIGINT           NOT NULL,
    PRIMARY KEY (room, login)
);

-- How a merchant logs on to a room: Latipay's user_id.
CREATE TABLE credentials (
    merchant_id BIGINT           NOT NULL REFERENCES merchants,
    room        TEXT COLLATE "C" NOT NULL,
    login       TEXT COLLATE "C" NOT NULL,
    name        TEXT             NOT NULL,
    enabled     BIGINT           NOT NULL,
    settings    TEXT             NOT NULL,
    PRIMARY KEY (merchant_id, room, login)
);

-- Secrets are sealed by the server before they come here.
CREATE TABLE credential_keys (
    merchant_id BIGINT           NOT NULL,
    room        TEXT COLLATE "C" NOT NULL,
    login       TEXT COLLATE "C" NOT NULL,
    key_no      BIGINT           NOT NULL,
    sealed      BYTEA            NOT NULL,
    created_at  BIGINT           NOT NULL,
    valid_until BIGINT,
    -- When a request was first signed with it; until then the merchant may not have it yet.
    used_at     BIGINT,
    PRIMARY KEY (merchant_id, room, login, key_no),
    FOREIGN KEY (merchant_id, room, login) REFERENCES credentials
);

-- Where a login's money goes: Latipay's wallets. Each belongs to one login. `body` is the account as JSON.
CREATE TABLE accounts (
    merchant_id BIGINT           NOT NULL,
    room        TEXT COLLATE "C" NOT NULL,
    login       TEXT COLLATE "C" NOT NULL,
    code        TEXT COLLATE "C" NOT NULL,
    body        TEXT             NOT NULL,
    PRIMARY KEY (merchant_id, room, code),
    FOREIGN KEY (merchant_id, room, login) REFERENCES credentials
);

-- `choices`: the methods the order was to be paid with, in turn, with commas; the last is the one that counts.
-- `given_back`: choices whose late money was sent back, a bit each. `tip_minor` is the tip as it is now.
-- `deed`: what a terminal is to do; any other order is a sale. `counter`: what only an order at a terminal has, as JSON,
-- empty for all others. `queue_rank`: set while the order is open and belongs on a screen; the smallest is next.
CREATE TABLE orders (
    merchant_id      BIGINT           NOT NULL,
    order_no         BIGINT           NOT NULL,
    version          BIGINT           NOT NULL,
    room             TEXT COLLATE "C" NOT NULL,
    reference        TEXT COLLATE "C" NOT NULL,
    state            TEXT COLLATE "C" NOT NULL,
    state_body       TEXT             NOT NULL,
    currency         TEXT COLLATE "C" NOT NULL,
    amount_minor     BIGINT           NOT NULL CHECK (amount_minor > 0),
    tip_minor        BIGINT           NOT NULL CHECK (tip_minor >= 0),
    authorized_minor BIGINT           NOT NULL CHECK (authorized_minor >= 0),
    captured_minor   BIGINT           NOT NULL CHECK (captured_minor BETWEEN 0 AND authorized_minor),
    refunded_minor   BIGINT           NOT NULL CHECK (refunded_minor >= 0),
    refunding_minor  BIGINT           NOT NULL CHECK (refunding_minor >= 0),
    refunds          BIGINT           NOT NULL,
    events           BIGINT           NOT NULL,
    choices          TEXT             NOT NULL,
    given_back       BIGINT           NOT NULL,
    operator         TEXT COLLATE "C" NOT NULL,
    terminal         TEXT COLLATE "C" NOT NULL,
    presentation     TEXT             NOT NULL,
    terms            TEXT             NOT NULL,
    deed             TEXT COLLATE "C" NOT NULL,
    counter          TEXT             NOT NULL,
    queue_rank       BIGINT,
    batch_terminal   TEXT COLLATE "C" NOT NULL,
    batch_no         BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, order_no),
    CHECK (refunded_minor + refunding_minor <= captured_minor)
);
CREATE INDEX orders_operator ON orders (merchant_id, operator, order_no) WHERE operator <> '';
CREATE INDEX orders_terminal ON orders (merchant_id, terminal, order_no) WHERE terminal <> '';
CREATE INDEX orders_queue ON orders (merchant_id, terminal, queue_rank) WHERE queue_rank IS NOT NULL;
CREATE INDEX orders_batch ON orders (merchant_id, batch_terminal, batch_no) WHERE batch_no > 0;

-- The merchant's numbers: of an order (refund_no 0) or of a refund, each taken once per merchant and room.
CREATE TABLE order_references (
    merchant_id BIGINT           NOT NULL,
    room        TEXT COLLATE "C" NOT NULL,
    reference   TEXT COLLATE "C" NOT NULL,
    order_no    BIGINT           NOT NULL,
    refund_no   BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, room, reference)
);

CREATE TABLE events (
    merchant_id BIGINT NOT NULL,
    order_no    BIGINT NOT NULL,
    event_no    BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no)
);

-- Debits are positive, credits negative; the lines of one event sum to zero. `at` is the event's time.
CREATE TABLE postings (
    merchant_id  BIGINT           NOT NULL,
    order_no     BIGINT           NOT NULL,
    event_no     BIGINT           NOT NULL,
    line         BIGINT           NOT NULL,
    account      TEXT COLLATE "C" NOT NULL,
    currency     TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT           NOT NULL CHECK (amount_minor <> 0),
    at           BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no, line)
);
CREATE INDEX postings_at ON postings (merchant_id, at);

-- `reference`: the merchant's own number of it; `note`: his remark. `means`: how it is made, as JSON.
CREATE TABLE refunds (
    merchant_id  BIGINT           NOT NULL,
    order_no     BIGINT           NOT NULL,
    refund_no    BIGINT           NOT NULL,
    amount_minor BIGINT           NOT NULL CHECK (amount_minor > 0),
    note         TEXT             NOT NULL,
    requested_at BIGINT           NOT NULL,
    late         BIGINT           NOT NULL,
    state_body   TEXT             NOT NULL,
    reference    TEXT COLLATE "C",
    choice       BIGINT           NOT NULL,
    means        TEXT             NOT NULL,
    PRIMARY KEY (merchant_id, order_no, refund_no)
);

-- What is owed to the outside. `due_at` is also the end of a lease: a worker takes a row by moving it.
CREATE TABLE work (
    merchant_id BIGINT           NOT NULL,
    order_no    BIGINT           NOT NULL,
    slot        TEXT COLLATE "C" NOT NULL,
    slot_no     BIGINT           NOT NULL,
    due_at      BIGINT           NOT NULL,
    attempt     BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, order_no, slot, slot_no)
);
CREATE INDEX work_due ON work (due_at);

-- What the database is for: a live gateway and a sandbox never share one.
CREATE TABLE purpose (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    word TEXT   NOT NULL
);

-- A row that a readiness probe writes: a full or broken disk shows here first.
CREATE TABLE heartbeat (
    one   BIGINT PRIMARY KEY CHECK (one = 1),
    beats BIGINT NOT NULL
);

-- What a merchant is told, the same bytes at each try.
CREATE TABLE notifications (
    merchant_id  BIGINT           NOT NULL,
    order_no     BIGINT           NOT NULL,
    event_no     BIGINT           NOT NULL,
    url          TEXT             NOT NULL,
    content_type TEXT             NOT NULL,
    body         BYTEA            NOT NULL,
    state        TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'delivered', 'exhausted')),
    attempts     BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no)
);

CREATE TABLE notification_attempts (
    merchant_id BIGINT NOT NULL,
    order_no    BIGINT NOT NULL,
    event_no    BIGINT NOT NULL,
    attempt     BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    took_ms     BIGINT NOT NULL,
    status      BIGINT,
    answer      TEXT   NOT NULL,
    PRIMARY KEY (merchant_id, order_no, event_no, attempt)
);

-- Exchange rates. Nobody's: one table for the whole gateway. Each rate stays, the newest counts.
CREATE TABLE rates (
    base    TEXT COLLATE "C" NOT NULL,
    quote   TEXT COLLATE "C" NOT NULL,
    set_at  BIGINT           NOT NULL,
    rate_e8 BIGINT           NOT NULL CHECK (rate_e8 > 0),
    source  TEXT             NOT NULL,
    PRIMARY KEY (base, quote, set_at)
);

-- A terminal's batches, from 1. The open one has no end; it is written with the first order in it.
CREATE TABLE batches (
    merchant_id BIGINT           NOT NULL,
    terminal    TEXT COLLATE "C" NOT NULL,
    batch_no    BIGINT           NOT NULL CHECK (batch_no > 0),
    opened_at   BIGINT           NOT NULL,
    closed_at   BIGINT,
    PRIMARY KEY (merchant_id, terminal, batch_no)
);

-- What payers signed on a screen.
CREATE TABLE signatures (
    merchant_id BIGINT NOT NULL,
    order_no    BIGINT NOT NULL,
    png         BYTEA  NOT NULL,
    PRIMARY KEY (merchant_id, order_no)
);

-- One-time codes by which a terminal gets its secret; one per terminal.
CREATE TABLE pairings (
    merchant_id BIGINT           NOT NULL,
    terminal    TEXT COLLATE "C" NOT NULL,
    code_digest BYTEA            NOT NULL,
    expires_at  BIGINT           NOT NULL,
    tries_left  BIGINT           NOT NULL,
    PRIMARY KEY (merchant_id, terminal)
);

-- Keys of the gateway's own, sealed by the server before they come here. Nobody's: one table for the whole gateway.
CREATE TABLE gateway_keys (
    name   TEXT COLLATE "C" PRIMARY KEY,
    sealed BYTEA            NOT NULL
);

-- Requests that could be sent again by whoever saw them, by a digest of what makes them one request, and what they were
-- answered. `subject`: what the request began. Without an answer: it was begun, and its end is to be looked up.
CREATE TABLE claims (
    merchant_id BIGINT NOT NULL,
    claim_key   BYTEA  NOT NULL,
    subject     TEXT   NOT NULL,
    answer      BYTEA,
    at          BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, claim_key)
);
CREATE INDEX claims_age ON claims (merchant_id, at);

-- Files that channels gave us. Nobody's: one file speaks of many merchants.
CREATE TABLE statement_files (
    channel     TEXT COLLATE "C" NOT NULL,
    digest      BYTEA            NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    line_count  BIGINT           NOT NULL,
    imported_at BIGINT           NOT NULL,
    PRIMARY KEY (channel, digest)
);

-- Their lines. `merchant_id` and `order_no` stand in our number of the operation; both are 0 where it is none of ours.
CREATE TABLE statement_lines (
    merchant_id       BIGINT           NOT NULL,
    order_no          BIGINT           NOT NULL,
    channel           TEXT COLLATE "C" NOT NULL,
    digest            BYTEA            NOT NULL,
    line_no           BIGINT           NOT NULL,
    trade_no          TEXT COLLATE "C" NOT NULL,
    original_trade_no TEXT             NOT NULL,
    kind              TEXT COLLATE "C" NOT NULL CHECK (kind IN ('sale', 'authorization', 'capture', 'refund', 'void')),
    amount_minor      BIGINT           NOT NULL CHECK (amount_minor >= 0),
    currency          TEXT COLLATE "C" NOT NULL,
    at                BIGINT           NOT NULL,
    reference         TEXT             NOT NULL,
    batch             TEXT             NOT NULL,
    PRIMARY KEY (merchant_id, channel, order_no, digest, line_no)
);
CREATE INDEX statement_lines_at ON statement_lines (merchant_id, channel, at);
