//! A real OpenSearch; skipped without a suitable Java, unless `IRSA_REQUIRE_CLIENTS=1`.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Mutex;

use irsa_components::opensearch::{
    Answer, OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions, VERSION, identity,
};

use irsa_testing::skip;

use crate::support::{cache_folder, folder, is_running};

const READER: &str = "arn:aws:iam::123456789012:role/reader";

/// Returns the files and a Java; without Java, prints why the test is skipped.
pub(crate) async fn binaries_unless_without_java() -> Option<OpenSearchBinaries> {
    let note = |line: &str| eprintln!("{line}");
    match OpenSearchBinaries::locate(None, &cache_folder(), &note).await {
        Err(error @ OpenSearchError::NoJava { .. }) => {
            skip(error);
            None
        }
        located => Some(located.unwrap()),
    }
}

async fn start(
    folder: &Path,
    settings: &[(&str, &str)],
) -> Option<Result<OpenSearch, OpenSearchError>> {
    let binaries = binaries_unless_without_java().await?;
    let mut options = OpenSearchOptions::new(folder);
    options.heap_mebibytes = 256;
    options.settings = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Some(OpenSearch::start(&binaries, options).await)
}

async fn ask(opensearch: &OpenSearch, method: &str, path: &str, body: &str) -> String {
    let Answer { status, body } = opensearch.call(method, path, body).await.unwrap();
    assert!(
        status == 200 || status == 201,
        "{method} {path}: {status} {body}"
    );
    body
}

/// Returns the status of a search with these headers.
fn search_as(opensearch: &OpenSearch, headers: &[(&str, &str)]) -> String {
    let headers = headers
        .iter()
        .map(|(name, value)| [*name, ": ", *value, "\r\n"].concat());
    let headers: String = headers.collect();
    let request = format!(
        "GET /orders/_search HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", opensearch.port())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn indexes_searches_and_keeps_data_across_restarts() {
    let folder = folder();
    let Some(opensearch) = start(folder.path(), &[]).await else {
        return;
    };
    let opensearch = opensearch.unwrap();
    let process_id = opensearch.process_id().unwrap();
    ask(
        &opensearch,
        "PUT",
        "/orders/_doc/1?refresh=true",
        r#"{"text": "running dogs", "n": 1}"#,
    )
    .await;
    let script = r#"{"script": {"source": "ctx._source.n += params.k", "params": {"k": 41}}}"#;
    ask(
        &opensearch,
        "POST",
        "/orders/_update/1?refresh=true",
        script,
    )
    .await;
    let reindex = r#"{"source": {"index": "orders"}, "dest": {"index": "copy"}}"#;
    ask(&opensearch, "POST", "/_reindex?refresh=true", reindex).await;
    opensearch.stop().await.unwrap();
    assert!(!is_running(process_id));
    let opensearch = start(folder.path(), &[]).await.unwrap().unwrap();
    ask(
        &opensearch,
        "GET",
        "/_cluster/health/copy?wait_for_status=yellow&timeout=30s",
        "",
    )
    .await;
    let template = r#"{"source": "{\"query\": {\"term\": {\"n\": {{v}}}}}", "params": {"v": 42}}"#;
    let found = ask(&opensearch, "POST", "/copy/_search/template", template).await;
    assert!(found.contains("running dogs"), "{found}");
}

#[tokio::test]
async fn trusts_only_the_front() {
    let folder = folder();
    let Some(opensearch) = start(folder.path(), &[]).await else {
        return;
    };
    let opensearch = opensearch.unwrap();
    ask(&opensearch, "PUT", "/orders", "").await;
    let role =
        r#"{"index_permissions": [{"index_patterns": ["orders"], "allowed_actions": ["read"]}]}"#;
    ask(
        &opensearch,
        "PUT",
        "/_plugins/_security/api/roles/reader",
        role,
    )
    .await;
    let mapping = format!(r#"{{"backend_roles": ["{READER}"]}}"#);
    ask(
        &opensearch,
        "PUT",
        "/_plugins/_security/api/rolesmapping/reader",
        &mapping,
    )
    .await;
    let (from, user) = (
        (identity::FORWARDED_FOR, "192.0.2.7"),
        (identity::USER, "someone"),
    );
    let two = format!("other,with a comma{}{READER}", identity::ROLES_SEPARATOR);
    for (headers, status) in [
        (vec![], "401"),
        (vec![user, (identity::ROLES, READER)], "401"),
        (vec![from, user], "403"),
        (vec![from, user, (identity::ROLES, "stranger")], "403"),
        (vec![from, user, (identity::ROLES, two.as_str())], "200"),
    ] {
        assert_eq!(search_as(&opensearch, &headers), status, "{headers:?}");
    }
}

#[tokio::test]
async fn two_nodes_share_a_home_and_end_when_dropped() {
    let (first, second) = (folder(), folder());
    let (one, other) = tokio::join!(start(first.path(), &[]), start(second.path(), &[]));
    let (Some(one), Some(other)) = (one, other) else {
        return;
    };
    let (one, other) = (one.unwrap(), other.unwrap());
    ask(&one, "PUT", "/orders", "").await;
    assert_eq!(other.call("GET", "/orders", "").await.unwrap().status, 404);
    let process_id = one.process_id().unwrap();
    drop(one);
    assert!(!is_running(process_id));
}

#[tokio::test]
async fn a_failed_start_shows_the_end_of_the_log() {
    let folder = folder();
    let Some(started) = start(folder.path(), &[("no.such.setting", "1")]).await else {
        return;
    };
    let error = started.unwrap_err();
    assert!(matches!(error, OpenSearchError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains("no.such.setting"), "{error}");
}

#[tokio::test]
async fn concurrent_starts_download_once() {
    if binaries_unless_without_java().await.is_none() {
        return;
    }
    let cache = folder();
    let steps = Mutex::new(Vec::new());
    let note = |line: &str| steps.lock().unwrap().push(line.to_owned());
    let locate = || OpenSearchBinaries::locate(None, cache.path(), &note);
    let (first, second) = tokio::join!(locate(), locate());
    assert_eq!(first.unwrap().home(), second.unwrap().home());
    let steps = steps.into_inner().unwrap();
    let fetches = steps.iter().filter(|step| step.contains(VERSION)).count();
    assert_eq!(fetches, 1, "{steps:?}");
}
