//! Watches of API servers that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use irsa_net::retry::Backoff;

use super::object_cache::{CachedKind, ObjectCache, cache};
use super::webhook_follower::follow;
use super::{Timing, lines};
use crate::ReadErrorKind;
use crate::test_server::{End, Reply, ScriptedApi};

const TIMING: Timing = Timing {
    watch: Duration::from_secs(1),
    backoff: Backoff::new(Duration::from_millis(1), 1, Duration::from_millis(1)),
    ..Timing::USUAL
};
/// Fails a test that hangs.
const LIMIT: Duration = Duration::from_mins(1);

fn account(name: &str, version: u32, role: &str) -> String {
    format!(
        r#"{{"metadata": {{"name": "{name}", "namespace": "shop", "resourceVersion": "{version}",
            "annotations": {{"irsa.dev/role-arn": "{role}", "other.example/text": "not kept"}},
            "managedFields": [{{"manager": "kubectl"}}]}}}}"#
    )
    .replace('\n', " ")
}

fn list(version: u32, items: &[String]) -> Reply {
    let items = items.join(",");
    let body = format!(r#"{{"metadata": {{"resourceVersion": "{version}"}}, "items": [{items}]}}"#);
    Reply::Whole(200, body)
}

fn event(kind: &str, object: &str) -> String {
    format!(r#"{{"type": "{kind}", "object": {object}}}"#)
}

fn bookmark(version: u32) -> String {
    event(
        "BOOKMARK",
        &format!(r#"{{"metadata": {{"resourceVersion": "{version}"}}}}"#),
    )
}

fn is_ours(key: &str) -> bool {
    key.starts_with("irsa.dev/")
}

/// A cache of the accounts of this API server, which a task keeps current.
fn accounts(api: &ScriptedApi, timing: Timing) -> ObjectCache {
    let (cache, task) = cache(&api.reader, CachedKind::ServiceAccounts, is_ours, timing);
    tokio::spawn(task);
    cache
}

async fn until(cache: &mut ObjectCache, is_so: impl Fn(&ObjectCache) -> bool) {
    let wait = async {
        while !is_so(cache) {
            cache.changed().await;
        }
    };
    let in_time = tokio::time::timeout(LIMIT, wait).await.is_ok();
    assert!(in_time, "{:?}", cache.status());
}

fn role(cache: &ObjectCache, name: &str) -> Option<String> {
    let account = cache.get("shop", name)?;
    account.annotations.get("irsa.dev/role-arn").cloned()
}

fn silence() -> Reply {
    Reply::Lines(Vec::new(), End::Silence)
}

#[tokio::test]
async fn events_change_the_contents_and_only_selected_annotations_are_kept() {
    let mut api = ScriptedApi::start(|number, _| match number {
        0 => list(5, &[account("a", 4, "one"), account("b", 5, "two")]),
        _ => Reply::Lines(
            vec![
                event("MODIFIED", &account("a", 6, "three")),
                event("DELETED", &account("b", 7, "two")),
                event("ADDED", &account("c", 8, "four")),
            ],
            End::Silence,
        ),
    })
    .await;
    let mut cache = accounts(&api, TIMING);
    until(&mut cache, |cache| role(cache, "c").is_some()).await;
    assert_eq!(role(&cache, "a").as_deref(), Some("three"));
    assert!(cache.get("shop", "b").is_none());
    let kept = cache.get("shop", "c").unwrap();
    assert_eq!(
        (kept.resource_version.as_str(), kept.annotations.len()),
        ("8", 1)
    );
    assert_eq!(cache.status().objects, 2);
    assert_eq!(api.request().await, "GET /api/v1/serviceaccounts?limit=500");
    assert_eq!(
        api.request().await,
        "GET /api/v1/serviceaccounts?watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=1"
    );
}

#[tokio::test]
async fn a_watch_that_ends_continues_from_the_last_version() {
    for end in [End::Regular, End::Cut] {
        let is_cut = matches!(end, End::Cut);
        let mut api = ScriptedApi::start(move |number, _| match number {
            0 => list(5, &[]),
            1 => Reply::Lines(
                vec![bookmark(9)],
                if is_cut { End::Cut } else { End::Regular },
            ),
            _ => Reply::Lines(vec![event("ADDED", &account("a", 10, "one"))], End::Silence),
        })
        .await;
        let mut cache = accounts(&api, TIMING);
        until(&mut cache, |cache| role(cache, "a").is_some()).await;
        api.request().await;
        assert!(api.request().await.contains("resourceVersion=5&"));
        assert!(api.request().await.contains("resourceVersion=9&"));
        assert_eq!(cache.status().lists, 1);
    }
}

#[tokio::test]
async fn an_expired_version_is_listed_again_and_deleted_objects_disappear() {
    let status = r#"{"kind": "Status", "metadata": {}, "code": 410, "reason": "Expired", "message": "too old"}"#;
    for is_event in [false, true] {
        let api = ScriptedApi::start(move |number, _| match number {
            0 => list(5, &[account("a", 5, "one")]),
            1 if is_event => Reply::Lines(vec![event("ERROR", status)], End::Silence),
            1 => Reply::Whole(410, status.to_owned()),
            2 => list(90, &[account("b", 90, "two")]),
            _ => silence(),
        })
        .await;
        let mut cache = accounts(&api, TIMING);
        until(&mut cache, |cache| role(cache, "b").is_some()).await;
        assert!(cache.get("shop", "a").is_none());
        assert_eq!(cache.status().lists, 2);
    }
}

#[tokio::test]
async fn a_line_that_cannot_be_read_leads_to_a_new_list() {
    let huge = "x".repeat(lines::MAX_LINE + 1);
    for line in [
        "{not json",
        r#"{"type": "ADDED", "object": {"metadata": {}}}"#,
        &huge,
    ] {
        let line = line.to_owned();
        let api = ScriptedApi::start(move |number, _| match number {
            0 => list(5, &[account("a", 5, "one")]),
            1 => Reply::Lines(vec![line.clone()], End::Silence),
            2 => list(90, &[account("a", 90, "two")]),
            _ => silence(),
        })
        .await;
        let mut cache = accounts(&api, TIMING);
        until(&mut cache, |cache| {
            role(cache, "a").as_deref() == Some("two")
        })
        .await;
    }
}

#[tokio::test]
async fn a_silent_connection_is_replaced() {
    let timing = Timing {
        silence: Duration::from_millis(20),
        ..TIMING
    };
    let api = ScriptedApi::start(|number, _| match number {
        0 => list(5, &[]),
        1 => silence(),
        _ => Reply::Lines(vec![event("ADDED", &account("a", 6, "one"))], End::Silence),
    })
    .await;
    let mut cache = accounts(&api, timing);
    until(&mut cache, |cache| role(cache, "a").is_some()).await;
}

#[tokio::test]
async fn a_version_that_never_works_is_listed_again() {
    let api = ScriptedApi::start(|number, _| match number {
        0 => list(5_000, &[account("a", 5, "one")]),
        1..=3 => Reply::Whole(500, "restored from a backup".to_owned()),
        4 => list(7, &[account("b", 7, "two")]),
        _ => silence(),
    })
    .await;
    let mut cache = accounts(&api, TIMING);
    until(&mut cache, |cache| role(cache, "b").is_some()).await;
}

#[tokio::test]
async fn a_cache_without_a_watch_says_so_and_answers_nothing() {
    let timing = Timing {
        stale: Duration::ZERO,
        ..TIMING
    };
    let denied = r#"{"message": "User \"irsa\" cannot watch resource \"serviceaccounts\""}"#;
    let api = ScriptedApi::start(move |_, path| match path {
        path if path.contains("watch=true") => Reply::Whole(403, denied.to_owned()),
        path if path.contains("/namespaces/shop/") => Reply::Whole(200, account("a", 6, "new")),
        _ => list(5, &[account("a", 5, "old")]),
    })
    .await;
    let mut cache = accounts(&api, timing);
    until(&mut cache, |cache| cache.status().error.is_some()).await;
    assert!(cache.is_warm());
    let status = cache.status();
    assert!(status.stale_for.is_some(), "{status:?}");
    let error = status.error.unwrap();
    assert_eq!(error.rule.to_string(), "watch serviceaccounts");
    assert!(error.is_denied());
    assert_eq!(cache.get("shop", "a"), None);
    let read = cache
        .get_or_read("shop", "a", LIMIT)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(read.annotations["irsa.dev/role-arn"], "new");
    assert_eq!(read.annotations.len(), 1);
}

#[tokio::test]
async fn without_its_task_a_cache_answers_nothing() {
    let api = ScriptedApi::start(|number, _| match number {
        0 => list(5, &[account("a", 5, "one")]),
        _ => silence(),
    })
    .await;
    let (mut cache, task) = cache(&api.reader, CachedKind::ServiceAccounts, is_ours, TIMING);
    let task = tokio::spawn(task);
    until(&mut cache, |cache| role(cache, "a").is_some()).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(cache.get("shop", "a"), None);
}

#[tokio::test]
async fn a_read_has_a_time_limit_and_absent_objects_are_no_error() {
    let api = ScriptedApi::start(|_, path| match path {
        path if path.ends_with("/slow") => silence(),
        _ => Reply::Whole(404, r#"{"message": "not found"}"#.to_owned()),
    })
    .await;
    let (cache, _task) = cache(&api.reader, CachedKind::ServiceAccounts, is_ours, TIMING);
    assert_eq!(cache.get_or_read("shop", "none", LIMIT).await, Ok(None));
    let limit = Duration::from_millis(1);
    let error = cache.get_or_read("shop", "slow", limit).await.unwrap_err();
    assert_eq!(error.kind, ReadErrorKind::TimedOut(limit));
    assert_eq!(
        error.rule.to_string(),
        "get serviceaccounts/slow in namespace shop"
    );
}

#[tokio::test]
async fn a_read_on_a_dead_connection_is_repeated_on_a_new_one() {
    let api = ScriptedApi::start(|number, _| match number {
        0 => silence(),
        _ => Reply::Whole(200, account("a", 6, "one")),
    })
    .await;
    let (cache, _task) = cache(&api.reader, CachedKind::ServiceAccounts, is_ours, TIMING);
    let read = cache.get_or_read("shop", "a", LIMIT).await.unwrap();
    assert_eq!(read.unwrap().annotations["irsa.dev/role-arn"], "one");
}

#[tokio::test]
async fn large_pages_are_read_in_smaller_ones() {
    let api = ScriptedApi::start(|_, path| match path {
        path if path.contains("watch=true") => silence(),
        path if path.contains("limit=500") || path.contains("limit=250") => {
            Reply::Whole(200, " ".repeat((32 << 20) + 1))
        }
        path if path.contains("continue=") => list(5, &[account("b", 5, "two")]),
        _ => Reply::Whole(
            200,
            format!(
                r#"{{"metadata": {{"resourceVersion": "5", "continue": "x"}}, "items": [{}]}}"#,
                account("a", 5, "one")
            ),
        ),
    })
    .await;
    let mut cache = accounts(&api, TIMING);
    until(&mut cache, ObjectCache::is_warm).await;
    assert!(role(&cache, "a").is_some() && role(&cache, "b").is_some());
}

#[tokio::test]
async fn a_follower_reports_a_configuration_that_appears_and_disappears() {
    let configuration = r#"{"metadata": {"name": "irsa", "resourceVersion": "7"}, "webhooks": [{"name": "pods.irsa.dev"}]}"#;
    let is_deleted = Arc::new(AtomicBool::new(false));
    let deleted = is_deleted.clone();
    let mut api = ScriptedApi::start(move |number, _| {
        let is_deleted = deleted.load(Ordering::SeqCst);
        let kind = if is_deleted { "DELETED" } else { "ADDED" };
        match number {
            0 => list(5, &[]),
            _ => Reply::Lines(vec![event(kind, configuration)], End::Regular),
        }
    })
    .await;
    let (mut follower, task) = follow(&api.reader, "irsa", TIMING);
    tokio::spawn(task);
    let wait = async {
        while follower.changed().await.is_none() {}
        let current = follower.current().unwrap();
        assert_eq!(current.webhooks[0].name, "pods.irsa.dev");
        is_deleted.store(true, Ordering::SeqCst);
        assert_eq!(follower.changed().await, None);
    };
    tokio::time::timeout(LIMIT, wait).await.unwrap();
    assert_eq!(
        api.request().await,
        "GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations\
         ?fieldSelector=metadata.name%3Dirsa&limit=500"
    );
    let watch = api.request().await;
    assert!(
        watch.contains("?fieldSelector=metadata.name%3Dirsa&watch=true&"),
        "{watch}"
    );
}
