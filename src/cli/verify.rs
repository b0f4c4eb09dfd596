//! `davgroups verify`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::Failure;
use super::operator::missing;
use super::output::Output;
use crate::config::Config;
use crate::store::sqlite::{FILE_NAME, Problem, Severity, verify};

#[derive(Args)]
#[command(after_help = "\
Prints two lines for each problem: what is wrong, and what to do about it; nothing if there is none. JSON and CSV
say also how bad it is: with `damage` nothing in the file can be relied on; `rule` breaks one. Nothing is changed,
and the server may be running. The exit code is 1 if there is a problem.

Examples:
  davgroups verify --data-dir /var/lib/davgroups
  davgroups verify --output json
  davgroups verify /var/backups/davgroups-2026-11-20.db")]
pub(super) struct Options {
    /// Look at this backup instead of the data directory
    file: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let path = options.file.clone().unwrap_or_else(|| config.data_dir.join(FILE_NAME));
    if !path.is_file() {
        return Err(match &options.file {
            Some(_) => Failure::Failed(format!("there is no database {}", path.display())),
            None => missing(&path),
        });
    }
    let problems = verify(&path, &config.rules).map_err(Failure::failed)?;
    match options.output.is_plain() {
        true => print(&problems)?,
        false => {
            let rows: Vec<_> = problems.iter().map(row).collect();
            options.output.list(&["severity", "what", "remedy"], &rows)?;
        }
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(Failure::Failed(format!("problems in {}: {count}", path.display()))),
    }
}

fn row(problem: &Problem) -> Vec<Value> {
    let severity = match problem.severity {
        Severity::Damage => "damage",
        Severity::Rule => "rule",
    };
    vec![json!(severity), json!(problem.what), json!(problem.remedy)]
}

/// Two lines for each problem.
pub(super) fn print(problems: &[Problem]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = problems
        .iter()
        .try_for_each(|problem| writeln!(out, "wrong: {}\n  to do: {}", problem.what, problem.remedy));
    written.map_err(|error| Failure::Failed(format!("cannot print: {error}")))
}
