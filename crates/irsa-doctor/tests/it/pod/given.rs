//! The stage of a pod scenario: a workload in the lab's world, with changes.

use std::collections::BTreeMap;

use irsa_chain::{Region, RoleArn, ServiceAccount};
use irsa_lab::aurora::faults::FrontFault;
use irsa_lab::faults::FaultPlan;
use irsa_lab::oidc::{Audience, TokenKey};
use serde::Deserialize;

/// The `given` of `tests/scenarios/pod/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// The workload whose environment is used.
    #[serde(default = "keycloak")]
    pub(super) workload: String,
    /// Variables that are added or changed.
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    /// Variables that are removed.
    #[serde(default)]
    pub(super) unset: Vec<String>,
    /// The token file, if it is not the workload's.
    pub(super) token: Option<TokenGiven>,
    /// The expected role.
    pub(super) role: Option<RoleArn>,
    /// The expected service account.
    pub(super) service_account: Option<ServiceAccount>,
    /// The faults of the lab.
    #[serde(default)]
    pub(super) faults: FaultPlan,
    /// Whether the pod can reach the instance metadata service.
    #[serde(default)]
    pub(super) imds_open: bool,
    /// The fault of the Aurora front.
    #[serde(default)]
    pub(super) front: FrontFault,
    /// The changes to the database upstream.
    pub(super) database: Option<DatabaseGiven>,
    /// The changes to the domain upstream.
    pub(super) domain: Option<DomainGiven>,
}

/// A token file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum TokenGiven {
    /// The file does not exist.
    Missing,
    /// It is a folder, which cannot be read as a file.
    Folder,
    /// The file has this content.
    Text(String),
    /// The file contains a token with these claims.
    Minted(Minted),
}

/// The claims of a token, correct or not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Minted {
    pub(super) service_account: Option<ServiceAccount>,
    pub(super) audience: Option<Audience>,
    /// A suffix of the issuer's URL.
    pub(super) issuer_suffix: Option<String>,
    pub(super) subject: Option<String>,
    #[serde(default = "a_day")]
    pub(super) expires_in: i64,
    #[serde(default)]
    pub(super) issued_in: i64,
    #[serde(default)]
    pub(super) key: TokenKey,
    /// The pod that the token is bound to.
    pub(super) pod: Option<String>,
}

/// The changes to the database upstream.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseGiven {
    pub(super) user: Option<String>,
    pub(super) name: Option<String>,
    pub(super) sign_host: Option<String>,
    pub(super) region: Option<Region>,
    /// The host to connect to.
    pub(super) dial_host: Option<String>,
    /// Connect to a port on which nothing listens.
    #[serde(default)]
    pub(super) closed_port: bool,
    /// The URL of an HTTP proxy to connect through.
    pub(super) http_proxy: Option<String>,
    /// A role to assume for the database.
    pub(super) role: Option<RoleArn>,
    /// The external ID for that role.
    pub(super) external_id: Option<String>,
}

/// The changes to the domain upstream.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainGiven {
    pub(super) region: Option<Region>,
    /// Requests are signed for OpenSearch Serverless.
    #[serde(default)]
    pub(super) as_collection: bool,
    /// The host to connect to.
    pub(super) dial_host: Option<String>,
    /// Connect to a port on which nothing listens.
    #[serde(default)]
    pub(super) closed_port: bool,
    /// The expected name in the certificate.
    pub(super) tls_name: Option<String>,
}

impl Given {
    /// Returns whether the workload uses a domain.
    pub(super) fn needs_opensearch(&self) -> bool {
        let world = irsa_lab::World::camunda_8_3();
        let workload = world.workload(&self.workload).expect("it is in the world");
        workload.domain.is_some()
    }
}

fn keycloak() -> String {
    "keycloak".to_owned()
}

fn a_day() -> i64 {
    86_400
}
