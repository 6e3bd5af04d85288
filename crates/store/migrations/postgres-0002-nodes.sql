-- Several nodes on one database: who is there, and which of them has which terminal.

-- A node says again and again that it lives until then. One row each, nobody's; the same everywhere.
CREATE TABLE nodes (
    node        TEXT   NOT NULL PRIMARY KEY,
    alive_until BIGINT NOT NULL
);

-- The newest connection of a terminal. The row stays when the terminal goes (node ''), so that the number only grows.
CREATE TABLE terminal_lines (
    merchant_id BIGINT NOT NULL,
    terminal    TEXT   NOT NULL,
    node        TEXT   NOT NULL,
    epoch       BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, terminal)
);
