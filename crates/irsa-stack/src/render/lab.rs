//! The setup as a world of the lab.
//!
//! A world has one Kubernetes cluster: the first one, with the workloads that run in it. Database users of a world have
//! all privileges on their databases, so readers do, too.

use irsa_chain::RoleArn;
use irsa_sidecar::AUDIENCE;
use irsa_world::World;

use crate::ownership_mark;
use crate::policies;
use crate::render::File;
use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Role, Setup, Stack, Workload};
use crate::yaml::Yaml;

/// The first port of the proxies for PostgreSQL; each workload has its own.
const POSTGRES_PORT: usize = 15_432;
/// The first port of the proxies for OpenSearch.
const OPENSEARCH_PORT: usize = 19_200;

/// # Errors
/// The world is not one that the lab would take.
pub(super) fn files(stack: &Stack) -> Result<Vec<File>, String> {
    let cluster = stack.clusters.first().ok_or("the setup has no cluster")?;
    let text = world(stack, cluster).write();
    World::from_yaml(&text)
        .map_err(|error| format!("the lab does not support this setup: {error}"))?;
    Ok(vec![File {
        path: "lab/world.yaml".to_owned(),
        text,
    }])
}

fn world(stack: &Stack, cluster: &Cluster) -> Yaml {
    let runs_here = |one: &&Workload| one.clusters.contains(&cluster.name);
    let workloads: Vec<_> = stack.workloads.iter().filter(runs_here).collect();
    let with_pod_identity = workloads.iter().filter(|one| one.uses_pod_identity);
    let associations = with_pod_identity.map(|one| (&one.service_account, &one.role));
    let setup = stack.needed_setup().filter(|_| !stack.uses_tokens(cluster));
    let setup = setup.map(|one| (&one.service_account, &one.role));
    let associations = associations.chain(setup).map(|(account, role)| {
        Yaml::map([
            ("service_account", Yaml::text(account.to_string())),
            ("role", Yaml::text(role.as_str())),
        ])
    });
    Yaml::map([
        ("region", Yaml::text(stack.region.as_str())),
        ("accounts", Yaml::texts(accounts(stack))),
        ("kubernetes", kubernetes(stack, cluster)),
        ("oidc_providers", Yaml::List(vec![provider(stack, cluster)])),
        ("roles", Yaml::List(roles(stack))),
        ("node_role", Yaml::text(node_role(stack))),
        (
            "pod_identity_associations",
            Yaml::List(associations.collect()),
        ),
        (
            "clusters",
            Yaml::List(
                stack
                    .postgres
                    .iter()
                    .map(|one| database_cluster(stack, one))
                    .collect(),
            ),
        ),
        (
            "domains",
            Yaml::List(
                stack
                    .opensearch
                    .iter()
                    .map(|one| domain(stack, one))
                    .collect(),
            ),
        ),
        (
            "workloads",
            Yaml::List(
                workloads
                    .iter()
                    .enumerate()
                    .map(|(number, one)| workload(stack, number, one))
                    .chain(
                        stack
                            .needed_setup()
                            .map(|one| setup_workload(stack, cluster, one)),
                    )
                    .collect(),
            ),
        ),
    ])
}

/// The roles of the setup, and the node's.
fn roles(stack: &Stack) -> Vec<Yaml> {
    let own = stack.roles.iter().filter(|role| !role.is_external);
    let setup = stack.needed_setup().map(|one| setup_role(stack, one));
    let node = Yaml::map([
        ("arn", Yaml::text(node_role(stack))),
        ("trust_policy", Yaml::Block(NODE_TRUST.to_owned())),
    ]);
    own.map(|one| role(stack, one))
        .chain(setup)
        .chain([node])
        .collect()
}

/// The node has a role without permissions.
const NODE_TRUST: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": {
        "Service": "ec2.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}
"#;

/// The pod of the setup.
fn setup_workload(stack: &Stack, cluster: &Cluster, setup: &Setup) -> Yaml {
    let is_used = |name: &str| stack.workloads.iter().any(|one| one.key == name);
    let name = unused("setup".to_owned(), is_used);
    let account = setup.service_account.to_string();
    Yaml::map([
        ("name", Yaml::text(name)),
        ("service_account", Yaml::text(account)),
        (
            "identity",
            Yaml::text(identity(!stack.uses_tokens(cluster))),
        ),
        ("role", Yaml::text(setup.role.as_str())),
    ])
}

