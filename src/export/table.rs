//! A document as tables in CSV.

use csv::{Writer, WriterBuilder};
use serde::Serialize;
use serde_json::Value;

use super::ExportError;
use super::shape::{Document, Membership, PASSWORD, Place, SUBADMIN, TableName};
use crate::domain::Role;
use crate::spreadsheet::neutral;

/// One table of a document as CSV with a header; the column of passwords is there if it is wanted.
///
/// # Errors
/// [`ExportError`].
pub fn table(document: &Document, name: TableName, with_passwords: bool) -> Result<Vec<u8>, ExportError> {
    let mut table = Table::new(name, with_passwords)?;
    match name {
        TableName::Users => document.users.iter().try_for_each(|user| table.row(user))?,
        TableName::Groups => document.groups.iter().try_for_each(|group| table.row(group))?,
        TableName::GroupMembers => places(document).try_for_each(|place| table.row(&place))?,
        TableName::CustomGroups => document.custom_groups.iter().try_for_each(|group| table.row(group))?,
        TableName::CustomGroupMembers => memberships(document).try_for_each(|member| table.row(&member))?,
    }
    Ok(table.writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?)
}

fn places(document: &Document) -> impl Iterator<Item = Place> {
    document.groups.iter().flat_map(|group| {
        let place = |role: &'static str| {
            move |user: &String| Place { group: group.id.clone(), user: user.clone(), role: role.to_owned() }
        };
        let members = group.members.iter().map(place(Role::Member.as_str()));
        members.chain(group.subadmins.iter().map(place(SUBADMIN)))
    })
}

fn memberships(document: &Document) -> impl Iterator<Item = Membership> {
    document.custom_groups.iter().flat_map(|group| {
        group.members.iter().map(|member| Membership {
            custom_group: group.uri.clone(),
            user: member.user.clone(),
            role: member.role.clone(),
        })
    })
}

struct Table {
    columns: Vec<&'static str>,
    writer: Writer<Vec<u8>>,
}

impl Table {
    fn new(name: TableName, with_passwords: bool) -> Result<Self, ExportError> {
        let mut columns = name.columns().to_vec();
        columns.retain(|column| with_passwords || *column != PASSWORD);
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(&columns)?;
        Ok(Self { columns, writer })
    }

    fn row(&mut self, row: &impl Serialize) -> Result<(), ExportError> {
        let row = serde_json::to_value(row)?;
        for column in &self.columns {
            let cell = match &row[column] {
                Value::Null => String::new(),
                Value::String(text) => neutral(text).into_owned(),
                other => other.to_string(),
            };
            self.writer.write_field(cell)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }
}
