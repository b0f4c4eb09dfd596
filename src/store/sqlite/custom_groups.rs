//! Custom groups and their members.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Row, params};

use super::search::{Like, Search as Way};
use super::session::{Session, limit_offset, row_limit};
use super::users::{user_id, user_name};
use crate::domain::{
    CustomGroup, CustomGroupNumber, DisplayName, Error, GroupRef, GroupUri, Membership, Result, Role,
    RoledGroup, Search, UserId,
};
use crate::store::{CustomGroupReader, CustomGroupWriter};

/// What the index of display names finds, up to a limit.
const CANDIDATES: &str =
    "SELECT rowid FROM custom_groups_search WHERE custom_groups_search MATCH ?1 LIMIT ?2";

impl CustomGroupReader for Session<'_> {
    fn custom_group(&self, group: &GroupRef) -> Result<Option<CustomGroup>> {
        match group {
            GroupRef::Uri(uri) => self.first(
                "SELECT number, uri, display_name FROM custom_groups WHERE uri = ?1",
                [uri],
                custom_group,
            ),
            GroupRef::Number(number) => self.first(
                "SELECT number, uri, display_name FROM custom_groups WHERE number = ?1",
                [number.get()],
                custom_group,
            ),
        }
    }

    fn role(&self, group: CustomGroupNumber, user: &UserId) -> Result<Option<Role>> {
        self.first(
            "SELECT role FROM custom_group_members WHERE group_number = ?1 AND user_id = ?2",
            params![group.get(), user.as_str()],
            |row| role(row, 0),
        )
    }

    fn count_admins(&self, group: CustomGroupNumber) -> Result<u64> {
        let count = self.first(
            "SELECT count(*) FROM custom_group_members WHERE group_number = ?1 AND role = 'admin'",
            [group.get()],
            |row| row.get::<_, u32>(0),
        )?;
        Ok(count.map_or(0, u64::from))
    }

    fn display_name_taken(&self, name: &DisplayName, except: Option<CustomGroupNumber>) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM custom_groups WHERE display_name_folded = ?1 AND number <> ?2 LIMIT 1",
            params![name.folded(), except.map_or(0, CustomGroupNumber::get)],
        )
    }

    fn custom_groups_of(&self, user: &UserId, search: &Search) -> Result<Vec<RoledGroup>> {
        let (limit, offset) = limit_offset(search.page);
        self.all(
            "SELECT g.number, g.uri, g.display_name, m.role
             FROM custom_group_members m JOIN custom_groups g ON g.number = m.group_number
             WHERE m.user_id = ?1 AND g.display_name_folded LIKE ?2 ESCAPE '\\'
             ORDER BY m.group_number LIMIT ?3 OFFSET ?4",
            params![user.as_str(), Like::or_null(&search.pattern), limit, offset],
            |row| Ok(RoledGroup { group: custom_group(row)?, role: Some(role(row, 3)?) }),
        )
    }

    fn custom_groups_of_after(
        &self,
        user: &UserId,
        last: &CustomGroup,
        limit: u64,
    ) -> Result<Vec<RoledGroup>> {
        self.all(
            "SELECT g.number, g.uri, g.display_name, m.role
             FROM custom_group_members m JOIN custom_groups g ON g.number = m.group_number
             WHERE m.user_id = ?1 AND m.group_number > ?2
             ORDER BY m.group_number LIMIT ?3",
            params![user.as_str(), last.number.get(), row_limit(limit)],
            |row| Ok(RoledGroup { group: custom_group(row)?, role: Some(role(row, 3)?) }),
        )
    }

    fn custom_groups(&self, search: &Search) -> Result<Vec<RoledGroup>> {
        let (limit, offset) = limit_offset(search.page);
        let group = |row: &Row<'_>| Ok(RoledGroup { group: custom_group(row)?, role: None });
        match self.search(&search.pattern, CANDIDATES)? {
            Way::Nothing => Ok(Vec::new()),
            Way::Everything => self.all(
                "SELECT number, uri, display_name FROM custom_groups
                 ORDER BY display_name, number LIMIT ?1 OFFSET ?2",
                [limit, offset],
                group,
            ),
            Way::Scan(like) => self.all(
                "SELECT number, uri, display_name FROM custom_groups
                 WHERE display_name_folded LIKE ?1 ESCAPE '\\'
                 ORDER BY display_name, number LIMIT ?2 OFFSET ?3",
                params![like, limit, offset],
                group,
            ),
            Way::Index(like, numbers) => self.all(
                "SELECT number, uri, display_name FROM custom_groups
                 WHERE number IN (SELECT value FROM json_each(?4))
                   AND display_name_folded LIKE ?1 ESCAPE '\\'
                 ORDER BY display_name, number LIMIT ?2 OFFSET ?3",
                params![like, limit, offset, numbers],
                group,
            ),
        }
    }

    fn custom_groups_after(&self, last: &CustomGroup, limit: u64) -> Result<Vec<RoledGroup>> {
        self.all(
            "SELECT number, uri, display_name FROM custom_groups
             WHERE (display_name, number) > (?1, ?2)
             ORDER BY display_name, number LIMIT ?3",
            params![last.display_name.as_str(), last.number.get(), row_limit(limit)],
            |row| Ok(RoledGroup { group: custom_group(row)?, role: None }),
        )
    }

    fn memberships(&self, group: CustomGroupNumber, search: &Search) -> Result<Vec<Membership>> {
        let (limit, offset) = limit_offset(search.page);
        if search.pattern.is_empty() {
            return self.all(
                "SELECT user_id, user_display_name, user_guest, role FROM custom_group_members
                 WHERE group_number = ?1 ORDER BY user_id LIMIT ?2 OFFSET ?3",
                params![group.get(), limit, offset],
                membership,
            );
        }
        self.all(
            "SELECT m.user_id, m.user_display_name, m.user_guest, m.role
             FROM custom_group_members m JOIN users u ON u.number = m.user_number
             WHERE m.group_number = ?1 AND u.name_folded LIKE ?2 ESCAPE '\\'
             ORDER BY m.user_id LIMIT ?3 OFFSET ?4",
            params![group.get(), Like::or_null(&search.pattern), limit, offset],
            membership,
        )
    }

    fn memberships_after(
        &self,
        group: CustomGroupNumber,
        last: &UserId,
        limit: u64,
    ) -> Result<Vec<Membership>> {
        self.all(
            "SELECT user_id, user_display_name, user_guest, role FROM custom_group_members
             WHERE group_number = ?1 AND user_id > ?2 ORDER BY user_id LIMIT ?3",
            params![group.get(), last.as_str(), row_limit(limit)],
            membership,
        )
    }

    fn membership(&self, group: CustomGroupNumber, user: &str) -> Result<Option<Membership>> {
        self.first(
            "SELECT user_id, user_display_name, user_guest, role FROM custom_group_members
             WHERE group_number = ?1 AND user_id = ?2",
            params![group.get(), user],
            membership,
        )
    }

    fn users_with_memberships(&self) -> Result<Vec<UserId>> {
        self.all("SELECT DISTINCT user_id FROM custom_group_members ORDER BY user_id", [], |row| {
            user_id(row, 0)
        })
    }

    fn custom_groups_without_admin(&self) -> Result<Vec<CustomGroup>> {
        self.all(
            "SELECT number, uri, display_name FROM custom_groups
             WHERE NOT EXISTS (SELECT 1 FROM custom_group_members
                               WHERE group_number = number AND role = 'admin')
             ORDER BY number",
            [],
            custom_group,
        )
    }

    fn longest_standing(&self, group: CustomGroupNumber) -> Result<Option<UserId>> {
        self.first(
            "SELECT user_id FROM custom_group_members WHERE group_number = ?1 ORDER BY joined_at LIMIT 1",
            [group.get()],
            |row| user_id(row, 0),
        )
    }
}

