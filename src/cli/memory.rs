//! Keeping what is in memory, passwords among it, out of files and from other programs.

use std::io;

/// Has the system write no image of this process to a disk when it crashes, and lets no other program of
/// the same user look into it.
///
/// # Errors
/// When the system refuses.
#[cfg(unix)]
pub(super) fn seal() -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A program that takes crashes, such as apport, need not heed that limit. It is not asked then.
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn seal() -> io::Result<()> {
    Ok(())
}
