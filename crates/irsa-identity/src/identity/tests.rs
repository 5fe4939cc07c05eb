use std::time::UNIX_EPOCH;

use super::*;
use crate::{Environment, ManualClock, SourceChoice};
use script::{Script, credentials_for, refused, throttled, transient};

mod renewal;
mod script;

const HOUR: Duration = Duration::from_hours(1);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The time of day by tokio's clock, which tests pause.
#[derive(Debug)]
struct TokioClock(tokio::time::Instant);

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + seconds(1_764_000_000) + self.0.elapsed()
    }
}

fn tokio_clock() -> Arc<dyn Clock> {
    Arc::new(TokioClock(tokio::time::Instant::now()))
}

/// An identity whose exchange follows `script`.
fn start(script: &Script, clock: Arc<dyn Clock>) -> Identity {
    let settings = IdentitySettings::new(SourceChoice::Env, Environment::default());
    let settings = Arc::new(settings);
    let http = Http::new(&settings).unwrap();
    let tools = Tools {
        sts: Sts::new(settings.clone(), http.clone(), clock.clone()),
        session: session_name(&settings).unwrap(),
        http,
        clock,
    };
    let source = ResolvedSource::resolve(&SourceChoice::Imds, &settings.environment).unwrap();
    let exchange = Box::new(script.clone());
    Identity::spawn(
        source,
        exchange,
        tools,
        settings.timeouts,
        Handle::current(),
    )
}

async fn sleep_until_after(exchanges: u64, identity: &Identity) {
    let mut snapshots = identity.0.snapshots.clone();
    let ended = |snapshot: &Snapshot| snapshot.counters.succeeded + snapshot.counters.failed;
    snapshots
        .wait_for(|snapshot| ended(snapshot) >= exchanges)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn credentials_wait_for_the_first_exchange() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]).taking(seconds(3));
    let identity = start(&script, clock);
    assert!(matches!(identity.state(), IdentityState::Waiting));
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-1"
    );
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_exchange() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]).taking(seconds(1));
    let identity = start(&script, clock);
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let identity = identity.clone();
            tokio::spawn(async move { identity.credentials().await.unwrap() })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap().access_key_id(), "KEY-1");
    }
    assert_eq!(script.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn renews_at_three_quarters_of_life_unasked() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock.clone());
    let begin = clock.now();
    sleep_until_after(2, &identity).await;
    let renewed_after = clock.now().duration_since(begin).unwrap();
    assert!(
        (minutes(42)..=minutes(45)).contains(&renewed_after),
        "{renewed_after:?}"
    );
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-2"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_survived_until_the_real_expiry() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR), transient()]);
    let identity = start(&script, clock);
    sleep_until_after(2, &identity).await;
    assert!(matches!(identity.state(), IdentityState::Stale { .. }));
    let end = identity.credentials().await.unwrap().expires_at().unwrap();
    let left = end.duration_since(identity.now()).unwrap();
    tokio::time::sleep(left.saturating_sub(Duration::from_millis(1))).await;
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-1"
    );
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(matches!(identity.state(), IdentityState::Broken { .. }));
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::StsUnreachable));
}

#[tokio::test(start_paused = true)]
async fn callers_that_are_served_do_not_hurry_the_renewal() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR), refused()]);
    let identity = start(&script, clock);
    sleep_until_after(2, &identity).await;
    let begin = tokio::time::Instant::now();
    while script.calls() < 3 {
        identity.credentials().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= seconds(30), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_outage_makes_a_stale_identity_valid() {
    let clock = tokio_clock();
    let script = Script::of(
        &clock,
        [credentials_for(HOUR), transient(), credentials_for(HOUR)],
    );
    let identity = start(&script, clock);
    sleep_until_after(3, &identity).await;
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
    let counters = identity.counters();
    assert_eq!((counters.succeeded, counters.failed), (2, 1));
    assert_eq!(counters.last_success, Some(identity.now()));
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_is_waited_out() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [transient(), transient(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-3"
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_the_first_credentials_is_bounded() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]).taking(HOUR);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(begin.elapsed(), Timeouts::default().wait);
    assert_eq!(error.link(), Link::StsSession);
    assert!(error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_hangs_is_given_up_and_made_again() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]).taking(HOUR);
    let identity = start(&script, clock);
    sleep_until_after(2, &identity).await;
    assert!(
        identity
            .state()
            .error()
            .unwrap()
            .to_string()
            .contains("longer than")
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_reported_at_once() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [refused()]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    for _ in 0..3 {
        let error = identity.credentials().await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::TrustDenied));
    }
    assert_eq!((begin.elapsed(), script.calls()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_heals_without_a_restart() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [refused(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    sleep_until_after(2, &identity).await;
    assert!(
        (seconds(30)..=seconds(60)).contains(&begin.elapsed()),
        "{:?}",
        begin.elapsed()
    );
    assert!(identity.credentials().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_caller_brings_the_next_try_forward_but_not_without_end() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [refused(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    while identity.credentials().await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(
        (seconds(5)..seconds(6)).contains(&begin.elapsed()),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn callers_do_not_hurry_an_identity_that_is_throttled() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [throttled()]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < seconds(60) {
        let _ = tokio::time::timeout(seconds(1), identity.credentials()).await;
    }
    // The pauses are 2 to 4, 4 to 8, 8 to 16 and then 10 to 20 seconds.
    assert!((5..=8).contains(&script.calls()), "{}", script.calls());
}

#[tokio::test(start_paused = true)]
async fn credentials_that_come_dead_are_not_served() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(Duration::ZERO)]);
    let identity = start(&script, clock);
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionExpired));
    assert!(error.remedy().contains("date -u"), "{}", error.remedy());
}

#[tokio::test(start_paused = true)]
async fn a_jump_of_the_clock_past_the_end_brings_fresh_credentials() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::of(&shared, [credentials_for(HOUR)]);
    let identity = start(&script, shared);
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-1"
    );
    clock.advance(HOUR);
    assert!(matches!(identity.state(), IdentityState::Broken { .. }));
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-2"
    );
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
}

