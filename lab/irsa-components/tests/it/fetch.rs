use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;

use irsa_components::postgres::{Postgres, PostgresBinaries, PostgresOptions, VERSION};
use tempfile::TempDir;

use crate::support::folder;

#[tokio::test]
async fn concurrent_starts_download_once() {
    let cache = folder();
    let steps = Mutex::new(Vec::new());
    let note = |line: &str| steps.lock().unwrap().push(line.to_owned());
    let locate = || PostgresBinaries::locate(None, cache.path(), &note);
    let (first, second) = tokio::join!(locate(), locate());
    assert_eq!(first.unwrap().folder(), second.unwrap().folder());
    let steps = steps.into_inner().unwrap();
    assert_eq!(
        steps
            .iter()
            .filter(|step| step.starts_with("fetching"))
            .count(),
        1,
        "{steps:?}"
    );
}

#[tokio::test]
async fn concurrent_first_servers_share_a_template() {
    let cache = folder();
    // Readable for all, like a real cache: when root starts the server, `initdb` runs as a different account.
    std::fs::set_permissions(cache.path(), Permissions::from_mode(0o755)).unwrap();
    let binaries = PostgresBinaries::locate(None, cache.path(), &|_| {})
        .await
        .unwrap();
    let (first, second) = (folder(), folder());
    let start = |folder: &TempDir| Postgres::start(&binaries, PostgresOptions::new(folder.path()));
    let (one, other) = tokio::join!(start(&first), start(&second));
    one.unwrap().connect("postgres").await.unwrap();
    other.unwrap().connect("postgres").await.unwrap();
    let entries = std::fs::read_dir(cache.path().join("postgresql")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names[2].starts_with(&format!("{}-data1-postgres-", names[1])),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_damaged_copy_is_replaced() {
    let cache = folder();
    let locate = || PostgresBinaries::locate(None, cache.path(), &|_| {});
    let program = locate().await.unwrap().folder().join("postgres");
    std::fs::write(&program, "damaged").unwrap();
    let version = locate().await.unwrap().version().to_owned();
    assert_eq!(format!("{version}.0"), VERSION);
}

#[tokio::test]
async fn a_directory_without_programs_is_an_error_with_a_remedy() {
    let empty = folder();
    let error = PostgresBinaries::locate(Some(empty.path()), empty.path(), &|_| {})
        .await
        .unwrap_err();
    assert!(error.to_string().contains("initdb"), "{error}");
    assert!(error.remedy().unwrap().contains("--postgres-bin"));
}
