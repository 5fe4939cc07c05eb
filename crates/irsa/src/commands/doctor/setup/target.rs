//! A workload of the specification, in the terms of the checks.

use irsa_chain::endpoint::OpenSearchEndpoint;
use irsa_chain::untrusted::quoted;
use irsa_chain::{Region, ServiceAccount};
use irsa_doctor::{
    Database, Domain, EksCluster, IdentityKind, NotChecked, Place, Specified, SpecifiedLines,
    Workload,
};
use irsa_stack::stack::{self, Cluster};
use irsa_stack::{Document, Stack};

use crate::exit::Failure;

/// A workload to check.
pub(super) struct Target {
    /// Its key in the file.
    pub(super) key: String,
    /// Its chain in a few words.
    pub(super) summary: String,
    /// Its chain as specified.
    pub(super) workload: Workload,
    pub(super) specified: Specified,
    pub(super) service_account: ServiceAccount,
    /// The region of the setup.
    pub(super) region: Region,
    /// The reason why it is not checked: it does not run in this cluster.
    pub(super) elsewhere: Option<NotChecked>,
}

// === impl Target ===

impl Target {
    pub(super) fn new(
        document: &Document,
        stack: &Stack,
        eks: &Cluster,
        one: &stack::Workload,
    ) -> Result<Self, Failure> {
        let identity = identity(one);
        let workload = Workload {
            service_account: Some(one.service_account.clone()),
            role: Some(one.role.clone()),
            issuer: Some(eks.issuer.clone()),
            audience: None,
            identity: Some(identity),
            databases: database(stack, one).into_iter().collect(),
            domains: domain(stack, one)?.into_iter().collect(),
        };
        let region = eks.arn.region().parse();
        let cluster = EksCluster {
            name: eks.name.clone(),
            region: region.unwrap_or_else(|_| stack.region.clone()),
            arn: eks.arn.clone(),
        };
        Ok(Self {
            key: one.key.clone(),
            summary: summary(one),
            workload,
            specified: Specified {
                role: one.role.clone(),
                identity,
                is_annotated: one.has_annotation,
                cluster,
                lines: lines(document, one),
            },
            service_account: one.service_account.clone(),
            region: stack.region.clone(),
            elsewhere: elsewhere(eks, one),
        })
    }
}

fn identity(one: &stack::Workload) -> IdentityKind {
    if one.uses_pod_identity {
        IdentityKind::PodIdentity
    } else {
        IdentityKind::WebIdentity
    }
}

fn database(stack: &Stack, one: &stack::Workload) -> Option<Database> {
    let used = one.postgres.as_ref()?;
    let store = stack.postgres_store(&used.store)?;
    Some(Database {
        host: store.endpoint.clone(),
        port: store.port,
        user: Some(used.user.clone()),
        name: Some(used.database.clone()),
        role: None,
    })
}

fn domain(stack: &Stack, one: &stack::Workload) -> Result<Option<Domain>, Failure> {
    let used = one.opensearch.as_ref();
    let Some(store) = used.and_then(|used| stack.opensearch_store(&used.store)) else {
        return Ok(None);
    };
    let endpoint = store
        .endpoint
        .parse::<OpenSearchEndpoint>()
        .map_err(|error| {
            Failure::other(format!("the endpoint of {}: {error}", quoted(&store.key)))
        })?;
    Ok(Some(Domain {
        endpoint,
        role: None,
    }))
}

/// The chain as specified: service account, role, data stores.
fn summary(one: &stack::Workload) -> String {
    let identity = one.uses_pod_identity.then(|| "EKS Pod Identity".to_owned());
    let database = one.postgres.as_ref().map(|used| {
        let stack::PostgresUse {
            store,
            database,
            user,
            ..
        } = used;
        format!("database {store}/{database} as {user}")
    });
    let domain = one.opensearch.as_ref();
    let domain = domain.map(|used| format!("domain {}", used.store));
    let first = [
        one.service_account.to_string(),
        format!("role {}", one.role.name()),
    ];
    let rest = [identity, database, domain].into_iter().flatten();
    first.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
}

fn lines(document: &Document, one: &stack::Workload) -> SpecifiedLines {
    let line = |names: &[&str]| {
        let path = [&["workloads", one.key.as_str()], names].concat();
        document.line_of(&path)
    };
    SpecifiedLines {
        service_account: line(&["service_account"]),
        role: line(&["role", "arn"]),
        identity: if one.uses_pod_identity {
            line(&["identity"])
        } else {
            line(&["application_identity"])
        },
    }
}

fn elsewhere(eks: &Cluster, one: &stack::Workload) -> Option<NotChecked> {
    let runs_here = one.clusters.contains(&eks.name);
    (!runs_here).then(|| NotChecked {
        place: Place::Cluster,
        why: format!("it runs in {} only", one.clusters.join(", ")),
        remedy:
            "check it with the kubeconfig context of that cluster (`--context`, `--eks-cluster`)"
                .to_owned(),
    })
}
