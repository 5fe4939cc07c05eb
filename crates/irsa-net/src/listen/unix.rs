//! A Unix socket that listens, and its file.

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

/// A listening Unix socket, whose file is removed on drop.
#[derive(Debug)]
pub(super) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    file: FileId,
}

/// Tells our socket's file from one that somebody else put in its place.
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
        let _lock = lock_folder_of(path).await?;
        clear_away(path).await?;
        let socket = listen_with_mode(path, options)?;
        let listener = UnixListener::from_std(socket.into())?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file: FileId::of(path)?,
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
        // Whoever holds the lock replaces the file anyway, or leaves a stale one, which is no harm.
        let Ok(folder) = open_folder_of(&self.path) else {
            return;
        };
        let is_ours = || FileId::of(&self.path).is_ok_and(|file| file == self.file);
        if folder.try_lock().is_ok() && is_ours() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Keeps other starters out while a stale file is found and replaced: two of them could find it,
/// and the slower one would then remove the live socket of the faster.
///
/// The lock is on the folder itself, so that no lock file is left, and the kernel frees it.
async fn lock_folder_of(path: &Path) -> Result<File, BindErrorKind> {
    let folder = open_folder_of(path)?;
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                let text = "another process keeps the socket's folder locked";
                return Err(io::Error::new(io::ErrorKind::TimedOut, text).into());
            }
            Err(TryLockError::WouldBlock) => sleep(LOCK_RETRY).await,
        }
    }
}

fn open_folder_of(path: &Path) -> io::Result<File> {
    File::open(path.parent().unwrap_or(Path::new("/")))
}

/// Removes a socket's file that nobody listens on.
async fn clear_away(path: &Path) -> Result<(), BindErrorKind> {
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
        // A full backlog is an error too, but somebody's.
        Ok(_) | Err(_) => Err(BindErrorKind::InUse),
    }
}

/// Between bind and listen the mode is set: until it listens, a socket refuses everybody.
fn listen_with_mode(path: &Path, options: &ListenOptions) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    fs::set_permissions(path, Permissions::from_mode(options.unix_mode))?;
    socket.listen(options.backlog.try_into().unwrap_or(i32::MAX))?;
    Ok(socket)
}

/// `sockaddr_un` has room for 108 bytes, with the NUL at the end.
const LONGEST_PATH: usize = 107;
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_RETRY: Duration = Duration::from_millis(20);