impl CustomGroupWriter for Session<'_> {
    fn insert_custom_group(&mut self, uri: &GroupUri, name: &DisplayName) -> Result<CustomGroup> {
        let number = self.first(
            "INSERT INTO custom_groups (uri, display_name, display_name_folded) VALUES (?1, ?2, ?3)
             ON CONFLICT (uri) DO NOTHING RETURNING number",
            params![uri.as_str(), name.as_str(), name.folded()],
            |row| row.get(0),
        )?;
        let number = CustomGroupNumber::new(number.ok_or(Error::GroupUriTaken)?);
        Ok(CustomGroup { number, uri: uri.clone(), display_name: name.clone() })
    }

    fn insert_numbered_custom_group(&mut self, group: &CustomGroup) -> Result<()> {
        let added = self.change(
            "INSERT INTO custom_groups (number, uri, display_name, display_name_folded)
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                group.number.get(),
                group.uri.as_str(),
                group.display_name.as_str(),
                group.display_name.folded()
            ],
        )?;
        if added == 0 { Err(Error::GroupUriTaken) } else { Ok(()) }
    }

    fn rename_custom_group(&mut self, group: CustomGroupNumber, name: &DisplayName) -> Result<()> {
        self.change(
            "UPDATE custom_groups SET display_name = ?2, display_name_folded = ?3 WHERE number = ?1",
            params![group.get(), name.as_str(), name.folded()],
        )?;
        Ok(())
    }

    fn delete_custom_group(&mut self, group: CustomGroupNumber) -> Result<()> {
        self.change("DELETE FROM custom_groups WHERE number = ?1", [group.get()])?;
        Ok(())
    }

    /// `joined_at` is later than that of every other member, even where the clock stands still or was
    /// put back.
    fn add_member(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()> {
        let latest: Option<i64> = self
            .first(
                "SELECT max(joined_at) FROM custom_group_members WHERE group_number = ?1",
                [group.get()],
                |row| row.get(0),
            )?
            .flatten();
        let joined = latest.map_or(self.now.0, |latest| self.now.0.max(latest + 1));
        let added = self.change(
            // Of a user who is not there everything is NULL, which is refused.
            "INSERT INTO custom_group_members
             SELECT ?1, ?2, ?3, display_name, guest, ?4, number
             FROM (VALUES (1)) LEFT JOIN users ON id = ?2 WHERE true ON CONFLICT DO NOTHING",
            params![group.get(), user.as_str(), role.as_str(), joined],
        )?;
        if added == 0 { Err(Error::AlreadyMember) } else { Ok(()) }
    }

    fn set_role(&mut self, group: CustomGroupNumber, user: &UserId, role: Role) -> Result<()> {
        self.change(
            "UPDATE custom_group_members SET role = ?3 WHERE group_number = ?1 AND user_id = ?2",
            params![group.get(), user.as_str(), role.as_str()],
        )?;
        Ok(())
    }

    fn remove_member(&mut self, group: CustomGroupNumber, user: &UserId) -> Result<()> {
        self.change(
            "DELETE FROM custom_group_members WHERE group_number = ?1 AND user_id = ?2",
            params![group.get(), user.as_str()],
        )?;
        Ok(())
    }
}

pub(super) fn custom_group(row: &Row<'_>) -> rusqlite::Result<CustomGroup> {
    Ok(CustomGroup {
        number: CustomGroupNumber::new(row.get(0)?),
        uri: GroupUri::stored(row.get(1)?),
        display_name: DisplayName::stored(row.get(2)?),
    })
}

fn membership(row: &Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        user: user_id(row, 0)?,
        user_display_name: user_name(row, 1)?,
        guest: row.get(2)?,
        role: role(row, 3)?,
    })
}

pub(super) fn role(row: &Row<'_>, column: usize) -> rusqlite::Result<Role> {
    row.get::<_, StoredRole>(column).map(|stored| stored.0)
}

struct StoredRole(Role);

impl FromSql for StoredRole {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // Not as a text, which is looked through first.
        let word = value.as_bytes()?;
        let role = [Role::Member, Role::Admin].into_iter().find(|role| role.as_str().as_bytes() == word);
        role.map(Self).ok_or(FromSqlError::InvalidType)
    }
}
