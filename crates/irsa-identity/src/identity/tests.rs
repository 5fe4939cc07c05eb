//! Tests of renewal, and of waiting for credentials.

use std::time::UNIX_EPOCH;

use super::*;
use crate::{Environment, SourceChoice};
use script::{Script, credentials_for, refused, throttled, transient};

mod clock;
mod renewal;
mod script;
mod session_name;

const HOUR: Duration = Duration::from_hours(1);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The current time by tokio's clock, which tests pause.
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

/// Starts an identity whose exchanges follow `script`.
fn start(script: &Script, clock: Arc<dyn Clock>) -> Identity {
    let settings = IdentitySettings::new(SourceChoice::Env, Environment::default());
    let settings = Arc::new(settings);
    let http = Http::new(&settings).unwrap();
    let tools = Tools {
        sts: Sts::new(settings.clone(), http.clone(), clock.clone()),
        session: session_name(&settings).unwrap(),
        http,
        clock,
        observer: None,
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
    let script = Script::new(&clock, [credentials_for(HOUR)]).taking(seconds(3));
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
    let script = Script::new(&clock, [credentials_for(HOUR)]).taking(seconds(1));
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
async fn renews_after_three_quarters_of_the_lifetime() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]);
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
async fn credentials_survive_an_outage_until_they_expire() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR), transient()]);
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
async fn callers_with_credentials_do_not_speed_up_the_renewal() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR), refused()]);
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
    let script = Script::new(
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
async fn callers_wait_for_a_temporary_failure_to_end() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [transient(), transient(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    assert_eq!(
        identity.credentials().await.unwrap().access_key_id(),
        "KEY-3"
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_the_first_credentials_is_limited() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]).taking(HOUR);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(begin.elapsed(), Timeouts::default().wait);
    assert_eq!(error.link(), Link::StsSession);
    assert!(error.is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_hanging_exchange_is_canceled_and_retried() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]).taking(HOUR);
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
async fn a_rejection_is_reported_immediately() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [refused()]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    for _ in 0..3 {
        let error = identity.credentials().await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::TrustDenied));
    }
    assert_eq!((begin.elapsed(), script.calls()), (Duration::ZERO, 1));
}

#[tokio::test(start_paused = true)]
async fn a_rejection_recovers_without_a_restart() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [refused(), credentials_for(HOUR)]);
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
async fn callers_shorten_the_pause_within_limits() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [refused(), credentials_for(HOUR)]);
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
async fn callers_do_not_shorten_the_pause_after_throttling() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [throttled()]);
    let identity = start(&script, clock);
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < seconds(60) {
        let _ = tokio::time::timeout(seconds(1), identity.credentials()).await;
    }
    // The pauses are 2 to 4, 4 to 8, 8 to 16 and then 10 to 20 seconds.
    assert!((5..=8).contains(&script.calls()), "{}", script.calls());
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_are_not_served() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(Duration::ZERO)]);
    let identity = start(&script, clock);
    let error = identity.credentials().await.unwrap_err();
    assert_eq!(error.cause(), Some(Cause::SessionExpired));
    assert!(error.remedy().contains("date -u"), "{}", error.remedy());
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_expire_are_reread_regularly() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [script::never_expiring()]);
    let identity = start(&script, clock);
    sleep_until_after(1, &identity).await;
    let begin = tokio::time::Instant::now();
    sleep_until_after(2, &identity).await;
    assert_eq!(begin.elapsed(), minutes(5));
}

#[tokio::test(start_paused = true)]
async fn every_change_of_state_can_be_watched() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [transient(), credentials_for(HOUR)]);
    let identity = start(&script, clock);
    let mut states = identity.watch();
    for expected in ["broken", "valid"] {
        states.changed().await.unwrap();
        assert_eq!(states.borrow_and_update().as_str(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn renewal_stops_with_the_last_clone() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]);
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
async fn other_threads_and_runtimes_can_use_it() {
    let clock = tokio_clock();
    let script = Script::new(&clock, [credentials_for(HOUR)]);
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

#[tokio::test(start_paused = true)]
async fn a_panicking_exchange_is_retried() {
    let clock = tokio_clock();
    // A script without outcomes panics.
    let script = Script::new(&clock, []);
    let identity = start(&script, clock);
    sleep_until_after(2, &identity).await;
    assert!(identity.state().error().unwrap().is_transient());
}
