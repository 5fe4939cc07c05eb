//! Faults on demand: the current ones ([`FaultPlan`]), and the [catalogue] of all faults.

pub mod catalogue;
mod network;
pub(crate) mod request;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::ledger::Service;

pub use catalogue::{Fault, FaultIdError, Mechanism};
pub use network::{ConnectionFault, ListenerFault, NetworkFaults, TlsFault};

/// All switches. In JSON, the body of `POST /faults`; absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPlan {
    /// Number of seconds by which AWS's clock (STS, IMDS, Aurora, OpenSearch) is ahead of the pods' clock; negative if
    /// behind.
    pub clock_skew_seconds: i64,
    /// Lifetime of new STS sessions, whatever the client requests; may be shorter than AWS allows.
    pub session_seconds: Option<u64>,
    /// STS cannot fetch the issuer's keys.
    pub jwks_unavailable: bool,
    /// Nothing listens at the address of STS: connections are refused.
    pub sts_down: bool,
    /// A fault of STS.
    pub sts: Option<StsFault>,
    /// A fault of instance metadata, as a pod sees it.
    pub imds: ImdsFault,
    /// A fault of Aurora's authentication.
    pub aurora: AuroraFault,
    /// The OpenSearch domains.
    pub opensearch: OpenSearchFault,
    /// TLS and network faults of each service.
    pub network: NetworkFaults,
}

/// A fault of STS, possibly limited to a number of requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StsFault {
    /// The kind of fault; without one, STS is only slow.
    pub kind: Option<StsFaultKind>,
    /// Delay of each response.
    pub latency_ms: u64,
    /// Number of affected requests; without it, until the fault is switched off.
    pub requests: Option<u64>,
}

/// The kind of a fault of STS.
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

/// Instance metadata as a pod sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImdsFault {
    /// The hop limit is 1: a pod's request for a token is never answered.
    pub hop_limit_one: bool,
    /// Metadata is disabled: responds with 403.
    pub disabled: bool,
}

/// A fault of Aurora's authentication.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the switches are independent"
)]
pub struct AuroraFault {
    /// IAM authentication is throttled (more than 200 new connections a second).
    pub throttled: bool,
    /// The IAM service that the server uses does not respond.
    pub iam_unavailable: bool,
    /// Delay of each login.
    pub login_delay_ms: u64,
    /// Number of logins to reject as if the token had expired, although it is valid.
    pub refuse_logins: u64,
    /// New connections are cut immediately.
    pub unreachable: bool,
    /// New sessions get SQLSTATE 53300: all connection slots are in use.
    pub too_many_clients: bool,
}

/// A fault of the OpenSearch domains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenSearchFault {
    /// Delay of each response.
    pub latency_ms: u64,
    /// Number of requests to answer with 429.
    pub throttle: u64,
    /// Number of requests to answer with 503.
    pub unavailable: u64,
    /// Number of requests whose connection is cut without a response.
    pub cut: u64,
    /// Number of responses to cut in the middle, together with the connection.
    pub cut_answers: u64,
}

/// The fault that affects a request to a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSearchTrouble {
    /// The connection is cut.
    Cut,
    /// 503.
    Unavailable,
    /// 429.
    Throttled,
}

/// The current faults, shared by all parts of the lab, and changed by the admin API or by tests.
#[derive(Debug, Default)]
pub struct Faults {
    plan: watch::Sender<FaultPlan>,
}

impl Faults {
    /// Replaces all switches; `FaultPlan::default()` switches all faults off.
    pub fn set(&self, plan: FaultPlan) {
        self.plan.send_replace(plan);
    }

    /// Changes some switches.
    pub fn change(&self, change: impl FnOnce(&mut FaultPlan)) {
        self.plan.send_modify(change);
    }

    /// Returns the current faults.
    pub fn current(&self) -> FaultPlan {
        self.plan.borrow().clone()
    }

    /// Returns a receiver that is notified of each change.
    pub fn watch(&self) -> watch::Receiver<FaultPlan> {
        self.plan.subscribe()
    }

    /// Returns the skew of AWS's clock in seconds.
    pub fn clock_skew_seconds(&self) -> i64 {
        self.plan.borrow().clock_skew_seconds
    }

    /// Returns the lifetime that new sessions must have, if any.
    pub fn session_life(&self) -> Option<Duration> {
        self.plan.borrow().session_seconds.map(Duration::from_secs)
    }

    /// Returns the fault of Aurora's authentication.
    pub fn aurora(&self) -> AuroraFault {
        self.plan.borrow().aurora.clone()
    }

    /// Takes one from the number of logins to reject.
    pub fn take_refused_login(&self) -> bool {
        self.plan
            .send_if_modified(|plan| take_one(&mut plan.aurora.refuse_logins))
    }

    /// Returns the fault of a service's listener.
    pub fn listener(&self, service: Service) -> ListenerFault {
        self.plan.borrow().listener(service)
    }

    /// Returns the additional latency of a service's responses.
    pub fn latency(&self, service: Service) -> Duration {
        Duration::from_millis(self.listener(service).latency_ms)
    }

    /// Switches on these faults of the catalogue, and all others off.
    ///
    /// # Errors
    /// An ID is unknown, or its fault is in the pod; nothing is changed.
    pub fn set_ids<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Result<(), FaultIdError> {
        self.set(FaultPlan::from_ids(ids)?);
        Ok(())
    }

    /// Returns the delay of a domain's responses.
    pub fn opensearch_latency(&self) -> Duration {
        let plan = self.plan.borrow();
        let network = plan.listener(Service::OpenSearch).latency_ms;
        Duration::from_millis(plan.opensearch.latency_ms.saturating_add(network))
    }

    /// Returns the fault that affects the current request to a domain, and counts it.
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

    /// Takes one from the number of responses to cut.
    pub fn take_cut_answer(&self) -> bool {
        let taken = self
            .plan
            .send_if_modified(|plan| take_one(&mut plan.opensearch.cut_answers));
        taken || self.listener(Service::OpenSearch).connections == ConnectionFault::Cut
    }

    /// Returns the fault that affects the current STS request, and counts it if it is limited.
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

/// The count of a counted fault that lasts until it is switched off.
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
    fn the_faults_of_a_domain_affect_one_request_after_the_other() {
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
    fn unknown_switches_are_rejected() {
        assert!(serde_json::from_str::<FaultPlan>(r#"{"clock_skew": 5}"#).is_err());
    }
}
