//! `davgroups completions` and `davgroups man`: what the arguments say about themselves.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use super::{Failure, output};

#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Args)]
pub(super) struct Man {
    /// Write a page for each command into this directory instead
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(options: &Completions, mut program: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(options.shell, &mut program, name, &mut script);
    output::print_bytes(&script)
}

pub(super) fn man(options: &Man, program: Command) -> Result<(), Failure> {
    if let Some(directory) = &options.dir {
        let failed = |error| Failure::Failed(format!("cannot write to {}: {error}", directory.display()));
        return clap_mangen::generate_to(program, directory).map_err(failed);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(program).render(&mut page).map_err(Failure::failed)?;
    output::print_bytes(&page)
}
