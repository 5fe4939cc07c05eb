//! Mistakes in resource ARNs of databases and domains.

use irsa_chain::{AccountId, DbResourceId};
use irsa_policy::{TextPattern, covers};

use super::{Part, Suggestion};

/// Other names of the service with OpenSearch domains.
const OTHER_SERVICES: [&str; 4] = ["opensearch", "opensearchservice", "elasticsearch", "aoss"];

/// Services whose ARNs always contain a region and an account.
const WITH_ACCOUNTS: [&str; 2] = ["es", "rds-db"];

pub(super) fn variable_in_arn(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (_, rest) = split(arn)?;
    let head = arn.len() - rest.len();
    arn.find("${").is_some_and(|at| at < head).then_some(None)
}

pub(super) fn dbuser_of_rds(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (service, rest) = split(arn)?;
    let is_it = service == "rds" && rest.starts_with("dbuser");
    is_it.then(|| Some(arn.replacen(":rds:", ":rds-db:", 1)))
}

pub(super) fn cluster_as_dbuser(part: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (service, _) = split(arn)?;
    (service == "rds" && allows(part, "rds-db:connect")).then_some(None)
}

pub(super) fn dbuser_separator(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let is_it = dbuser(arn)?.starts_with("dbuser/");
    is_it.then(|| Some(arn.replacen("dbuser/", "dbuser:", 1)))
}

pub(super) fn dbuser_without_user(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let database = dbuser(arn)?.strip_prefix("dbuser:")?;
    (!database.contains(['/', '*'])).then_some(None)
}

pub(super) fn name_as_resource_id(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (database, _) = dbuser(arn)?.strip_prefix("dbuser:")?.split_once('/')?;
    let has_wildcards = database.contains(['*', '?', '$']);
    let is_id = database.parse::<DbResourceId>().is_ok();
    (!has_wildcards && !is_id).then_some(None)
}

pub(super) fn domain_without_paths(part: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let Part::Resource { arns, .. } = *part else {
        return None;
    };
    let (service, rest) = split(arn)?;
    let bare = arn.strip_suffix('/').unwrap_or(arn);
    let below = format!("{bare}/*");
    let is_it = service == "es" && is_whole_domain(rest) && matches_http(part);
    let is_covered = || {
        arns.iter()
            .any(|other| covers(other, &format!("{arn}/index")))
    };
    (is_it && !is_covered()).then_some(Some(below))
}

/// Detects the ARN of a domain with a different name of the service, or with that of OpenSearch Serverless.
pub(super) fn domain_of_other_service(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (service, rest) = split(arn)?;
    let is_it = OTHER_SERVICES.contains(&service) && rest.starts_with("domain/");
    is_it.then(|| Some(arn.replacen(&format!(":{service}:"), ":es:", 1)))
}

pub(super) fn not_an_account(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let (service, _) = split(arn)?;
    let account = arn.split(':').nth(4)?;
    let is_whole = !account.is_empty() && !account.contains(['*', '?', '$']) && account != "aws";
    let is_checked = WITH_ACCOUNTS.contains(&service) || service == "iam";
    (is_checked && is_whole && account.parse::<AccountId>().is_err()).then_some(None)
}

pub(super) fn without_account(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    is_empty_field(arn, 4).then_some(None)
}

pub(super) fn without_region(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    is_empty_field(arn, 3).then_some(None)
}

/// Returns whether a field is empty that all ARNs of the service contain.
fn is_empty_field(arn: &str, field: usize) -> bool {
    let service = split(arn).map(|(service, _)| service);
    let is_checked = service.is_some_and(|service| WITH_ACCOUNTS.contains(&service));
    is_checked && arn.split(':').nth(field) == Some("")
}

