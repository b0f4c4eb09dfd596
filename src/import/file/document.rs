//! Documents in JSON and YAML.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Options, UserMessageFormatter, budget, options};

use super::FileError;
use super::rows::{Row, Rows, Spot};
use crate::domain::Role;
use crate::export::shape::{CustomGroup, Document, Group, Membership, Place, SUBADMIN, VERSION};

/// What is looked at first: the other fields may be those of a later version.
#[derive(Deserialize)]
#[serde(expecting = "fields such as davgroups_export and users")]
struct Head {
    davgroups_export: Option<u64>,
}

/// A document whose entries may be anything.
type Loose = Document<Value, Value, Value>;

pub(super) fn read_json(name: &str, bytes: &[u8], rows: &mut Rows) -> Result<(), FileError> {
    let malformed =
        |error: serde_json::Error| FileError::Malformed(name.to_owned(), "JSON", error.to_string());
    check(name, serde_json::from_slice(bytes).map_err(malformed)?)?;
    add(serde_json::from_slice(bytes).map_err(malformed)?, rows);
    Ok(())
}

/// YAML takes long to read, so it is read once, whatever is in it, and looked at then.
pub(super) fn read_yaml(name: &str, bytes: &[u8], rows: &mut Rows) -> Result<(), FileError> {
    let malformed = |error| FileError::Malformed(name.to_owned(), "YAML", error);
    let value: Value = yaml(bytes).map_err(malformed)?;
    let refused = |error: serde_json::Error| malformed(error.to_string());
    check(name, Head::deserialize(&value).map_err(refused)?)?;
    add(Loose::deserialize(value).map_err(refused)?, rows);
    Ok(())
}

/// Reads YAML.
///
/// # Errors
/// What is wrong with it, and where.
pub fn yaml<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_saphyr::from_slice_with_options(bytes, yaml_options())
        .map_err(|error| error.render_with_formatter(&UserMessageFormatter))
}

/// A file may be as large as the operator likes, but not be made large by references to itself.
fn yaml_options() -> Options {
    options! {
        budget: budget! {
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        },
        strict_booleans: true,
        with_snippet: false,
    }
}

fn check(name: &str, head: Head) -> Result<(), FileError> {
    match head.davgroups_export {
        Some(VERSION) => Ok(()),
        Some(other) => Err(FileError::Version(name.to_owned(), other)),
        None => Err(FileError::Foreign(name.to_owned())),
    }
}

fn add(document: Loose, rows: &mut Rows) {
    let entry = |list| move |(index, value)| Row::new(Spot::Entry(list, index + 1), value);
    rows.users.extend(document.users.into_iter().enumerate().map(entry("users")));
    for (index, value) in document.groups.into_iter().enumerate() {
        add_group(Row::new(Spot::Entry("groups", index + 1), value), index + 1, rows);
    }
    for (index, value) in document.custom_groups.into_iter().enumerate() {
        add_custom_group(Row::new(Spot::Entry("custom_groups", index + 1), value), index + 1, rows);
    }
}

fn add_group(mut row: Row<Group>, entry: usize, rows: &mut Rows) {
    if let Ok(group) = &mut row.read {
        let lists = [
            (Role::Member.as_str(), std::mem::take(&mut group.members)),
            (SUBADMIN, std::mem::take(&mut group.subadmins)),
        ];
        for (role, users) in lists {
            rows.places.extend(users.into_iter().enumerate().map(|(index, user)| Row {
                place: Spot::Within(role, index + 1, "groups", entry),
                read: Ok(Place { group: group.id.clone(), user, role: role.to_owned() }),
            }));
        }
    }
    rows.groups.push(row);
}

fn add_custom_group(mut row: Row<CustomGroup>, entry: usize, rows: &mut Rows) {
    if let Ok(group) = &mut row.read {
        let members = std::mem::take(&mut group.members).into_iter().enumerate();
        rows.memberships.extend(members.map(|(index, member)| Row {
            place: Spot::Within("member", index + 1, "custom_groups", entry),
            read: Ok(Membership { custom_group: group.uri.clone(), user: member.user, role: member.role }),
        }));
    }
    rows.custom_groups.push(row);
}
