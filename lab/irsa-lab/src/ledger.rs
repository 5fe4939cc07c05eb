//! The ledger of requests, with the cause of each refusal.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use irsa_chain::{Cause, Link};
use serde::{Deserialize, Serialize};

use crate::clock::{LabClock, rfc3339};

/// Maximum number of refusals; older ones are dropped.
const KEPT_REFUSALS: usize = 1_000;

/// A part of the lab that serves requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// The OIDC issuer: discovery and keys.
    Oidc,
    /// The security token service.
    Sts,
    /// Instance metadata.
    Imds,
    /// The EKS Pod Identity agent.
    PodIdentity,
    /// Secrets Manager.
    SecretsManager,
    /// The Aurora front.
    Aurora,
    /// The OpenSearch front.
    #[serde(rename = "opensearch")]
    OpenSearch,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Oidc => "oidc",
            Self::Sts => "sts",
            Self::Imds => "imds",
            Self::PodIdentity => "pod-identity",
            Self::SecretsManager => "secrets-manager",
            Self::Aurora => "aurora",
            Self::OpenSearch => "opensearch",
        })
    }
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Served.
    Served,
    /// Refused as AWS would refuse it.
    Refused,
    /// Failed because of a fault that was switched on.
    Fault,
}

/// A refusal to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalEntry {
    /// The service that refused.
    pub service: Service,
    /// The operation: `AssumeRoleWithWebIdentity`, `login`, `es:ESHttpGet`.
    pub operation: String,
    /// The true cause, which AWS often hides from the caller.
    pub cause: Cause,
    /// The code that the caller received: an AWS error code, an SQLSTATE or an HTTP status.
    pub code: String,
    /// The message in the server's own log; never contains a secret.
    pub message: String,
}

/// A recorded refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRecord {
    /// The service that refused.
    pub service: Service,
    /// The operation.
    pub operation: String,
    /// The broken link of the chain.
    pub link: Link,
    /// The true cause.
    pub cause: Cause,
    /// The code that the caller received.
    pub code: String,
    /// The message in the server's own log.
    pub message: String,
    /// The time in RFC 3339, by AWS's clock.
    pub at: String,
}

/// The number of requests with one operation and outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The service.
    pub service: Service,
    /// The operation.
    pub operation: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The number.
    pub count: u64,
}

/// A copy of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSnapshot {
    /// All counts, by service, operation, outcome.
    pub counts: Vec<Count>,
    /// The newest refusals, oldest first.
    pub refusals: Vec<RefusalRecord>,
}

impl LedgerSnapshot {
    /// Returns the number of all requests to `service`: `asked(Service::Imds) == 0` means that IMDS was never asked.
    pub fn asked(&self, service: Service) -> u64 {
        self.counts
            .iter()
            .filter(|count| count.service == service)
            .map(|count| count.count)
            .sum()
    }

    /// Returns the number of requests with one operation and outcome.
    pub fn count(&self, service: Service, operation: &str, outcome: Outcome) -> u64 {
        let of_this_kind = |count: &&Count| {
            count.service == service && count.operation == operation && count.outcome == outcome
        };
        self.counts
            .iter()
            .filter(of_this_kind)
            .map(|count| count.count)
            .sum()
    }

    /// Returns the newest refusal.
    pub fn last_refusal(&self) -> Option<&RefusalRecord> {
        self.refusals.last()
    }
}

/// Counts requests and records refusals. All parts share it.
#[derive(Debug)]
pub struct Ledger {
    clock: Arc<dyn LabClock>,
    pages: Mutex<Pages>,
}

#[derive(Debug, Default)]
struct Pages {
    counts: BTreeMap<(Service, String, Outcome), u64>,
    refusals: VecDeque<RefusalRecord>,
}

impl Ledger {
    /// Returns an empty ledger with timestamps from `clock`.
    pub fn new(clock: Arc<dyn LabClock>) -> Self {
        Self {
            clock,
            pages: Mutex::default(),
        }
    }

    /// Counts a request that was served, or that failed because of a fault.
    pub fn count(&self, service: Service, operation: &str, outcome: Outcome) {
        *self
            .pages()
            .counts
            .entry((service, operation.to_owned(), outcome))
            .or_default() += 1;
    }

    /// Counts, records and logs a refusal, with its link and cause.
    pub fn refuse(&self, entry: RefusalEntry) {
        let RefusalEntry {
            service,
            operation,
            cause,
            code,
            message,
        } = entry;
        let link = cause.link();
        let (link_id, cause_id) = (link.id(), cause.id());
        tracing::warn!(%service, operation, link = link_id, cause = cause_id, code, "refused: {message}");
        self.count(service, &operation, Outcome::Refused);
        let at = rfc3339(self.clock.now());
        let mut pages = self.pages();
        if pages.refusals.len() >= KEPT_REFUSALS {
            pages.refusals.pop_front();
        }
        pages.refusals.push_back(RefusalRecord {
            service,
            operation,
            link,
            cause,
            code,
            message,
            at,
        });
    }

    /// Returns a copy.
    pub fn snapshot(&self) -> LedgerSnapshot {
        let pages = self.pages();
        let count =
            |((service, operation, outcome), count): (&(Service, String, Outcome), &u64)| Count {
                service: *service,
                operation: operation.clone(),
                outcome: *outcome,
                count: *count,
            };
        LedgerSnapshot {
            counts: pages.counts.iter().map(count).collect(),
            refusals: pages.refusals.iter().cloned().collect(),
        }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    fn ledger() -> Ledger {
        Ledger::new(Arc::new(SystemClock))
    }

    fn refusal(message: String) -> RefusalEntry {
        RefusalEntry {
            service: Service::Sts,
            operation: "AssumeRoleWithWebIdentity".to_owned(),
            cause: Cause::TokenExpired,
            code: "ExpiredTokenException".to_owned(),
            message,
        }
    }

    #[test]
    fn a_refusal_has_the_link_of_its_cause() {
        let ledger = ledger();
        ledger.refuse(refusal("late".to_owned()));
        let snapshot = ledger.snapshot();
        let last = snapshot.last_refusal().unwrap();
        assert_eq!(last.link, Link::ProjectedToken);
        assert_eq!(
            snapshot.count(Service::Sts, "AssumeRoleWithWebIdentity", Outcome::Refused),
            1
        );
    }

    #[test]
    fn a_service_without_requests_counts_zero() {
        let ledger = ledger();
        ledger.count(Service::Sts, "GetCallerIdentity", Outcome::Served);
        assert_eq!(ledger.snapshot().asked(Service::Imds), 0);
        assert_eq!(ledger.snapshot().asked(Service::Sts), 1);
    }

    #[test]
    fn only_the_newest_refusals_are_kept() {
        let ledger = ledger();
        for number in 0..=KEPT_REFUSALS {
            ledger.refuse(refusal(number.to_string()));
        }
        let snapshot = ledger.snapshot();
        assert_eq!(snapshot.refusals.len(), KEPT_REFUSALS);
        assert_eq!(snapshot.refusals.first().unwrap().message, "1");
    }
}
