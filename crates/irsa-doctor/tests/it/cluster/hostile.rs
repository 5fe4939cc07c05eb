//! API servers that no cluster has, and kubeconfigs that never end.

use std::time::Duration;

use irsa_chain::Cause;
use irsa_doctor::cluster::{self, Cluster, Target};
use irsa_doctor::{Finding, Verdict, Workload};
use irsa_kube::{ConfigError, KubeReader};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::stage;

/// Answers each path with a status and a body, and goes on until the test ends.
async fn server(script: fn(&str) -> (u16, String)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, script));
        }
    });
    url
}

async fn serve(mut connection: TcpStream, script: fn(&str) -> (u16, String)) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(connection.read_u8().await.ok()?);
    }
    let text = String::from_utf8_lossy(&request);
    let (status, body) = script(text.split(' ').nth(1).unwrap_or_default());
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    connection.write_all(answer.as_bytes()).await.ok()
}

fn kubeconfig(folder: &TempDir, text: &str) -> std::path::PathBuf {
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, text).unwrap();
    file
}

async fn reader(folder: &TempDir, url: &str) -> KubeReader {
    let file = kubeconfig(folder, &stage::kubeconfig(url, "", "token: x"));
    KubeReader::connect(Some(&file), None).await.unwrap()
}

async fn examine(script: fn(&str) -> (u16, String)) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let reader = reader(&folder, &server(script).await).await;
    let target = Target::ServiceAccount("shop/app".parse().unwrap());
    let state = Cluster::new(reader, target, Workload::default(), stage::now());
    cluster::examine(state, super::LIMIT, &mut |_| ()).await.0
}

fn all_well(path: &str) -> (u16, String) {
    let body = match path.split('?').next().unwrap_or_default() {
        "/version" => r#"{"gitVersion": "v1.35.4"}"#,
        "/.well-known/openid-configuration" => {
            r#"{"issuer": "https://issuer.example", "jwks_uri": "https://issuer.example/keys"}"#
        }
        "/openid/v1/jwks" => r#"{"keys": [{}]}"#,
        "/api/v1/namespaces/shop/serviceaccounts/app" => {
            r#"{"metadata": {"name": "app", "namespace": "shop"}}"#
        }
        _ => r#"{"items": []}"#,
    };
    (200, body.to_owned())
}

#[tokio::test]
async fn invalid_responses_of_the_api_server_are_unsure() {
    for script in [
        (|_: &str| (200, "<html>".to_owned())) as fn(&str) -> (u16, String),
        |_| (200, String::new()),
        |_| (200, "[".repeat(100_000)),
        |_| {
            (
                200,
                r#"{"gitVersion": 1, "items": {}, "metadata": 7}"#.to_owned(),
            )
        },
        |_| (500, "<html>".to_owned()),
        |_| {
            (
                410,
                r#"{"message": "too old\nresource version"}"#.to_owned(),
            )
        },
        |_| {
            (
                403,
                r#"{"message": "forbidden: User \"me\" cannot"}"#.to_owned(),
            )
        },
        |_| (401, String::new()),
        |_| (302, String::new()),
    ] {
        for finding in examine(script).await {
            let is_unsaid = matches!(finding.verdict, Verdict::Unsure | Verdict::NotReached);
            assert!(is_unsaid, "{finding:?}");
            assert!(finding.seen.len() < 1_000, "{finding:?}");
        }
    }
}

