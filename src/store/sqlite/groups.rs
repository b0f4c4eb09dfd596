//! Groups of the provisioning API and their subadmins.

use rusqlite::{Row, params};

use super::search::Like;
use super::session::{Session, limit_offset};
use super::users::{list, user_id};
use crate::domain::{Error, Group, GroupId, GroupName, Pattern, Result, Search, UserId, fold::fold};
use crate::store::{GroupReader, GroupWriter};

impl GroupReader for Session<'_> {
    fn group_exists(&self, group: &GroupId) -> Result<bool> {
        self.exists("SELECT 1 FROM groups WHERE id = ?1", [group.as_str()])
    }

    fn find_groups(&self, search: &Search) -> Result<Vec<GroupId>> {
        let (limit, offset) = limit_offset(search.page);
        self.all(
            "SELECT id FROM groups WHERE name_folded LIKE ?1 ESCAPE '\\' ORDER BY id LIMIT ?2 OFFSET ?3",
            params![Like::or_null(&search.pattern), limit, offset],
            group_id,
        )
    }

    fn groups(&self, search: &Search) -> Result<Vec<Group>> {
        let (limit, offset) = limit_offset(search.page);
        self.all(
            "SELECT g.id, g.display_name, count(u.id), count(CASE WHEN u.enabled = 0 THEN 1 END)
             FROM groups g
             LEFT JOIN group_members m ON m.group_id = g.id
             LEFT JOIN users u ON u.id = m.user_id
             WHERE g.name_folded LIKE ?1 ESCAPE '\\'
             GROUP BY g.id, g.display_name ORDER BY g.id LIMIT ?2 OFFSET ?3",
            params![Like::or_null(&search.pattern), limit, offset],
            group,
        )
    }

    fn count_groups(&self, pattern: &Pattern) -> Result<u64> {
        self.count(
            "SELECT count(*) FROM groups WHERE name_folded LIKE ?1 ESCAPE '\\'",
            [Like::or_null(pattern)],
        )
    }

    fn groups_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, GroupId)>> {
        self.all(
            "SELECT user_id, group_id FROM group_members
             WHERE user_id IN (SELECT value FROM json_each(?1)) ORDER BY user_id, group_id",
            [list(users)],
            user_and_group,
        )
    }

    fn subadmin_groups_of_each(&self, users: &[UserId]) -> Result<Vec<(UserId, GroupId)>> {
        self.all(
            "SELECT user_id, group_id FROM subadmins
             WHERE user_id IN (SELECT value FROM json_each(?1)) ORDER BY user_id, group_id",
            [list(users)],
            user_and_group,
        )
    }

    fn groups_of(&self, user: &UserId) -> Result<Vec<GroupId>> {
        self.all(
            "SELECT group_id FROM group_members WHERE user_id = ?1 ORDER BY group_id",
            [user.as_str()],
            group_id,
        )
    }

    fn group_members(&self, group: &GroupId) -> Result<Vec<UserId>> {
        self.all(
            "SELECT user_id FROM group_members WHERE group_id = ?1 ORDER BY user_id",
            [group.as_str()],
            |row| user_id(row, 0),
        )
    }

    fn is_group_member(&self, group: &GroupId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM group_members WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )
    }

    fn share_a_group(&self, one: &UserId, other: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM group_members a JOIN group_members b ON b.group_id = a.group_id
             WHERE a.user_id = ?1 AND b.user_id = ?2 LIMIT 1",
            [one.as_str(), other.as_str()],
        )
    }

    fn subadmin_groups(&self, user: &UserId) -> Result<Vec<GroupId>> {
        self.all(
            "SELECT group_id FROM subadmins WHERE user_id = ?1 ORDER BY group_id",
            [user.as_str()],
            group_id,
        )
    }

    fn subadmins(&self, group: &GroupId) -> Result<Vec<UserId>> {
        self.all(
            "SELECT user_id FROM subadmins WHERE group_id = ?1 ORDER BY user_id",
            [group.as_str()],
            |row| user_id(row, 0),
        )
    }

    fn is_subadmin(&self, group: &GroupId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM subadmins WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )
    }

    fn manages(&self, subadmin: &UserId, user: &UserId) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM subadmins s JOIN group_members m ON m.group_id = s.group_id
             WHERE s.user_id = ?1 AND m.user_id = ?2 LIMIT 1",
            [subadmin.as_str(), user.as_str()],
        )
    }
}

impl GroupWriter for Session<'_> {
    fn insert_group(&mut self, group: &GroupId) -> Result<()> {
        let added = self.change(
            "INSERT INTO groups (id, display_name, name_folded) VALUES (?1, ?1, ?2) ON CONFLICT DO NOTHING",
            params![group.as_str(), name_folded(group, group.as_str())],
        )?;
        if added == 0 { Err(Error::GroupExists) } else { Ok(()) }
    }

    fn rename_group(&mut self, group: &GroupId, name: &GroupName) -> Result<()> {
        self.change(
            "UPDATE groups SET display_name = ?2, name_folded = ?3 WHERE id = ?1",
            params![group.as_str(), name.as_str(), name_folded(group, name.as_str())],
        )?;
        Ok(())
    }

    fn delete_group(&mut self, group: &GroupId) -> Result<()> {
        self.change("DELETE FROM groups WHERE id = ?1", [group.as_str()])?;
        Ok(())
    }

    fn add_to_group(&mut self, group: &GroupId, user: &UserId) -> Result<bool> {
        let changed = self.change(
            "INSERT INTO group_members (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [group.as_str(), user.as_str()],
        )?;
        Ok(changed > 0)
    }

    fn remove_from_group(&mut self, group: &GroupId, user: &UserId) -> Result<bool> {
        let changed = self.change(
            "DELETE FROM group_members WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )?;
        Ok(changed > 0)
    }

    fn add_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<bool> {
        let changed = self.change(
            "INSERT INTO subadmins (group_id, user_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            [group.as_str(), user.as_str()],
        )?;
        Ok(changed > 0)
    }

    fn remove_subadmin(&mut self, group: &GroupId, user: &UserId) -> Result<bool> {
        let changed = self.change(
            "DELETE FROM subadmins WHERE group_id = ?1 AND user_id = ?2",
            [group.as_str(), user.as_str()],
        )?;
        Ok(changed > 0)
    }
}

/// What a search of names looks at: the id and the display name on a line each.
fn name_folded(id: &GroupId, name: &str) -> String {
    format!("{}\n{}", fold(id.as_str()), fold(name))
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    let (id, display_name) = (group_id(row)?, GroupName::stored(row.get(1)?));
    let [members, disabled] = [row.get::<_, i64>(2)?, row.get(3)?].map(i64::unsigned_abs);
    Ok(Group { id, display_name, members, disabled })
}

fn user_and_group(row: &Row<'_>) -> rusqlite::Result<(UserId, GroupId)> {
    Ok((user_id(row, 0)?, GroupId::stored(row.get(1)?)))
}

pub(super) fn group_id(row: &Row<'_>) -> rusqlite::Result<GroupId> {
    Ok(GroupId::stored(row.get(0)?))
}
