//! A session that the domain reports as expired, although it is valid by the local clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::Response;
use irsa_identity::SourceChoice;
use irsa_net::drain::{Drain, drain};
use irsa_net::listen::{ListenAddress, ListenOptions, Listener};
use irsa_opensearch::PayloadSigning;

use crate::domain::{Domain, Step};
use crate::proxy::{Proxy, Setup};

const REFUSAL: &str = r#"{"message":"The security token included in the request is expired"}"#;

/// A Pod Identity agent whose sessions are numbered from 1.
struct Agent {
    sessions: Arc<AtomicUsize>,
    _token: tempfile::NamedTempFile,
    _drain: Drain,
}

impl Agent {
    fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }
}

/// Starts a proxy with its own Pod Identity agent.
async fn start(domain: &Domain, payload: PayloadSigning) -> (Proxy, Agent) {
    let address = ListenAddress::Tcp(([127, 0, 0, 1], 0).into());
    let listener = Listener::bind(&address, ListenOptions::default())
        .await
        .unwrap();
    let port = listener.port().unwrap();
    let (drain, draining) = drain();
    let sessions = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sessions);
    let answer = move |_, _| {
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let session = format!(
            r#"{{"AccessKeyId": "ASIASESSION{number}", "SecretAccessKey": "secret", "Token": "token",
            "Expiration": "2027-01-15T09:00:00Z"}}"#
        );
        std::future::ready(Response::new(Bytes::from(session)))
    };
    tokio::spawn(irsa_ops::http::serve(listener, None, answer, draining));
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "e30.e30.signature").unwrap();
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.payload = payload;
    setup.choice = SourceChoice::PodIdentity;
    setup.environment = vec![
        ("AWS_REGION", "eu-central-1".to_owned()),
        (
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("http://127.0.0.1:{port}/v1/credentials"),
        ),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            token.path().to_str().unwrap().to_owned(),
        ),
    ];
    let agent = Agent {
        sessions,
        _token: token,
        _drain: drain,
    };
    (setup.start().await, agent)
}

fn rejecting_the_first(number: usize) -> Step {
    if number == 0 {
        Step::json(403, REFUSAL)
    } else {
        Step::ok("{}")
    }
}

/// Returns the session that each request was signed with.
fn signers(domain: &Domain) -> Vec<usize> {
    let number = |authorization: &str| {
        let rest = authorization
            .split_once("Credential=ASIASESSION")
            .unwrap()
            .1;
        rest.split_once('/').unwrap().0.parse().unwrap()
    };
    let seen = domain.seen();
    seen.iter()
        .map(|seen| number(seen.header("authorization").unwrap()))
        .collect()
}

#[tokio::test]
async fn a_request_is_retried_with_a_new_session() {
    let domain = Domain::answering(rejecting_the_first).await;
    let (proxy, agent) = start(&domain, PayloadSigning::Hashed).await;
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    assert_eq!(signers(&domain), [1, 2, 2]);
    assert!(domain.seen().iter().all(|seen| seen.body == b"{}\n"));
    assert_eq!(agent.sessions(), 2);
    assert_eq!(proxy.metric("opensearch_retries_total"), 1);
    proxy.end().await;
}

#[tokio::test]
async fn a_domain_that_rejects_every_session_does_not_cause_one_per_request() {
    let domain = Domain::answering(|_| Step::json(403, REFUSAL)).await;
    let (proxy, agent) = start(&domain, PayloadSigning::Hashed).await;
    for _ in 0..5 {
        let answer = proxy.get("GET /").await;
        assert_eq!((answer.status(), &*answer.body), (403, REFUSAL.as_bytes()));
    }
    assert_eq!(agent.sessions(), 2);
    assert_eq!(signers(&domain), [1, 2, 2, 2, 2, 2]);
    proxy.end().await;
}

#[tokio::test]
async fn a_streamed_body_is_not_retried_but_the_next_request_has_a_new_session() {
    let domain = Domain::answering(rejecting_the_first).await;
    let (proxy, agent) = start(&domain, PayloadSigning::Unsigned).await;
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 403);
    crate::client::within("the fresh session", async {
        while agent.sessions() < 2 {
            tokio::task::yield_now().await;
        }
        while signers(&domain).last() != Some(&2) {
            assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
        }
    })
    .await;
    proxy.end().await;
}
