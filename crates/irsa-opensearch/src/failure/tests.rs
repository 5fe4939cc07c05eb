//! `docs/reference/http-statuses.md` lists exactly the responses that irsa itself sends.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use irsa_identity::{Environment, Identity, IdentitySettings, SourceChoice, SystemClock};

use super::*;
use crate::guard::Guards;
use crate::web;

/// A status and a type, in which `LINK` stands for any link.
type Row = (u16, String);

/// Returns the rows of the page's table.
fn documented() -> BTreeSet<Row> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/http-statuses.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| status |").expect("the table");
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    let rows = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    rows.flat_map(|cells| {
        let status = cells[1].parse().unwrap();
        let kinds = cells[2].split(',');
        let kinds = kinds.map(|kind| kind.trim().trim_matches('`').to_owned());
        kinds.map(|kind| (status, kind)).collect::<Vec<_>>()
    })
    .collect()
}

/// Returns the row of a failure. With 502 and 503, the link depends on the failure.
fn row(failure: &Failure) -> Row {
    let status = failure.status().as_u16();
    match failure.link() {
        Some(_) if [502, 503].contains(&status) => (status, "irsa_LINK_exception".to_owned()),
        _ => (status, failure.kind()),
    }
}

fn denial(guards: &Guards) -> Denial {
    let denied = guards.check(&Method::PUT, "/_plugins/_security/api/roles/a", None);
    denied.unwrap_err()
}

fn foreign_page() -> ForeignPage {
    let request = Request::get("/").header("host", "localhost");
    let request = request.header("origin", "http://evil.example").body(());
    web::check(&request.unwrap().into_parts().0).unwrap_err()
}

/// Returns the error of a Pod Identity agent that does not exist, which is temporary.
async fn temporary() -> IdentityError {
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "e30.e30.signature").unwrap();
    let path = token.path().display().to_string();
    let environment = Environment::from_pairs([
        ("AWS_REGION", "eu-central-1"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &path),
    ]);
    let mut settings = IdentitySettings::new(SourceChoice::PodIdentity, environment);
    settings.timeouts.wait = Duration::from_millis(100);
    let identity = Identity::start(settings, Arc::new(SystemClock)).unwrap();
    identity.credentials().await.unwrap_err()
}

fn permanent() -> IdentityError {
    let settings = IdentitySettings::new(SourceChoice::Env, Environment::default());
    Identity::start(settings, Arc::new(SystemClock)).unwrap_err()
}

/// Does not compile if there is a variant that [`every_failure`] may lack.
fn assert_listed(failure: &Failure) {
    match failure {
        Failure::Host
        | Failure::Target(_)
        | Failure::Coding
        | Failure::Page(_)
        | Failure::TooManyUnauthenticated
        | Failure::TooManyConnections
        | Failure::Identity(_)
        | Failure::Upstream(_)
        | Failure::Unreadable(_)
        | Failure::SentAlready
        | Failure::Auth(
            AuthError::Password | AuthError::Tls | AuthError::Certificate | AuthError::User,
        )
        | Failure::Body(
            BodyError::TooLarge(_)
            | BodyError::BuffersFull
            | BodyError::Slow(_)
            | BodyError::Broken(_)
            | BodyError::Disk(_),
        )
        | Failure::Denied(Denial::ReadOnly | Denial::Path(_) | Denial::SecurityApi) => {}
    }
}

/// Returns a failure of each kind.
async fn every_failure() -> Vec<Failure> {
    let read_only = Guards {
        read_only: true,
        ..Guards::default()
    };
    let paths = Guards {
        allow_paths: vec!["/orders".parse().unwrap()],
        ..Guards::default()
    };
    let security = Guards {
        deny_security_api: true,
        ..Guards::default()
    };
    let timeout = UpstreamError::TimedOut(Duration::ZERO);
    let broken = || UpstreamError::Broken(String::new());
    let auth = [
        AuthError::Password,
        AuthError::Tls,
        AuthError::Certificate,
        AuthError::User,
    ];
    let bodies = [
        BodyError::TooLarge(1),
        BodyError::BuffersFull,
        BodyError::Slow(Duration::ZERO),
        BodyError::Broken("".into()),
        BodyError::Disk(std::io::ErrorKind::StorageFull.into()),
    ];
    let mut all = vec![
        Failure::Host,
        Failure::Target(""),
        Failure::Coding,
        Failure::Page(foreign_page()),
        Failure::TooManyUnauthenticated,
        Failure::TooManyConnections,
        Failure::Identity(permanent()),
        Failure::Identity(temporary().await),
        Failure::Upstream(timeout),
        Failure::Upstream(broken()),
        Failure::Unreadable(broken()),
        Failure::SentAlready,
    ];
    all.extend(auth.map(Failure::Auth));
    all.extend(bodies.map(Failure::Body));
    all.extend([read_only, paths, security].map(|guards| Failure::Denied(denial(&guards))));
    all.iter().for_each(assert_listed);
    all
}

#[tokio::test]
async fn the_page_lists_exactly_the_responses_that_irsa_sends() {
    let documented = documented();
    let sent: BTreeSet<Row> = every_failure().await.iter().map(row).collect();
    let missing: Vec<_> = sent.difference(&documented).collect();
    let untrue: Vec<_> = documented.difference(&sent).collect();
    assert!(missing.is_empty(), "not on the page: {missing:?}");
    assert!(untrue.is_empty(), "on the page only: {untrue:?}");
    assert!(sent.len() > 15, "{sent:?}");
}