#[tokio::test(start_paused = true)]
async fn keys_without_an_end_are_read_again_now_and_then() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [script::endless()]);
    let identity = start(&script, clock);
    sleep_until_after(1, &identity).await;
    let begin = tokio::time::Instant::now();
    sleep_until_after(2, &identity).await;
    assert_eq!(begin.elapsed(), minutes(5));
}

#[tokio::test(start_paused = true)]
async fn every_change_of_state_can_be_watched() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [transient(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let mut states = identity.watch();
    for expected in ["broken", "valid"] {
        states.changed().await.unwrap();
        assert_eq!(states.borrow_and_update().as_str(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn renewal_ends_with_the_last_clone() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock);
    sleep_until_after(1, &identity).await;
    let mut snapshots = identity.0.snapshots.clone();
    let clone = identity.clone();
    drop(identity);
    assert!(snapshots.has_changed().is_ok());
    drop(clone);
    assert!(snapshots.wait_for(|_| false).await.is_err());
    assert_eq!(script.calls(), 1);
}

#[tokio::test]
async fn other_threads_and_runtimes_may_ask() {
    let clock = tokio_clock();
    let script = Script::of(&clock, [credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let asked = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(identity.credentials())
    });
    assert_eq!(asked.await.unwrap().unwrap().access_key_id(), "KEY-1");
}

#[test]
fn the_session_is_named_after_the_pod() {
    for (pairs, name) in [
        (&[][..], "irsa"),
        (&[("HOSTNAME", "keycloak-0")], "keycloak-0"),
        (
            &[
                ("HOSTNAME", "keycloak-0"),
                ("AWS_ROLE_SESSION_NAME", "ours"),
            ],
            "ours",
        ),
    ] {
        let environment = Environment::from_pairs(pairs.iter().copied());
        let settings = IdentitySettings::new(SourceChoice::Env, environment);
        assert_eq!(session_name(&settings).unwrap().as_str(), name);
    }
}

#[test]
fn a_session_name_that_sts_would_refuse_is_an_error_at_once() {
    let environment = Environment::from_pairs([("AWS_ROLE_SESSION_NAME", "a/b")]);
    let settings = IdentitySettings::new(SourceChoice::Env, environment);
    let error = session_name(&settings).unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionNameInvalid));
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_panics_is_tried_again() {
    let clock = tokio_clock();
    // A script without outcomes panics.
    let script = Script::of(&clock, []);
    let identity = start(&script, clock);
    sleep_until_after(2, &identity).await;
    assert!(identity.state().error().unwrap().is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_looked_at_after_the_clock_has_jumped_begins_an_exchange() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::of(&shared, [credentials_for(HOUR)]);
    let identity = start(&script, shared);
    sleep_until_after(1, &identity).await;
    let before = tokio::time::Instant::now();
    clock.advance(HOUR * 2);
    assert!(matches!(identity.state(), IdentityState::Broken { .. }));
    sleep_until_after(2, &identity).await;
    assert!(matches!(identity.state(), IdentityState::Valid { .. }));
    assert!(before.elapsed() < seconds(1), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_right_after_a_failure_does_not_wait_for_the_whole_pause() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::of(&shared, [refused(), credentials_for(HOUR)]);
    let identity = start(&script, shared);
    sleep_until_after(1, &identity).await;
    let before = tokio::time::Instant::now();
    assert!(identity.state().error().is_some());
    clock.advance(HOUR);
    assert!(identity.state().error().is_some());
    sleep_until_after(2, &identity).await;
    assert!(before.elapsed() <= SHORTEST_PAUSE, "{:?}", before.elapsed());
}
