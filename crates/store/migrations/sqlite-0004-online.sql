-- Requests that could be sent again by whoever saw them, by a digest of what makes them one request, and what they were
-- answered. `subject`: what the request began. Without an answer: it was begun, and its end is to be looked up.
CREATE TABLE claims (
    merchant_id INTEGER NOT NULL,
    claim_key   BLOB    NOT NULL,
    subject     TEXT    NOT NULL,
    answer      BLOB,
    at          INTEGER NOT NULL,
    PRIMARY KEY (merchant_id, claim_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_age ON claims (merchant_id, at);
