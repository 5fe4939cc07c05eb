//! TLS and network faults of the Aurora fronts: a view of the lab's [`Faults`], and cuts of open connections.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use crate::faults::TlsFault;
use crate::faults::{ConnectionFault, Faults, ListenerFault};
use crate::ledger::Service;

/// The current faults. In JSON, absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FrontFault {
    /// The TLS fault.
    pub tls: TlsFault,
    /// Additional latency of everything in an established session, in each direction.
    pub latency_ms: u64,
    /// Rejects new sessions with SQLSTATE 53300: all connection slots are in use.
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

    /// Replaces all switches; `FrontFault::default()` switches all faults off.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "like `Faults::set`, which keeps the plan"
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

    /// Returns the current faults.
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

    /// Cuts every open connection without a closing message, as a broken network does.
    pub fn cut_connections(&self) {
        self.cuts.send_modify(|cuts| *cuts = cuts.wrapping_add(1));
    }

    /// Returns the additional latency.
    pub(super) fn latency(&self) -> Duration {
        self.faults.latency(Service::Aurora)
    }

    /// Returns whether responses break off.
    pub(super) fn cuts_answers(&self) -> bool {
        self.faults.listener(Service::Aurora).connections == ConnectionFault::Cut
    }

    /// Returns a value that changes when the currently open connections are to be cut.
    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_reaches_open_connections() {
        let faults = FrontFaults::new(Arc::default());
        let before = faults.cuts();
        faults.cut_connections();
        let after = faults.cuts();
        assert!(before.has_changed().unwrap());
        assert!(!after.has_changed().unwrap());
    }

    #[test]
    fn the_view_and_the_plan_share_their_faults() {
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
    fn tls_faults_have_kebab_case_names() {
        let fault: FrontFault = serde_json::from_str(r#"{"tls": "other-authority"}"#).unwrap();
        assert_eq!(fault.tls, TlsFault::OtherAuthority);
    }
}
