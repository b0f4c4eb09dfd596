//! The database of an ownCloud or a Nextcloud: on SQLite or PostgreSQL, or a dump of one
//! on MySQL or MariaDB.

mod convert;
mod dump;
mod postgres;
mod source;
mod staging;
mod tables;

use std::path::Path;

use super::Reading;

use source::Source;
pub use source::SourceError;
use tables::Tables;

/// What a database does not say of itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the names of its tables begin with; found out if there is just one possibility.
    pub prefix: Option<String>,
    /// The `passwordsalt` of its configuration, which the oldest passwords were salted with.
    pub salt: Option<String>,
    /// The password to connect with, if its URL holds none.
    pub password: Option<String>,
}

/// How far reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// So many bytes of a file.
    Bytes {
        /// Those that were read.
        read: u64,
        /// Those that there are.
        of: u64,
    },
    /// So many rows, of which nobody knows how many there are.
    Rows(u64),
}

/// Who is told now and then how far reading has come.
type Watch<'w> = &'w dyn Fn(Done);

/// Reads a database, and changes nothing in it: a file, or one whose URL `source` is. What takes long tells
/// `watch` how far it has come.
///
/// # Errors
/// [`SourceError`] when it is none, or not one of ownCloud's.
pub fn read(source: &Path, options: &Options, watch: &dyn Fn(Done)) -> Result<Reading, SourceError> {
    let opened = open(source, options, watch)?;
    let read = Tables::read(&opened);
    let tables = match opened.is_unchanged() {
        true => read?,
        false => Tables::read(&Source::open_locked(source, options.prefix.as_deref())?)?,
    };
    Ok(convert::convert(tables, options.salt.as_deref()))
}

fn open(source: &Path, options: &Options, watch: Watch<'_>) -> Result<Source, SourceError> {
    let prefix = options.prefix.as_deref();
    if let Some(url) = postgres::url(source) {
        let (connection, name) = postgres::load(url, options.password.as_deref(), watch)?;
        return Source::over(connection, name, prefix);
    }
    if source.to_str().is_some_and(|source| source.contains("://")) {
        return Err(SourceError::OtherServer);
    }
    match dump::is_dump(source) {
        true => Source::over(dump::load(source, watch)?, source.display().to_string(), prefix),
        false => Source::open(source, prefix),
    }
}
