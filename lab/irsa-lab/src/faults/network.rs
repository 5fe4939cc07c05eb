//! Faults of TLS and of the network, the same for each service that pods connect to.

use serde::{Deserialize, Serialize};

use super::FaultPlan;
use crate::ledger::Service;

/// What is wrong with the listeners of the services. As JSON, absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkFaults {
    /// STS.
    pub sts: ListenerFault,
    /// The OIDC issuer.
    pub oidc: ListenerFault,
    /// The Aurora clusters, all of them.
    pub aurora: ListenerFault,
    /// The OpenSearch domains, all of them.
    pub opensearch: ListenerFault,
}

/// What is wrong with one listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerFault {
    /// What happens to connections.
    pub connections: ConnectionFault,
    /// What is wrong with TLS.
    pub tls: TlsFault,
    /// Delay before each answer in milliseconds; Aurora delays both directions of a session.
    pub latency_ms: u64,
}

/// What happens to connections. Connections that were open before keep working, except that STS and the OIDC issuer
/// close them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionFault {
    /// Nothing.
    #[default]
    None,
    /// The port is closed: connections are refused (`ECONNREFUSED`).
    Refused,
    /// Connections are accepted and reset (`ECONNRESET`).
    Reset,
    /// Connections are accepted, and nothing is ever answered.
    Blackhole,
    /// Connections break in the middle of an answer.
    Cut,
}

/// What is wrong with TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFault {
    /// Nothing.
    #[default]
    None,
    /// Aurora answers `N` to the request for TLS; the other services end the handshake with an alert.
    Refused,
    /// The certificate is for a different host.
    OtherName,
    /// The certificate is signed by a CA that no client trusts.
    OtherAuthority,
    /// The certificate has expired.
    Expired,
}

impl FaultPlan {
    /// What is wrong with the listener of a service.
    pub fn listener(&self, service: Service) -> ListenerFault {
        match service {
            Service::Sts if self.sts_down => ListenerFault {
                connections: ConnectionFault::Refused,
                ..self.network.sts
            },
            Service::Sts => self.network.sts,
            Service::Oidc => self.network.oidc,
            Service::Aurora => self.network.aurora,
            Service::OpenSearch => self.network.opensearch,
            Service::Imds | Service::PodIdentity => ListenerFault::default(),
        }
    }

    /// Returns true if STS cannot fetch the issuer's keys.
    pub fn hides_issuer_keys(&self) -> bool {
        let ListenerFault {
            connections, tls, ..
        } = self.network.oidc;
        self.jwks_unavailable || connections != ConnectionFault::None || tls != TlsFault::None
    }
}
