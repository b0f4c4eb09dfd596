//! The operator's commands, through the program.

#![allow(clippy::expect_used)] // the lint knows only functions that are tests themselves

mod apply;
mod audit;
mod commands;
mod configuration;
#[cfg(unix)]
mod deploy;
#[cfg(unix)]
mod docs;
mod files;
mod harness;
mod import;
mod occ;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod proxies;
mod tokens;
