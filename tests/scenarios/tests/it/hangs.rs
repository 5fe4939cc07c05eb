//! Files that block their reader: they delay neither the end of a command nor other work.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use crate::pod::Pod;
use crate::stage::shared;
use irsa_testing::program::PATIENCE;

/// Linux's `O_NONBLOCK` (fcntl.h).
const NONBLOCK: i32 = 0o4000;

/// A named pipe without a writer.
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

    /// Waits for a reader, which is blocked while the returned file is open.
    fn reader(&self) -> File {
        let deadline = Instant::now() + PATIENCE;
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(NONBLOCK);
        loop {
            // ENXIO: the pipe has no reader yet (open(2)).
            match options.open(&self.path) {
                Ok(file) => return file,
                Err(error) => assert!(Instant::now() < deadline, "the pipe has no reader: {error}"),
            }
            thread::yield_now();
        }
    }
}

fn check_end(pod: &Pod, pipe: &Pipe) {
    // A stop that waits for the drain timeout would fail: `ended` waits for a shorter time.
    let proxy = pod.proxy(&["--drain-timeout", "1h"]);
    let _blocked = pipe.reader();
    assert_eq!(proxy.get("/livez").status, 200);
    proxy.terminate();
    assert_eq!(proxy.ended(), 0);
}

#[test]
fn a_blocking_token_file_does_not_delay_the_stop() {
    let stage = shared();
    let pipe = Pipe::new();
    check_end(&Pod::new(&stage).with_token_file(&pipe.path), &pipe);
}

#[test]
fn a_blocking_profile_does_not_delay_the_stop() {
    let stage = shared();
    let pipe = Pipe::new();
    let path = pipe.path.display().to_string();
    let pod = Pod::new(&stage)
        .with("IRSA_IDENTITY", "profile")
        .with("AWS_CONFIG_FILE", &path);
    check_end(&pod, &pipe);
}

#[test]
fn commands_end_despite_a_blocking_token_file() {
    let stage = shared();
    let pipe = Pipe::new();
    let pod = Pod::new(&stage).with_token_file(&pipe.path);
    let finished = pod.irsa(&["exec", "--", "true"]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let finished = pod.irsa(&["whoami", "--credentials-timeout", "1s"]);
    assert_eq!(finished.code, 3, "{}", finished.stderr);
}
