//! A limit of events about the same object, and of all events together.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The time in which an event about the same object with the same reason is not repeated.
const PAUSE: Duration = Duration::from_mins(10);
/// The maximum number of objects that are remembered. When it is reached, events about further objects are dropped.
const MOST: usize = 2_000;
/// The number of events that are created at once.
const BURST: u32 = 25;
/// The time after which one more event is allowed.
const REFILL: Duration = Duration::from_secs(2);

/// The recent events.
#[derive(Debug)]
pub(crate) struct Throttle {
    recent: HashMap<String, Instant>,
    tokens: u32,
    refilled: Instant,
}

// === impl Throttle ===

impl Throttle {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            recent: HashMap::new(),
            tokens: BURST,
            refilled: now,
        }
    }

    /// Returns whether an event with this key is allowed now, and counts it if it is.
    pub(crate) fn allows(&mut self, key: &str, now: Instant) -> bool {
        self.refill(now);
        let is_recent = |at: &Instant| now.duration_since(*at) < PAUSE;
        if self.recent.get(key).is_some_and(is_recent) {
            return false;
        }
        if self.recent.len() >= MOST {
            self.recent.retain(|_, at| is_recent(at));
        }
        if self.tokens == 0 || self.recent.len() >= MOST {
            return false;
        }
        self.tokens -= 1;
        self.recent.insert(key.to_owned(), now);
        true
    }

    fn refill(&mut self, now: Instant) {
        let periods = now.duration_since(self.refilled).as_secs() / REFILL.as_secs();
        let periods = u32::try_from(periods).unwrap_or(u32::MAX);
        if periods > 0 {
            self.tokens = self.tokens.saturating_add(periods).min(BURST);
            self.refilled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_gets_one_event_per_pause() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        assert!(throttle.allows("a", start));
        assert!(!throttle.allows("a", start + PAUSE / 2));
        assert!(throttle.allows("b", start));
        assert!(throttle.allows("a", start + PAUSE));
    }

    #[test]
    fn all_objects_together_get_a_burst_and_then_one_event_per_period() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        let count = |throttle: &mut Throttle, prefix: &str, now| {
            let keys = (0..100).map(|number| format!("{prefix}{number}"));
            keys.filter(|key| throttle.allows(key, now)).count()
        };
        assert_eq!(count(&mut throttle, "a", start), 25);
        assert_eq!(count(&mut throttle, "b", start + 3 * REFILL), 3);
    }

    #[test]
    fn the_memory_is_limited() {
        let start = Instant::now();
        let mut throttle = Throttle::new(start);
        for number in 0..10_000 {
            throttle.tokens = BURST;
            throttle.allows(&number.to_string(), start);
        }
        assert_eq!(throttle.recent.len(), MOST);
        assert!(throttle.allows("later", start + PAUSE));
        assert_eq!(throttle.recent.len(), 1);
    }
}