/// A name that nothing else has: letters are added until it is one.
fn unused(mut name: String, is_used: impl Fn(&str) -> bool) -> String {
    while is_used(&name) {
        name.push('s');
    }
    name
}

fn node_role(stack: &Stack) -> String {
    let partition = stack.region.partition();
    let is_used = |name: &str| stack.roles.iter().any(|role| role.arn.name() == name);
    let name = unused(format!("{}-node", stack.name), is_used);
    format!("arn:{partition}:iam::{}:role/{name}", stack.account)
}

fn accounts(stack: &Stack) -> Vec<String> {
    let stores = stack.postgres.iter().map(|one| &one.account);
    let domains = stack.opensearch.iter().map(|one| &one.account);
    let roles = stack
        .roles
        .iter()
        .filter(|role| !role.is_external)
        .map(|one| one.arn.account());
    let mut accounts: Vec<_> = stores
        .chain(domains)
        .chain(roles)
        .chain([&stack.account])
        .map(ToString::to_string)
        .collect();
    accounts.sort();
    accounts.dedup();
    accounts
}

fn kubernetes(stack: &Stack, cluster: &Cluster) -> Yaml {
    Yaml::map([
        ("name", Yaml::text(&cluster.name)),
        ("account", Yaml::text(stack.account.as_str())),
        ("issuer", Yaml::text(cluster.issuer.as_str())),
    ])
}

fn provider(stack: &Stack, cluster: &Cluster) -> Yaml {
    Yaml::map([
        ("account", Yaml::text(stack.account.as_str())),
        ("issuer", Yaml::text(cluster.issuer.as_str())),
        ("client_ids", Yaml::texts([AUDIENCE])),
    ])
}

fn role(stack: &Stack, role: &Role) -> Yaml {
    let policies = [
        policies::trust(stack, role),
        policies::permissions(stack, role),
    ];
    role_with(&role.arn, &role.policy, policies)
}

fn setup_role(stack: &Stack, setup: &Setup) -> Yaml {
    let policies = [
        policies::setup_trust(stack, setup),
        policies::setup_permissions(stack, setup),
    ];
    role_with(&setup.role, setup.role.name(), policies)
}

fn role_with(arn: &RoleArn, policy: &str, [trust, permissions]: [String; 2]) -> Yaml {
    let policy = Yaml::map([
        ("name", Yaml::text(policy)),
        ("document", Yaml::Block(permissions)),
    ]);
    Yaml::map([
        ("arn", Yaml::text(arn.as_str())),
        ("trust_policy", Yaml::Block(trust)),
        ("policies", Yaml::List(vec![policy])),
    ])
}

fn database_cluster(stack: &Stack, store: &PostgresStore) -> Yaml {
    let mut users: Vec<_> = stack
        .uses_of_postgres(store)
        .map(|(_, one)| &one.user)
        .collect();
    users.sort();
    users.dedup();
    let user = |name: &&String| {
        let grants = stack
            .uses_of_postgres(store)
            .filter(|(_, one)| one.user == **name);
        let mut databases: Vec<_> = grants.map(|(_, one)| one.database.clone()).collect();
        databases.sort();
        databases.dedup();
        Yaml::map([
            ("name", Yaml::text(name.as_str())),
            ("member_of", Yaml::texts(["rds_iam"])),
            ("databases", Yaml::texts(databases)),
        ])
    };
    let fields = [
        ("name", Yaml::text(&store.identifier)),
        ("account", Yaml::text(store.account.as_str())),
        ("region", Yaml::text(store.region.as_str())),
        ("resource_id", Yaml::text(store.resource_id.as_str())),
        ("dns_id", Yaml::text(dns_id(&store.endpoint))),
        ("port", Yaml::Integer(store.port.into())),
        (
            "instances",
            Yaml::texts([format!("{}-1", store.identifier)]),
        ),
        (
            "databases",
            Yaml::texts(store.databases.iter().map(|one| &one.name)),
        ),
        ("users", Yaml::List(users.iter().map(user).collect())),
    ];
    let master = master_user(store).into_iter().flatten();
    Yaml::map(fields.into_iter().chain(master))
}

