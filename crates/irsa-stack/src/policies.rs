//! The IAM policies of a setup: each names exactly what its workloads use.

use irsa_chain::{DbUserArn, OidcProviderArn, RoleArn, ServiceAccount};
use irsa_explain::{pod_identity, web_identity};
use irsa_sidecar::AUDIENCE;
use serde::Serialize;
use serde_json::{Value, json};

use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Role, Setup, Stack, Workload};

/// The actions by which the setup reads the password of an administrator.
pub(crate) const READ_SECRET: &str = "secretsmanager:GetSecretValue";
pub(crate) const DECRYPT: &str = "kms:Decrypt";
/// The condition key by which a key is used for this service only.
pub(crate) const VIA_SERVICE: &str = "kms:ViaService";

/// The actions that OpenSearch's clients need.
const HTTP_ACTIONS: [&str; 6] = [
    "es:ESHttpGet",
    "es:ESHttpHead",
    "es:ESHttpPost",
    "es:ESHttpPut",
    "es:ESHttpPatch",
    "es:ESHttpDelete",
];

/// The actions of the Camunda 8.3 documentation ("IAM roles for service accounts"). Those of the OpenSearch Service API
/// are no requests to a domain, and clients don't need them.
pub(crate) const DOCUMENTED_ACTIONS: [&str; 20] = [
    "es:DescribeElasticsearchDomain",
    "es:DescribeElasticsearchInstanceTypeLimits",
    "es:DescribeReservedElasticsearchInstanceOfferings",
    "es:DescribeReservedElasticsearchInstances",
    "es:GetCompatibleElasticsearchVersions",
    "es:ListDomainNames",
    "es:ListElasticsearchInstanceTypes",
    "es:ListElasticsearchVersions",
    "es:DescribeElasticsearchDomains",
    "es:DescribeElasticsearchDomainConfig",
    "es:ESHttpGet",
    "es:ESHttpHead",
    "es:GetUpgradeHistory",
    "es:GetUpgradeStatus",
    "es:ListTags",
    "es:AddTags",
    "es:RemoveTags",
    "es:ESHttpDelete",
    "es:ESHttpPost",
    "es:ESHttpPut",
];

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    action: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// The trust policy of a role: the service accounts of its workloads, in their clusters, and nothing else.
pub(crate) fn trust(stack: &Stack, role: &Role) -> String {
    let callers = |cluster: &Cluster| {
        let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
        let here = stack.workloads_of(role).filter(runs_here);
        here.map(Caller::from).collect()
    };
    trust_policy(stack, &role.arn, callers)
}

/// The trust policy of the role of the setup: its service account in each cluster.
pub(crate) fn setup_trust(stack: &Stack, setup: &Setup) -> String {
    let caller = |cluster: &Cluster| {
        vec![Caller {
            service_account: &setup.service_account,
            uses_pod_identity: !stack.uses_tokens(cluster),
        }]
    };
    trust_policy(stack, &setup.role, caller)
}

/// A service account that gets a role.
struct Caller<'s> {
    service_account: &'s ServiceAccount,
    uses_pod_identity: bool,
}

fn trust_policy<'s>(
    stack: &Stack,
    role: &RoleArn,
    callers: impl Fn(&Cluster) -> Vec<Caller<'s>>,
) -> String {
    let mut statements = Vec::new();
    for cluster in &stack.clusters {
        let mut here = callers(cluster);
        here.sort_by_key(|one| one.service_account);
        here.dedup_by_key(|one| one.service_account);
        let (pod_identity, tokens): (Vec<_>, Vec<_>) =
            here.into_iter().partition(|one| one.uses_pod_identity);
        let subjects = tokens.iter().map(|one| one.service_account.subject());
        let mut subjects: Vec<_> = subjects.collect();
        subjects.sort();
        if !subjects.is_empty() {
            statements.push(web_identity_statement(role, cluster, subjects));
        }
        let accounts = pod_identity.iter().map(|one| one.service_account);
        statements.extend(accounts.map(|one| pod_identity_statement(cluster, one)));
    }
    write(statements)
}

