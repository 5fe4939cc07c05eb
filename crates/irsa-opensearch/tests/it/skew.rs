//! A clock that is wrong by minutes.

use std::time::{Duration, UNIX_EPOCH};

use irsa_opensearch::PayloadSigning;

use crate::domain::{Domain, Step};
use crate::proxy::{NOW, NOW_STAMP, Proxy, Setup};

/// Ten minutes after `NOW`.
const THEIRS: &str = "20270115T081000Z";
const REFUSAL: &str = r#"{"message":"Signature expired: 20270115T080000Z is now earlier than 20270115T080500Z (20270115T081000Z - 5 min.)"}"#;

fn refuse() -> Step {
    Step::with_headers(403, "date: Fri, 15 Jan 2027 08:10:00 GMT\r\n", REFUSAL)
}

fn dates(domain: &Domain) -> Vec<String> {
    let date = |seen: crate::domain::Seen| seen.header("x-amz-date").unwrap().to_owned();
    domain.seen().into_iter().map(date).collect()
}

#[tokio::test]
async fn the_domains_time_is_derived_from_a_rejection_and_kept() {
    let script = |number| {
        if number == 0 {
            refuse()
        } else {
            Step::ok("{}")
        }
    };
    let domain = Domain::answering(script).await;
    let proxy = Proxy::for_domain(&domain).await;
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    assert_eq!(dates(&domain), [NOW_STAMP, THEIRS, THEIRS]);
    assert!(domain.seen().iter().all(|seen| seen.body == b"{}\n"));
    assert_eq!(proxy.metric("opensearch_clock_skew_seconds"), 600);
    assert_eq!(proxy.metric("opensearch_retries_total"), 1);
    proxy.end().await;
}

#[tokio::test]
async fn a_second_rejection_is_not_retried() {
    let domain = Domain::answering(|_| refuse()).await;
    let proxy = Proxy::for_domain(&domain).await;
    let answer = proxy.get("GET /").await;
    assert_eq!((answer.status(), &*answer.body), (403, REFUSAL.as_bytes()));
    assert_eq!(dates(&domain), [NOW_STAMP, THEIRS]);
}

#[tokio::test]
async fn a_rejection_with_the_local_time_changes_nothing() {
    let headers = "date: Fri, 15 Jan 2027 08:00:30 GMT\r\n";
    let domain = Domain::answering(|_| Step::with_headers(403, headers, REFUSAL)).await;
    let proxy = Proxy::for_domain(&domain).await;
    assert_eq!(proxy.get("GET /").await.status(), 403);
    assert_eq!(dates(&domain), [NOW_STAMP]);
}

#[tokio::test]
async fn a_streamed_body_is_not_retried_but_the_next_request_has_the_right_time() {
    let script = |number| {
        if number == 0 {
            refuse()
        } else {
            Step::ok("{}")
        }
    };
    let domain = Domain::answering(script).await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.payload = PayloadSigning::Unsigned;
    let proxy = setup.start().await;
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 403);
    assert_eq!(proxy.post("POST /_bulk", b"{}\n").await.status(), 200);
    assert_eq!(dates(&domain), [NOW_STAMP, THEIRS]);
}

#[tokio::test]
async fn a_domain_with_a_wrong_clock_does_not_affect_other_upstreams() {
    let script = |number| {
        if number == 0 {
            refuse()
        } else {
            Step::ok("{}")
        }
    };
    let wrong = Domain::answering(script).await;
    let honest = Domain::start().await;
    // The session ends before the time that the first domain reports.
    let mut setup = Setup::for_address(wrong.address, &wrong.authority);
    let expiration = (
        "AWS_CREDENTIAL_EXPIRATION",
        "2027-01-15T08:05:00Z".to_owned(),
    );
    setup.environment.push(expiration);
    let mut identity = None;
    let share = |parts: &mut irsa_opensearch::DomainParts| identity = Some(parts.identity.clone());
    let misled = setup.start_with(share).await;
    let identity = identity.unwrap();
    let shared = identity.clone();
    let setup = Setup::for_address(honest.address, &honest.authority);
    let other = setup.start_with(|parts| parts.identity = shared).await;

    assert_eq!(misled.get("GET /").await.status(), 200);
    assert_eq!(other.get("GET /").await.status(), 200);
    assert_eq!(dates(&wrong), [NOW_STAMP, THEIRS]);
    assert_eq!(dates(&honest), [NOW_STAMP]);
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(identity.aws_time(now), now, "the time of RDS tokens");
    assert_eq!(identity.state().as_str(), "valid", "the session's expiry");
    misled.end().await;
    other.end().await;
}
