//! Clocks that jump, and clocks that are corrected.

use super::*;
use crate::ManualClock;

#[tokio::test(start_paused = true)]
async fn a_clock_jump_past_the_expiration_renews_the_credentials() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::new(&shared, [credentials_for(HOUR)]);
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
async fn reading_the_state_after_a_clock_jump_starts_an_exchange() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::new(&shared, [credentials_for(HOUR)]);
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
async fn correcting_the_clock_after_a_failure_shortens_the_pause() {
    let clock = ManualClock::new(UNIX_EPOCH + seconds(1_764_000_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let script = Script::new(&shared, [refused(), credentials_for(HOUR)]);
    let identity = start(&script, shared);
    sleep_until_after(1, &identity).await;
    let before = tokio::time::Instant::now();
    assert!(identity.state().error().is_some());
    clock.advance(HOUR);
    assert!(identity.state().error().is_some());
    sleep_until_after(2, &identity).await;
    assert!(before.elapsed() <= SHORTEST_PAUSE, "{:?}", before.elapsed());
}
