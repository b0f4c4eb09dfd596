//! The database of an ownCloud or a Nextcloud, in SQLite.

mod convert;
mod source;
mod tables;

use std::path::Path;

use super::Reading;

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
    let source = source::Source::open(path, options.prefix.as_deref())?;
    let tables = tables::Tables::read(&source)?;
    Ok(convert::convert(tables, options.salt.as_deref()))
}
