//! Everything in a store as files that people and programs read and [`crate::import::file`] takes back:
//! one document in JSON or YAML, or tables in CSV.

mod document;
pub mod shape;
mod table;

use thiserror::Error;

pub use document::document;
pub use shape::{Document, TableName};
pub use table::table;

/// Why something cannot be written, which only a lack of memory should cause.
#[derive(Debug, Error)]
pub enum ExportError {
    /// In JSON, or what goes into a table.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// In YAML.
    #[error("cannot write YAML: {0}")]
    Yaml(#[from] serde_saphyr::ser::Error),
    /// In CSV.
    #[error("cannot write CSV: {0}")]
    Csv(#[from] csv::Error),
}

/// A document in JSON, indented, with a line break at the end.
///
/// # Errors
/// [`ExportError`].
pub fn json(document: &Document) -> Result<Vec<u8>, ExportError> {
    let mut text = serde_json::to_vec_pretty(document)?;
    text.push(b'\n');
    Ok(text)
}

/// A document in YAML. What another reader could take for a number or a truth is in quotes, and so is no
/// text folded over lines.
///
/// # Errors
/// [`ExportError`].
pub fn yaml(document: &Document) -> Result<Vec<u8>, ExportError> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    Ok(serde_saphyr::to_string_with_options(document, options)?.into_bytes())
}
