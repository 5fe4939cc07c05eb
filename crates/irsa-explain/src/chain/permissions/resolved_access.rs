//! The action and resource of an access.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::{AccountId, DbResourceId, DbUserArn, Partition, Region};

use crate::chain::Access;
use crate::inventory::{Database, Domain, Inventory, PolicySource};
use crate::question::LATER;

/// The partition and account of the role, and the region of the cluster.
#[derive(Debug)]
pub(super) struct Location<'a> {
    pub(super) partition: Partition,
    pub(super) account: &'a AccountId,
    pub(super) region: Option<Region>,
}

/// The action and resource of an access, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct ResolvedAccess {
    pub(super) action: String,
    pub(super) resource: Option<String>,
    /// The resource-based policies.
    pub(super) policies: Vec<PolicySource>,
    /// A description of the unknown part.
    pub(super) unknown: Option<String>,
}

// === impl ResolvedAccess ===

impl ResolvedAccess {
    pub(super) fn resolve(
        inventory: &Inventory,
        access: Access<'_>,
        location: &Location<'_>,
    ) -> Result<Self, String> {
        match access {
            Access::Connect(text) if text.starts_with("arn:") => {
                let arn: DbUserArn = text
                    .parse()
                    .map_err(|error| format!("--connect: {error}"))?;
                Ok(Self::connect(arn.to_string()))
            }
            Access::Connect(text) => connect(inventory, text, location),
            Access::Open { domain, action } => open(inventory, domain, action, location),
            Access::Call { action, resource } => Ok(Self {
                action: action.to_owned(),
                resource: resource.map(str::to_owned),
                ..Self::default()
            }),
        }
    }

    fn connect(user: String) -> Self {
        Self {
            action: "rds-db:connect".to_owned(),
            resource: Some(user),
            ..Self::default()
        }
    }
}

fn connect(
    inventory: &Inventory,
    text: &str,
    location: &Location<'_>,
) -> Result<ResolvedAccess, String> {
    let parts = text.rsplit_once('@').filter(|(user, _)| !user.is_empty());
    let (user, name) =
        parts.ok_or_else(|| format!("--connect: `{text}` does not have the form USER@DATABASE"))?;
    let found = inventory.database(name);
    let region = region(found, name, location)?;
    let Some(found) = found else {
        let id: DbResourceId = name
            .parse()
            .map_err(|error| no_database(inventory, name, &error))?;
        let arn = DbUserArn::new(&region, location.account, &id, user);
        return Ok(ResolvedAccess::connect(arn.to_string()));
    };
    if let Some(id) = &found.resource_id {
        let arn = DbUserArn::new(&region, location.account, id, user);
        return Ok(ResolvedAccess::connect(arn.to_string()));
    }
    let (partition, account) = (region.partition(), location.account);
    let arn = format!("arn:{partition}:rds-db:{region}:{account}:dbuser:{LATER}/{user}");
    let what = format!("the resource ID of `{}` (known after apply)", found.label);
    Ok(ResolvedAccess {
        unknown: Some(what),
        ..ResolvedAccess::connect(arn)
    })
}

fn region(found: Option<&Database>, name: &str, location: &Location<'_>) -> Result<Region, String> {
    let own = found.and_then(|found| found.region.clone());
    let of_endpoint = || name.parse::<RdsEndpoint>().ok()?.region().cloned();
    let region = own.or_else(of_endpoint).or_else(|| location.region.clone());
    region.ok_or_else(|| {
        let arn = "arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER";
        format!("--connect: the region of `{name}` is unknown: pass the whole ARN, `{arn}`")
    })
}

fn no_database(inventory: &Inventory, name: &str, error: &irsa_chain::ParseError) -> String {
    let known: Vec<_> = inventory
        .databases
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    match known.as_slice() {
        [] => format!("--connect: {error}"),
        known => format!(
            "--connect: there is no database `{name}`; known databases: `{}`",
            known.join("`, `")
        ),
    }
}

fn open(
    inventory: &Inventory,
    name: &str,
    action: &str,
    location: &Location<'_>,
) -> Result<ResolvedAccess, String> {
    let found = inventory.domain(domain_of(name));
    let called = found.map_or(name, |found| &found.label);
    let arn = domain_arn(inventory, found, name, location)?;
    let what = || format!("the ARN of `{called}` (known after apply)");
    Ok(ResolvedAccess {
        action: action.to_owned(),
        unknown: arn.is_none().then(what),
        resource: Some(arn.map_or_else(|| LATER.to_owned(), with_path)),
        policies: found.map_or_else(Vec::new, |found| found.access_policy.clone()),
    })
}

/// Returns `None` if the ARN is known only after apply.
fn domain_arn(
    inventory: &Inventory,
    found: Option<&Domain>,
    name: &str,
    location: &Location<'_>,
) -> Result<Option<String>, String> {
    if name.starts_with("arn:") {
        return Ok(Some(name.to_owned()));
    }
    if let Some(found) = found {
        return Ok(found.arn.clone().or_else(|| found_arn(found, location)));
    }
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = name.bytes().all(is_part) && inventory.domains.is_empty();
    match &location.region {
        Some(region) if is_name => {
            let (partition, account) = (location.partition, location.account);
            Ok(Some(format!(
                "arn:{partition}:es:{region}:{account}:domain/{name}"
            )))
        }
        _ => Err(no_domain(inventory, name)),
    }
}

/// The ARN of a domain with a known name, in the account of the role and the region of the cluster.
fn found_arn(found: &Domain, location: &Location<'_>) -> Option<String> {
    let (name, region) = (found.name.as_deref()?, location.region.as_ref()?);
    let (partition, account) = (location.partition, location.account);
    Some(format!(
        "arn:{partition}:es:{region}:{account}:domain/{name}"
    ))
}

/// Removes the path from the ARN of a domain.
fn domain_of(name: &str) -> &str {
    let domain = name
        .split_once(":domain/")
        .filter(|_| name.starts_with("arn:"));
    let path = domain.and_then(|(_, rest)| rest.split_once('/'));
    path.map_or(name, |(_, path)| {
        name.strip_suffix(path)
            .and_then(|name| name.strip_suffix('/'))
            .unwrap_or(name)
    })
}

/// Adds the root path to the ARN of a domain without a path, as requests apply to paths.
fn with_path(arn: String) -> String {
    if domain_of(&arn).len() == arn.len() {
        arn + "/"
    } else {
        arn
    }
}

fn no_domain(inventory: &Inventory, name: &str) -> String {
    let known: Vec<_> = inventory
        .domains
        .iter()
        .map(|one| one.label.as_str())
        .collect();
    if !known.is_empty() {
        return format!(
            "--open: there is no domain `{name}`; known domains: `{}`",
            known.join("`, `")
        );
    }
    let what = match name.parse::<OpenSearchEndpoint>() {
        Ok(_) => "the endpoint does not contain the domain's ARN",
        Err(_) => "not an ARN, and the region is unknown",
    };
    format!("--open: `{name}`: {what}; expected `arn:aws:es:REGION:ACCOUNT:domain/NAME`")
}
