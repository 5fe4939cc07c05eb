//! Files that block their reader: they delay neither the end of a command nor other work.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::pod::Pod;
use crate::stage::shared;
use irsa_testing::program::PATIENCE;

/// `O_NONBLOCK` of Linux (fcntl.h).
const NONBLOCK: i32 = 0o4000;
/// A stop takes no longer than the drain, however slow the machine is.
const DRAIN: Duration = Duration::from_secs(10);

/// A named pipe that nobody writes to.
struct Pipe {
    _folder: TempDir,
    path: PathBuf,
}

impl Pipe {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        Self {
            _folder: folder,
            path,
        }
    }

    /// Waits until somebody reads; the reader is blocked for as long as the file is open.
    fn reader(&self) -> File {
        let deadline = Instant::now() + PATIENCE;
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(NONBLOCK);
        loop {
            // ENXIO: nobody reads yet (open(2)).
            match options.open(&self.path) {
                Ok(file) => return file,
                Err(error) => assert!(Instant::now() < deadline, "nobody reads: {error}"),
            }
            thread::yield_now();
        }
    }
}

fn check_end(pod: &Pod, pipe: &Pipe) {
    let proxy = pod.proxy(&["--drain-timeout", "10s"]);
    let _blocked = pipe.reader();
    assert_eq!(proxy.get("/livez").status, 200);
    let begun = Instant::now();
    proxy.terminate();
    assert_eq!(proxy.ended(), 0);
    assert!(begun.elapsed() < DRAIN, "it took {:?}", begun.elapsed());
}

#[test]
fn a_token_file_that_blocks_does_not_delay_the_end() {
    let stage = shared();
    let pipe = Pipe::new();
    check_end(&Pod::new(&stage).with_token_file(&pipe.path), &pipe);
}

#[test]
fn a_profile_that_blocks_does_not_delay_the_end() {
    let stage = shared();
    let pipe = Pipe::new();
    let path = pipe.path.display().to_string();
    let pod = Pod::new(&stage)
        .with("IRSA_IDENTITY", "profile")
        .with("AWS_CONFIG_FILE", &path);
    check_end(&pod, &pipe);
}

#[test]
fn commands_end_although_the_token_file_blocks() {
    let stage = shared();
    let pipe = Pipe::new();
    let pod = Pod::new(&stage).with_token_file(&pipe.path);
    let finished = pod.irsa(&["exec", "--", "true"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let finished = pod.irsa(&["whoami", "--credentials-timeout", "1s"]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
}
