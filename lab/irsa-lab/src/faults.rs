//! Faults on demand: what is broken at this moment ([`FaultPlan`]), and the [catalogue] of all that can be.

pub mod catalogue;
mod network;
pub(crate) mod request;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::ledger::Service;

pub use catalogue::{Fault, FaultIdError, Mechanism};
pub use network::{ConnectionFault, ListenerFault, NetworkFaults, TlsFault};

/// All switches. As JSON it is the body of `POST /faults`; absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPlan {
    /// AWS's clock (STS, IMDS, Aurora, OpenSearch) runs this many seconds ahead of the pods' clock; negative:
    /// behind.
    pub clock_skew_seconds: i64,
    /// Life of new STS sessions, shorter than AWS would allow, whatever is asked for.
    pub session_seconds: Option<u64>,
    /// STS can't get the issuer's keys.
    pub jwks_unavailable: bool,
    /// Nothing listens where STS was: connections are refused.
    pub sts_down: bool,
    /// What STS does instead of its work.
    pub sts: Option<StsFault>,
    /// Instance metadata as seen from a pod.
    pub imds: ImdsFault,
    /// Aurora's authentication.
    pub aurora: AuroraFault,
    /// The OpenSearch domains.
    pub opensearch: OpenSearchFault,
    /// TLS and network of each service.
    pub network: NetworkFaults,
}

/// STS misbehaves for a number of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StsFault {
    /// How it misbehaves; absent: it only is slow.
    pub kind: Option<StsFaultKind>,
    /// Waits this long before each answer.
    pub latency_ms: u64,
    /// For the next requests only; absent: until switched off.
    pub requests: Option<u64>,
}

/// How STS misbehaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum StsFaultKind {
    /// `Throttling` with `Rate exceeded`, HTTP 400.
    Throttle,
    /// `InternalFailure`, HTTP 500.
    InternalError,
    /// `IDPCommunicationError`, HTTP 400.
    IdpCommunication,
    /// `RegionDisabledException`, HTTP 403.
    RegionDisabled,
    /// Any code, status and text.
    Error {
        /// AWS error code.
        code: String,
        /// HTTP status.
        status: u16,
        /// Message.
        message: String,
    },
}

/// Instance metadata as seen from a pod.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImdsFault {
    /// The hop limit is 1: a pod's request for a token is never answered.
    pub hop_limit_one: bool,
    /// Answers 403: metadata is switched off.
    pub disabled: bool,
}

/// Aurora's authentication misbehaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that do not depend on each other"
)]
pub struct AuroraFault {
    /// IAM authentication is throttled (more than 200 new connections a second).
    pub throttled: bool,
    /// The IAM service behind the server does not answer.
    pub iam_unavailable: bool,
    /// Each login waits this long.
    pub login_delay_ms: u64,
    /// The next logins are refused as if the token were expired, though it is good.
    pub refuse_logins: u64,
    /// No new connections are accepted: they are cut at once.
    pub unreachable: bool,
    /// New sessions get SQLSTATE 53300: all connection slots are taken.
    pub too_many_clients: bool,
}

/// The OpenSearch domains misbehave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenSearchFault {
    /// Each answer waits this long.
    pub latency_ms: u64,
    /// So many of the next requests are answered 429.
    pub throttle: u64,
    /// So many of the next requests are answered 503.
    pub unavailable: u64,
    /// Under so many of the next requests the connection is cut, without an answer.
    pub cut: u64,
    /// So many of the next answers end in their midst, and the connection with them.
    pub cut_answers: u64,
}

/// What one request to an OpenSearch domain meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSearchTrouble {
    /// The connection is cut.
    Cut,
    /// 503.
    Unavailable,
    /// 429.
    Throttled,
}

/// The faults that are on now. Shared by all parts; changed by the admin API or by tests.
#[derive(Debug, Default)]
pub struct Faults {
    plan: watch::Sender<FaultPlan>,
}

impl Faults {
    /// Replaces everything; `FaultPlan::default()` switches all faults off.
    pub fn set(&self, plan: FaultPlan) {
        self.plan.send_replace(plan);
    }

    /// Changes some switches.
    pub fn change(&self, change: impl FnOnce(&mut FaultPlan)) {
        self.plan.send_modify(change);
    }

    /// What is on now.
    pub fn current(&self) -> FaultPlan {
        self.plan.borrow().clone()
    }

    /// Tells of each change.
    pub fn watch(&self) -> watch::Receiver<FaultPlan> {
        self.plan.subscribe()
    }

    /// The skew of AWS's clock in seconds.
    pub fn clock_skew_seconds(&self) -> i64 {
        self.plan.borrow().clock_skew_seconds
    }

