//! What commands print on standard output: tables, for people or for programs.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use super::Failure;
use crate::spreadsheet::neutral;

/// How a command that lists prints.
#[derive(Args)]
pub(super) struct Output {
    /// How to print: fields separated by tabs, JSON, or CSV with a header
    #[arg(id = "output", long, value_name = "FORMAT", value_enum, default_value_t = Format::Plain)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Plain,
    Json,
    Csv,
}

impl Output {
    /// Whether it is printed for people.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.format, Format::Plain)
    }

    /// Prints a list: a line a row, a JSON array of objects, or CSV.
    pub(super) fn list(&self, columns: &[&str], rows: &[Vec<Value>]) -> Result<(), Failure> {
        match self.format {
            Format::Plain => print(&lines(rows)),
            Format::Json => {
                let objects = rows.iter().map(|row| object(columns, row)).collect();
                print(&format!("{:#}\n", Value::Array(objects)))
            }
            Format::Csv => print(&csv(columns, rows)?),
        }
    }

    /// Prints one thing: a line a field, a JSON object, or CSV with one row.
    pub(super) fn show(&self, fields: &[(&str, Value)]) -> Result<(), Failure> {
        let columns: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        let row: Vec<_> = fields.iter().map(|(_, value)| value.clone()).collect();
        match self.format {
            Format::Plain => {
                let line = |(name, value): &(&str, Value)| format!("{name}: {}\n", plain(value));
                print(&fields.iter().map(line).collect::<String>())
            }
            Format::Json => print(&format!("{:#}\n", object(&columns, &row))),
            Format::Csv => print(&csv(&columns, &[row])?),
        }
    }
}

fn object(columns: &[&str], row: &[Value]) -> Value {
    let fields = columns.iter().zip(row).map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn lines(rows: &[Vec<Value>]) -> String {
    let line = |row: &Vec<Value>| row.iter().map(plain).collect::<Vec<_>>().join("\t") + "\n";
    rows.iter().map(line).collect()
}

fn csv(columns: &[&str], rows: &[Vec<Value>]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).map_err(Failure::failed)?;
    for row in rows {
        writer.write_record(row.iter().map(cell)).map_err(Failure::failed)?;
    }
    let bytes = writer.into_inner().map_err(Failure::failed)?;
    String::from_utf8(bytes).map_err(Failure::failed)
}

/// A value on a line. A name may not hold what would look like another field or line.
fn plain(value: &Value) -> String {
    text(value).replace(char::is_control, "?")
}

/// A value in a table that a spreadsheet may open, which must not calculate it.
fn cell(value: &Value) -> String {
    match value {
        Value::Number(_) => text(value),
        _ => neutral(&text(value)).into_owned(),
    }
}

/// A value as text: nothing where there is none, and lists separated by commas.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Prints a text.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints bytes.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::Failed(format!("cannot print: {error}"))),
    }
}
