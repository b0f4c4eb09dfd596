//! Files that [`crate::export`] wrote, or that somebody wrote in the same shape.

mod convert;
mod document;
mod rows;
mod table;

use thiserror::Error;

use super::Reading;
use crate::export::shape::VERSION;
pub(super) use document::yaml;
use rows::Rows;

pub use crate::export::TableName;

/// A file that holds one document, or one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A document in JSON.
    Json,
    /// A document in YAML.
    Yaml,
    /// A table in CSV.
    Table(TableName),
}

/// Why a file is refused whole.
#[derive(Debug, Error)]
pub enum FileError {
    /// It breaks the rules of its format.
    #[error("{0} is no {1}: {2}")]
    Malformed(String, &'static str, String),
    /// It holds something else.
    #[error("{0} is no export of davgroups: it has no field davgroups_export")]
    Foreign(String),
    /// It is in another shape, most likely a later one.
    #[error("{0} is an export in version {1}; this davgroups knows version {VERSION}")]
    Version(String, u64),
    /// A table has a column too many, or twice.
    #[error("{0} has a column {1:?} that is not known or comes twice; those of this table are {2}")]
    Column(String, String, String),
    /// A table has a column too few.
    #[error("{0} has no column {1:?}")]
    ColumnMissing(String, &'static str),
}

/// Reads files together, each given with its name and what it holds.
///
/// # Errors
/// [`FileError`] when one of them is not what it should be.
pub fn read(files: &[(String, Content, Vec<u8>)]) -> Result<Reading, FileError> {
    let mut rows = Rows::default();
    for (name, content, bytes) in files {
        match content {
            Content::Json => document::read_json(name, bytes, &mut rows)?,
            Content::Yaml => document::read_yaml(name, bytes, &mut rows)?,
            Content::Table(table) => table::read(name, *table, bytes, &mut rows)?,
        }
    }
    Ok(convert::convert(rows))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        CustomGroupNumber, DisplayName, Email, GroupId, GroupName, GroupUri, NewUser, PasswordHash, Quota,
        Role, UserId, UserName,
    };
    use crate::export;
    use crate::service::{CustomGroupRecord, Inventory, UserRecord};

    /// One of everything, with `text` wherever a text may be anything.
    fn inventory(text: &str, bytes: u64, truth: bool) -> Inventory {
        let id = UserId::new("nora").expect("valid");
        let group = GroupId::new(text).unwrap_or_else(|_| GroupId::admin());
        let uri = GroupUri::new(text).unwrap_or_else(|_| GroupUri::stored("team".to_owned()));
        let user = NewUser {
            display_name: UserName::new(text, &id).unwrap_or_else(|_| UserName::stored("x")),
            email: Email::new(text).unwrap_or_default(),
            quota: if truth { Quota::Bytes(bytes >> 1) } else { Quota::Unlimited },
            password: if truth {
                PasswordHash::new("52fe4ff9bcf95f69cc7ba29fc2868ba475f214c2".to_owned())
            } else {
                PasswordHash::locked()
            },
            id: id.clone(),
        };
        let name = DisplayName::new(text).unwrap_or_else(|_| DisplayName::of_uri(&uri));
        Inventory {
            users: vec![UserRecord { user, enabled: truth, guest: !truth, created: None, last_login: None }],
            groups: vec![(
                group.clone(),
                GroupName::new(text, &group).unwrap_or_else(|_| GroupName::stored("x".to_owned())),
            )],
            group_members: vec![(group.clone(), id.clone())],
            subadmins: if group.is_admin() { Vec::new() } else { vec![(group, id.clone())] },
            custom_groups: vec![CustomGroupRecord {
                number: Some(CustomGroupNumber::new(7)),
                uri: uri.clone(),
                display_name: name,
            }],
            memberships: vec![(uri, id, Role::Admin)],
        }
    }

    fn read_back(files: &[(String, Content, Vec<u8>)]) -> export::Document {
        let reading = read(files).expect("an export");
        assert!(reading.findings.iter().all(|finding| finding.taken), "{:?}", reading.findings);
        export::document(&reading.inventory, true)
    }

    proptest! {
        #[test]
        fn any_text_reads_back_from_every_format(
            text in prop_oneof![r"[-=+@'0-9a-z:#,;\[\]{}&*!|>%~ ]{1,8}", r"\PC{1,70}"],
            bytes: u64,
            truth: bool,
        ) {
            let document = export::document(&inventory(&text, bytes, truth), true);
            let json = export::json(&document).expect("JSON");
            prop_assert_eq!(&read_back(&[("a".to_owned(), Content::Json, json)]), &document);
            let yaml = export::yaml(&document).expect("YAML");
            prop_assert_eq!(&read_back(&[("a".to_owned(), Content::Yaml, yaml)]), &document);
            let table = |name| {
                let bytes = export::table(&document, name, true).expect("CSV");
                (name.as_str().to_owned(), Content::Table(name), bytes)
            };
            prop_assert_eq!(&read_back(&TableName::ALL.map(table)), &document);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in r#"(davgroups_export: 1\n)?[\[\]{}\-:,\n "'a-z0-9&*]{0,60}"#) {
            for bytes in [&bytes[..], text.as_bytes()] {
                for content in [Content::Json, Content::Yaml, Content::Table(TableName::Users)] {
                    // Whether they are taken or refused does not matter here.
                    let _ = read(&[("a".to_owned(), content, bytes.to_vec())]);
                }
            }
        }
    }
}
