//! What the files of `davgroups export` and `davgroups import` hold, as their names and the options say.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::Failure;
use crate::export::TableName;
use crate::import::file::Content;

/// Standard input or output.
pub(super) const STANDARD: &str = "-";

/// Which file, and what it holds.
#[derive(Args)]
pub(super) struct File {
    /// The file, the directory of CSV files, or - for standard input or output
    #[arg(required = true, value_name = "FILE")]
    path: Option<PathBuf>,
    /// What the file holds [default: what the end of its name says; CSV in a directory]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which table a CSV file holds [default: the one it is named for]
    #[arg(long, value_name = "TABLE", value_parser = tables())]
    only: Option<TableName>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Json,
    Yaml,
}

/// What is where.
pub(super) enum Layout {
    /// All in one file.
    File(Content),
    /// A file for each table.
    Directory,
}

fn tables() -> impl TypedValueParser<Value = TableName> {
    let named = |name: String| TableName::named(&name).ok_or("no such table");
    PossibleValuesParser::new(TableName::ALL.map(TableName::as_str)).try_map(named)
}

impl File {
    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(STANDARD))
    }

    pub(super) fn is_standard(&self) -> bool {
        self.path() == Path::new(STANDARD)
    }

    /// # Errors
    /// `Usage` when neither the name nor the options say.
    pub(super) fn layout(&self) -> Result<Layout, Failure> {
        let format = self.format.or_else(|| self.format_by_name());
        let content = match (format, self.only) {
            (None, _) => return usage("say with --format whether the file is csv, json or yaml"),
            (Some(Format::Csv), only) => return self.tables(only),
            (Some(_), Some(_)) => return usage("--only is for CSV; JSON and YAML hold everything"),
            (Some(Format::Json), None) => Content::Json,
            (Some(Format::Yaml), None) => Content::Yaml,
        };
        Ok(Layout::File(content))
    }

    fn format_by_name(&self) -> Option<Format> {
        let name = self.path();
        match name.extension().and_then(|extension| extension.to_str()) {
            Some("json") => Some(Format::Json),
            Some("yaml" | "yml") => Some(Format::Yaml),
            Some("csv") => Some(Format::Csv),
            _ => name.is_dir().then_some(Format::Csv),
        }
    }

    fn tables(&self, only: Option<TableName>) -> Result<Layout, Failure> {
        let name = self.path();
        let is_file = self.is_standard() || name.extension().is_some_and(|extension| extension == "csv");
        let named = || name.file_stem().and_then(|stem| stem.to_str()).and_then(TableName::named);
        match only.or_else(|| if is_file { named() } else { None }) {
            Some(table) => Ok(Layout::File(Content::Table(table))),
            None if is_file => {
                usage("one CSV file holds one table: say with --only which, or name a directory")
            }
            None => Ok(Layout::Directory),
        }
    }
}

fn usage<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::Usage(reason.to_owned()))
}

/// The file of a table in a directory.
pub(super) fn table_file(directory: &Path, table: TableName) -> PathBuf {
    directory.join(format!("{}.csv", table.as_str()))
}