/// Returns the permissions of the sessions of a role.
pub(crate) fn permissions(stack: &Stack, role: &Role) -> String {
    let statements = [connect(stack, role)].into_iter().flatten();
    write(statements.chain(requests(stack, role)).collect())
}

/// What sessions of the role of the setup may do: change the domains whose master user it is, and read the passwords of
/// administrators.
pub(crate) fn setup_permissions(stack: &Stack, setup: &Setup) -> String {
    let domains = stack.setup_domains(setup);
    let domains: Vec<_> = domains.map(|store| format!("{}/*", store.arn())).collect();
    let requests = (!domains.is_empty()).then(|| Statement {
        resource: Some(one_or_many(domains)),
        ..Statement::allow(one_or_many(HTTP_ACTIONS.map(str::to_owned).to_vec()))
    });
    let clusters: Vec<_> = stack.setup_clusters(setup).collect();
    let secrets = clusters.iter().map(|(_, secret)| secret.arn.to_string());
    let secrets: Vec<_> = secrets.collect();
    let read = (!secrets.is_empty()).then(|| Statement {
        resource: Some(one_or_many(secrets)),
        ..Statement::allow(READ_SECRET.into())
    });
    let keys = clusters
        .iter()
        .filter_map(|(_, secret)| secret.kms_key.as_ref());
    let keys: Vec<_> = keys.map(ToString::to_string).collect();
    let mut services: Vec<_> = clusters
        .iter()
        .map(|(store, _)| secrets_manager(store))
        .collect();
    services.sort();
    services.dedup();
    // The policy of the AWS managed key allows this already; one of a customer usually leaves it to IAM.
    let decrypt = (!keys.is_empty()).then(|| Statement {
        resource: Some(one_or_many(keys)),
        condition: Some(json!({"StringEquals": {VIA_SERVICE: one_or_many(services)}})),
        ..Statement::allow(DECRYPT.into())
    });
    write([requests, read, decrypt].into_iter().flatten().collect())
}

/// The name of Secrets Manager in the region of a cluster, as the value of `kms:ViaService`.
pub(crate) fn secrets_manager(store: &PostgresStore) -> String {
    let region = &store.region;
    format!(
        "secretsmanager.{region}.{}",
        region.partition().dns_suffix()
    )
}

/// The access policy that a domain needs, if it needs one.
///
/// Without fine-grained access control it decides alone. With it, the policies of roles in the domain's account are
/// enough; roles of other accounts need the domain's consent, too (IAM User Guide, "Cross-account policy evaluation
/// logic").
pub(crate) fn access(stack: &Stack, store: &OpenSearchStore) -> Option<String> {
    let statement = access_statement(stack, store)?;
    Some(write(vec![statement]))
}

/// The statement of that access policy, on one line.
pub(crate) fn access_statement_line(stack: &Stack, store: &OpenSearchStore) -> Option<String> {
    serde_json::to_string(&access_statement(stack, store)?).ok()
}

fn access_statement(stack: &Stack, store: &OpenSearchStore) -> Option<Statement> {
    let uses = |one: &&Workload| {
        let domain = one.opensearch.as_ref();
        domain.is_some_and(|used| used.store == store.key)
    };
    let workloads = stack.workloads.iter().filter(uses);
    let mut roles: Vec<_> = workloads.map(|one| &one.role).collect();
    if store.is_fine_grained {
        roles.push(&store.admin);
        roles.retain(|role| *role.account() != store.account);
    }
    roles.sort();
    roles.dedup();
    let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
    (!roles.is_empty()).then(|| Statement {
        principal: Some(serde_json::json!({"AWS": one_or_many(roles)})),
        resource: Some(format!("{}/*", store.arn()).into()),
        ..Statement::allow(one_or_many(HTTP_ACTIONS.map(str::to_owned).to_vec()))
    })
}

