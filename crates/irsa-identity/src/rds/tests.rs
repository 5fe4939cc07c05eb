use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::{
    Environment, IdentitySettings, ManualClock, SecretString, SessionCredentials, SourceChoice,
};

const HOST: &str = "orders.cluster-c1a2b3d4e5f6.eu-central-1.rds.amazonaws.com";

/// A call of a different implementation, and its result; see `testdata/README.md`.
#[derive(Deserialize)]
struct Vector {
    name: String,
    sign_host: String,
    port: u16,
    user: String,
    region: Region,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    signed_at: u64,
    token: String,
}

/// 2025-11-24, 16:00:00 UTC.
fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(490_000)
}

fn target() -> RdsTarget {
    RdsTarget {
        sign_host: HOST.to_owned(),
        port: 5432,
        user: "app".to_owned(),
        region: "eu-central-1".parse().unwrap(),
    }
}

/// Returns a signer whose credentials expire at `end`, an RFC 3339 time, and its clock.
fn signer(end: Option<&str>) -> (RdsSigner, ManualClock) {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hush"),
    ];
    let end = end.map(|end| ("AWS_CREDENTIAL_EXPIRATION", end));
    let environment = Environment::from_pairs(keys.into_iter().chain(end));
    let clock = ManualClock::new(start());
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let settings = IdentitySettings::new(SourceChoice::Env, environment);
    let identity = Identity::start(settings, shared.clone()).unwrap();
    (RdsSigner::new(identity, shared), clock)
}

#[test]
fn tokens_equal_those_of_other_implementations() {
    let vectors = include_str!("../../testdata/rds-tokens.json");
    for vector in serde_json::from_str::<Vec<Vector>>(vectors).unwrap() {
        let target = RdsTarget {
            sign_host: vector.sign_host,
            port: vector.port,
            user: vector.user,
            region: vector.region,
        };
        let credentials = SessionCredentials::new(
            vector.access_key_id,
            vector.secret_access_key,
            vector.session_token.map(SecretString::from),
            None,
        );
        let now = UNIX_EPOCH + Duration::from_millis(vector.signed_at * 1000 + 999);
        let token = presign::sign(&target, &credentials, now).unwrap();
        assert_eq!(token.expose(), vector.token, "{}", vector.name);
    }
}

#[tokio::test]
async fn a_token_is_used_for_14_and_a_half_minutes() {
    let (signer, clock) = signer(None);
    let first = signer.token(&target()).await.unwrap();
    assert_eq!(
        (first.signed_at(), first.age(clock.now())),
        (start(), Duration::ZERO)
    );
    clock.advance(Duration::from_secs(14 * 60 + 29));
    let second = signer.token(&target()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    clock.advance(Duration::from_secs(1));
    let third = signer.token(&target()).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &third));
    assert_eq!(third.signed_at(), clock.now());
}

#[tokio::test]
async fn a_token_uses_awss_time() {
    let hour = Duration::from_hours(1);
    for aws in [start() + hour, start() - hour] {
        let (signer, _clock) = signer(None);
        signer.identity().learn_time(aws);
        let first = signer.token(&target()).await.unwrap();
        let offset = first.signed_at().duration_since(aws).unwrap_or_default();
        assert!(first.signed_at() >= aws && offset < Duration::from_secs(30));
        let second = signer.token(&target()).await.unwrap();
        assert!(Arc::ptr_eq(&first, &second), "caching uses the same time");
    }
}

