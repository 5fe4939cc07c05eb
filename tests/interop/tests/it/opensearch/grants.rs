//! Granted and missing permissions of a role, seen by a client on the proxy's Unix socket.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response};
use interop::http::Connection;

use super::stage::{Stage, stage};

/// Returns the response of the workload's proxy to a client without credentials.
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
fn a_role_has_only_the_granted_permissions() {
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
fn a_denial_by_iam_has_the_text_of_aws() {
    let Some(stage) = stage() else { return };
    let refused = ask(&stage, "optimize", "GET", "/_search");
    assert_eq!(refused.status(), 403, "{refused:?}");
    let reason = String::from_utf8_lossy(refused.body());
    assert!(
        reason.contains("is not authorized to perform: es:ESHttpGet"),
        "{reason}"
    );
}
