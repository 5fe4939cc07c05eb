//! The volumes of the proxy, and their mounts.

use serde::Serialize;

use crate::sidecar::WebIdentity;

/// The volume of the sidecar's token. It differs from that of EKS, `aws-iam-token`, so that both can exist in a pod.
pub(crate) const TOKEN: &str = "irsa-token";
/// The directory of the sidecar's token.
pub(crate) const TOKEN_DIRECTORY: &str = "/var/run/secrets/irsa";
/// The volume of request bodies that exceed the memory for them.
pub(crate) const SPILL: &str = "irsa-spill";
/// The maximum size of that volume: the default of `--spill-limit`.
const SPILL_SIZE: &str = "1Gi";

/// A volume of a pod (core/v1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The name.
    pub name: &'static str,
    #[serde(flatten)]
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Source {
    Projected(Projection),
    EmptyDir(EmptyDirectory),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Projection {
    sources: [ProjectionSource; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProjectionSource {
    service_account_token: Token,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    audience: String,
    expiration_seconds: u64,
    path: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct EmptyDirectory {
    size_limit: &'static str,
}

/// The place of a volume in the container (core/v1 `VolumeMount`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mount {
    name: &'static str,
    #[serde(rename = "mountPath")]
    path: &'static str,
    #[serde(rename = "readOnly", skip_serializing_if = "is_false")]
    is_read_only: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Volume {
    pub(crate) fn token(identity: &WebIdentity) -> Self {
        let token = Token {
            audience: identity.audience.clone(),
            expiration_seconds: identity.token_seconds,
            path: "token",
        };
        Self {
            name: TOKEN,
            source: Source::Projected(Projection {
                sources: [ProjectionSource {
                    service_account_token: token,
                }],
            }),
        }
    }

    pub(crate) fn spill() -> Self {
        Self {
            name: SPILL,
            source: Source::EmptyDir(EmptyDirectory {
                size_limit: SPILL_SIZE,
            }),
        }
    }

    /// The mount of the volume in irsa's container.
    pub fn mount(&self) -> Mount {
        let is_token = self.name == TOKEN;
        Mount {
            name: self.name,
            path: if is_token { TOKEN_DIRECTORY } else { "/tmp" },
            is_read_only: is_token,
        }
    }
}
