//! Reading what other servers left behind. Each source makes one [`crate::service::Imported`] of it,
//! which the service writes; what cannot be made one is said row by row.

pub mod owncloud;
