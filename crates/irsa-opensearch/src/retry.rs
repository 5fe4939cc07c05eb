//! Decides whether and when a request is retried.
//!
//! A request that was never sent can always be retried. A request that may have been carried out is retried only if it
//! is repeatable (`guard::is_repeatable`). Other requests are left to the client, because only the client knows what
//! the response to a second attempt would mean.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use irsa_chain::Cause;
use irsa_net::retry::{self, Backoff};

use crate::headers::single;
use crate::upstream_error::UpstreamError;

/// The maximum number of retries.
const MOST: u32 = 2;
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(100), 4, LONGEST_PAUSE);
/// The maximum pause. If the server requests a longer one, its response is forwarded.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The retries of one request.
#[derive(Debug)]
pub(crate) struct Retries {
    /// True if the body can be sent again.
    is_possible: bool,
    made: u32,
}

/// One retry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Retry {
    pub(crate) pause: Duration,
    /// The reason, for metrics.
    pub(crate) reason: &'static str,
}

// === impl Retries ===

impl Retries {
    pub(crate) fn new(is_possible: bool) -> Self {
        Self {
            is_possible,
            made: 0,
        }
    }

    pub(crate) fn are_possible(&self) -> bool {
        self.is_possible
    }

    /// Returns the retry after a response with this status and these headers.
    pub(crate) fn after_answer(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
        now: SystemTime,
        is_repeatable: bool,
    ) -> Option<Retry> {
        let reason = match status.as_u16() {
            429 => "429",
            502 => "502",
            503 => "503",
            504 => "504",
            _ => return None,
        };
        if !is_repeatable {
            return None;
        }
        self.retry(reason, retry_after(headers, now).unwrap_or_default())
    }

    /// Returns the retry after an error.
    pub(crate) fn after_error(
        &mut self,
        error: &UpstreamError,
        is_repeatable: bool,
    ) -> Option<Retry> {
        let reason = match error {
            UpstreamError::Connect(_) | UpstreamError::Handshake(_)
                if error.cause() == Cause::EndpointUnreachable =>
            {
                "connect"
            }
            UpstreamError::Untaken(_) => "untaken",
            UpstreamError::Broken(_) if is_repeatable => "broken",
            UpstreamError::Unreadable(_) if is_repeatable => "unreadable",
            _ => return None,
        };
        self.retry(reason, Duration::ZERO)
    }

    fn retry(&mut self, reason: &'static str, at_least: Duration) -> Option<Retry> {
        if !self.is_possible || self.made == MOST || at_least > LONGEST_PAUSE {
            return None;
        }
        self.made += 1;
        let pause = retry::with_jitter(BACKOFF.after(self.made), rand::random());
        Some(Retry {
            pause: pause.max(at_least),
            reason,
        })
    }
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = single(headers, &RETRY_AFTER)?.to_str().ok()?;
    retry::retry_after(value, now)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::HeaderValue;

    use super::*;

    fn waits(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))])
    }

    fn after(retries: &mut Retries, status: u16, headers: &HeaderMap) -> Option<Retry> {
        let status = StatusCode::from_u16(status).unwrap();
        retries.after_answer(status, headers, UNIX_EPOCH, true)
    }

    #[test]
    fn retries_a_repeatable_request_twice_with_growing_pauses() {
        let mut retries = Retries::new(true);
        let none = HeaderMap::new();
        let first = after(&mut retries, 503, &none).unwrap();
        let second = after(&mut retries, 429, &none).unwrap();
        assert_eq!((first.reason, second.reason), ("503", "429"));
        assert!((50..=100).contains(&first.pause.as_millis()), "{first:?}");
        assert!(
            (200..=400).contains(&second.pause.as_millis()),
            "{second:?}"
        );
        assert_eq!(after(&mut retries, 502, &none), None);
    }

    #[test]
    fn honors_retry_after_up_to_a_limit() {
        let pause = |value| after(&mut Retries::new(true), 503, &waits(value));
        assert_eq!(pause("2").unwrap().pause, Duration::from_secs(2));
        assert_eq!(pause("4"), None);
        let date = pause("Thu, 01 Jan 1970 00:00:03 GMT").unwrap();
        assert_eq!(date.pause, Duration::from_secs(3));
        assert!(pause("soon").unwrap().pause < Duration::from_secs(1));
    }

    #[test]
    fn other_statuses_and_writes_are_not_retried() {
        let none = HeaderMap::new();
        assert_eq!(after(&mut Retries::new(true), 500, &none), None);
        assert_eq!(after(&mut Retries::new(true), 403, &none), None);
        let unavailable = StatusCode::SERVICE_UNAVAILABLE;
        let write = Retries::new(true).after_answer(unavailable, &none, UNIX_EPOCH, false);
        assert_eq!(write, None);
        assert_eq!(after(&mut Retries::new(false), 503, &none), None);
    }

    #[test]
    fn a_write_is_retried_only_if_it_was_not_sent() {
        let error = |make: fn(String) -> UpstreamError| make("closed".to_owned());
        let (broken, untaken) = (error(UpstreamError::Broken), error(UpstreamError::Untaken));
        let mut retries = Retries::new(true);
        assert_eq!(retries.after_error(&broken, false), None);
        let retry = retries.after_error(&untaken, false).unwrap();
        assert_eq!(retry.reason, "untaken");
        let retry = retries.after_error(&broken, true).unwrap();
        assert_eq!(retry.reason, "broken");
        assert_eq!(Retries::new(false).after_error(&untaken, true), None);
    }
}
