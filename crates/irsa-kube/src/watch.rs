//! Copies of objects that watches keep current ("Efficient detection of changes" in the Kubernetes API concepts).
//!
//! A [`Reflector`](reflector::Reflector) lists objects, watches them from the version of the list, and applies both to a
//! [`Mirror`](reflector::Mirror). The mirrors are the [`ObjectCache`](object_cache::ObjectCache), which has the metadata of
//! all objects of a kind, and the [`WebhookFollower`](webhook_follower::WebhookFollower), which has one whole object.

mod contents;
mod event;
mod lines;
pub(crate) mod object_cache;
mod reflector;
pub(crate) mod webhook_follower;

#[cfg(test)]
mod tests;

use std::time::Duration;

use irsa_net::retry::Backoff;

/// The times of a watch.
#[derive(Debug, Clone, Copy)]
struct Timing {
    /// The maximum time after which the API server ends a watch. It is short because HTTP/1.1 has no other means to notice
    /// that a silent connection is dead.
    watch: Duration,
    /// The time limit for each pause in a watch; longer than `watch`.
    silence: Duration,
    /// The time limit for opening a watch.
    opening: Duration,
    /// The time without a watch after which a copy is too old to be used.
    stale: Duration,
    /// The pauses after failures.
    backoff: Backoff,
}

impl Timing {
    const USUAL: Self = Self {
        watch: Duration::from_mins(1),
        silence: Duration::from_secs(75),
        opening: Duration::from_secs(10),
        stale: Duration::from_secs(10),
        backoff: Backoff::new(Duration::from_millis(200), 2, Duration::from_secs(15)),
    };
}
