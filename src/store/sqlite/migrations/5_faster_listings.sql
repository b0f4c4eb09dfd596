-- Our own hashes take 12 MiB and three passes now; those of before are found like those of others.
DROP INDEX users_foreign_password;
CREATE INDEX users_foreign_password ON users (password)
WHERE password GLOB '*$*' AND password NOT GLOB '$argon2id$v=19$m=12288,t=3,p=1$*';

-- Memberships know what listings show of their users.
CREATE TABLE new_members (
    group_number        INTEGER NOT NULL REFERENCES custom_groups (number) ON DELETE CASCADE,
    user_id             TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role                TEXT    NOT NULL CHECK (role IN ('member', 'admin')),
    user_display_name   TEXT    NOT NULL,
    user_guest          INTEGER NOT NULL,
    joined_at           INTEGER NOT NULL,
    user_number         INTEGER NOT NULL,
    PRIMARY KEY (group_number, user_id)
) WITHOUT ROWID;

INSERT INTO new_members
SELECT m.group_number, m.user_id, m.role, u.display_name, u.guest, m.joined_at, m.user_number
FROM custom_group_members m JOIN users u ON u.number = m.user_number;

DROP TABLE custom_group_members;
ALTER TABLE new_members RENAME TO custom_group_members;

CREATE INDEX custom_group_members_by_user ON custom_group_members (user_id, group_number);
CREATE INDEX custom_group_members_by_time ON custom_group_members (group_number, joined_at);
CREATE INDEX custom_group_admins ON custom_group_members (group_number) WHERE role = 'admin';

CREATE TRIGGER users_shown_update AFTER UPDATE OF display_name, guest ON users BEGIN
    UPDATE custom_group_members SET user_display_name = new.display_name, user_guest = new.guest
    WHERE user_id = new.id;
END;

-- Pages of listings say how many users there are.
CREATE TABLE totals (
    users           INTEGER NOT NULL
);

INSERT INTO totals SELECT count(*) FROM users;

CREATE TRIGGER users_total_insert AFTER INSERT ON users BEGIN
    UPDATE totals SET users = users + 1;
END;

CREATE TRIGGER users_total_delete AFTER DELETE ON users BEGIN
    UPDATE totals SET users = users - 1;
END;
