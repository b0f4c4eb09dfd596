//! The operator's commands, through the program.

#![allow(clippy::expect_used)] // the lint knows only functions that are tests themselves

mod audit;
mod commands;
mod configuration;
#[cfg(unix)]
mod deploy;
#[cfg(unix)]
mod docs;
mod harness;
mod import;
mod occ;
#[cfg(unix)]
mod proxies;
mod tokens;