fn connect(stack: &Stack, role: &Role) -> Option<Statement> {
    let user = |workload: &Workload| {
        let used = workload.postgres.as_ref()?;
        let store = stack.postgres_store(&used.store)?;
        let arn = DbUserArn::new(
            &store.region,
            &store.account,
            &store.resource_id,
            &used.user,
        );
        Some(arn.to_string())
    };
    let mut users: Vec<_> = stack.workloads_of(role).filter_map(user).collect();
    users.sort();
    users.dedup();
    (!users.is_empty()).then(|| Statement {
        resource: Some(one_or_many(users)),
        ..Statement::allow("rds-db:connect".into())
    })
}

/// A statement for each list of actions.
fn requests(stack: &Stack, role: &Role) -> Vec<Statement> {
    let lists: [(bool, &[&str]); 2] = [(false, &HTTP_ACTIONS), (true, &DOCUMENTED_ACTIONS)];
    let statement = |(is_documented, actions): (bool, &[&str])| {
        let domain = |workload: &Workload| {
            let used = workload.opensearch.as_ref()?;
            let store = stack.opensearch_store(&used.store)?;
            (used.has_documented_actions == is_documented).then(|| format!("{}/*", store.arn()))
        };
        let mut domains: Vec<_> = stack.workloads_of(role).filter_map(domain).collect();
        domains.sort();
        domains.dedup();
        let actions = actions.iter().map(|action| (*action).to_owned());
        (!domains.is_empty()).then(|| Statement {
            resource: Some(one_or_many(domains)),
            ..Statement::allow(one_or_many(actions.collect()))
        })
    };
    lists.into_iter().filter_map(statement).collect()
}

fn web_identity_statement(role: &RoleArn, cluster: &Cluster, subjects: Vec<String>) -> Statement {
    let provider = OidcProviderArn::new(role.partition(), role.account(), &cluster.issuer);
    let issuer = cluster.issuer.host_and_path();
    let mut equals = serde_json::Map::new();
    equals.insert(format!("{issuer}:aud"), AUDIENCE.into());
    equals.insert(format!("{issuer}:sub"), one_or_many(subjects));
    Statement {
        principal: Some(serde_json::json!({"Federated": provider.as_str()})),
        condition: Some(serde_json::json!({"StringEquals": equals})),
        ..Statement::allow(web_identity::ACTION.into())
    }
}

/// The conditions keep out other clusters of the account and other service accounts (EKS user guide, "Create IAM role
/// with trust policy required by EKS Pod Identity").
fn pod_identity_statement(cluster: &Cluster, account: &ServiceAccount) -> Statement {
    Statement {
        principal: Some(serde_json::json!({"Service": pod_identity::PRINCIPAL})),
        condition: Some(serde_json::json!({
            "StringEquals": {
                "aws:SourceAccount": cluster.arn.account(),
                "aws:RequestTag/kubernetes-namespace": account.namespace(),
                "aws:RequestTag/kubernetes-service-account": account.name(),
            },
            "ArnEquals": {"aws:SourceArn": cluster.arn.as_str()},
        })),
        ..Statement::allow(one_or_many(
            pod_identity::ACTIONS.map(str::to_owned).to_vec(),
        ))
    }
}

// === impl Caller ===

impl<'s> From<&'s Workload> for Caller<'s> {
    fn from(workload: &'s Workload) -> Self {
        Self {
            service_account: &workload.service_account,
            uses_pod_identity: workload.uses_pod_identity,
        }
    }
}

// === impl Statement ===

impl Statement {
    fn allow(action: Value) -> Self {
        Self {
            effect: "Allow",
            principal: None,
            action,
            resource: None,
            condition: None,
        }
    }
}

/// IAM takes a list of one for the same as its item, and shows the item.
fn one_or_many(mut texts: Vec<String>) -> Value {
    match texts.pop() {
        Some(only) if texts.is_empty() => only.into(),
        Some(last) => {
            texts.push(last);
            texts.into()
        }
        None => Value::Array(Vec::new()),
    }
}

fn write(statement: Vec<Statement>) -> String {
    let policy = Policy {
        version: "2012-10-17",
        statement,
    };
    let text = serde_json::to_string_pretty(&policy).unwrap_or_default();
    format!("{text}\n")
}
