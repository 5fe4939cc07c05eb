//! Shared helpers: the programs, a directory, and waiting.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use irsa_components::cache;
use irsa_components::postgres::{Postgres, PostgresBinaries, PostgresError, PostgresOptions};
use irsa_components::run_as::{RunAs, private_folder};
use tempfile::TempDir;

pub(crate) fn cache_folder() -> PathBuf {
    cache::folder(std::env::var_os).expect("a home")
}

pub(crate) async fn binaries() -> PostgresBinaries {
    PostgresBinaries::locate(None, &cache_folder(), &|line| eprintln!("{line}"))
        .await
        .unwrap()
}

pub(crate) fn folder() -> TempDir {
    private_folder(RunAs::unprivileged().as_ref()).unwrap()
}

pub(crate) async fn start(options: PostgresOptions) -> Result<Postgres, PostgresError> {
    Postgres::start(&binaries().await, options).await
}

pub(crate) fn is_running(process_id: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process_id}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

/// Polls `done` until it returns true.
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        std::thread::yield_now();
    }
}