/// The administrator, if AWS manages its password. The lab generates it.
fn master_user(store: &PostgresStore) -> Option<[(&'static str, Yaml); 2]> {
    let (name, secret) = store.admin.as_ref().zip(store.admin_secret.as_ref())?;
    let key = secret.kms_key.as_ref();
    let key = key.map(|key| ("kms_key", Yaml::text(key.as_str())));
    let arn = ("arn", Yaml::text(secret.arn.as_str()));
    let master = Yaml::map([
        ("name", Yaml::text(name)),
        ("secret", Yaml::map([arn].into_iter().chain(key))),
    ]);
    // `CREATE ROLE` makes the administrator a member without INHERIT, which RDS is seen not to count.
    let membership = Yaml::text("inherited");
    Some([("master_user", master), ("iam_membership", membership)])
}

/// `c9akciq32rgw` in `aurora.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com`.
fn dns_id(endpoint: &str) -> &str {
    let label = endpoint.split('.').nth(1).unwrap_or_default();
    label.strip_prefix("cluster-").unwrap_or(label)
}

fn domain(stack: &Stack, store: &OpenSearchStore) -> Yaml {
    let mut fields = vec![
        ("name", Yaml::text(&store.name)),
        ("account", Yaml::text(store.account.as_str())),
        ("region", Yaml::text(store.region.as_str())),
        ("endpoint", Yaml::text(&store.endpoint)),
        ("fine_grained", Yaml::Flag(store.is_fine_grained)),
    ];
    let policy = policies::access(stack, store);
    fields.extend(policy.map(|policy| ("access_policy", Yaml::Block(policy))));
    if !store.is_fine_grained {
        return Yaml::map(fields);
    }
    let roles = store.roles.iter().map(|role| {
        let index = |(pattern, privilege): &(String, crate::stack::IndexPrivilege)| {
            Yaml::map([
                ("index_patterns", Yaml::texts([pattern])),
                (
                    "allowed_actions",
                    Yaml::texts(privilege.allowed_actions().iter().copied()),
                ),
            ])
        };
        Yaml::map([
            ("name", Yaml::text(&role.name)),
            ("description", Yaml::text(ownership_mark(stack))),
            (
                "cluster_permissions",
                Yaml::texts(role.cluster_permissions.iter().copied()),
            ),
            (
                "index_permissions",
                Yaml::List(role.indices.iter().map(index).collect()),
            ),
        ])
    });
    let mappings = store.mappings.iter().map(|mapping| {
        let roles = mapping.backend_roles.iter().map(RoleArn::as_str);
        Yaml::map([
            ("role", Yaml::text(&mapping.role)),
            ("backend_roles", Yaml::texts(roles)),
        ])
    });
    fields.push(("master_role", Yaml::text(store.admin.as_str())));
    fields.push(("roles", Yaml::List(roles.collect())));
    fields.push(("role_mappings", Yaml::List(mappings.collect())));
    Yaml::map(fields)
}

fn identity(uses_pod_identity: bool) -> &'static str {
    if uses_pod_identity {
        "pod-identity"
    } else {
        "web-identity"
    }
}

fn workload(stack: &Stack, number: usize, workload: &Workload) -> Yaml {
    let mut fields = vec![
        ("name", Yaml::text(&workload.key)),
        (
            "service_account",
            Yaml::text(workload.service_account.to_string()),
        ),
        ("identity", Yaml::text(identity(workload.uses_pod_identity))),
        ("role", Yaml::text(workload.role.as_str())),
    ];
    if let Some(used) = &workload.postgres
        && let Some(store) = stack.postgres_store(&used.store)
    {
        let database = Yaml::map([
            ("cluster", Yaml::text(&store.identifier)),
            ("name", Yaml::text(&used.database)),
            ("user", Yaml::text(&used.user)),
            ("listen", Yaml::text((POSTGRES_PORT + number).to_string())),
        ]);
        fields.push(("database", database));
    }
    if let Some(used) = &workload.opensearch
        && let Some(store) = stack.opensearch_store(&used.store)
    {
        let domain = Yaml::map([
            ("name", Yaml::text(&store.name)),
            ("listen", Yaml::text((OPENSEARCH_PORT + number).to_string())),
        ]);
        fields.push(("domain", domain));
    }
    Yaml::map(fields)
}
