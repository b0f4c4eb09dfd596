//! The database of an ownCloud or a Nextcloud: on SQLite, or a dump of one on MySQL or MariaDB.

mod convert;
mod dump;
mod source;
mod staging;
mod tables;

use std::path::Path;

use super::Reading;

use source::Source;
pub use source::SourceError;

/// What a database does not say of itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the names of its tables begin with; found out if there is just one possibility.
    pub prefix: Option<String>,
    /// The `passwordsalt` of its configuration, which the oldest passwords were salted with.
    pub salt: Option<String>,
}

/// Reads a database, and changes nothing in it.
///
/// # Errors
/// [`SourceError`] when it is none, or not one of ownCloud's.
pub fn read(path: &Path, options: &Options) -> Result<Reading, SourceError> {
    let prefix = options.prefix.as_deref();
    let source = match dump::is_dump(path) {
        true => Source::over(dump::load(path)?, path.display().to_string(), prefix)?,
        false => Source::open(path, prefix)?,
    };
    let tables = tables::Tables::read(&source)?;
    Ok(convert::convert(tables, options.salt.as_deref()))
}
