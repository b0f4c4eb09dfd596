//! Custom groups over WebDAV and OCS user provisioning.

pub mod dav;
pub mod domain;
pub mod edge;
pub mod service;
pub mod store;
