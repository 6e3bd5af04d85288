-- Tips, payers who choose their wallet, operators and tills to search by, and numbers that orders and refunds share.

-- The merchant's numbers: of an order (refund_no 0) or of a refund, each taken once per merchant and room.
CREATE TABLE order_references (
    merchant_id INTEGER NOT NULL,
    room        TEXT    NOT NULL,
    reference   TEXT    NOT NULL,
    order_no    INTEGER NOT NULL,
    refund_no   INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, room, reference)
) STRICT, WITHOUT ROWID;
INSERT INTO order_references SELECT merchant_id, room, reference, order_no, 0 FROM orders;

-- `choices`: the methods the order was to be paid with, in turn, with commas; the last is the one that counts.
-- `given_back`: choices whose late money was sent back, a bit each.
CREATE TABLE orders_2 (
    merchant_id     INTEGER NOT NULL,
    order_no        INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    room            TEXT    NOT NULL,
    reference       TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    state_body      TEXT    NOT NULL,
    currency        TEXT    NOT NULL,
    amount_minor    INTEGER NOT NULL CHECK (amount_minor > 0),
    tip_minor       INTEGER NOT NULL CHECK (tip_minor >= 0),
    captured_minor  INTEGER NOT NULL CHECK (captured_minor BETWEEN 0 AND amount_minor + tip_minor),
    refunded_minor  INTEGER NOT NULL CHECK (refunded_minor >= 0),
    refunding_minor INTEGER NOT NULL CHECK (refunding_minor >= 0),
    refunds         INTEGER NOT NULL,
    events          INTEGER NOT NULL,
    choices         TEXT    NOT NULL,
    given_back      INTEGER NOT NULL,
    operator        TEXT    NOT NULL,
    terminal        TEXT    NOT NULL,
    presentation    TEXT    NOT NULL,
    terms           TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, order_no),
    CHECK (refunded_minor + refunding_minor <= captured_minor)
) STRICT, WITHOUT ROWID;
INSERT INTO orders_2
    SELECT o.merchant_id, o.order_no, o.events, o.room, o.reference, o.state, o.state_body, o.currency, o.amount_minor,
           0, o.captured_minor, o.refunded_minor, o.refunding_minor, o.refunds, o.events,
           json_extract(o.terms, '$.method'),
           EXISTS (SELECT 1 FROM refunds r
                   WHERE r.merchant_id = o.merchant_id AND r.order_no = o.order_no AND r.late = 1),
           '', '', o.presentation, o.terms
    FROM orders o;
DROP TABLE orders;
ALTER TABLE orders_2 RENAME TO orders;
CREATE INDEX orders_operator ON orders (merchant_id, operator, order_no) WHERE operator <> '';
CREATE INDEX orders_terminal ON orders (merchant_id, terminal, order_no) WHERE terminal <> '';

-- What was called a refund's reference is the merchant's remark; a reference is now his own number of it.
ALTER TABLE refunds RENAME COLUMN reference TO note;
ALTER TABLE refunds ADD COLUMN reference TEXT;
ALTER TABLE refunds ADD COLUMN choice INTEGER NOT NULL DEFAULT 1;

-- Not a merchant's: one table for the whole gateway, the same on each machine. Each rate stays, the newest counts.
CREATE TABLE rates (
    base    TEXT    NOT NULL,
    quote   TEXT    NOT NULL,
    set_at  INTEGER NOT NULL,
    rate_e8 INTEGER NOT NULL CHECK (rate_e8 > 0),
    source  TEXT    NOT NULL,
    PRIMARY KEY (base, quote, set_at)
) STRICT, WITHOUT ROWID;
