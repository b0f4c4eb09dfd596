//! `davgroups backup`.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::config::Config;
use crate::store::sqlite::back_up;

#[derive(Args)]
#[command(after_help = "\
The file holds everything as it was at one moment, password hashes included; only its owner can read it.
It is complete, checked and on disk when it gets its name.

Example:
  davgroups backup /var/backups/davgroups-$(date +%F).db --data-dir /var/lib/davgroups")]
pub(super) struct Options {
    /// Where to write the copy
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

pub(super) fn run(options: &Options, config: &Config) -> Result<(), Failure> {
    back_up(&config.data_dir, &options.file, options.force).map_err(Failure::failed)
}
