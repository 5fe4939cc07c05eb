//! The real time: the API server compares certificates and events with it.

use std::time::SystemTime;

#[expect(
    clippy::disallowed_methods,
    reason = "the API server compares the validity of certificates and the times of events with the real time"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
