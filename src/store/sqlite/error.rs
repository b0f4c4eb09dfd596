//! What SQLite says, in the words of the domain.

use rusqlite::ErrorCode;

use crate::domain::{Error, StoreFailure};

/// Constraints are not recognised here but at the statement that can break them; whatever arrives
/// here is a failure of the store, told apart only where a client can do something about it.
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::StorageFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Busy,
            _ => StoreFailure::new(error).into(),
        }
    }
}