    /// The forced life of new sessions.
    pub fn session_life(&self) -> Option<Duration> {
        self.plan.borrow().session_seconds.map(Duration::from_secs)
    }

    /// What Aurora's authentication does wrong now.
    pub fn aurora(&self) -> AuroraFault {
        self.plan.borrow().aurora.clone()
    }

    /// Takes one of the logins that are to be refused.
    pub fn take_refused_login(&self) -> bool {
        self.plan
            .send_if_modified(|plan| take_one(&mut plan.aurora.refuse_logins))
    }

    /// What is wrong with the listener of a service.
    pub fn listener(&self, service: Service) -> ListenerFault {
        self.plan.borrow().listener(service)
    }

    /// How much longer each answer of a service takes.
    pub fn latency(&self, service: Service) -> Duration {
        Duration::from_millis(self.listener(service).latency_ms)
    }

    /// Switches on faults of the catalogue, and all others off.
    ///
    /// # Errors
    /// An id is unknown, or its fault is in the pod; nothing is changed.
    pub fn set_ids<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<(), FaultIdError> {
        self.set(FaultPlan::from_ids(ids)?);
        Ok(())
    }

    /// How long each answer of a domain waits.
    pub fn opensearch_latency(&self) -> Duration {
        let plan = self.plan.borrow();
        let network = plan.listener(Service::OpenSearch).latency_ms;
        Duration::from_millis(plan.opensearch.latency_ms.saturating_add(network))
    }

    /// What the present request to a domain meets instead of an answer; counts down.
    pub fn take_opensearch(&self) -> Option<OpenSearchTrouble> {
        let mut taken = None;
        self.plan.send_if_modified(|plan| {
            let fault = &mut plan.opensearch;
            taken = [
                (OpenSearchTrouble::Cut, &mut fault.cut),
                (OpenSearchTrouble::Unavailable, &mut fault.unavailable),
                (OpenSearchTrouble::Throttled, &mut fault.throttle),
            ]
            .into_iter()
            .find_map(|(trouble, left)| take_one(left).then_some(trouble));
            taken.is_some()
        });
        taken
    }

    /// Takes one of the domains' answers that are to be cut.
    pub fn take_cut_answer(&self) -> bool {
        let taken = self
            .plan
            .send_if_modified(|plan| take_one(&mut plan.opensearch.cut_answers));
        taken || self.listener(Service::OpenSearch).connections == ConnectionFault::Cut
    }

    /// What the present STS request meets; counts down limited faults.
    pub fn take_sts(&self) -> Option<StsFault> {
        let mut taken = None;
        self.plan.send_if_modified(|plan| {
            taken = plan.sts.clone().filter(|fault| fault.requests != Some(0));
            let Some(left) = plan.sts.as_mut().and_then(|fault| fault.requests.as_mut()) else {
                return false;
            };
            *left = left.saturating_sub(1);
            true
        });
        taken
    }
}

/// The count of a counted fault that stays until it is switched off.
pub const FOREVER: u64 = u64::MAX;

fn take_one(left: &mut u64) -> bool {
    if *left == FOREVER {
        return true;
    }
    let one = left.checked_sub(1);
    *left = one.unwrap_or(0);
    one.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_troubles_of_a_domain_come_one_after_the_other() {
        let faults = Faults::default();
        faults.change(|plan| {
            plan.opensearch = OpenSearchFault {
                cut: 1,
                throttle: 1,
                cut_answers: 1,
                ..OpenSearchFault::default()
            };
        });
        assert_eq!(faults.take_opensearch(), Some(OpenSearchTrouble::Cut));
        assert_eq!(faults.take_opensearch(), Some(OpenSearchTrouble::Throttled));
        assert_eq!(faults.take_opensearch(), None);
        assert!(faults.take_cut_answer());
        assert!(!faults.take_cut_answer());
    }

    #[test]
    fn a_limited_fault_ends_after_its_requests() {
        let faults = Faults::default();
        let fault = StsFault {
            kind: Some(StsFaultKind::Throttle),
            requests: Some(2),
            ..StsFault::default()
        };
        faults.change(|plan| plan.sts = Some(fault));
        assert!(faults.take_sts().is_some());
        assert!(faults.take_sts().is_some());
        assert!(faults.take_sts().is_none());
    }

    #[test]
    fn an_unlimited_fault_stays() {
        let faults = Faults::default();
        faults.change(|plan| {
            plan.sts = Some(StsFault {
                latency_ms: 5,
                ..StsFault::default()
            });
        });
        assert!(faults.take_sts().is_some());
        assert!(faults.take_sts().is_some());
    }

    #[test]
    fn unknown_switches_are_refused() {
        assert!(serde_json::from_str::<FaultPlan>(r#"{"clock_skew": 5}"#).is_err());
    }
}
