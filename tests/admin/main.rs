//! The operator's commands, through the program.

#![allow(clippy::expect_used)] // the lint knows only functions that are tests themselves

mod commands;
mod configuration;
mod harness;
mod import;
mod occ;
