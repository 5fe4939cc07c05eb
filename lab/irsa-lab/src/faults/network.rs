//! TLS and network faults, the same for each service that pods connect to.

use serde::{Deserialize, Serialize};

use super::FaultPlan;
use crate::ledger::Service;

/// The faults of the services' listeners. In JSON, absent fields mean "no fault".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkFaults {
    /// STS.
    pub sts: ListenerFault,
    /// The OIDC issuer.
    pub oidc: ListenerFault,
    /// Secrets Manager.
    pub secrets_manager: ListenerFault,
    /// All Aurora clusters.
    pub aurora: ListenerFault,
    /// All OpenSearch domains.
    pub opensearch: ListenerFault,
}

/// The faults of a listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListenerFault {
    /// The fault of connections.
    pub connections: ConnectionFault,
    /// The fault of TLS.
    pub tls: TlsFault,
    /// Delay of each response in milliseconds; Aurora delays both directions of a session.
    pub latency_ms: u64,
}

/// A fault of connections. Open connections keep working, except that STS, the OIDC issuer and Secrets Manager close
/// them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionFault {
    /// No fault.
    #[default]
    None,
    /// The port is closed: connections are refused (`ECONNREFUSED`).
    Refused,
    /// Connections are accepted and reset (`ECONNRESET`).
    Reset,
    /// Connections are accepted, but nothing is ever sent.
    Blackhole,
    /// Connections break in the middle of a response.
    Cut,
}

/// A fault of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFault {
    /// No fault.
    #[default]
    None,
    /// Aurora responds with `N` to the request for TLS; the other services end the handshake with an alert.
    Refused,
    /// The certificate is for a different host.
    OtherName,
    /// The certificate is signed by a CA that no client trusts.
    OtherAuthority,
    /// The certificate has expired.
    Expired,
}

impl FaultPlan {
    /// Returns the faults of a service's listener.
    pub fn listener(&self, service: Service) -> ListenerFault {
        match service {
            Service::Sts if self.sts_down => ListenerFault {
                connections: ConnectionFault::Refused,
                ..self.network.sts
            },
            Service::Sts => self.network.sts,
            Service::Oidc => self.network.oidc,
            Service::SecretsManager => self.network.secrets_manager,
            Service::Aurora => self.network.aurora,
            Service::OpenSearch => self.network.opensearch,
            Service::Imds | Service::PodIdentity => ListenerFault::default(),
        }
    }

    /// Returns whether STS cannot fetch the issuer's keys.
    pub fn hides_issuer_keys(&self) -> bool {
        let ListenerFault {
            connections, tls, ..
        } = self.network.oidc;
        self.jwks_unavailable || connections != ConnectionFault::None || tls != TlsFault::None
    }
}
