-- Reports by day, and what channels say of a day.

-- When an entry was booked: its event's time. Statements are read in this order.
ALTER TABLE postings ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
UPDATE postings SET at = (SELECT e.at FROM events e
    WHERE e.merchant_id = postings.merchant_id AND e.order_no = postings.order_no AND e.event_no = postings.event_no);
CREATE INDEX postings_at ON postings (merchant_id, at);

-- Files that channels gave us. Nobody's: one file speaks of many merchants.
CREATE TABLE statement_files (
    channel     TEXT    NOT NULL,
    digest      BLOB    NOT NULL,
    name        TEXT    NOT NULL,
    line_count  INTEGER NOT NULL,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (channel, digest)
) STRICT, WITHOUT ROWID;

-- Their lines. `merchant_id` and `order_no` stand in our number of the operation; both are 0 where it is none of ours.
CREATE TABLE statement_lines (
    merchant_id       INTEGER NOT NULL,
    order_no          INTEGER NOT NULL,
    channel           TEXT    NOT NULL,
    digest            BLOB    NOT NULL,
    line_no           INTEGER NOT NULL,
    trade_no          TEXT    NOT NULL,
    original_trade_no TEXT    NOT NULL,
    kind              TEXT    NOT NULL CHECK (kind IN ('sale', 'authorization', 'capture', 'refund', 'void')),
    amount_minor      INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency          TEXT    NOT NULL,
    at                INTEGER NOT NULL,
    reference         TEXT    NOT NULL,
    batch             TEXT    NOT NULL,
    PRIMARY KEY (merchant_id, channel, order_no, digest, line_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_lines_at ON statement_lines (merchant_id, channel, at);
