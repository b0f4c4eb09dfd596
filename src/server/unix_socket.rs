//! Listening on a Unix socket, whose file comes and goes with the server.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use tokio::net::UnixListener;

/// A Unix socket that accepts connections. Its file goes when this is dropped.
pub struct UnixSocket {
    listener: UnixListener,
    _file: SocketFile,
}

/// Why nothing can be accepted on a Unix socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Somebody accepts connections there.
    #[error("cannot listen on {0}: another server does")]
    Taken(PathBuf),
    /// There is another kind of file.
    #[error("cannot listen on {0}: it is no socket")]
    NotASocket(PathBuf),
    /// The system refuses.
    #[error("cannot listen on {path}: {source}")]
    Failed {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl UnixSocket {
    /// A socket at `path`, for whom `mode` allows to write to it. What a server left that has died is
    /// replaced.
    ///
    /// # Errors
    /// [`SocketError`], with what is there left alone.
    pub fn bind(path: &Path, mode: u32) -> Result<Self, SocketError> {
        match is_free(path) {
            Ok(true) => {}
            Ok(false) => return Err(SocketError::Taken(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(SocketError::NotASocket(path.to_owned()));
            }
            Err(source) => return Err(SocketError::Failed { path: path.to_owned(), source }),
        }
        let failed = |source| SocketError::Failed { path: path.to_owned(), source };
        let (listener, file) = place(path, mode).map_err(failed)?;
        Ok(Self { listener, _file: file })
    }

    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

/// Whether nobody accepts connections at `path`; `InvalidInput` if there is no socket but something else.
fn is_free(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => {}
        Ok(_) => return Err(io::ErrorKind::InvalidInput.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(true),
        Err(error) => Err(error),
    }
}

/// Makes a socket under another name first, so that nobody connects before its mode is set, and what was
/// there is replaced at once.
fn place(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&fresh)?;
    fs::set_permissions(&fresh, Permissions::from_mode(mode))?;
    fs::rename(&fresh, path)?;
    let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
    Ok((listener, file))
}

/// Goes when dropped, unless somebody has put another in its place.
struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = identity(&self.path).is_ok_and(|identity| identity == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = ?self.path, %error, "the socket could not be removed");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).expect("read");
        names.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect()
    }

    #[tokio::test]
    async fn a_socket_is_there_as_long_as_it_is_listened_to() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("socket");
        let socket = UnixSocket::bind(&path, 0o620).expect("bound");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o620);
        assert!(matches!(UnixSocket::bind(&path, 0o620), Err(SocketError::Taken(_))));
        assert_eq!(names(directory.path()), ["socket"]);
        drop(socket);
        assert!(names(directory.path()).is_empty());
    }

    #[tokio::test]
    async fn what_a_dead_server_left_is_replaced() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("socket");
        for name in ["socket", "socket.new"] {
            // Unlike ours, the file of such a listener stays.
            drop(std::os::unix::net::UnixListener::bind(directory.path().join(name)).expect("bound"));
        }
        let first = UnixSocket::bind(&path, 0o600).expect("bound");
        fs::remove_file(&path).expect("removed");
        let second = UnixSocket::bind(&path, 0o600).expect("bound again");
        drop(first);
        assert_eq!(names(directory.path()), ["socket"], "that of the second");
        drop(second);
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let path = directory.path().join("precious");
        fs::write(&path, "data").expect("written");
        assert!(matches!(UnixSocket::bind(&path, 0o600), Err(SocketError::NotASocket(_))));
        assert_eq!(fs::read_to_string(&path).expect("read"), "data");
        let nowhere = directory.path().join("missing/socket");
        assert!(matches!(UnixSocket::bind(&nowhere, 0o600), Err(SocketError::Failed { .. })));
    }
}
