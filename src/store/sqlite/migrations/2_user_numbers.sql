-- Memberships know the numbers of their users, and users are kept by number. SQLite cannot change a key,
-- so both tables are made anew. The index for searching knows the numbers already.
CREATE TABLE new_users (
    number          INTEGER PRIMARY KEY,
    id              TEXT    NOT NULL UNIQUE,
    id_folded       TEXT    NOT NULL UNIQUE,
    display_name    TEXT    NOT NULL,
    email           TEXT,
    email_folded    TEXT,
    password        TEXT    NOT NULL,
    quota           TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    guest           INTEGER NOT NULL CHECK (guest IN (0, 1)),
    created         INTEGER NOT NULL,
    last_login      INTEGER,
    name_folded     TEXT    NOT NULL
);

INSERT INTO new_users
SELECT number, id, id_folded, display_name, email, email_folded, password, quota, enabled, guest, created,
       last_login, name_folded
FROM users;

-- The triggers that look after the index go with the table, before its rows do.
DROP TRIGGER users_search_delete;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;

CREATE INDEX users_by_email ON users (email_folded) WHERE email_folded IS NOT NULL;

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

CREATE TABLE new_members (
    group_number    INTEGER NOT NULL REFERENCES custom_groups (number) ON DELETE CASCADE,
    user_id         TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT    NOT NULL CHECK (role IN ('member', 'admin')),
    joined_at       INTEGER NOT NULL,
    user_number     INTEGER NOT NULL,
    PRIMARY KEY (group_number, user_id)
) WITHOUT ROWID;

INSERT INTO new_members
SELECT m.group_number, m.user_id, m.role, m.joined_at, u.number
FROM custom_group_members m JOIN users u ON u.id = m.user_id;

DROP TABLE custom_group_members;
ALTER TABLE new_members RENAME TO custom_group_members;

CREATE INDEX custom_group_members_by_user ON custom_group_members (user_id, group_number);
CREATE INDEX custom_group_members_by_time ON custom_group_members (group_number, joined_at);
CREATE INDEX custom_group_admins ON custom_group_members (group_number) WHERE role = 'admin';
