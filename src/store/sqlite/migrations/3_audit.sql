-- What was changed is written down; and what `davgroups apply` made is known.
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

CREATE TABLE declared_users (
    user_id         TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_groups (
    group_id        TEXT    NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_custom_groups (
    group_number    INTEGER PRIMARY KEY REFERENCES custom_groups (number) ON DELETE CASCADE
);
