//! Sessions that AWS reports as expired before they expire by the local clock.

use super::*;

async fn first_session(identity: &Identity) -> SessionCredentials {
    identity.credentials().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn reports_of_an_expired_session_share_one_exchange() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]).taking(seconds(1));
    let identity = start(&script, clock);
    let expired = first_session(&identity).await;
    let callers: Vec<_> = (0..50)
        .map(|_| {
            let (identity, expired) = (identity.clone(), expired.clone());
            tokio::spawn(async move { identity.renew(&expired).await.unwrap() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().access_key_id(), "KEY-2");
    }
    let late = identity.renew(&expired).await.unwrap();
    assert_eq!(
        late.access_key_id(),
        "KEY-2",
        "it has been replaced already"
    );
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn expired_reports_cause_one_renewal_per_ten_seconds() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let first = first_session(&identity).await;
    let second = identity.renew(&first).await.unwrap();
    for _ in 0..9 {
        tokio::time::sleep(seconds(1)).await;
        assert!(identity.renew(&second).await.is_none());
        assert!(!identity.report_expired(&second));
    }
    assert_eq!(script.calls(), 2);
    tokio::time::sleep(seconds(1)).await;
    let third = identity.renew(&second).await.unwrap();
    assert_eq!((third.access_key_id(), script.calls()), ("KEY-3", 3));
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_session_and_blocks_no_one() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR), transient()]);
    let identity = start(&script, clock);
    let first = first_session(&identity).await;
    let begun = tokio::time::Instant::now();
    assert!(identity.renew(&first).await.is_none());
    assert!(begun.elapsed() < seconds(1), "{:?}", begun.elapsed());
    assert!(identity.renew(&first).await.is_none());
    assert!(begun.elapsed() < seconds(1), "{:?}", begun.elapsed());
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-1");
}

#[tokio::test(start_paused = true)]
async fn without_another_report_the_session_is_renewed_as_scheduled() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let first = first_session(&identity).await;
    identity.renew(&first).await.unwrap();
    tokio::time::sleep(minutes(40)).await;
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_expires_by_awss_time_if_known() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR), credentials_for(HOUR * 9)]);
    let identity = start(&script, clock);
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-1");
    let two_hours_ahead = identity.now() + HOUR * 2;
    identity.learn_time(two_hours_ahead);
    assert!(matches!(identity.state(), IdentityState::Broken { .. }));
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_far_ahead_does_not_expire_a_session() {
    let clock = tokio_clock();
    // By the local clock, the session has expired when it is obtained.
    let script = Script::new(&clock, [credentials_for(Duration::ZERO)]);
    let identity = start(&script, clock);
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionExpired));
    let an_hour_before = identity.now() - HOUR;
    identity.learn_time(an_hour_before);
    tokio::time::sleep(minutes(1)).await;
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-2");
}
