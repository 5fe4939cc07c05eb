//! The page, as text.

use std::time::{Duration, UNIX_EPOCH};

use irsa_chain::{Cause, Link};

use super::super::Fact;
use super::*;

fn status(links: Vec<LinkStatus>) -> Status {
    Status {
        program: "irsa proxy".to_owned(),
        version: "1.2.3".to_owned(),
        at: UNIX_EPOCH + Duration::from_mins(10),
        links,
        facts: vec![Fact::new("sessions", "7")],
    }
}

fn page(links: Vec<LinkStatus>) -> String {
    render(&status(links), None)
}

#[test]
fn shows_each_link_with_its_cause_and_remedy() {
    let cause = Cause::RdsIamNotGranted;
    let held = Some(UNIX_EPOCH + Duration::from_mins(7));
    let page = page(vec![
        LinkStatus::ok(Link::Endpoint, "TLS 1.3").held_at(held),
        LinkStatus::broken(Link::Grant, "server asked for SCRAM", Some(cause)).of("db.example"),
    ]);
    for part in [
        "irsa proxy <small>1.2.3</small>",
        "✓</span> ok</strong> TLS 1.3 <small>last held <time datetime=\"1970-01-01T00:07:00Z\">3 min ago</time></small>",
        "<span class=\"subject\">db.example</span> server asked for SCRAM",
        "<a href=\"/causes#rds-iam-not-granted\"><code>rds-iam-not-granted</code></a>",
        "<dt>sessions</dt><dd>7</dd>",
        "The chain: broken at the grant</h2>",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let remedy = Prose(cause.remedy()).to_string();
    assert_eq!(page.matches(&remedy).count(), 1, "{page}");
}

#[test]
fn draws_the_whole_chain_in_its_order_whatever_is_known() {
    let page = page(vec![LinkStatus::broken(Link::TrustPolicy, "no", None)]);
    let places = Link::ALL.map(|link| page.find(&format!("<a href=\"#{link}\">")).unwrap());
    assert!(places.is_sorted(), "{page}");
    let broken = "<li class=\"broken\"><a href=\"#trust-policy\">";
    assert!(page.contains(broken), "{page}");
}

#[test]
fn escapes_everything_that_comes_from_elsewhere() {
    let evil = "<script>alert('1')</script>\"&";
    let mut status = status(vec![LinkStatus::broken(Link::Grant, evil, None).of(evil)]);
    status.links[0].remedy = Some(evil.to_owned());
    status.program = evil.to_owned();
    status.version = evil.to_owned();
    status.facts = vec![Fact::new(evil, evil)];

    let page = render(&status, None);

    assert!(!page.contains("<script"), "{page}");
    let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;";
    assert_eq!(page.matches(escaped).count(), 10, "{page}");
}

#[test]
fn what_stands_in_backticks_is_code() {
    assert_eq!(
        Prose("run `a <b>` now").to_string(),
        "run <code>a &lt;b&gt;</code> now"
    );
    assert_eq!(Prose("a lone ` stays").to_string(), "a lone ` stays");
    assert_eq!(Prose("").to_string(), "");
}

#[test]
fn no_text_turns_the_direction_of_writing() {
    let page = page(vec![LinkStatus::ok(Link::Grant, "a\u{202e}b\u{2066}c")]);
    assert!(page.contains(r"a\u{202e}b\u{2066}c"), "{page}");
}

#[test]
fn is_calm_while_nothing_failed() {
    let unused = page(vec![LinkStatus::unknown(Link::Endpoint)]);
    assert!(
        unused.contains("no link has failed; some were not used yet"),
        "{unused}"
    );
    let well = page(vec![
        LinkStatus::not_applicable(Link::ProjectedToken, "keys are given"),
        LinkStatus::ok(Link::Grant, "logged in"),
    ]);
    assert!(well.contains("every link holds"), "{well}");
}

#[test]
fn what_failed_outweighs_what_is_degraded_before_it() {
    let mut degraded = LinkStatus::broken(Link::StsSession, "stale", None);
    degraded.state = LinkState::Degraded;
    let only = page(vec![degraded.clone()]);
    assert!(only.contains("degraded at the STS session"), "{only}");
    let both = page(vec![degraded, LinkStatus::broken(Link::Grant, "no", None)]);
    assert!(both.contains("broken at the grant"), "{both}");
}

#[test]
fn loads_itself_again_only_when_asked() {
    let status = status(Vec::new());
    assert!(!render(&status, None).contains("http-equiv"));
    let refreshing = render(&status, Some(10));
    assert!(refreshing.contains("<meta http-equiv=\"refresh\" content=\"10\">"));
    assert!(refreshing.contains("Stop loading it every 10 s"));
}
