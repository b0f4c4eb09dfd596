//! Where users keep their files, and how much there is.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use moka::future::Cache;

use crate::domain::{Quota, UserId};
use crate::request_id::RequestId;

/// Stands for the user's id in the template of a home.
const PLACEHOLDER: &str = "{user}";

/// How long a measurement is good for.
const FRESH: Duration = Duration::from_secs(60);

/// As many users' measurements are kept.
const KEPT: u64 = 10_000;

/// Measures homes, each at most once a minute and never on the threads that serve connections. Cheap
/// to clone.
#[derive(Clone)]
pub struct Homes {
    template: Option<String>,
    /// Whose file system counts where users have no homes.
    fallback: PathBuf,
    measured: Cache<UserId, Measure>,
}

/// What was found on the disk, in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    used: u64,
    available: u64,
}

/// What a user may store and has stored, in bytes; `free` and `used` make `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// What can still be stored.
    pub free: u64,
    /// What is stored.
    pub used: u64,
    /// Both together.
    pub total: u64,
    /// How much of the total is used, in percent with two decimals.
    pub relative: f64,
}

impl Usage {
    /// With a quota, what it leaves; without one, what the file system has left.
    fn new(measure: Measure, quota: Quota) -> Self {
        let Measure { used, available } = measure;
        let free = quota.bytes().map_or(available, |limit| limit.saturating_sub(used));
        let total = used.saturating_add(free);
        // Beyond 2^53 bytes the last digits are lost, which two decimals do not show.
        let percent = if total == 0 { 0.0 } else { used as f64 * 100.0 / total as f64 };
        Self { free, used, total, relative: (percent * 100.0).round() / 100.0 }
    }
}

impl Homes {
    /// Homes at `template`, in which `{user}` stands for the user's id. Without a template nobody has
    /// one, and the file system of `fallback` is what is left.
    pub fn new(template: Option<String>, fallback: PathBuf) -> Self {
        let measured = Cache::builder().max_capacity(KEPT).time_to_live(FRESH).build();
        Self { template, fallback, measured }
    }

    /// The home of a user, where there are homes.
    pub fn path(&self, user: &UserId) -> Option<PathBuf> {
        // An id has at least three characters and no slash, so it is never another directory's name.
        self.template.as_ref().map(|template| PathBuf::from(template.replace(PLACEHOLDER, user.as_str())))
    }

    /// What `user` stores and may store.
    pub async fn usage(&self, user: &UserId, quota: Quota) -> Usage {
        let (home, fallback) = (self.path(user), self.fallback.clone());
        let measuring = async {
            let measuring = tokio::task::spawn_blocking(RequestId::carried_into_job(move || {
                measure(home.as_deref(), &fallback)
            }));
            measuring.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a home could not be measured");
                Measure::default()
            })
        };
        let measure = self.measured.get_with(user.clone(), measuring).await;
        Usage::new(measure, quota)
    }
}

fn measure(home: Option<&Path>, fallback: &Path) -> Measure {
    let used = home.map_or(0, size_of);
    let available = available(home.unwrap_or(fallback));
    Measure { used, available }
}

/// The space left for a file at `path`; what is not there yet would be made on its parent's disk.
fn available(path: &Path) -> u64 {
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    fs4::available_space(existing).unwrap_or_else(|error| {
        tracing::warn!(%error, path = %existing.display(), "the free space is unknown");
        0
    })
}

/// The sizes of all files below `home` together. Symbolic links are neither followed nor counted, so
/// that nothing outside is.
fn size_of(home: &Path) -> u64 {
    let mut total = 0_u64;
    let mut waiting = match home.symlink_metadata() {
        Ok(found) if found.is_dir() => vec![home.to_owned()],
        _ => Vec::new(),
    };
    while let Some(directory) = waiting.pop() {
        match add_directory(&directory, &mut waiting) {
            Ok(size) => total = total.saturating_add(size),
            Err(error) => {
                tracing::warn!(%error, directory = %directory.display(), "a directory is not counted");
            }
        }
    }
    total
}

fn add_directory(directory: &Path, waiting: &mut Vec<PathBuf>) -> io::Result<u64> {
    let mut size = 0_u64;
    for entry in directory.read_dir()? {
        let entry = entry?;
        // Of the entry itself: a link's target is not looked at.
        let found = entry.metadata()?;
        if found.is_dir() {
            waiting.push(entry.path());
        } else if found.is_file() {
            size = size.saturating_add(found.len());
        }
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_and_used_make_total() {
        let measure = Measure { used: 300, available: 1000 };
        let limited = Usage::new(measure, Quota::Bytes(1200));
        assert_eq!(limited, Usage { free: 900, used: 300, total: 1200, relative: 25.0 });
        let over = Usage::new(measure, Quota::Bytes(100));
        assert_eq!(over, Usage { free: 0, used: 300, total: 300, relative: 100.0 });
        let open = Usage::new(measure, Quota::Default);
        assert_eq!((open.free, open.total), (1000, 1300));
        assert_eq!(Usage::new(Measure::default(), Quota::Bytes(0)).relative, 0.0);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_are_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let home = directory.path().join("homes/frank");
        std::fs::create_dir_all(home.join("a/b")).expect("made");
        std::fs::write(home.join("a/b/file"), [0; 100]).expect("written");
        std::fs::write(directory.path().join("outside"), [0; 1000]).expect("written");
        std::os::unix::fs::symlink(directory.path(), home.join("up")).expect("linked");
        std::os::unix::fs::symlink(directory.path().join("outside"), home.join("file")).expect("linked");

        let template = format!("{}/homes/{{user}}", directory.path().display());
        let homes = Homes::new(Some(template), PathBuf::from("."));
        let frank = UserId::stored("frank");
        assert_eq!(homes.usage(&frank, Quota::Bytes(1000)).await.used, 100);
        let nobody = UserId::stored("nobody");
        assert_eq!(homes.usage(&nobody, Quota::Bytes(1000)).await.used, 0);
        assert!(homes.usage(&nobody, Quota::Default).await.free > 0);
    }
}
