//! A killed owner leaves no PostgreSQL behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use irsa_components::postgres::PostgresOptions;

use crate::support::{eventually, folder, is_running, start};

/// Set for the process that plays the owner.
const FOLDER: &str = "IRSA_TEST_OWNER_FOLDER";

#[test]
fn a_killed_owner_leaves_no_server_behind() {
    let folder = folder();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "orphan::plays_the_owner",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let process_id = lines
        .find_map(|line| line.strip_prefix("server ")?.parse().ok())
        .unwrap();
    assert!(is_running(process_id));
    owner.kill().unwrap();
    owner.wait().unwrap();
    eventually("the server has ended", || !is_running(process_id));
}

#[tokio::test]
#[ignore = "run by a_killed_owner_leaves_no_server_behind in a process of its own"]
async fn plays_the_owner() {
    let folder = std::env::var_os(FOLDER).expect("started by the other test");
    let postgres = start(PostgresOptions::new(folder.as_ref())).await.unwrap();
    println!("\nserver {}", postgres.process_id().unwrap());
    std::io::stdout().flush().unwrap();
    std::future::pending::<()>().await;
}
