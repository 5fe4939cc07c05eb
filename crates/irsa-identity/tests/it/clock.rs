//! Clock offsets derived from STS's `Date`. The local clock shows 16:00.

use std::time::Duration;

use irsa_identity::{ApiCall, ClockOffset, Identity, RoleStep, SourceChoice};
use irsa_testing::Log;

use crate::aws::{IN_AN_HOUR, Pod, refusal, session};
use crate::server::{Reply, Request, Server};

/// Much more than the time of a response.
const SLACK: Duration = Duration::from_secs(15);

/// Returns a response to the exchange with this date.
fn dated(date: &'static str, reply: Reply) -> Reply {
    match reply {
        Reply::Answer(status, body) => Reply::Dated(date, status, body),
        other => other,
    }
}

async fn after_an_exchange(reply: fn() -> Reply) -> (Pod, Identity) {
    let sts = Server::start(move |_, _| reply()).await;
    let pod = Pod::with_sts(&sts.url);
    let identity = pod.start(SourceChoice::Auto).unwrap();
    let _ = identity.watch().changed().await;
    (pod, identity)
}

fn with_credentials() -> Reply {
    session("AssumeRoleWithWebIdentity", "ASIAEXAMPLE", IN_AN_HOUR)
}

fn assert_near(offset: Duration, expected: Duration) {
    assert!((expected..expected + SLACK).contains(&offset), "{offset:?}");
}

#[tokio::test]
async fn successes_and_errors_reveal_a_clock_that_is_behind() {
    const AN_HOUR_LATER: &str = "Mon, 24 Nov 2025 17:00:00 GMT";
    for reply in [
        (|| dated(AN_HOUR_LATER, with_credentials())) as fn() -> Reply,
        || dated(AN_HOUR_LATER, refusal(403, "AccessDenied", "no")),
    ] {
        let (log, _guard) = Log::capture();
        let (pod, identity) = after_an_exchange(reply).await;
        let Some(ClockOffset::Behind(offset)) = identity.clock_offset() else {
            panic!("{:?}", identity.clock_offset());
        };
        assert_near(offset, Duration::from_hours(1));
        assert!(log.text().contains("clock-skew"), "{}", log.text());

        pod.clock.advance(Duration::from_hours(1));
        let set_right = identity.clock_offset().unwrap();
        assert!(
            set_right.amount() < SLACK,
            "setting the clock shows at once"
        );
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_detected() {
    let reply = || dated("Mon, 24 Nov 2025 15:50:00 GMT", with_credentials());
    let (_pod, identity) = after_an_exchange(reply).await;
    let offset = identity.clock_offset().unwrap();
    let ClockOffset::Ahead(amount) = offset else {
        panic!("{offset}");
    };
    assert_near(amount + SLACK, Duration::from_mins(10));
    assert!(offset.to_string().contains("ahead of AWS's"), "{offset}");
}

/// Returns an STS whose time is `date`, and whose sessions last longer than that.
fn sts_at(date: &'static str) -> impl Fn(usize, &Request) -> Reply + Send + Sync {
    move |_, request| {
        let reply = match request.field("Action").as_deref() {
            Some("AssumeRole") => session("AssumeRole", "CHILD", "2025-11-24T19:00:00Z"),
            Some("AssumeRoleWithWebIdentity") => session(
                "AssumeRoleWithWebIdentity",
                "PARENT",
                "2025-11-24T19:00:00Z",
            ),
            _ => refusal(403, "AccessDenied", "no"),
        };
        dated(date, reply)
    }
}

#[tokio::test]
async fn signatures_use_the_time_of_the_exchange() {
    for (date, hour) in [
        ("Mon, 24 Nov 2025 15:00:00 GMT", "20251124T15"),
        ("Mon, 24 Nov 2025 17:00:00 GMT", "20251124T17"),
    ] {
        let server = Server::start(sts_at(date)).await;
        let pod = Pod::with_sts(&server.url);
        let identity = pod.start(SourceChoice::Auto).unwrap();
        identity.credentials().await.unwrap();
        let refused = identity.caller().await.unwrap_err();
        assert!(refused.to_string().contains("AccessDenied"), "{refused}");
        let step = RoleStep {
            role: "arn:aws:iam::210987654321:role/database".parse().unwrap(),
            external_id: None,
            session_name: None,
        };
        identity.chained(step).unwrap().credentials().await.unwrap();
        let call = ApiCall {
            url: format!("{}/", server.url),
            service: "iam",
            region: "us-east-1".parse().unwrap(),
            body: None,
            target: None,
        };
        identity.call(call, SLACK).await.unwrap();

        let requests = server.requests();
        let dates = requests.iter().map(|request| request.header("x-amz-date"));
        let [None, Some(caller), Some(chained), Some(api)] = dates.collect::<Vec<_>>()[..] else {
            panic!("{requests:?}");
        };
        for signed in [caller, chained, api] {
            assert!(signed.starts_with(hour), "{signed} for {date}");
        }
    }
}

#[tokio::test]
async fn an_invalid_date_is_ignored() {
    for reply in [with_credentials as fn() -> Reply, || {
        dated("soon", with_credentials())
    }] {
        let (_pod, identity) = after_an_exchange(reply).await;
        assert_eq!(identity.clock_offset(), None);
        assert!(identity.credentials().await.is_ok());
    }
}
