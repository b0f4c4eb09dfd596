//! What can be wrong in a database, and what to do about it.

use std::path::Path;

use rusqlite::{Connection, Row};

use super::{OpenError, connection};
use crate::domain::Rules;
use crate::domain::fold::fold;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The file is damaged: what it says cannot be relied on.
    Damage,
    /// The file is whole, and what it says breaks a rule.
    Rule,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub what: String,
    /// What an operator can do about it, in one line.
    pub remedy: &'static str,
}

const RESTORE: &str = "restore a backup into a new data directory: davgroups restore FILE --data-dir DIR";
const SET_ADMIN: &str = "give it one: davgroups customgroup set-role URI USER admin; or delete it: davgroups customgroup delete URI";
const DELETE_GROUP: &str = "delete it: davgroups customgroup delete URI";
const RENAME_GROUP: &str =
    "rename one of them: davgroups customgroup rename URI NAME; or set allow_duplicate_names";
const NAME_AGAIN: &str = "give it another display name, and then its own again, or restore a backup";
const ADD_ADMINISTRATOR: &str = "make one: davgroups user add ID --group admin";

/// Looks for problems in the database at `path`, while others go on using it.
///
/// # Errors
/// [`OpenError`] when it is no database of davgroups, so damaged that it cannot be read, or of another
/// version.
pub fn verify(path: &Path, rules: &Rules) -> Result<Vec<Problem>, OpenError> {
    let failed = |source| connection::refused(path, source);
    let connection = connection::open_reader(path).map_err(failed)?;
    let (found, known) = (connection::version_of(&connection, path)?, connection::current_version());
    let snapshot = connection.unchecked_transaction().map_err(failed)?;
    let damage = damage(&snapshot).map_err(failed)?;
    if !damage.is_empty() {
        return Ok(damage);
    }
    if found < known {
        return Err(OpenError::Older { path: path.to_owned(), found, known });
    }
    broken(&snapshot, rules).map_err(failed)
}

/// The rules that are broken in a database of this version which is not damaged.
pub(super) fn broken(connection: &Connection, rules: &Rules) -> rusqlite::Result<Vec<Problem>> {
    let mut found = broken_rules(connection, rules)?;
    found.extend(wrong_folding(connection)?);
    Ok(found)
}

pub(super) fn damage(connection: &Connection) -> rusqlite::Result<Vec<Problem>> {
    let damage = |what| Problem { severity: Severity::Damage, what, remedy: RESTORE };
    let lines = all(connection, "PRAGMA integrity_check", |row| row.get::<_, String>(0))?;
    // A row can hold several lines, the first of which is a heading.
    let lines =
        lines.iter().flat_map(|row| row.lines()).filter(|line| *line != "ok" && !line.starts_with("***"));
    let mut found: Vec<_> = lines.map(|line| damage(line.to_owned())).collect();
    let dangling = all(connection, "PRAGMA foreign_key_check", |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} refers to a row of {parent} that is not there"))
    })?;
    found.extend(dangling.into_iter().map(damage));
    Ok(found)
}

