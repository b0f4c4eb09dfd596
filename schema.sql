-- The whole schema, as a new store is made. Times are milliseconds since 1970 in UTC.
-- Columns that end in _folded hold the text with Unicode case folding: what is compared and searched.

-- Users. The id is kept as created; it is unique and looked up without regard to case. The number is for
-- inside alone: finding a row by it takes a fifth of the time that finding it by its id takes.
CREATE TABLE users (
    number          INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    id_folded       TEXT    NOT NULL UNIQUE,
    display_name    TEXT    NOT NULL,
    email           TEXT,
    email_folded    TEXT,
    password        TEXT    NOT NULL,           -- the hash, in its own text form
    quota           TEXT    NOT NULL,           -- 'default', 'none' or a number of bytes
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    guest           INTEGER NOT NULL CHECK (guest IN (0, 1)),
    created         INTEGER NOT NULL,
    last_login      INTEGER,                    -- NULL: never
    name_folded     TEXT    NOT NULL            -- id and display name, one a line, for searching
);

CREATE INDEX users_by_email ON users (email_folded) WHERE email_folded IS NOT NULL;

-- Hashes that other servers made and nobody has logged in with since: every failed login takes the work of
-- each kind that there is. Those that cost nothing and those of our own parameters are not in it.
CREATE INDEX users_foreign_password ON users (password)
WHERE password GLOB '*$*' AND password NOT GLOB '$argon2id$v=19$m=12288,t=3,p=1$*';

