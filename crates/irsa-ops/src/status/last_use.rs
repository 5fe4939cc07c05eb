//! The last use of an upstream, and the links whose state only the upstream's responses show.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use irsa_chain::{Cause, Link};

use super::LinkStatus;

/// The links whose state the responses of an upstream show.
const LINKS: [Link; 4] = [
    Link::Permissions,
    Link::Signature,
    Link::Endpoint,
    Link::Grant,
];

/// The maximum number of characters of a response that are kept.
const MAX_DETAIL: usize = 300;

/// The result of the last use of an upstream. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastUse(Arc<Mutex<[Record; 4]>>);

/// The state of one link.
#[derive(Debug, Clone, Default)]
struct Record {
    held_at: Option<SystemTime>,
    failure: Option<Failure>,
}

#[derive(Debug, Clone)]
struct Failure {
    cause: Option<Cause>,
    detail: String,
}

// === impl LastUse ===

impl LastUse {
    /// Records that a login or request succeeded, so that all links held.
    pub fn held(&self, at: SystemTime) {
        self.update(|_, record| record.hold(at));
    }

    /// Records that a login or request failed at `link`, with `detail`, which must not contain secrets. Links that the
    /// failure proves are ok, and other links remain unchanged. Links before those of the upstream are ignored.
    pub fn failed(&self, link: Link, cause: Option<Cause>, detail: &str, at: SystemTime) {
        if !LINKS.contains(&link) {
            return;
        }
        self.update(|each, record| {
            if each == link {
                let detail = detail.chars().take(MAX_DETAIL).collect();
                record.failure = Some(Failure { cause, detail });
            } else if is_shown_by(each, link, cause) {
                record.hold(at);
            }
        });
    }

    /// Returns the state of the links for `upstream`.
    pub fn links(&self, upstream: &str) -> Vec<LinkStatus> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let links = LINKS.iter().zip(records.iter());
        links
            .map(|(link, record)| record.status(*link).for_subject(upstream))
            .collect()
    }

    /// Returns the time of the last successful login or request.
    pub fn last_success(&self) -> Option<SystemTime> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only a success proves that the grant held.
        records.last().and_then(|grant| grant.held_at)
    }

    fn update(&self, change: impl Fn(Link, &mut Record)) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (link, record) in LINKS.iter().zip(records.iter_mut()) {
            change(*link, record);
        }
    }
}

/// Returns whether a failure at `failed` proves that `link` held. An upstream that rejects a request was reached, it
/// checks permissions after the signature, and an error of the data store itself proves that IAM allowed the access.
fn is_shown_by(link: Link, failed: Link, cause: Option<Cause>) -> bool {
    let was_let_in = matches!(
        cause,
        Some(Cause::DatabaseAccessDenied | Cause::WrongDatabase | Cause::FgacNotGranted)
    );
    match link {
        Link::Endpoint => true,
        // PostgreSQL reports invalid signatures and missing permissions with the same message.
        Link::Signature if cause == Some(Cause::IamLoginRefused) => false,
        Link::Signature => failed == Link::Permissions || (failed == Link::Grant && was_let_in),
        Link::Permissions => failed == Link::Grant && was_let_in,
        _ => false,
    }
}

// === impl Record ===

impl Record {
    fn hold(&mut self, at: SystemTime) {
        *self = Self {
            held_at: Some(at),
            failure: None,
        };
    }

    fn status(&self, link: Link) -> LinkStatus {
        let status = match (&self.failure, self.held_at) {
            (Some(Failure { cause, detail }), _) => LinkStatus::broken(link, detail, *cause),
            (None, Some(_)) => LinkStatus::ok(link, "the last use succeeded"),
            (None, None) => LinkStatus::unknown(link),
        };
        status.held_at(self.held_at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::LinkState::{self, Broken, Ok, Unknown};
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// Returns the states of permissions, signature, endpoint and grant.
    fn states(last_use: &LastUse) -> [LinkState; 4] {
        let links = last_use.links("db.example");
        [0, 1, 2, 3].map(|index| links[index].state)
    }

    fn after(cause: Cause) -> [LinkState; 4] {
        let last_use = LastUse::default();
        last_use.failed(cause.link(), Some(cause), "no", at(1));
        states(&last_use)
    }

    #[test]
    fn a_failure_proves_the_links_before_it() {
        assert_eq!(states(&LastUse::default()), [Unknown; 4]);
        assert_eq!(
            after(Cause::EndpointUnreachable),
            [Unknown, Unknown, Broken, Unknown]
        );
        assert_eq!(
            after(Cause::SignatureMismatch),
            [Unknown, Broken, Ok, Unknown]
        );
        assert_eq!(after(Cause::EsHttpNotAllowed), [Broken, Ok, Ok, Unknown]);
        assert_eq!(
            after(Cause::RdsIamNotGranted),
            [Unknown, Unknown, Ok, Broken]
        );
        assert_eq!(
            after(Cause::IamLoginRefused),
            [Broken, Unknown, Ok, Unknown]
        );
        assert_eq!(after(Cause::FgacNotGranted), [Ok, Ok, Ok, Broken]);
        assert_eq!(after(Cause::StsUnreachable), [Unknown; 4]);
    }

    #[test]
    fn a_success_clears_a_failure_and_a_failure_keeps_the_last_success() {
        let last_use = LastUse::default();
        last_use.held(at(5));
        last_use.failed(
            Link::Grant,
            Some(Cause::WrongDatabase),
            "no such database",
            at(9),
        );
        let grant = last_use.links("db.example").pop().unwrap();
        assert_eq!((grant.state, grant.held_at), (Broken, Some(at(5))));
        assert_eq!(grant.subject.as_deref(), Some("db.example"));
        assert!(grant.remedy.is_some());
        last_use.held(at(10));
        assert_eq!(states(&last_use), [Ok; 4]);
    }

    #[test]
    fn a_failure_is_not_a_success_even_if_it_proves_links() {
        let last_use = LastUse::default();
        for cause in Cause::ALL.iter().copied() {
            last_use.failed(cause.link(), Some(cause), "no", at(1));
            assert_eq!(last_use.last_success(), None, "{cause}");
        }
        last_use.held(at(2));
        last_use.failed(Link::Grant, Some(Cause::WrongDatabase), "no", at(3));
        assert_eq!(last_use.last_success(), Some(at(2)));
    }

    #[test]
    fn a_long_response_is_truncated() {
        let last_use = LastUse::default();
        last_use.failed(Link::Grant, None, &"é".repeat(100_000), at(1));
        let grant = last_use.links("db.example").pop().unwrap();
        assert_eq!(grant.detail.chars().count(), MAX_DETAIL);
    }
}