#[tokio::test]
async fn an_issuer_that_only_the_cluster_reaches_is_broken() {
    let findings = examine(|path| match path {
        "/.well-known/openid-configuration" => {
            let issuer = "https://kubernetes.default.svc.cluster.local";
            let body =
                format!(r#"{{"issuer": "{issuer}", "jwks_uri": "{issuer}/openid/v1/jwks"}}"#);
            (200, body)
        }
        _ => all_well(path),
    })
    .await;
    let issuer = finding(&findings, "cluster-issuer");
    assert_eq!(issuer.verdict, Verdict::Broken, "{issuer:?}");
    assert_eq!(issuer.cause, Some(Cause::VerificationKeyUnavailable));
    let remedy = issuer.remedy.as_ref().unwrap().to_string();
    assert!(remedy.contains("--service-account-issuer"), "{remedy}");
}

#[tokio::test]
async fn a_reader_without_permissions_gets_the_commands_that_grant_them() {
    let findings = examine(|path| match path {
        "/version" => all_well(path),
        _ => (
            403,
            r#"{"message": "x is forbidden: User \"me\" cannot get resource"}"#.to_owned(),
        ),
    })
    .await;
    let pod = finding(&findings, "cluster-pod");
    assert_eq!(pod.verdict, Verdict::Unsure);
    let remedy = pod.remedy.as_ref().unwrap().to_string();
    assert!(
        remedy.contains("--verb=list --resource=pods") && remedy.contains("--user=me"),
        "{remedy}"
    );
}

#[tokio::test]
async fn the_newest_pod_may_be_on_the_last_page() {
    let findings = examine(|path| match path {
        _ if !path.contains("/pods?") => all_well(path),
        _ if path.contains("continue=a%2Fb") => (200, page("new", "2026-01-02T00:00:00Z", "")),
        _ => (200, page("old", "2026-01-01T00:00:00Z", "a/b")),
    })
    .await;
    let pod = finding(&findings, "cluster-pod");
    assert!(pod.seen.starts_with("shop/new,"), "{}", pod.seen);
    assert!(pod.seen.contains("the newest of 2"), "{}", pod.seen);
}

fn page(pod: &str, created: &str, next: &str) -> String {
    format!(
        r#"{{"metadata": {{"continue": "{next}"}}, "items": [{{
            "metadata": {{"name": "{pod}", "namespace": "shop", "creationTimestamp": "{created}"}},
            "spec": {{"serviceAccountName": "app", "containers": [{{"name": "app"}}]}}}}]}}"#
    )
}

#[tokio::test]
async fn an_endless_list_of_pods_is_truncated() {
    let findings = examine(|path| match path {
        _ if path.contains("/pods?") => (200, page("app", "2026-01-01T00:00:00Z", "again")),
        _ => all_well(path),
    })
    .await;
    assert_eq!(finding(&findings, "cluster-pod").verdict, Verdict::Holds);
}

#[tokio::test]
async fn an_unusable_kubeconfig_is_explained_without_quoting_secrets() {
    let folder = tempfile::tempdir().unwrap();
    for (text, words) in [
        ("{", "not valid YAML"),
        ("token: [hunter2, {]", "not valid YAML"),
        ("apiVersion: v1\nkind: Config\n", "context"),
        (
            &stage::kubeconfig("https://127.0.0.1:1", "", "client-key-data: \"%\""),
            "",
        ),
        (
            &stage::kubeconfig(
                "https://127.0.0.1:1",
                "",
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere/aws, interactiveMode: Never}",
            ),
            "plugin",
        ),
        (
            &stage::kubeconfig(
                "https://127.0.0.1:1",
                "",
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, echo hunter2; exit 3], \
                 interactiveMode: Never}",
            ),
            "exit status: 3",
        ),
    ] {
        let file = kubeconfig(&folder, text);
        let error = KubeReader::connect(Some(&file), None).await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains(words), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
        let findings = cluster::unavailable(&error, Duration::ZERO);
        assert_eq!(findings[0].verdict, Verdict::Unsure);
        assert!(findings[0].remedy.is_some());
        assert!(
            findings[1..]
                .iter()
                .all(|one| one.verdict == Verdict::NotReached)
        );
    }
}

#[tokio::test]
async fn a_credential_plugin_that_never_ends_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = "exec: {apiVersion: client.authentication.k8s.io/v1, command: sleep, args: [\"13\"], interactiveMode: Never}";
    let file = kubeconfig(
        &folder,
        &stage::kubeconfig("https://127.0.0.1:1", "", plugin),
    );
    // Without the time limit, the error would be that the plugin printed nothing.
    let error = KubeReader::connect(Some(&file), None).await.unwrap_err();
    assert!(matches!(error, ConfigError::TimedOut(_)), "{error}");
}

fn finding<'f>(findings: &'f [Finding], check: &str) -> &'f Finding {
    let found = findings.iter().find(|finding| finding.check.id == check);
    found.expect("the check is made")
}
