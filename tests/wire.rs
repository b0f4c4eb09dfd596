//! The wire: the real program on a port of its own, real bytes, and real clients.
//!
//! Expected answers are written by hand, as values. Each success has its refusals beside it.

#![allow(clippy::expect_used, reason = "helpers of tests fail as tests do")]

#[path = "wire/apps.rs"]
mod apps;
#[path = "wire/bad_input.rs"]
mod bad_input;
#[path = "wire/batch.rs"]
mod batch;
#[path = "wire/harness.rs"]
mod harness;
#[path = "wire/idle.rs"]
mod idle;
#[path = "wire/names.rs"]
mod names;
#[path = "wire/nextcloud.rs"]
mod nextcloud;
#[path = "wire/observability.rs"]
mod observability;
#[path = "wire/openapi.rs"]
mod openapi;
#[path = "wire/permissions.rs"]
mod permissions;
#[path = "wire/privileges.rs"]
mod privileges;
#[path = "wire/provisioning.rs"]
mod provisioning;
#[path = "wire/seeds.rs"]
mod seeds;
#[path = "wire/tls.rs"]
mod tls;
#[path = "wire/tokens.rs"]
mod tokens;
#[path = "wire/transport.rs"]
mod transport;
#[path = "wire/tree.rs"]
mod tree;
#[path = "wire/unix.rs"]
mod unix;
