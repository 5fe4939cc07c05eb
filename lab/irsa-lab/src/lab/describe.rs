//! The description of a lab, in memory and as `lab.json`.

use std::path::Path;

use super::listeners::Listeners;
use super::shared::Shared;
use crate::environment::environment;
use crate::error::LabError;
use crate::facts::{
    ClusterFacts, DomainFacts, FACTS_FILE, IssuerFacts, LabFacts, UrlFacts, WorkloadFacts,
};
use crate::projection::Projections;
use crate::services::Bound;
use crate::world::{Workload, World};

impl Shared {
    /// Collects the facts, and writes `lab.json` and the CA's certificate.
    pub(super) fn describe(
        &self,
        listeners: &Listeners,
        clusters: Vec<ClusterFacts>,
        domains: Vec<DomainFacts>,
        folder: &Path,
    ) -> Result<LabFacts, LabError> {
        let ca_file = folder.join("ca.pem");
        self.authority
            .write_ca(&ca_file)
            .map_err(|error| LabError::part("certificate authority", error))?;
        let plain = |bound: &Bound| UrlFacts {
            url: format!("http://{}", bound.address()),
        };
        let mut facts = LabFacts {
            oidc_issuer: IssuerFacts {
                url: self.world.kubernetes().issuer.to_string(),
                dial: listeners.oidc.address().to_string(),
            },
            sts: UrlFacts {
                url: format!("https://{}", listeners.sts.address()),
            },
            secrets_manager: UrlFacts {
                url: format!("https://{}", listeners.secrets_manager.address()),
            },
            imds: plain(&listeners.imds),
            pod_identity_agent: plain(&listeners.pod_identity),
            admin: plain(&listeners.admin),
            ca_file,
            region: self.world.region().clone(),
            account: self.world.kubernetes().account.clone(),
            node_role_arn: self.world.node_role().arn.clone(),
            clusters,
            domains,
            workloads: Vec::new(),
        };
        facts.workloads = workload_facts(&self.world, &self.projections, &facts);
        write_facts(&facts, &folder.join(FACTS_FILE))?;
        Ok(facts)
    }
}

fn workload_facts(
    world: &World,
    projections: &Projections,
    facts: &LabFacts,
) -> Vec<WorkloadFacts> {
    let of = |workload: &Workload| {
        let token_file = projections.token_file(&workload.name);
        WorkloadFacts {
            name: workload.name.clone(),
            namespace: workload.service_account.namespace().to_owned(),
            service_account: workload.service_account.name().to_owned(),
            role_arn: workload.role.clone(),
            environment: environment(workload, &token_file.display().to_string(), facts),
            token_file,
            audience: workload.audience.clone(),
            database: workload
                .database
                .as_ref()
                .map(|database| database.name.clone()),
            user: workload
                .database
                .as_ref()
                .map(|database| database.user.clone()),
            domain: workload.domain.as_ref().map(|domain| domain.name.clone()),
        }
    };
    world.workloads().iter().map(of).collect()
}

fn write_facts(facts: &LabFacts, path: &Path) -> Result<(), LabError> {
    let text =
        serde_json::to_string_pretty(facts).map_err(|error| LabError::part("facts", error))?;
    let failed = |error| LabError::file("write", path, error);
    // Replaced by a rename, so that readers never see a partial file.
    let unfinished = path.with_extension("json.new");
    std::fs::write(&unfinished, text).map_err(failed)?;
    std::fs::rename(&unfinished, path).map_err(failed)
}