/// Detects the host of an endpoint, or its first label, in place of the domain's name.
pub(super) fn endpoint_as_domain(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let name = domain_name(arn)?;
    let label = name.split('.').next()?;
    let bare = ["search-", "vpc-"]
        .into_iter()
        .find_map(|prefix| label.strip_prefix(prefix));
    let without_id = |bare: &'_ str| {
        let (domain, id) = bare.rsplit_once('-')?;
        let is_id = id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id.then(|| domain.to_owned())
    };
    let domain = bare.and_then(without_id);
    let is_it = name.contains('.') || domain.is_some();
    is_it.then(|| domain.map(|domain| arn.replacen(name, &domain, 1)))
}

/// Detects invalid domain names ("CreateDomain" in the OpenSearch Service API Reference).
pub(super) fn no_domain_name(_: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let name = domain_name(arn)?;
    let is_char = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (3..=28).contains(&name.len())
        && name.starts_with(|char: char| char.is_ascii_lowercase())
        && name.bytes().all(is_char);
    (!is_name).then_some(None)
}

/// The name of a domain, if it has no wildcards.
fn domain_name(arn: &str) -> Option<&str> {
    let (service, rest) = split(arn)?;
    let rest = rest.strip_prefix("domain/").filter(|_| service == "es")?;
    let name = rest.split('/').next()?;
    (!name.contains(['*', '?', '$'])).then_some(name)
}

/// Detects an ARN of a service without actions in the statement, for databases and domains.
pub(super) fn other_service(part: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let Part::Resource {
        actions,
        requested: None,
        ..
    } = *part
    else {
        return None;
    };
    let (service, _) = split(arn)?;
    let prefixes = actions
        .iter()
        .map(|action| action.split(':').next().unwrap_or(action));
    let prefixes: Vec<String> = prefixes.map(str::to_ascii_lowercase).collect();
    // Actions of `es` also apply to data sources, whose ARNs have the service `opensearch`.
    let is_login = || prefixes.iter().all(|prefix| prefix == "rds-db");
    let is_checked = WITH_ACCOUNTS.contains(&service) || is_login();
    let is_of_action = prefixes
        .iter()
        .any(|prefix| prefix == service || prefix == "*");
    (is_checked && !prefixes.is_empty() && !is_of_action).then_some(None)
}

/// Detects the ID of an instance if the requested database is a cluster.
pub(super) fn instance_of_cluster(part: &Part<'_>, arn: &str) -> Option<Suggestion> {
    let Part::Resource {
        requested: Some(requested),
        ..
    } = *part
    else {
        return None;
    };
    let is_it = arn.contains(":dbuser:db-") && requested.contains(":dbuser:cluster-");
    is_it.then_some(None)
}

/// The service and the resource part of an ARN.
fn split(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    Some((parts.nth(2)?, parts.nth(2)?))
}

fn dbuser(arn: &str) -> Option<&str> {
    let (service, rest) = split(arn)?;
    (service == "rds-db").then_some(rest)
}

/// Returns whether the statement has `es:ESHttp*` actions, other than through `*`.
fn matches_http(part: &Part<'_>) -> bool {
    let Part::Resource { actions, .. } = *part else {
        return false;
    };
    let mut actions = actions.iter().map(|action| action.to_ascii_lowercase());
    actions.any(|action| {
        action.starts_with("es:eshttp")
            || (action.starts_with("es:") && TextPattern::new(&action).matches("es:eshttpget"))
    })
}

/// Returns whether the statement has actions that start with `prefix`.
fn allows(part: &Part<'_>, prefix: &str) -> bool {
    let Part::Resource { actions, .. } = *part else {
        return false;
    };
    let mut actions = actions.iter();
    actions.any(|action| action.to_ascii_lowercase().starts_with(prefix))
}

/// Returns whether the resource is `domain/NAME` without a path.
fn is_whole_domain(resource: &str) -> bool {
    let name = resource.strip_prefix("domain/");
    let name = name.map(|name| name.strip_suffix('/').unwrap_or(name));
    name.is_some_and(|name| !name.contains(['/', '*']))
}