#[tokio::test]
async fn a_token_is_renewed_before_its_credentials_expire() {
    let (signer, clock) = signer(Some("2025-11-24T16:05:00Z"));
    let first = signer.token(&target()).await.unwrap();
    assert_eq!(
        first.usable_until(),
        start() + Duration::from_secs(4 * 60 + 30)
    );
    clock.advance(Duration::from_secs(4 * 60 + 30));
    let second = signer.token(&target()).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn a_token_of_expiring_credentials_is_not_cached() {
    let (signer, _clock) = signer(Some("2025-11-24T16:00:10Z"));
    let first = signer.token(&target()).await.unwrap();
    let second = signer.token(&target()).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn no_token_is_signed_with_expired_credentials() {
    let (signer, clock) = signer(Some("2025-11-24T16:05:00Z"));
    signer.token(&target()).await.unwrap();
    clock.advance(Duration::from_mins(5));
    let error = signer.token(&target()).await.unwrap_err();
    assert_eq!(error.cause(), Some(irsa_chain::Cause::SessionExpired));
}

#[tokio::test]
async fn a_clock_set_back_causes_a_new_token() {
    let (signer, clock) = signer(None);
    let first = signer.token(&target()).await.unwrap();
    clock.set(start() - Duration::from_hours(1));
    let second = signer.token(&target()).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn tokens_depend_on_each_part_of_the_target() {
    let (signer, _clock) = signer(None);
    let base = target();
    let mut tokens = HashSet::new();
    for other in [
        base.clone(),
        RdsTarget {
            sign_host: format!("x{HOST}"),
            ..base.clone()
        },
        RdsTarget {
            port: 5433,
            ..base.clone()
        },
        RdsTarget {
            user: "App".to_owned(),
            ..base.clone()
        },
        RdsTarget {
            region: "us-east-1".parse().unwrap(),
            ..base
        },
    ] {
        assert!(tokens.insert(signer.token(&other).await.unwrap().expose().to_owned()));
    }
}

#[tokio::test]
async fn a_rejected_token_is_replaced() {
    let (signer, clock) = signer(None);
    let first = signer.token(&target()).await.unwrap();
    clock.advance(Duration::from_secs(1));
    signer.reject(&target(), &first);
    let second = signer.token(&target()).await.unwrap();
    assert_ne!(first.expose(), second.expose());
}

#[tokio::test]
async fn a_late_rejection_keeps_the_newer_token() {
    let (signer, clock) = signer(None);
    let first = signer.token(&target()).await.unwrap();
    signer.reject(&target(), &first);
    clock.advance(Duration::from_secs(1));
    let second = signer.token(&target()).await.unwrap();
    signer.reject(&target(), &first);
    assert!(Arc::ptr_eq(
        &second,
        &signer.token(&target()).await.unwrap()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_callers_share_one_signing() {
    let (signer, _clock) = signer(None);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let signer = signer.clone();
            tokio::spawn(async move { signer.token(&target()).await.unwrap() })
        })
        .collect();
    let first = signer.token(&target()).await.unwrap();
    for caller in callers {
        assert!(Arc::ptr_eq(&first, &caller.await.unwrap()));
    }
}

#[test]
fn the_cache_is_limited_and_drops_the_oldest() {
    let mut cache = Cache::default();
    let target_of = |user: u64| RdsTarget {
        user: user.to_string(),
        ..target()
    };
    for user in 0..3000 {
        let signed_at = start() + Duration::from_millis(user);
        let token = Arc::new(RdsToken::new("token".into(), signed_at, None));
        cache.keep(&target_of(user), token, signed_at);
    }
    let now = start() + Duration::from_secs(3);
    assert!(cache.usable(&target_of(0), now).is_none());
    assert!(cache.usable(&target_of(2999), now).is_some());
    let kept = (0..3000).filter(|user| cache.usable(&target_of(*user), now).is_some());
    assert_eq!(kept.count(), 1024);
}

#[test]
fn no_token_is_signed_for_an_invalid_host_or_user() {
    let credentials = SessionCredentials::new("AKIDEXAMPLE", "hush", None, None);
    for (sign_host, user) in [
        ("", "app"),
        ("a b", "app"),
        ("h/?x=", "app"),
        ("me@h", "app"),
        (HOST, ""),
    ] {
        let target = RdsTarget {
            sign_host: sign_host.to_owned(),
            user: user.to_owned(),
            ..target()
        };
        let error = presign::sign(&target, &credentials, start()).unwrap_err();
        assert_eq!(
            error.link(),
            irsa_chain::Link::Signature,
            "{sign_host} {user}"
        );
    }
}

proptest! {
    #[test]
    fn any_user_can_be_read_from_the_token(user in "\\PC{1,40}") {
        let credentials = SessionCredentials::new("AKIDEXAMPLE", "hush", None, None);
        let target = RdsTarget { user: user.clone(), ..target() };
        let token = presign::sign(&target, &credentials, start()).unwrap();
        let (_, query) = token.expose().split_once("&DBUser=").unwrap();
        let (encoded, _) = query.split_once('&').unwrap();
        let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap();
        prop_assert_eq!(decoded, user);
    }
}
