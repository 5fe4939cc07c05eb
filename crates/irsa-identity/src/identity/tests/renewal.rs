//! Sessions that AWS calls expired before this machine does.

use super::*;

async fn first_session(identity: &Identity) -> SessionCredentials {
    identity.credentials().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn all_who_report_an_expired_session_share_one_exchange() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]).taking(seconds(1));
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
    assert_eq!(late.access_key_id(), "KEY-2", "it is replaced already");
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_always_called_expired_are_renewed_every_ten_seconds_at_most() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]);
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
async fn a_renewal_that_fails_keeps_the_session_and_no_one_waiting() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR), transient()]);
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
async fn a_session_that_is_not_called_expired_again_is_renewed_in_its_time() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let first = first_session(&identity).await;
    identity.renew(&first).await.unwrap();
    tokio::time::sleep(minutes(40)).await;
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_by_awss_time_where_that_is_known() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR), credentials_for(HOUR * 9)]);
    let identity = start(&script, clock);
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-1");
    let two_hours_ahead = identity.now() + HOUR * 2;
    identity.learn_time(two_hours_ahead);
    assert!(matches!(identity.state(), IdentityState::Broken { .. }));
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_ahead_by_more_than_a_session_does_not_end_it() {
    let clock = tokio_clock();
    // By this machine's clock it has ended when it comes.
    let script = Script::of(&clock, [credentials_for(Duration::ZERO)]);
    let identity = start(&script, clock);
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionExpired));
    let an_hour_before = identity.now() - HOUR;
    identity.learn_time(an_hour_before);
    tokio::time::sleep(minutes(1)).await;
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
    assert_eq!(first_session(&identity).await.access_key_id(), "KEY-2");
}
