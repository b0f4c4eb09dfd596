//! The program: arguments in, exit code out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives memory back to the system, which glibc does not for the 19 MiB that a password hash takes: it
/// keeps them for each thread that ever computed one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    davgroups::cli::run(std::env::args_os(), std::env::vars_os())
}
