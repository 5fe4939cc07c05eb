//! Unix socket listeners and their files.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, sleep};

use super::{BindErrorKind, ListenOptions};

/// A listening Unix socket. Its file is removed on drop.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    file: FileId,
}

/// The identity of the socket's file, to recognize a file that replaced it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl UnixSocket {
    pub(super) async fn bind(path: &Path, options: &ListenOptions) -> Result<Self, BindErrorKind> {
        let length = path.as_os_str().as_bytes().len();
        if length > LONGEST_PATH {
            return Err(BindErrorKind::PathTooLong(length));
        }
        let _lock = lock_directory(path).await?;
        remove_stale_socket(path).await?;
        let socket = listen_with_mode(path, options)?;
        let listener = UnixListener::from_std(socket.into())?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file: FileId::read(path)?,
        })
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // If the directory is locked, a different process replaces the file, or the file stays stale, which is
        // harmless.
        let Ok(directory) = open_directory(&self.path) else {
            return;
        };
        let is_ours = || FileId::read(&self.path).is_ok_and(|file| file == self.file);
        if directory.try_lock().is_ok() && is_ours() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl FileId {
    fn read(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Locks the socket's directory while a stale file is replaced. Without the lock, two processes could find the same
/// stale file, and the slower one would remove the live socket of the faster one.
///
/// The lock is on the directory itself, so no lock file remains, and the kernel releases it when the process ends.
async fn lock_directory(path: &Path) -> Result<File, BindErrorKind> {
    let directory = open_directory(path)?;
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match directory.try_lock() {
            Ok(()) => return Ok(directory),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                let text = "a different process holds the lock on the directory of the socket";
                return Err(io::Error::new(io::ErrorKind::TimedOut, text).into());
            }
            Err(TryLockError::WouldBlock) => sleep(LOCK_RETRY).await,
        }
    }
}

fn open_directory(path: &Path) -> io::Result<File> {
    File::open(path.parent().unwrap_or(Path::new("/")))
}

/// Removes the file of a socket that no process listens on.
async fn remove_stale_socket(path: &Path) -> Result<(), BindErrorKind> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(BindErrorKind::NotASocket);
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Ok(fs::remove_file(path)?)
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error.into()),
        // Other errors, such as a full accept queue, also mean that a process listens.
        Ok(_) | Err(_) => Err(BindErrorKind::InUse),
    }
}

/// Sets the file mode between bind and listen. A socket refuses all connections until it listens.
fn listen_with_mode(path: &Path, options: &ListenOptions) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    fs::set_permissions(path, Permissions::from_mode(options.unix_mode))?;
    socket.listen(options.backlog.try_into().unwrap_or(i32::MAX))?;
    Ok(socket)
}

/// The size of the path in `sockaddr_un`, 108 bytes, minus the terminating NUL.
const LONGEST_PATH: usize = 107;
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(20);
