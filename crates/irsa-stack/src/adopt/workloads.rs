//! The workloads of a namespace: what uses a data store in AWS.

use std::collections::BTreeMap;

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::untrusted::printable;
use irsa_chain::{RoleArn, ServiceAccount};
use irsa_sidecar::names as label;

use super::component::{component, is_gateway};
use super::connections::{Connections, FoundOpenSearch, FoundPostgres, upstreams};
use super::facts::{Account, Association, AwsFacts, ClusterFacts, Container, Object};
use super::names::{Keys, WORKLOAD};
use super::settings::Settings;
use super::variables::{IDENTITY, POD_IDENTITY, ROLE, UPSTREAMS};
use crate::stack::Component;

/// The largest number of workloads in a file.
pub(in crate::adopt) const MAX_WORKLOADS: usize = 1_000;

/// A workload.
#[derive(Debug, Clone)]
pub(super) struct FoundWorkload {
    pub(super) key: String,
    /// The objects that are this workload: `deployment/keycloak`.
    pub(super) objects: Vec<String>,
    pub(super) component: Option<(Component, String)>,
    pub(super) account: String,
    pub(super) postgres: Option<FoundPostgres>,
    pub(super) opensearch: Option<FoundOpenSearch>,
}

/// The role of a service account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FoundRole {
    pub(super) arn: Option<RoleArn>,
    /// Where it is from, or why it is unknown.
    pub(super) comment: String,
    /// The service account has the annotation of EKS.
    pub(super) has_annotation: bool,
    pub(super) uses_pod_identity: bool,
}

/// What was found in the objects of a namespace.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) workloads: Vec<FoundWorkload>,
    /// Roles by the name of the service account.
    pub(super) roles: BTreeMap<String, FoundRole>,
    /// What was seen and is not in the file, with the reason.
    pub(super) left_out: Vec<String>,
    /// Image of irsa's sidecars.
    pub(super) image: Option<String>,
}

/// What one object says.
struct ObjectClues {
    postgres: Option<FoundPostgres>,
    opensearch: Option<FoundOpenSearch>,
    /// Where further data stores are from.
    more: Vec<String>,
    /// Data stores that are not in AWS.
    others: Vec<String>,
    /// The role of the sidecar.
    sidecar_role: Option<String>,
    /// The image of the sidecar.
    image: Option<String>,
    uses_pod_identity: bool,
}

// === impl Found ===

impl Found {
    pub(super) fn new(facts: &ClusterFacts) -> Self {
        let mut found = Self::default();
        let mut objects: Vec<&Object> = facts.objects.iter().collect();
        objects.sort_by(|one, other| one.reference.cmp(&other.reference));
        let mut keys = Keys::default();
        let mut more = 0;
        for object in objects {
            if found.workloads.len() < MAX_WORKLOADS {
                found.object(facts, object, &mut keys);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            found.left_out.push(format!(
                "{more} more objects: the file has {MAX_WORKLOADS} workloads"
            ));
        }
        for (name, account) in &facts.accounts {
            if let Some(role) = found.roles.get_mut(name) {
                role.add(account);
            }
        }
        found
    }

    /// Adds the roles of EKS Pod Identity associations, which only AWS knows.
    pub(super) fn associate(&mut self, aws: &AwsFacts) {
        for (account, association) in &aws.associations {
            if let Some(role) = self.roles.get_mut(account) {
                role.associate(association);
            }
        }
    }

    fn object(&mut self, facts: &ClusterFacts, object: &Object, keys: &mut Keys) {
        let reference = printable(&object.reference).to_string();
        let clues = ObjectClues::new(facts, object);
        let account = match object.service_account.as_str() {
            "" => "default",
            name => name,
        };
        if let Some(reasons) = clues.left_out(facts, object, account) {
            let reasons = reasons
                .into_iter()
                .map(|reason| format!("{reference}: {reason}"));
            self.left_out.extend(reasons);
            return;
        }
        let more = clues.more.iter();
        self.left_out.extend(more.map(|origin| {
            format!(
                "{reference}: a workload uses one store of each kind, not also the one {origin}"
            )
        }));
        self.image = self.image.take().or(clues.image);
        let role = self.roles.entry(account.to_owned()).or_default();
        role.uses_pod_identity |= clues.uses_pod_identity;
        if let Some(arn) = clues.sidecar_role.and_then(|arn| arn.parse().ok()) {
            role.arn = Some(arn);
            role.comment = format!("from {ROLE} in the sidecar of {reference}");
        }
        let mut workload = FoundWorkload {
            key: String::new(),
            objects: vec![reference.clone()],
            component: component(object),
            account: account.to_owned(),
            postgres: clues.postgres,
            opensearch: clues.opensearch,
        };
        let mut same = self.workloads.iter_mut();
        if let Some(same) = same.find(|one| one.is_same(&workload)) {
            same.objects.push(reference);
            return;
        }
        let component = workload.component.as_ref().map(|(one, _)| one.name());
        let name = object.reference.rsplit('/').next().unwrap_or_default();
        let wanted = object
            .labels
            .get(label::WORKLOAD)
            .map(String::as_str)
            .or(component);
        workload.key = keys.give(wanted.unwrap_or(name), "workload", WORKLOAD);
        self.workloads.push(workload);
    }
}

// === impl FoundRole ===

impl FoundRole {
    /// EKS uses an association instead of the annotation.
    fn associate(&mut self, association: &Association) {
        let Association {
            id,
            role,
            target_role,
        } = association;
        self.uses_pod_identity = true;
        self.arn = role.parse().ok().filter(|_| target_role.is_none());
        self.comment = match (target_role, &self.arn) {
            (Some(target), _) => format!(
                "the EKS Pod Identity association {id} uses the role {role} to assume the target role {target}, which \
                 irsa.yaml cannot express"
            ),
            (None, None) => {
                format!("the EKS Pod Identity association {id} has no role ARN: {role}")
            }
            (None, Some(_)) if self.has_annotation => format!(
                "from the EKS Pod Identity association {id}, which EKS uses instead of the annotation"
            ),
            (None, Some(_)) => format!("from the EKS Pod Identity association {id}"),
        };
    }

