//! Members of a custom group as CSV: `user,role` lines, without a header line.

use bytes::Bytes;
use csv::{ReaderBuilder, Trim, WriterBuilder};
use thiserror::Error;

use crate::domain::{Membership, Role};
use crate::service::{ImportOutcome, ImportRow};
use crate::spreadsheet::{neutral, restore};

/// A body that is no CSV.
#[derive(Debug, Error)]
#[error("the CSV could not be read: {0}; it should be UTF-8 with a user id and a role on each line")]
pub struct CsvError(#[from] csv::Error);

/// Reads the lines of an import. A byte order mark and blank lines are skipped, spaces around cells and
/// further cells dropped. Where a user comes twice, the last role counts.
///
/// # Errors
/// [`CsvError`] when a line is not UTF-8.
pub fn read(body: &[u8]) -> Result<Vec<ImportRow>, CsvError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).trim(Trim::All).from_reader(body);
    let mut rows: Vec<ImportRow> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for record in reader.records() {
        let record = record?;
        let user = restore(record.get(0).unwrap_or_default());
        if record.len() <= 1 && user.is_empty() {
            continue;
        }
        let role = role(record.get(1));
        let index = *known.entry(user.to_owned()).or_insert(rows.len());
        match rows.get_mut(index) {
            Some(earlier) => earlier.role = role,
            None => rows.push(ImportRow { user: user.to_owned(), role }),
        }
    }
    Ok(rows)
}

/// No cell means member; a word that is no role is none.
fn role(cell: Option<&str>) -> Option<Role> {
    match cell {
        None | Some("") => Some(Role::Member),
        Some(word) => Role::from_word(word),
    }
}

/// The members as an import would read them.
///
/// # Errors
/// [`CsvError`], which writing to memory does not cause.
pub fn write(members: &[Membership]) -> Result<Bytes, CsvError> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    for member in members {
        writer.write_record([&*neutral(member.user.as_str()), member.role.as_str()])?;
    }
    let written = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(written.into())
}

/// The results of an import as a JSON object, user by user.
///
/// # Errors
/// `serde_json::Error`, which strings do not cause.
pub fn results(outcomes: &[(String, ImportOutcome)]) -> serde_json::Result<Bytes> {
    let entries = outcomes.iter().map(|(user, outcome)| (user.clone(), word(outcome).into()));
    serde_json::to_vec(&entries.collect::<serde_json::Map<_, _>>()).map(Bytes::from)
}

/// The words that clients of ownCloud look for.
fn word(outcome: &ImportOutcome) -> String {
    match outcome {
        ImportOutcome::Added => "success".to_owned(),
        ImportOutcome::AlreadyMember => "already-member".to_owned(),
        ImportOutcome::RoleFailed => "apply-role-failed".to_owned(),
        ImportOutcome::Refused(error) => error.to_string(),
    }
}

/// The name under which an export is saved: letters, digits, `-`, `_` and spaces of the group's uri,
/// and the day.
pub fn file_name(uri: &str) -> String {
    let plain: String = uri.chars().filter(|c| c.is_ascii_alphanumeric() || "-_ ".contains(*c)).collect();
    format!("{plain}-{}.csv", chrono::Utc::now().format("%Y-%m-%d"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{UserId, UserName};

    fn rows(body: &str) -> Vec<(String, Option<Role>)> {
        let rows = read(body.as_bytes()).expect(body);
        rows.into_iter().map(|row| (row.user, row.role)).collect()
    }

    fn row(user: &str, role: Option<Role>) -> (String, Option<Role>) {
        (user.to_owned(), role)
    }

    #[test]
    fn lines_are_read_generously() {
        let dave = [row("dave", Some(Role::Member))];
        for body in
            ["dave,member\n", "dave", "dave,", "\u{feff}dave,member", " dave , member ,x\r\n", "\ndave\n\n"]
        {
            assert_eq!(rows(body), dave, "{body:?}");
        }
        assert_eq!(rows("dave,ADMIN"), [row("dave", None)]);
        assert_eq!(
            rows("dave,member\ncarol,admin\ndave,admin"),
            [row("dave", Some(Role::Admin)), row("carol", Some(Role::Admin))]
        );
        assert_eq!(rows("\"o'neil+x@ex.org\",member"), [row("o'neil+x@ex.org", Some(Role::Member))]);
        assert_eq!(rows("\n\n"), []);
        assert!(read(b"caf\xe9,member").is_err());
    }

    #[test]
    fn exports_read_back_and_calculate_nothing() {
        let ids = ["alice", "-minus", "'-quoted", "o'neil+x@ex.org", "a b"];
        let members: Vec<Membership> = ids
            .iter()
            .map(|id| Membership {
                user: UserId::stored((*id).to_owned()),
                user_display_name: UserName::stored(""),
                guest: false,
                role: Role::Admin,
            })
            .collect();
        let written = write(&members).expect("written");
        for line in std::str::from_utf8(&written).expect("text").lines() {
            assert!(!line.starts_with('-'), "{line}");
        }
        let read: Vec<_> = read(&written).expect("read").into_iter().map(|row| row.user).collect();
        assert_eq!(read, ids);
    }

    #[test]
    fn file_names_are_plain() {
        assert!(file_name("sp\"ace\r\n grp/é").starts_with("space grp-2"));
    }
}
