//! The program: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    davgroups::cli::run(std::env::args_os(), std::env::vars_os())
}