    fn add(&mut self, account: &Account) {
        self.uses_pod_identity |= account.uses_pod_identity;
        let Some(annotation) = &account.role else {
            return;
        };
        let place = "the annotation eks.amazonaws.com/role-arn of the service account";
        self.has_annotation = true;
        self.arn = annotation.parse().ok();
        self.comment = match self.arn {
            Some(_) => format!("from {place}"),
            None => format!("{place} is not a role ARN: {}", printable(annotation)),
        };
    }
}

// === impl ObjectClues ===

impl ObjectClues {
    fn new(facts: &ClusterFacts, object: &Object) -> Self {
        let containers = object.containers.iter();
        let all: Vec<_> = containers
            .map(|one| (Settings::new(facts, object, one), one))
            .collect();
        let sidecar = all
            .iter()
            .find(|(settings, _)| settings.get(UPSTREAMS).is_some());
        let text = |name| sidecar.and_then(|(settings, _)| settings.text(name));
        let upstreams = sidecar
            .map(|(settings, _)| upstreams(settings))
            .unwrap_or_default();
        let (mut postgres, mut opensearch, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for (settings, _) in all.iter().filter(|(one, _)| one.get(UPSTREAMS).is_none()) {
            let found = Connections::new(settings, &upstreams);
            postgres.extend(found.postgres);
            opensearch.extend(found.opensearch);
            others.extend(found.others);
        }
        let has_agent = |container: &Container| {
            container
                .variables
                .iter()
                .any(|(name, _)| name == POD_IDENTITY)
        };
        let host = |one: &FoundPostgres| {
            Some((one.endpoint.as_ref()?.host().to_owned(), one.origin.clone()))
        };
        let (postgres, mut more) = first_known(postgres, host);
        let host = |one: &FoundOpenSearch| {
            Some((one.endpoint.as_ref()?.host().to_owned(), one.origin.clone()))
        };
        let (opensearch, more_opensearch) = first_known(opensearch, host);
        more.extend(more_opensearch);
        Self {
            postgres,
            opensearch,
            more,
            others,
            sidecar_role: text(ROLE).map(str::to_owned),
            image: sidecar
                .map(|(_, container)| container.image.clone())
                .filter(|image| !image.is_empty()),
            uses_pod_identity: text(IDENTITY) == Some("pod-identity")
                || object.containers.iter().any(has_agent),
        }
    }

    /// The reason why the object is not a workload in the file; nothing to say about one without data stores.
    fn left_out(
        &self,
        facts: &ClusterFacts,
        object: &Object,
        account: &str,
    ) -> Option<Vec<String>> {
        if self.postgres.is_none() && self.opensearch.is_none() {
            let mut others = self.others.clone();
            others.dedup();
            return Some(others);
        }
        if is_gateway(object) {
            return Some(vec![
                "Zeebe's gateway needs OpenSearch only for its query API".to_owned(),
            ]);
        }
        if ServiceAccount::new(&facts.namespace, account).is_err() {
            let name = printable(account);
            return Some(vec![format!("{name} is not the name of a service account")]);
        }
        None
    }
}

// === impl FoundWorkload ===

impl FoundWorkload {
    /// Returns whether pods of both have one identity and use the same, so that they are one workload. Data stores that
    /// are unknown may differ.
    fn is_same(&self, other: &Self) -> bool {
        let has_unknown = other
            .postgres
            .as_ref()
            .is_some_and(|one| one.endpoint.is_none())
            || other
                .opensearch
                .as_ref()
                .is_some_and(|one| one.endpoint.is_none());
        let component = |one: &Self| one.component.as_ref().map(|(component, _)| *component);
        self.account == other.account
            && component(self) == component(other)
            && self.database() == other.database()
            && self.domain() == other.domain()
            && !has_unknown
    }

    /// Endpoint, database and user, and the port of the sidecar.
    fn database(&self) -> Option<([Option<&str>; 3], Option<u16>)> {
        let used = self.postgres.as_ref()?;
        let host = used.endpoint.as_ref().map(RdsEndpoint::host);
        let [database, name] = [&used.database, &used.user].map(|clue| clue.value.as_deref());
        Some(([host, database, name], used.listen))
    }

    /// Endpoint, and the port of the sidecar.
    fn domain(&self) -> Option<(Option<&str>, Option<u16>)> {
        let used = self.opensearch.as_ref()?;
        let host = used.endpoint.as_ref().map(OpenSearchEndpoint::host);
        Some((host, used.listen))
    }
}

/// The first one whose host is known, or else the first one, and where others with different hosts are from.
fn first_known<T>(
    mut all: Vec<T>,
    host: impl Fn(&T) -> Option<(String, String)>,
) -> (Option<T>, Vec<String>) {
    if all.is_empty() {
        return (None, Vec::new());
    }
    let best = all
        .iter()
        .position(|one| host(one).is_some())
        .unwrap_or_default();
    let first = all.remove(best);
    let own = host(&first).map(|(name, _)| name);
    let others = all.iter().filter_map(host);
    let others = others.filter(|(name, _)| Some(name) != own.as_ref());
    let origins = others.map(|(_, origin)| origin).collect();
    (Some(first), origins)
}
