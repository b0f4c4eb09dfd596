//! `davgroups restore`.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, verify};
use crate::config::Config;
use crate::store::sqlite::restore;

#[derive(Args)]
#[command(after_help = "\
The data directory must be empty, or not be there. The copy is checked before it is used; where it
breaks a rule, it is restored and the rule is named.

Example:
  davgroups restore /var/backups/davgroups-2026-11-20.db --data-dir /var/lib/davgroups")]
pub(super) struct Options {
    /// The backup
    file: PathBuf,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    let problems = restore(&options.file, &config.data_dir).map_err(Failure::failed)?;
    verify::print(&problems)
}
