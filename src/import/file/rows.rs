//! Rows as they stand in files, whatever the format, each with its place.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::export::shape::{CustomGroup, Group, Membership, Place, User};

/// Everything that the files say.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) users: Vec<Row<User>>,
    /// Without their members.
    pub(super) groups: Vec<Row<Group>>,
    pub(super) places: Vec<Row<Place>>,
    /// Without their members.
    pub(super) custom_groups: Vec<Row<CustomGroup>>,
    pub(super) memberships: Vec<Row<Membership>>,
}

/// A row, or why it is none.
pub(super) struct Row<T> {
    pub(super) place: Spot,
    pub(super) read: Result<T, String>,
}

impl<T: DeserializeOwned> Row<T> {
    /// Makes a row of `value`, so that one that is broken does not stop the others.
    pub(super) fn new(place: Spot, value: Value) -> Self {
        Self { place, read: T::deserialize(value).map_err(|error| error.to_string()) }
    }
}

/// Where a row stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spot {
    /// In a table: its name, and the line counted from 1.
    Line(&'static str, u64),
    /// In a document: the name of the list, and the entry counted from 1.
    Entry(&'static str, usize),
    /// In an entry of a document: what it is, counted from 1, and then as above.
    Within(&'static str, usize, &'static str, usize),
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(table, line) => write!(f, "{table}.csv line {line}"),
            Self::Entry(list, entry) => write!(f, "entry {entry} of {list}"),
            Self::Within(what, number, list, entry) => {
                write!(f, "{what} {number} of entry {entry} of {list}")
            }
        }
    }
}
