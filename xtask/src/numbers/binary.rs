//! The release binary: its size, start time and idle memory.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::{Process, median, own_memory};
use crate::failure::Failure;
use crate::{process, progress, workspace};

const STARTS: usize = 10;

/// Measurements on this machine.
#[derive(Debug)]
pub(super) struct Binary {
    /// Size of the stripped file in bytes.
    pub(super) size: u64,
    /// Milliseconds from the start to the line with its addresses.
    pub(super) start: f64,
    /// Private memory after the start, in kibibytes.
    pub(super) idle_memory: f64,
}

impl Binary {
    /// Builds and measures the release binary.
    pub(super) fn measure() -> Result<Self, Failure> {
        progress::note("building irsa (release; a first build takes some minutes)");
        let build = ["build", "--locked", "--release", "--package", "irsa"];
        process::run(workspace::cargo().args(build))?;
        let program = workspace::target().join("release/irsa");
        let size = fs::metadata(&program)
            .map_err(Failure::file(&program))?
            .len();
        let starts: Result<Vec<_>, Failure> =
            (0..STARTS).map(|_| start(Command::new(&program))).collect();
        let (times, memory): (Vec<f64>, Vec<f64>) = starts?.into_iter().unzip();
        Ok(Self {
            size,
            start: median(&times),
            idle_memory: median(&memory),
        })
    }
}

/// Starts a proxy with an unused upstream of each kind; returns milliseconds and kibibytes.
fn start(mut command: Command) -> Result<(f64, f64), Failure> {
    command
        .args(["proxy", "--output", "json", "--status-address", "off", "--identity", "env"])
        .arg("postgres://c.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?listen=127.0.0.1:0")
        .arg("opensearch://search-d-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com?listen=127.0.0.1:0")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let started = Instant::now();
    let (process, _) = Process::start_and_listen(&mut command)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    Ok((milliseconds, own_memory(process.id())?))
}
