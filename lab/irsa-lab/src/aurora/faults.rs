//! Faults of the front: what is wrong with TLS and with the network. Those of IAM authentication are in
//! [`crate::faults::AuroraFault`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

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

/// What is wrong with TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFault {
    /// Nothing.
    #[default]
    None,
    /// The server answers `N`: it has no TLS.
    Refused,
    /// The certificate is for another host.
    OtherName,
    /// The certificate is of an authority that nobody trusts.
    OtherAuthority,
}

/// The faults of all fronts; changed by the admin API or by tests.
#[derive(Debug)]
pub struct FrontFaults {
    fault: Mutex<FrontFault>,
    cuts: watch::Sender<u64>,
}

impl Default for FrontFaults {
    fn default() -> Self {
        Self {
            fault: Mutex::default(),
            cuts: watch::Sender::new(0),
        }
    }
}

impl FrontFaults {
    /// Replaces everything; `FrontFault::default()` switches all faults off.
    pub fn set(&self, fault: FrontFault) {
        *self.fault() = fault;
    }

    /// Changes some switches.
    pub fn change(&self, change: impl FnOnce(&mut FrontFault)) {
        change(&mut self.fault());
    }

    /// What is on now.
    pub fn current(&self) -> FrontFault {
        self.fault().clone()
    }

    /// Cuts every connection in the middle of whatever goes on, as a broken network does: no farewell.
    pub fn cut_connections(&self) {
        self.cuts.send_modify(|cuts| *cuts = cuts.wrapping_add(1));
    }

    /// How much longer everything takes.
    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(self.fault().latency_ms)
    }

    /// Changes when connections that exist now are to be cut.
    pub(super) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    fn fault(&self) -> MutexGuard<'_, FrontFault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_seen_by_those_who_were_connected() {
        let faults = FrontFaults::default();
        let before = faults.cuts();
        faults.cut_connections();
        let after = faults.cuts();
        assert!(before.has_changed().unwrap());
        assert!(!after.has_changed().unwrap());
    }

    #[test]
    fn tls_faults_are_named_in_kebab_case() {
        let fault: FrontFault = serde_json::from_str(r#"{"tls": "other-authority"}"#).unwrap();
        assert_eq!(fault.tls, TlsFault::OtherAuthority);
    }
}
