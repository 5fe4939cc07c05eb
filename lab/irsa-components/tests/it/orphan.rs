//! No server survives its killed owner.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use irsa_components::kubernetes::{Kubernetes, KubernetesOptions};
use irsa_components::opensearch::{OpenSearch, OpenSearchOptions};
use irsa_components::postgres::PostgresOptions;

use crate::kubernetes::binaries_unless_without_go;
use crate::opensearch::binaries_unless_without_java;
use crate::support::{eventually, folder, is_running, start};

/// Set for the process that plays the owner.
const FOLDER: &str = "IRSA_TEST_OWNER_FOLDER";

#[test]
fn a_killed_owner_leaves_no_postgres_behind() {
    assert_ends_with_its_owner("orphan::plays_the_owner_of_a_postgres");
}

#[tokio::test]
async fn a_killed_owner_leaves_no_opensearch_behind() {
    if binaries_unless_without_java().await.is_some() {
        assert_ends_with_its_owner("orphan::plays_the_owner_of_an_opensearch");
    }
}

#[tokio::test]
async fn a_killed_owner_leaves_no_kubernetes_behind() {
    if binaries_unless_without_go().await.is_some() {
        assert_ends_with_its_owner("orphan::plays_the_owner_of_a_kubernetes");
    }
}

fn assert_ends_with_its_owner(test: &str) {
    let folder = folder();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
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
#[ignore = "run by a_killed_owner_leaves_no_postgres_behind in a separate process"]
async fn plays_the_owner_of_a_postgres() {
    let postgres = start(PostgresOptions::new(&owner_folder())).await.unwrap();
    hold(postgres.process_id()).await;
}

#[tokio::test]
#[ignore = "run by a_killed_owner_leaves_no_opensearch_behind in a separate process"]
async fn plays_the_owner_of_an_opensearch() {
    let binaries = binaries_unless_without_java().await.unwrap();
    let options = OpenSearchOptions::new(&owner_folder());
    let opensearch = OpenSearch::start(&binaries, options).await.unwrap();
    hold(opensearch.process_id()).await;
}

#[tokio::test]
#[ignore = "run by a_killed_owner_leaves_no_kubernetes_behind in a separate process"]
async fn plays_the_owner_of_a_kubernetes() {
    let binaries = binaries_unless_without_go().await.unwrap();
    let options = KubernetesOptions::new(&owner_folder());
    let kubernetes = Kubernetes::start(&binaries, options).await.unwrap();
    hold(kubernetes.process_id()).await;
}

fn owner_folder() -> PathBuf {
    std::env::var_os(FOLDER)
        .expect("started by a different test")
        .into()
}

async fn hold(process_id: Option<u32>) {
    println!("\nserver {}", process_id.unwrap());
    std::io::stdout().flush().unwrap();
    std::future::pending::<()>().await;
}
