//! OpenSearch domains.

use super::context::{Context, identifier};
use super::network::{self, Store};
use super::providers;
use super::volume::gibibytes;
use crate::hcl::{Block, Body, Expression};
use crate::policies;
use crate::stack::{CreateOpenSearch, Network, OpenSearchStore, Origin, Workload};

/// A domain answers HTTPS.
const PORT: u16 = 443;
/// Domains are in one, two or three Availability Zones, with a subnet in each.
const MAX_ZONES: u64 = 3;
/// The word for instance types with disks of their own.
const NO_VOLUME: &str = "none";
/// GiB of the EBS volume of each node.
const VOLUME: u64 = 100;

pub(super) fn body(context: &Context<'_>, store: &OpenSearchStore) -> Body {
    match (&store.origin, &context.stack.network) {
        (Origin::Create(create), Some(network)) => created(context, store, create, network),
        (Origin::Create(_), None) => Body::new(),
        (Origin::Named, _) => named(context, store),
        (Origin::Known, _) => Body::new().comment(&settings(context, store)),
    }
}

/// The number of Availability Zones, and of subnets.
pub(super) fn zones(create: &CreateOpenSearch, network: &Network) -> u64 {
    let subnets = u64::try_from(network.subnets.len()).unwrap_or(MAX_ZONES);
    create.instances.min(subnets).clamp(1, MAX_ZONES)
}

/// GiB of each node's volume: none, or a number if it is one.
pub(super) fn volume(create: &CreateOpenSearch) -> Result<Option<u64>, &str> {
    match create.volume.as_deref() {
        None => Ok(Some(VOLUME)),
        Some(NO_VOLUME) => Ok(None),
        Some(text) => gibibytes(text).map(Some).ok_or(text),
    }
}

/// The domain is only read. A `check` warns at each plan if it does not decide as irsa.yaml says.
fn named(context: &Context<'_>, store: &OpenSearchStore) -> Body {
    let name = identifier(&store.key);
    let data = Body::new()
        .set_some("provider", providers::argument(context.stack, store))
        .text("domain_name", &store.name);
    let body = Body::new()
        .comment(&settings(context, store))
        .block(Block::named("data", "aws_opensearch_domain", &name, data));
    if !store.is_fine_grained {
        return body;
    }
    let is_on = format!(
        "try(data.aws_opensearch_domain.{name}.advanced_security_options[0].enabled, false)"
    );
    let message = format!(
        "Fine-grained access control of the domain {} is off. Turn it on, which can't be undone, or set \
         access: domain-policy in irsa.yaml.",
        store.name
    );
    let assert = Body::new()
        .reference("condition", is_on)
        .text("error_message", message);
    let assert = Body::new().block(Block::plain("assert", assert));
    body.block(Block::new("check", [format!("opensearch_{name}")], assert))
}

fn settings(context: &Context<'_>, store: &OpenSearchStore) -> String {
    let mut parts = vec![format!(
        "The domain {} exists and is not changed.",
        store.name
    )];
    if store.is_fine_grained {
        let admin = store.admin.as_str();
        parts.push(format!(
            "Its master user must be:\n\n  master_user_arn = \"{admin}\""
        ));
    }
    if let Some(policy) = policies::access(context.stack, store) {
        let policy = policy.trim_end();
        parts.push(format!("Its access policy must permit:\n\n{policy}"));
    }
    parts.join("\n\n")
}

fn uses(store: &OpenSearchStore, workload: &Workload) -> bool {
    let used = workload.opensearch.as_ref();
    used.is_some_and(|used| used.store == store.key)
}

fn created(
    context: &Context<'_>,
    store: &OpenSearchStore,
    create: &CreateOpenSearch,
    network: &Network,
) -> Body {
    let group = Store {
        kind: "opensearch",
        key: &store.key,
        port: PORT,
        clusters: context.clusters_with(|one| uses(store, one)),
    };
    Body::new()
        .blocks(network::security_group(context, network, &group))
        .block(domain(context, store, create, network))
}

fn domain(
    context: &Context<'_>,
    store: &OpenSearchStore,
    create: &CreateOpenSearch,
    network: &Network,
) -> Block {
    let zones = zones(create, network);
    let access = policies::access(context.stack, store)
        .map(|policy| Expression::policy(&policy, &context.principals()));
    let lifecycle = Body::new().flag("prevent_destroy", true);
    let body = Body::new()
        .text("domain_name", &store.name)
        .text("engine_version", &create.engine_version)
        .set_some("access_policies", access)
        .block(nodes(create, zones))
        .block(disks(create))
        .block(encryption(create))
        .block(Block::plain(
            "node_to_node_encryption",
            Body::new().flag("enabled", true),
        ))
        .block(endpoint())
        .block(subnets(store, network, zones))
        .blocks(store.is_fine_grained.then(|| security(context, store)))
        .block(Block::plain("lifecycle", lifecycle));
    Block::named(
        "resource",
        "aws_opensearch_domain",
        &identifier(&store.key),
        body,
    )
}

fn nodes(create: &CreateOpenSearch, zones: u64) -> Block {
    let is_spread = zones > 1;
    let body = Body::new()
        .text("instance_type", &create.instance)
        .integer("instance_count", create.instances)
        .flag("zone_awareness_enabled", is_spread);
    let zones = Body::new().integer("availability_zone_count", zones);
    let zones = is_spread.then(|| Block::plain("zone_awareness_config", zones));
    Block::plain("cluster_config", body.blocks(zones))
}

fn disks(create: &CreateOpenSearch) -> Block {
    let volume = volume(create).ok().flatten();
    let body = Body::new().flag("ebs_enabled", volume.is_some());
    Block::plain(
        "ebs_options",
        match volume {
            Some(volume) => body
                .text("volume_type", "gp3")
                .integer("volume_size", volume),
            None => body,
        },
    )
}

fn encryption(create: &CreateOpenSearch) -> Block {
    let key = create.kms_key.as_ref().map(Expression::text);
    let body = Body::new()
        .flag("enabled", true)
        .set_some("kms_key_id", key);
    Block::plain("encrypt_at_rest", body)
}

fn endpoint() -> Block {
    let body = Body::new()
        .flag("enforce_https", true)
        .text("tls_security_policy", "Policy-Min-TLS-1-2-2019-07");
    Block::plain("domain_endpoint_options", body)
}

fn subnets(store: &OpenSearchStore, network: &Network, zones: u64) -> Block {
    let zones = usize::try_from(zones).unwrap_or(usize::MAX);
    let body = Body::new()
        .set(
            "subnet_ids",
            Expression::texts(network.subnets.iter().take(zones)),
        )
        .set(
            "security_group_ids",
            network::security_group_ids("opensearch", &store.key),
        );
    Block::plain("vpc_options", body)
}

/// Fine-grained access control with a role as master user: there is no password.
fn security(context: &Context<'_>, store: &OpenSearchStore) -> Block {
    let setup = context.setup_role();
    let admin = match setup.filter(|role| *role.arn == store.admin) {
        Some(role) => Expression::reference(context.own_role_arn(&role)),
        None => Expression::text(store.admin.as_str()),
    };
    let admin = Block::plain(
        "master_user_options",
        Body::new().set("master_user_arn", admin),
    );
    let body = Body::new()
        .flag("enabled", true)
        .flag("anonymous_auth_enabled", false)
        .flag("internal_user_database_enabled", false)
        .block(admin);
    Block::plain("advanced_security_options", body)
}
