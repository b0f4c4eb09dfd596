//! Custom groups over WebDAV and OCS user provisioning.

pub mod auth;
pub mod cli;
pub mod config;
pub mod dav;
pub mod dispatch;
pub mod domain;
pub mod edge;
pub mod ocs;
pub mod server;
pub mod service;
pub mod store;

pub use config::Config;
pub use server::App;
