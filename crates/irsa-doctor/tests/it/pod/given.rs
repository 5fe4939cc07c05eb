//! How a scenario of the pod's place sets its stage: a workload of the lab's world, and what is changed of it.

use std::collections::BTreeMap;

use irsa_chain::{Region, RoleArn, ServiceAccount};
use irsa_lab::aurora::faults::FrontFault;
use irsa_lab::faults::FaultPlan;
use irsa_lab::oidc::{Audience, TokenKey};
use serde::Deserialize;

/// `given` of `tests/scenarios/pod/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    /// The workload whose environment it is.
    #[serde(default = "keycloak")]
    pub(super) workload: String,
    /// Variables that are set, or set otherwise.
    #[serde(default)]
    pub(super) set: BTreeMap<String, String>,
    /// Variables that are not set.
    #[serde(default)]
    pub(super) unset: Vec<String>,
    /// What is in the token file instead of the workload's token.
    pub(super) token: Option<TokenGiven>,
    /// The role that is expected.
    pub(super) role: Option<RoleArn>,
    /// The service account that is expected.
    pub(super) service_account: Option<ServiceAccount>,
    /// What the lab does wrong.
    #[serde(default)]
    pub(super) faults: FaultPlan,
    /// Whether the pod gets to the instance metadata service.
    #[serde(default)]
    pub(super) imds_open: bool,
    /// What the Aurora front does wrong.
    #[serde(default)]
    pub(super) front: FrontFault,
    /// What is changed of the way to the database.
    pub(super) database: Option<DatabaseGiven>,
    /// What is changed of the way to the domain.
    pub(super) domain: Option<DomainGiven>,
}

/// A token file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum TokenGiven {
    /// There is none.
    Missing,
    /// It is a folder, which nobody can read as a file.
    Folder,
    /// It holds this.
    Text(String),
    /// It holds a token that says this.
    Minted(Minted),
}

/// What a token says, right or wrong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Minted {
    pub(super) service_account: Option<ServiceAccount>,
    pub(super) audience: Option<Audience>,
    /// Added to the issuer's URL.
    pub(super) issuer_suffix: Option<String>,
    pub(super) subject: Option<String>,
    #[serde(default = "a_day")]
    pub(super) expires_in: i64,
    #[serde(default)]
    pub(super) issued_in: i64,
    #[serde(default)]
    pub(super) key: TokenKey,
    /// The pod that it is bound to.
    pub(super) pod: Option<String>,
}

/// What is changed of the way to the database.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseGiven {
    pub(super) user: Option<String>,
    pub(super) name: Option<String>,
    pub(super) sign_host: Option<String>,
    pub(super) region: Option<Region>,
    /// The host that is dialed.
    pub(super) dial_host: Option<String>,
    /// A port where nobody listens is dialed.
    #[serde(default)]
    pub(super) closed_port: bool,
    /// A role to assume for the database.
    pub(super) role: Option<RoleArn>,
    /// The external ID that the role asks for.
    pub(super) external_id: Option<String>,
}

/// What is changed of the way to the domain.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainGiven {
    pub(super) region: Option<Region>,
    /// It is signed for collections.
    #[serde(default)]
    pub(super) as_collection: bool,
    /// The host that is dialed.
    pub(super) dial_host: Option<String>,
    /// A port on which nothing listens is dialed.
    #[serde(default)]
    pub(super) closed_port: bool,
    /// The name that the certificate should have.
    pub(super) tls_name: Option<String>,
}

impl Given {
    /// Whether the workload uses a domain.
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
