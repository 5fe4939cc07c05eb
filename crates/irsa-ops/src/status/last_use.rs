//! What the last use of an upstream showed of the links that only its own answers tell of.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use irsa_chain::{Cause, Link};

use super::LinkStatus;

/// The links that an upstream's answers tell of.
const LINKS: [Link; 4] = [
    Link::Permissions,
    Link::Signature,
    Link::Endpoint,
    Link::Grant,
];

/// So many characters of an answer are kept.
const MAX_DETAIL: usize = 300;

/// What the last use of an upstream showed; clones share it.
#[derive(Debug, Clone, Default)]
pub struct LastUse(Arc<Mutex<[Record; 4]>>);

/// What is known of one link.
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
    /// A login or request went through: every link held.
    pub fn held(&self, at: SystemTime) {
        self.update(|_, record| record.hold(at));
    }

    /// A login or request failed at `link`, with `detail`, which must hold no secret. Links that it shows to hold are
    /// ok, and what it says nothing about stays as it was. A link before the upstream's own is no concern here.
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

    /// The links as they are, of `upstream`.
    pub fn links(&self, upstream: &str) -> Vec<LinkStatus> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let links = LINKS.iter().zip(records.iter());
        links
            .map(|(link, record)| record.status(*link).of(upstream))
            .collect()
    }

    /// When a login or request last went through.
    pub fn last_success(&self) -> Option<SystemTime> {
        let records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Only a success shows that the grant held.
        records.last().and_then(|grant| grant.held_at)
    }

    fn update(&self, change: impl Fn(Link, &mut Record)) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (link, record) in LINKS.iter().zip(records.iter_mut()) {
            change(*link, record);
        }
    }
}

/// Whether a failure at `failed` shows that `link` held. Whoever refuses was reached; permissions are looked at once the
/// signature is verified; and only what the store itself says of a user whom it let in shows that IAM let it in.
fn is_shown_by(link: Link, failed: Link, cause: Option<Cause>) -> bool {
    let was_let_in = matches!(
        cause,
        Some(Cause::DatabaseAccessDenied | Cause::WrongDatabase | Cause::FgacNotGranted)
    );
    match link {
        Link::Endpoint => true,
        // PostgreSQL refuses a token for its signature in the same words as for missing permissions.
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
            (None, Some(_)) => LinkStatus::ok(link, "the last use went through"),
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

    /// Permissions, signature, endpoint, grant.
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
    fn a_failure_shows_what_came_before_it_and_no_more() {
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
    fn a_success_heals_and_a_failure_remembers_when_it_held() {
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
    fn a_failure_is_no_success_whatever_it_shows() {
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
    fn an_endless_answer_is_cut() {
        let last_use = LastUse::default();
        last_use.failed(Link::Grant, None, &"é".repeat(100_000), at(1));
        let grant = last_use.links("db.example").pop().unwrap();
        assert_eq!(grant.detail.chars().count(), MAX_DETAIL);
    }
}
