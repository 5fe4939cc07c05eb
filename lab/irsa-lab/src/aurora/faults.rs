//! TLS and network of the Aurora fronts: a view of the lab's [`Faults`], and cuts of connections that exist.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use crate::faults::TlsFault;
use crate::faults::{ConnectionFault, Faults, ListenerFault};
use crate::ledger::Service;

/// What is wrong now. As JSON, absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FrontFault {
    /// What is wrong with TLS.
    pub tls: TlsFault,
    /// Everything in an established session takes this much longer, each way.
    pub latency_ms: u64,
    /// New sessions get SQLSTATE 53300: all connection slots are taken.
    pub too_many_clients: bool,
}

/// The faults of all fronts.
#[derive(Debug)]
pub struct FrontFaults {
    faults: Arc<Faults>,
    cuts: watch::Sender<u64>,
}

impl FrontFaults {
    pub(super) fn new(faults: Arc<Faults>) -> Self {
        Self {
            faults,
            cuts: watch::Sender::new(0),
        }
    }

    /// Replaces everything; `FrontFault::default()` switches all faults off.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "as `Faults::set`, whose plan is kept"
    )]
    pub fn set(&self, fault: FrontFault) {
        self.faults.change(|plan| {
            plan.network.aurora.tls = fault.tls;
            plan.network.aurora.latency_ms = fault.latency_ms;
            plan.aurora.too_many_clients = fault.too_many_clients;
        });
    }

    /// Changes some switches.
    pub fn change(&self, change: impl FnOnce(&mut FrontFault)) {
        let mut fault = self.current();
        change(&mut fault);
        self.set(fault);
    }

    /// What is on now.
    pub fn current(&self) -> FrontFault {
        let ListenerFault {
            tls, latency_ms, ..
        } = self.faults.listener(Service::Aurora);
        FrontFault {
            tls,
            latency_ms,
            too_many_clients: self.faults.aurora().too_many_clients,
        }
    }

    /// Cuts every connection in the middle of whatever goes on, as a broken network does: no farewell.
    pub fn cut_connections(&self) {
        self.cuts.send_modify(|cuts| *cuts = cuts.wrapping_add(1));
    }

    /// How much longer everything takes.
    pub(super) fn latency(&self) -> Duration {
        self.faults.latency(Service::Aurora)
    }

    /// Returns true if answers break in the middle.
    pub(super) fn cuts_answers(&self) -> bool {
        self.faults.listener(Service::Aurora).connections == ConnectionFault::Cut
    }

    /// Changes when connections that exist now are to be cut.
    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_seen_by_those_who_were_connected() {
        let faults = FrontFaults::new(Arc::default());
        let before = faults.cuts();
        faults.cut_connections();
        let after = faults.cuts();
        assert!(before.has_changed().unwrap());
        assert!(!after.has_changed().unwrap());
    }

    #[test]
    fn the_view_and_the_plan_are_the_same_faults() {
        let faults = Arc::new(Faults::default());
        let front = FrontFaults::new(Arc::clone(&faults));
        front.change(|fault| fault.tls = TlsFault::Expired);
        assert_eq!(faults.current().network.aurora.tls, TlsFault::Expired);
        faults.set_ids(["aurora-too-many-clients"]).unwrap();
        let expected = FrontFault {
            too_many_clients: true,
            ..FrontFault::default()
        };
        assert_eq!(front.current(), expected);
    }

    #[test]
    fn tls_faults_are_named_in_kebab_case() {
        let fault: FrontFault = serde_json::from_str(r#"{"tls": "other-authority"}"#).unwrap();
        assert_eq!(fault.tls, TlsFault::OtherAuthority);
    }
}