-- Which users have which three characters in a row, so that a search need not look at all of them. It
-- keeps no text: what it finds is compared with the pattern again.
CREATE VIRTUAL TABLE users_search USING fts5 (
    text, content = '', contentless_delete = 1, detail = none,
    tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER users_search_insert AFTER INSERT ON users BEGIN
    INSERT INTO users_search (rowid, text)
    VALUES (new.number, new.name_folded || char(10) || coalesce(new.email_folded, ''));
END;

CREATE TRIGGER users_search_update AFTER UPDATE OF name_folded, email_folded ON users BEGIN
    DELETE FROM users_search WHERE rowid = old.number;
    INSERT INTO users_search (rowid, text)
    VALUES (new.number, new.name_folded || char(10) || coalesce(new.email_folded, ''));
END;

CREATE TRIGGER users_search_delete AFTER DELETE ON users BEGIN
    DELETE FROM users_search WHERE rowid = old.number;
END;

-- How many users there are, which pages of listings say: counting a million takes as long as a hundred look-ups.
CREATE TABLE totals (
    users           INTEGER NOT NULL
);

INSERT INTO totals (users) VALUES (0);

CREATE TRIGGER users_total_insert AFTER INSERT ON users BEGIN
    UPDATE totals SET users = users + 1;
END;

CREATE TRIGGER users_total_delete AFTER DELETE ON users BEGIN
    UPDATE totals SET users = users - 1;
END;

-- Groups of the provisioning API. 'admin' always exists.
CREATE TABLE groups (
    id              TEXT    NOT NULL PRIMARY KEY,
    display_name    TEXT    NOT NULL,
    name_folded     TEXT    NOT NULL            -- id and display name, one a line, for searching
) WITHOUT ROWID;

CREATE TABLE group_members (
    group_id        TEXT    NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;

CREATE INDEX group_members_by_user ON group_members (user_id, group_id);

-- Who manages a group without being administrator.
CREATE TABLE subadmins (
    group_id        TEXT    NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;

CREATE INDEX subadmins_by_user ON subadmins (user_id, group_id);

-- Custom groups. The number is shown to clients and never used again (hence AUTOINCREMENT).
-- Display names are unique by rule and not by constraint, since the rule can be switched off.
CREATE TABLE custom_groups (
    number              INTEGER PRIMARY KEY AUTOINCREMENT,
    uri                 TEXT    NOT NULL UNIQUE,
    display_name        TEXT    NOT NULL,
    display_name_folded TEXT    NOT NULL
);

CREATE INDEX custom_groups_by_folded_name ON custom_groups (display_name_folded);
CREATE INDEX custom_groups_by_name ON custom_groups (display_name, number);

-- As users_search.
CREATE VIRTUAL TABLE custom_groups_search USING fts5 (
    text, content = '', contentless_delete = 1, detail = none,
    tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER custom_groups_search_insert AFTER INSERT ON custom_groups BEGIN
    INSERT INTO custom_groups_search (rowid, text) VALUES (new.number, new.display_name_folded);
END;

CREATE TRIGGER custom_groups_search_update AFTER UPDATE OF display_name_folded ON custom_groups BEGIN
    DELETE FROM custom_groups_search WHERE rowid = old.number;
    INSERT INTO custom_groups_search (rowid, text) VALUES (new.number, new.display_name_folded);
END;

CREATE TRIGGER custom_groups_search_delete AFTER DELETE ON custom_groups BEGIN
    DELETE FROM custom_groups_search WHERE rowid = old.number;
END;

-- Who belongs to which custom group. joined_at rises within a group, so that the member of longest
-- standing is never in doubt.
CREATE TABLE custom_group_members (
    group_number        INTEGER NOT NULL REFERENCES custom_groups (number) ON DELETE CASCADE,
    user_id             TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role                TEXT    NOT NULL CHECK (role IN ('member', 'admin')),
    user_display_name   TEXT    NOT NULL,       -- these two are those of user_id, so that a listing reads
    user_guest          INTEGER NOT NULL,       -- one table: looking each user up would take a fifth longer
    joined_at           INTEGER NOT NULL,
    user_number         INTEGER NOT NULL,       -- that of user_id, with which searches find what they look at
    PRIMARY KEY (group_number, user_id)
) WITHOUT ROWID;

CREATE INDEX custom_group_members_by_user ON custom_group_members (user_id, group_number);
CREATE INDEX custom_group_members_by_time ON custom_group_members (group_number, joined_at);
CREATE INDEX custom_group_admins ON custom_group_members (group_number) WHERE role = 'admin';

CREATE TRIGGER users_shown_update AFTER UPDATE OF display_name, guest ON users BEGIN
    UPDATE custom_group_members SET user_display_name = new.display_name, user_guest = new.guest
    WHERE user_id = new.id;
END;

-- Apps that were switched on or off by hand; the others are as they come.
CREATE TABLE apps (
    id              TEXT    NOT NULL PRIMARY KEY,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1))
) WITHOUT ROWID;

-- What was changed, and what somebody tried without having the right. Rows are only added, and the oldest
-- ones dropped when the operator says so.
CREATE TABLE audit (
    number          INTEGER PRIMARY KEY,
    at              INTEGER NOT NULL,
    actor           TEXT,                       -- the user's id at that time; NULL: the operator
    origin          TEXT    NOT NULL,           -- an address, or 'machine'
    action          TEXT    NOT NULL,
    subject         TEXT    NOT NULL,
    detail          TEXT    NOT NULL,
    denied          TEXT                        -- why it was not done; NULL: it was
);

CREATE INDEX audit_by_time ON audit (at);

-- What programs log in with instead of a password. The number is never used again (hence AUTOINCREMENT),
-- so that what the audit says of one is true of no other.
CREATE TABLE tokens (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,           -- what it is for, as its maker says; may be empty
    hash            BLOB    NOT NULL UNIQUE,    -- BLAKE3 of the token, which itself is kept nowhere
    scope           TEXT    NOT NULL CHECK (scope IN ('read', 'groups', 'users', 'admin')),
    created         INTEGER NOT NULL,
    expires         INTEGER,                    -- NULL: never
    last_used       INTEGER                     -- NULL: never; noted once a minute at most
);

CREATE INDEX tokens_by_user ON tokens (user_id, number);

-- What `davgroups apply` made, and may therefore delete when it is declared no longer.
CREATE TABLE declared_users (
    user_id         TEXT    NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_groups (
    group_id        TEXT    NOT NULL PRIMARY KEY REFERENCES groups (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE declared_custom_groups (
    group_number    INTEGER PRIMARY KEY REFERENCES custom_groups (number) ON DELETE CASCADE
);

-- What the server keeps for itself.
CREATE TABLE settings (
    key             TEXT    NOT NULL PRIMARY KEY,
    value           TEXT    NOT NULL
) WITHOUT ROWID;

INSERT INTO groups (id, display_name, name_folded) VALUES ('admin', 'admin', 'admin' || char(10) || 'admin');
