//! The data stores that a pod asks for.

use irsa_chain::Region;
use irsa_chain::untrusted::quoted;
use irsa_sidecar::names::{OPENSEARCH, On, POSTGRES};
use irsa_sidecar::{ADMIN_PORT, STATUS_PORT};

use crate::pod::Pod;
use crate::reason::{Reason, Refusal};
use crate::settings::UpstreamPorts;
use crate::sources::Sources;

/// The value that overrides those of the service account and the namespace.
const NONE: &str = "none";
/// The maximum number of data stores of a pod.
const MOST: usize = 32;

/// The data stores of a pod, in the form of `IRSA_UPSTREAMS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataStores {
    pub(crate) upstreams: Vec<String>,
    pub(crate) has_opensearch: bool,
}

impl DataStores {
    /// Reads the annotations. Those of the namespace apply only to pods with a role.
    ///
    /// # Errors
    /// An annotation is empty.
    pub(crate) fn read(sources: &Sources<'_>, has_role: bool) -> Result<Self, Refusal> {
        let read = |key, scheme: &'static str| {
            let found = sources.find(key).filter(|found| found.value != NONE);
            let found = found.filter(|found| found.on != On::Namespace || has_role);
            if found.is_some_and(|found| found.value.is_empty()) {
                let detail = format!("`{key}` is empty: set a host, or `{NONE}`");
                return Err(Refusal::new(Reason::AnnotationInvalid, detail));
            }
            let values = found.map(|found| found.value.split_ascii_whitespace());
            let values = values.into_iter().flatten().take(MOST + 1);
            Ok(values.map(move |value| format!("{scheme}://{value}")))
        };
        let mut upstreams: Vec<String> = read(POSTGRES, "postgres")?.collect();
        let databases = upstreams.len();
        upstreams.extend(read(OPENSEARCH, "opensearch")?);
        Ok(Self {
            has_opensearch: upstreams.len() > databases,
            upstreams,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.upstreams.is_empty()
    }

    /// Parses the data stores and returns the ports of the sidecar.
    pub(crate) fn ports(
        &self,
        parse: UpstreamPorts,
        region: Option<&Region>,
    ) -> Result<Vec<u16>, Refusal> {
        let invalid = |detail| Refusal::new(Reason::DataStoreInvalid, detail);
        if self.upstreams.len() > MOST {
            return Err(invalid(format!("more than {MOST} data stores are set")));
        }
        let mut ports = vec![ADMIN_PORT, STATUS_PORT];
        for upstream in &self.upstreams {
            for port in parse(upstream, region).map_err(invalid)? {
                if ports.contains(&port) {
                    return Err(invalid(format!(
                        "{}: port {port} is already used by the sidecar: add `listen=PORT`",
                        quoted(upstream)
                    )));
                }
                ports.push(port);
            }
        }
        Ok(ports)
    }
}

/// Fails if another container declares one of these ports: the containers of a pod share its network.
pub(crate) fn check_ports(pod: Pod<'_>, ports: &[u16]) -> Result<(), Refusal> {
    let others = pod
        .containers()
        .filter(|one| one.name() != Some(irsa_sidecar::CONTAINER));
    for other in others {
        let is_ours = |port: &u64| ports.iter().any(|ours| u64::from(*ours) == *port);
        if let Some(port) = other.ports().find(is_ours) {
            let name = quoted(other.name().unwrap_or_default()).longest(63);
            let remedy = match u16::try_from(port) {
                Ok(ADMIN_PORT | STATUS_PORT) => "change the port of the container",
                _ => "choose another one with `?listen=PORT`",
            };
            return Err(Refusal::new(
                Reason::PortInUse,
                format!("the container {name} uses port {port}, which the sidecar needs: {remedy}"),
            ));
        }
    }
    Ok(())
}
