-- What was changed is written down.
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    actor           TEXT,
    origin          TEXT    NOT NULL,
    action          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    denied          TEXT
);

CREATE INDEX audit_by_time ON audit (at);
