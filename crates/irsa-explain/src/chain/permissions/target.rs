//! What a session is asked for.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::{AccountId, DbResourceId, DbUserArn, Partition, Region};

use crate::chain::Access;
use crate::inventory::{Database, Domain, Inventory, Source};
use crate::question::LATER;

/// Where the role is, and the cluster whose pods have it.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) partition: Partition,
    pub(super) account: &'a AccountId,
    pub(super) region: Option<Region>,
}

/// What the session is asked for, and what of that is not known.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) action: String,
    pub(super) resource: Option<String>,
    /// Of the resource.
    pub(super) policies: Vec<Source>,
    pub(super) unknown: Option<String>,
}

// === impl Target ===

impl Target {
    pub(super) fn of(
        inventory: &Inventory,
        access: Access<'_>,
        place: &Place<'_>,
    ) -> Result<Self, String> {
        match access {
            Access::Connect(text) if text.starts_with("arn:") => {
                let arn: DbUserArn = text
                    .parse()
                    .map_err(|error| format!("--connect: {error}"))?;
                Ok(Self::connect(arn.to_string()))
            }
            Access::Connect(text) => connect(inventory, text, place),
            Access::Open { domain, action } => open(inventory, domain, action, place),
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

fn connect(inventory: &Inventory, text: &str, place: &Place<'_>) -> Result<Target, String> {
    let parts = text.rsplit_once('@').filter(|(user, _)| !user.is_empty());
    let (user, name) = parts.ok_or_else(|| format!("--connect: `{text}` is not USER@DATABASE"))?;
    let found = inventory.database(name);
    let region = region(found, name, place)?;
    let Some(found) = found else {
        let id: DbResourceId = name
            .parse()
            .map_err(|error| no_database(inventory, name, &error))?;
        let arn = DbUserArn::new(&region, place.account, &id, user);
        return Ok(Target::connect(arn.to_string()));
    };
    if let Some(id) = &found.resource_id {
        let arn = DbUserArn::new(&region, place.account, id, user);
        return Ok(Target::connect(arn.to_string()));
    }
    let (partition, account) = (region.partition(), place.account);
    let arn = format!("arn:{partition}:rds-db:{region}:{account}:dbuser:{LATER}/{user}");
    let what = format!(
        "the resource id of `{}` (known after apply only)",
        found.place
    );
    Ok(Target {
        unknown: Some(what),
        ..Target::connect(arn)
    })
}

fn region(found: Option<&Database>, name: &str, place: &Place<'_>) -> Result<Region, String> {
    let own = found.and_then(|found| found.region.clone());
    let of_endpoint = || name.parse::<RdsEndpoint>().ok()?.region().cloned();
    let region = own.or_else(of_endpoint).or_else(|| place.region.clone());
    region.ok_or_else(|| {
        let arn = "arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER";
        format!("--connect: the region of `{name}` can't be told: give the whole ARN, `{arn}`")
    })
}

fn no_database(inventory: &Inventory, name: &str, error: &irsa_chain::ParseError) -> String {
    let known: Vec<_> = inventory
        .databases
        .iter()
        .map(|one| one.place.as_str())
        .collect();
    match known.as_slice() {
        [] => format!("--connect: {error}"),
        known => format!(
            "--connect: there is no database `{name}`; there is `{}`",
            known.join("`, `")
        ),
    }
}

fn open(
    inventory: &Inventory,
    name: &str,
    action: &str,
    place: &Place<'_>,
) -> Result<Target, String> {
    let found = inventory.domain(domain_of(name));
    let called = found.map_or(name, |found| &found.place);
    let arn = domain_arn(inventory, found, name, place)?;
    let what = || format!("the ARN of `{called}` (known after apply only)");
    Ok(Target {
        action: action.to_owned(),
        unknown: arn.is_none().then(what),
        resource: Some(arn.map_or_else(|| LATER.to_owned(), with_path)),
        policies: found.map_or_else(Vec::new, |found| found.access_policy.clone()),
    })
}

/// `None` if it is known after apply only.
fn domain_arn(
    inventory: &Inventory,
    found: Option<&Domain>,
    name: &str,
    place: &Place<'_>,
) -> Result<Option<String>, String> {
    if name.starts_with("arn:") {
        return Ok(Some(name.to_owned()));
    }
    if let Some(found) = found {
        return Ok(found.arn.clone().or_else(|| found_arn(found, place)));
    }
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = name.bytes().all(is_part) && inventory.domains.is_empty();
    match &place.region {
        Some(region) if is_name => {
            let (partition, account) = (place.partition, place.account);
            Ok(Some(format!(
                "arn:{partition}:es:{region}:{account}:domain/{name}"
            )))
        }
        _ => Err(no_domain(inventory, name)),
    }
}

/// The ARN of a domain whose name is known, in the role's account and the cluster's region.
fn found_arn(found: &Domain, place: &Place<'_>) -> Option<String> {
    let (name, region) = (found.name.as_deref()?, place.region.as_ref()?);
    let (partition, account) = (place.partition, place.account);
    Some(format!(
        "arn:{partition}:es:{region}:{account}:domain/{name}"
    ))
}

/// The domain that an ARN names, with or without a path.
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

/// Requests are about what is below a domain; without a path, about its root.
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
        .map(|one| one.place.as_str())
        .collect();
    if !known.is_empty() {
        return format!(
            "--open: there is no domain `{name}`; there is `{}`",
            known.join("`, `")
        );
    }
    let what = match name.parse::<OpenSearchEndpoint>() {
        Ok(_) => "an endpoint does not tell its domain's ARN",
        Err(_) => "no ARN, and the region is not known",
    };
    format!("--open: `{name}`: {what}; expected `arn:aws:es:REGION:ACCOUNT:domain/NAME`")
}
