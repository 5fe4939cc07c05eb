//! Tests of the page.

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
fn the_page_shows_each_link_with_its_cause_and_remedy() {
    let cause = Cause::RdsIamNotGranted;
    let held = Some(UNIX_EPOCH + Duration::from_mins(7));
    let page = page(vec![
        LinkStatus::ok(Link::Endpoint, "TLS 1.3").held_at(held),
        LinkStatus::broken(Link::Grant, "server asked for SCRAM", Some(cause))
            .for_subject("db.example"),
    ]);
    for part in [
        "irsa proxy <small>1.2.3</small>",
        "✓</span> ok</strong> TLS 1.3 <small>last held <time datetime=\"1970-01-01T00:07:00Z\">3m ago</time></small>",
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
fn the_page_shows_the_whole_chain_in_order() {
    let page = page(vec![LinkStatus::broken(Link::TrustPolicy, "no", None)]);
    let places = Link::ALL.map(|link| page.find(&format!("<a href=\"#{link}\">")).unwrap());
    assert!(places.is_sorted(), "{page}");
    let broken = "<li class=\"broken\"><a href=\"#trust-policy\">";
    assert!(page.contains(broken), "{page}");
}

#[test]
fn all_variable_text_is_escaped() {
    let evil = "<script>alert('1')</script>\"&";
    let mut status = status(vec![
        LinkStatus::broken(Link::Grant, evil, None).for_subject(evil),
    ]);
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
fn text_in_backticks_is_code() {
    assert_eq!(
        Prose("run `a <b>` now").to_string(),
        "run <code>a &lt;b&gt;</code> now"
    );
    assert_eq!(Prose("a lone ` stays").to_string(), "a lone ` stays");
    assert_eq!(Prose("").to_string(), "");
}

#[test]
fn text_cannot_change_the_writing_direction() {
    let page = page(vec![LinkStatus::ok(Link::Grant, "a\u{202e}b\u{2066}c")]);
    assert!(page.contains(r"a\u{202e}b\u{2066}c"), "{page}");
}

#[test]
fn the_verdict_is_neutral_if_nothing_failed() {
    let unused = page(vec![LinkStatus::unknown(Link::Endpoint)]);
    assert!(
        unused.contains("no link has failed, but some have not been used yet"),
        "{unused}"
    );
    let well = page(vec![
        LinkStatus::not_applicable(Link::ProjectedToken, "keys are given"),
        LinkStatus::ok(Link::Grant, "logged in"),
    ]);
    assert!(well.contains("every link holds"), "{well}");
}

#[test]
fn a_failed_link_outweighs_an_earlier_degraded_one() {
    let mut degraded = LinkStatus::broken(Link::StsSession, "stale", None);
    degraded.state = LinkState::Degraded;
    let only = page(vec![degraded.clone()]);
    assert!(only.contains("degraded at the STS session"), "{only}");
    let both = page(vec![degraded, LinkStatus::broken(Link::Grant, "no", None)]);
    assert!(both.contains("broken at the grant"), "{both}");
}

#[test]
fn the_page_reloads_only_on_request() {
    let status = status(Vec::new());
    assert!(!render(&status, None).contains("http-equiv"));
    let refreshing = render(&status, Some(10));
    assert!(refreshing.contains("<meta http-equiv=\"refresh\" content=\"10\">"));
    assert!(refreshing.contains("Stop reloading every 10 s"));
}
