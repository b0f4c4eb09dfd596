//! `davgroups export`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use tempfile::NamedTempFile;

use super::files::{File, Layout, table_file};
use super::operator::open_existing;
use super::{Failure, output};
use crate::config::Config;
use crate::export::{self, Document, ExportError, TableName};
use crate::import::file::Content;

#[derive(Args)]
#[command(after_help = "\
Written are users (id, display name, e-mail address, quota, whether enabled, whether a guest), groups
(display name, members, subadmins) and custom groups (number, uri, display name, members with roles), as
they are at one moment, in the order of their ids and numbers, so that two exports can be compared. Times,
settings and apps are not; a copy of everything is what `davgroups backup` makes.

One CSV file cannot hold all that: CSV is a directory with users.csv, groups.csv, group_members.csv,
custom_groups.csv and custom_group_members.csv, or a file named like one of them. Cells that a spreadsheet
would calculate carry an apostrophe, which `davgroups import` takes off again.

Examples:
  davgroups export everything.yaml
  davgroups export moving.json --with-passwords
  davgroups export tables --format csv
  davgroups export - --format csv --only users")]
pub(super) struct Options {
    #[command(flatten)]
    file: File,
    /// Write the hashes of passwords, too; whoever reads them can try to guess the passwords
    #[arg(long)]
    with_passwords: bool,
    /// Replace files that are there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let layout = options.file.layout()?;
    let document = export::document(&open_existing(config)?.export()?, options.with_passwords);
    match layout {
        Layout::Directory => write_tables(options, &document),
        Layout::File(content) => {
            let bytes = render(options, &document, content).map_err(Failure::failed)?;
            if options.file.is_standard() {
                output::print_bytes(&bytes)
            } else {
                options.write(options.file.path(), &bytes)
            }
        }
    }
}

fn render(options: &Options, document: &Document, content: Content) -> Result<Vec<u8>, ExportError> {
    match content {
        Content::Json => export::json(document),
        Content::Yaml => export::yaml(document),
        Content::Table(table) => export::table(document, table, options.with_passwords),
    }
}

fn write_tables(options: &Options, document: &Document) -> Result<(), Failure> {
    let directory = options.file.path();
    fs::create_dir_all(directory).map_err(|error| cannot_write(directory, &error))?;
    let files = TableName::ALL.map(|table| (table, table_file(directory, table)));
    for (_, path) in &files {
        options.check_free(path)?;
    }
    for (table, path) in &files {
        let bytes = render(options, document, Content::Table(*table)).map_err(Failure::failed)?;
        options.write(path, &bytes)?;
    }
    Ok(())
}

impl Options {
    fn check_free(&self, path: &Path) -> Result<(), Failure> {
        match path.try_exists() {
            Ok(true) if !self.force => Err(exists(path)),
            Ok(_) => Ok(()),
            Err(error) => Err(cannot_write(path, &error)),
        }
    }

    /// What bears the name is complete, and only its owner can read it.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        self.check_free(path)?;
        let failed = |error: io::Error| cannot_write(path, &error);
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(directory).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        let persisted = if self.force { file.persist(path) } else { file.persist_noclobber(path) };
        match persisted {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
            Err(error) => Err(failed(error.error)),
        }
    }
}

fn exists(path: &Path) -> Failure {
    Failure::Failed(format!("{} exists; use --force to replace it", path.display()))
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Failed(format!("cannot write {}: {error}", path.display()))
}
