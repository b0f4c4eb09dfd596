-- What was changed is written down, programs have tokens, and what `davgroups apply` made is known.
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

CREATE TABLE tokens (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    hash            BLOB    NOT NULL UNIQUE,
    scope           TEXT    NOT NULL CHECK (scope IN ('read', 'groups', 'users', 'admin')),
    created         INTEGER NOT NULL,
    expires         INTEGER,
    last_used       INTEGER
);

CREATE INDEX tokens_by_user ON tokens (user_id, number);

CREATE TABLE declared_users (
    user_id         TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_groups (
    group_id        TEXT    NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_custom_groups (
    group_number    INTEGER PRIMARY KEY REFERENCES custom_groups (number) ON DELETE CASCADE
);
