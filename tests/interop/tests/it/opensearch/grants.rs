//! What the domain grants a role, and what it does not, seen by a client of the proxy's Unix socket.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};
use interop::http::Connection;

use super::stage::{Stage, stage};

/// The answer that a client without any credentials gets of the workload's proxy.
fn ask(stage: &Stage, workload: &str, method: &str, path: &str) -> Response<Bytes> {
    let proxy = stage.proxy(workload);
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "localhost").body(Full::default());
    stage.runtime.block_on(async {
        let mut connection = Connection::open_unix(proxy.socket()).await.unwrap();
        connection.send(request.unwrap()).await.unwrap()
    })
}

#[test]
fn a_role_does_what_it_is_granted_and_nothing_else() {
    let Some(stage) = stage() else { return };
    let granted = ask(&stage, "zeebe", "PUT", "/zeebe-record_granted");
    assert_eq!(granted.status(), 200, "{granted:?}");
    let refused = ask(&stage, "zeebe", "PUT", "/operate-granted");
    assert_eq!(refused.status(), 403, "{refused:?}");
    let reason = String::from_utf8_lossy(refused.body());
    let role = "arn:aws:iam::111122223333:role/camunda/zeebe-role";
    assert!(
        reason.contains("no permissions for [indices:admin/create]") && reason.contains(role),
        "{reason}"
    );
}

#[test]
fn what_iam_denies_the_client_is_told_in_the_words_of_aws() {
    let Some(stage) = stage() else { return };
    let refused = ask(&stage, "optimize", "GET", "/_search");
    assert_eq!(refused.status(), 403, "{refused:?}");
    let reason = String::from_utf8_lossy(refused.body());
    assert!(
        reason.contains("is not authorized to perform: es:ESHttpGet"),
        "{reason}"
    );
}
