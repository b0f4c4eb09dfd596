//! Tables in CSV, also as spreadsheets write them.

use csv::{ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

use super::rows::{Row, Rows, Spot};
use super::{FileError, TableName};
use crate::spreadsheet::restore;

/// Reads a table. A byte order mark is skipped; cells are separated by commas or, if the header has none,
/// by semicolons. An empty cell is no value.
pub(super) fn read(name: &str, table: TableName, bytes: &[u8], rows: &mut Rows) -> Result<(), FileError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let malformed = |error: csv::Error| FileError::Malformed(name.to_owned(), "CSV", error.to_string());
    let mut reader = ReaderBuilder::new().delimiter(delimiter(bytes)).from_reader(bytes);
    let header = reader.headers().map_err(malformed)?.clone();
    check(name, table, &header)?;
    let mut lines = Lines { bytes, counted: 0, line: 1 };
    for record in reader.records() {
        let (position, value) = match &record {
            Ok(record) => (record.position(), Ok(object(&header, record))),
            Err(error) => (error.position(), Err(reason(error))),
        };
        add(table, Spot::Line(table.as_str(), lines.at(position)), value, rows);
    }
    Ok(())
}

fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if !header.contains(&b',') && header.contains(&b';') { b';' } else { b',' }
}

/// Each column is known and there once, and what rows cannot do without is there.
fn check(name: &str, table: TableName, header: &StringRecord) -> Result<(), FileError> {
    let known = table.columns();
    for (index, column) in header.iter().enumerate() {
        if !known.contains(&column) || header.iter().take(index).any(|other| other == column) {
            return Err(FileError::Column(name.to_owned(), column.to_owned(), known.join(", ")));
        }
    }
    let missing = needed(table).iter().find(|needed| !header.iter().any(|column| column == **needed));
    missing.map_or(Ok(()), |missing| Err(FileError::ColumnMissing(name.to_owned(), missing)))
}

fn needed(table: TableName) -> &'static [&'static str] {
    match table {
        TableName::Users | TableName::Groups => &["id"],
        TableName::GroupMembers => &["group", "user"],
        TableName::CustomGroups => &["uri"],
        TableName::CustomGroupMembers => &["custom_group", "user"],
    }
}

fn object(header: &StringRecord, record: &StringRecord) -> Value {
    let cells = header.iter().zip(record).filter(|(_, cell)| !cell.is_empty());
    let fields = cells.map(|(column, cell)| (column.to_owned(), Value::from(restore(cell))));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn add(table: TableName, place: Spot, value: Result<Value, String>, rows: &mut Rows) {
    match table {
        TableName::Users => rows.users.push(row(place, value)),
        TableName::Groups => rows.groups.push(row(place, value)),
        TableName::GroupMembers => rows.places.push(row(place, value)),
        TableName::CustomGroups => rows.custom_groups.push(row(place, value)),
        TableName::CustomGroupMembers => rows.memberships.push(row(place, value)),
    }
}

fn row<T: serde::de::DeserializeOwned>(place: Spot, value: Result<Value, String>) -> Row<T> {
    match value {
        Ok(value) => Row::new(place, value),
        Err(reason) => Row { place, read: Err(reason) },
    }
}

/// Counts lines as editors do. The reader begins a record with the line break before it, or with half of
/// that.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a position, which is behind the ones asked for before.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let offset = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let rest = self.bytes.get(self.counted..).unwrap_or_default();
        let passed = rest
            .iter()
            .enumerate()
            .take_while(|(index, byte)| self.counted + index < offset || matches!(byte, b'\r' | b'\n'));
        let (mut length, mut breaks) = (0, 0);
        for (_, byte) in passed {
            length += 1;
            breaks += u64::from(*byte == b'\n');
        }
        self.counted += length;
        self.line += breaks;
        self.line
    }
}

/// Without the place, which is said beside it.
fn reason(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "it is not in UTF-8".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} cells, and the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}