/// The rules that SQL alone can check: what to say before and after the names that a query finds, the
/// query, and what to do.
const RULES: &[(&str, &str, &str, &str)] = &[
    (
        "the custom group ",
        " has members and no admin",
        "SELECT uri FROM custom_groups WHERE number IN (SELECT group_number FROM custom_group_members)
         AND number NOT IN (SELECT group_number FROM custom_group_members WHERE role = 'admin')
         ORDER BY number",
        SET_ADMIN,
    ),
    (
        "the custom group ",
        " has no members",
        "SELECT uri FROM custom_groups
         WHERE number NOT IN (SELECT group_number FROM custom_group_members) ORDER BY number",
        DELETE_GROUP,
    ),
    (
        "two members joined at the same moment in the custom group ",
        ", so that nobody is of longest standing",
        "SELECT DISTINCT uri FROM custom_groups JOIN custom_group_members ON group_number = number
         GROUP BY number, joined_at HAVING count(*) > 1 ORDER BY number",
        "remove one of them and add it again: davgroups customgroup remove and add",
    ),
    (
        "the group ",
        " is missing, so that nobody can be administrator",
        "SELECT 'admin' WHERE NOT EXISTS (SELECT 1 FROM groups WHERE id = 'admin')",
        RESTORE,
    ),
    (
        "nobody who may log in is in the group ",
        "",
        "SELECT 'admin' WHERE NOT EXISTS (SELECT 1 FROM group_members JOIN users ON id = user_id
         WHERE group_id = 'admin' AND enabled)",
        ADD_ADMINISTRATOR,
    ),
    (
        "listings show somebody else where there should be the user ",
        "",
        "SELECT DISTINCT user_id FROM custom_group_members JOIN users ON id = user_id
         WHERE number <> user_number ORDER BY user_id",
        RESTORE,
    ),
    (
        "listings show an old name or kind of the user ",
        "",
        "SELECT DISTINCT user_id FROM custom_group_members JOIN users ON id = user_id
         WHERE display_name <> user_display_name OR guest <> user_guest ORDER BY user_id",
        NAME_AGAIN,
    ),
    (
        "pages of listings say a wrong number of users, where there are ",
        "",
        "SELECT CAST(count(*) AS TEXT) FROM users HAVING count(*) <> (SELECT users FROM totals)",
        RESTORE,
    ),
    (
        "searching does not find the user ",
        "",
        "SELECT id FROM users WHERE number NOT IN (SELECT id FROM users_search_docsize) ORDER BY id",
        NAME_AGAIN,
    ),
    (
        "searching does not find the custom group ",
        "",
        "SELECT uri FROM custom_groups
         WHERE number NOT IN (SELECT id FROM custom_groups_search_docsize) ORDER BY number",
        NAME_AGAIN,
    ),
];

const DUPLICATE_NAMES: (&str, &str, &str, &str) = (
    "more than one custom group has the display name ",
    " in some case",
    "SELECT min(display_name) FROM custom_groups GROUP BY display_name_folded HAVING count(*) > 1",
    RENAME_GROUP,
);

fn broken_rules(connection: &Connection, rules: &Rules) -> rusqlite::Result<Vec<Problem>> {
    let duplicate_names = (!rules.allow_duplicate_names).then_some(&DUPLICATE_NAMES);
    let mut found = Vec::new();
    for (before, after, sql, remedy) in RULES.iter().chain(duplicate_names) {
        let names = all(connection, sql, |row| row.get::<_, String>(0))?;
        found.extend(names.into_iter().map(|name| Problem {
            severity: Severity::Rule,
            what: format!("{before}{name:?}{after}"),
            remedy,
        }));
    }
    Ok(found)
}

/// What is compared and searched: whose, the text as written, and the same folded.
const FOLDED: &str = "\
    SELECT 'the id of the user', id, id_folded FROM users
    UNION ALL SELECT 'the names of the user', id || char(10) || display_name, name_folded FROM users
    UNION ALL SELECT 'the e-mail address', ifnull(email, ''), ifnull(email_folded, '') FROM users
    UNION ALL SELECT 'the names of the group', id || char(10) || display_name, name_folded FROM groups
    UNION ALL SELECT 'the display name of the custom group', display_name, display_name_folded
        FROM custom_groups";

fn wrong_folding(connection: &Connection) -> rusqlite::Result<Vec<Problem>> {
    let rows = all(connection, FOLDED, |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
    })?;
    let wrong = rows.into_iter().filter(|(_, text, folded)| fold(text) != *folded);
    let problem = |(whose, text, _): (String, String, String)| Problem {
        severity: Severity::Rule,
        what: format!("{whose} {text:?} is not found in other capitals"),
        remedy: NAME_AGAIN,
    };
    Ok(wrong.map(problem).collect())
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], row)?.collect()
}
