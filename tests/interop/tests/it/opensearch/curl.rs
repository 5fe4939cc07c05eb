//! curl: unsigned through the proxy, and with its own signature straight to the lab's domain.

use std::process::Command;

use interop::opensearch::OpenSearchTarget;

use super::stage::{MASTER, stage};
use interop::client::tool;

/// Requests by method, target and body, in order, whose responses do not vary between runs. Each test replaces `curl`
/// by its own indices, because all share the domain.
const REQUESTS: [(&str, &str, Option<&str>); 8] = [
    ("PUT", "/curl-1", None),
    (
        "PUT",
        "/curl-1/_doc/a%2Fb?refresh=true",
        Some(r#"{"n":1,"text":"naïve ☃"}"#),
    ),
    ("GET", "/curl-1/_source/a%2Fb", None),
    (
        "GET",
        "/curl-*,-other/_count?filter_path=count",
        Some(r#"{"query":{"match_all":{}}}"#),
    ),
    (
        "POST",
        "/curl-1/_search?filter_path=hits.total%2Chits.hits._id",
        Some(r#"{"size":1}"#),
    ),
    (
        "GET",
        "/curl-1/_search?filter_path=hits.total&q=n%3A1+OR+n%3A2",
        None,
    ),
    ("GET", "/curl-none/_search?filter_path=status", None),
    ("DELETE", "/curl-1", None),
];

/// Requests that curl 7.88 signs incorrectly: it encodes a path once instead of twice, and does not normalize a query.
/// Later releases sign some of them correctly.
const SIGNS_WRONG: [&str; 4] = [
    "/curl-*,-other/_count?filter_path=count",
    "/curl-1/_doc/a%2Fb?refresh=true",
    "/curl-1/_search?filter_path=hits.total&q=n%3A1+OR+n%3A2",
    "/curl-1/_source/a%2Fb",
];

#[test]
fn curl_has_the_same_responses_through_the_proxy_and_without() {
    let (Some(_), Some(stage)) = (tool("curl"), stage()) else {
        return;
    };
    let proxy = stage.proxy(MASTER);
    let straight = answers(&stage.direct(), "curl-plain", &[]);
    assert_eq!(
        answers(&proxy.opensearch_target(), "curl-plain", &[]),
        straight
    );
    assert_eq!(
        answers(&proxy.opensearch_tls_target(), "curl-plain", &[]),
        straight
    );
    assert!(straight[1].ends_with(" 201"), "{straight:#?}");
}

#[test]
fn curls_signature_is_accepted_and_a_wrong_key_is_rejected() {
    let (Some(_), Some(stage)) = (tool("curl"), stage()) else {
        return;
    };
    let session = stage.session(MASTER);
    let (key, secret) = (
        &session.credentials.access_key_id,
        session.credentials.secret_access_key.expose(),
    );
    let token = format!(
        "x-amz-security-token: {}",
        session.credentials.session_token.expose()
    );
    let sign = |secret: &str| {
        let scope = format!("aws:amz:{}:es", stage.domain().region);
        let more = [
            "--aws-sigv4",
            &scope,
            "--user",
            &format!("{key}:{secret}"),
            "--header",
            &token,
        ];
        answers(&stage.front(), "curl-signed", &more.map(str::to_owned))
    };
    let refused: Vec<&str> = REQUESTS
        .iter()
        .zip(sign(secret))
        .filter(|(_, answer)| answer.ends_with(" 403"))
        .map(|((_, target, _), _)| *target)
        .collect();
    let unexpected: Vec<_> = refused
        .iter()
        .filter(|one| !SIGNS_WRONG.contains(one))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let wrong = sign("not-the-secret");
    assert!(
        wrong.iter().all(|answer| answer.ends_with(" 403")),
        "{wrong:#?}"
    );
    assert!(
        wrong[0].contains("The request signature we calculated does not match"),
        "{wrong:#?}"
    );
}

/// Returns `BODY STATUS` of each response.
fn answers(target: &OpenSearchTarget, prefix: &str, more: &[String]) -> Vec<String> {
    REQUESTS
        .iter()
        .map(|(method, path, body)| {
            let mut curl = Command::new("curl");
            curl.args([
                "--silent",
                "--globoff",
                "--write-out",
                " %{http_code}",
                "--request",
                method,
            ]);
            curl.args(more);
            point(&mut curl, target);
            if let Some(body) = body {
                curl.args([
                    "--header",
                    "content-type: application/json",
                    "--data-binary",
                    body,
                ]);
            }
            let output = curl
                .arg(format!(
                    "{}{}",
                    target.url,
                    path.replace("/curl", &format!("/{prefix}"))
                ))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{method} {path}: {}",
                output.status
            );
            masked(&String::from_utf8(output.stdout).unwrap())
        })
        .collect()
}

fn point(curl: &mut Command, target: &OpenSearchTarget) {
    if let Some(file) = &target.ca_file {
        curl.arg("--cacert").arg(file);
    }
    if let Some(dial) = &target.dial {
        curl.args(["--connect-to", &format!("::{dial}")]);
    }
    for (name, value) in target.headers.as_object().into_iter().flatten() {
        curl.args(["--header", &format!("{name}: {}", value.as_str().unwrap())]);
    }
}

/// Masks numbers that depend on earlier requests.
fn masked(answer: &str) -> String {
    let parts = answer.split("\"_seq_no\":").collect::<Vec<_>>();
    let rest = parts[1..]
        .iter()
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()));
    [parts[0]]
        .into_iter()
        .chain(rest)
        .collect::<Vec<_>>()
        .join("\"_seq_no\":*")
}
