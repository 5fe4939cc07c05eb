//! Mistakes around databases and domains: the ARNs of their resources.

use irsa_chain::DbResourceId;

use super::{Found, Part};

pub(super) fn variable_in_arn(_: &Part<'_>, arn: &str) -> Option<Found> {
    let (_, rest) = split(arn)?;
    let head = arn.len() - rest.len();
    arn.find("${").is_some_and(|at| at < head).then_some(None)
}

pub(super) fn dbuser_of_rds(_: &Part<'_>, arn: &str) -> Option<Found> {
    let (service, rest) = split(arn)?;
    let is_it = service == "rds" && rest.starts_with("dbuser");
    is_it.then(|| Some(arn.replacen(":rds:", ":rds-db:", 1)))
}

pub(super) fn cluster_as_dbuser(part: &Part<'_>, arn: &str) -> Option<Found> {
    let (service, _) = split(arn)?;
    (service == "rds" && allows(part, "rds-db:connect")).then_some(None)
}

pub(super) fn dbuser_separator(_: &Part<'_>, arn: &str) -> Option<Found> {
    let is_it = dbuser(arn)?.starts_with("dbuser/");
    is_it.then(|| Some(arn.replacen("dbuser/", "dbuser:", 1)))
}

pub(super) fn dbuser_without_user(_: &Part<'_>, arn: &str) -> Option<Found> {
    let database = dbuser(arn)?.strip_prefix("dbuser:")?;
    (!database.contains(['/', '*'])).then_some(None)
}

pub(super) fn name_as_resource_id(_: &Part<'_>, arn: &str) -> Option<Found> {
    let (database, _) = dbuser(arn)?.strip_prefix("dbuser:")?.split_once('/')?;
    let has_wildcards = database.contains(['*', '?', '$']);
    let is_id = database.parse::<DbResourceId>().is_ok();
    (!has_wildcards && !is_id).then_some(None)
}

pub(super) fn domain_without_paths(part: &Part<'_>, arn: &str) -> Option<Found> {
    let Part::Resource { arns, .. } = *part else {
        return None;
    };
    let (service, rest) = split(arn)?;
    let below = format!("{arn}/*");
    let is_it = service == "es" && is_whole_domain(rest) && allows(part, "es:eshttp");
    (is_it && !arns.contains(&below)).then_some(Some(below))
}

/// The ID of an instance where the database is a cluster.
pub(super) fn instance_of_cluster(part: &Part<'_>, arn: &str) -> Option<Found> {
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

/// The service of an ARN, and its sixth part.
fn split(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    Some((parts.nth(2)?, parts.nth(2)?))
}

fn dbuser(arn: &str) -> Option<&str> {
    let (service, rest) = split(arn)?;
    (service == "rds-db").then_some(rest)
}

/// Whether the statement is about actions that begin like this.
fn allows(part: &Part<'_>, prefix: &str) -> bool {
    let Part::Resource { actions, .. } = *part else {
        return false;
    };
    let mut actions = actions.iter();
    actions.any(|action| action.to_ascii_lowercase().starts_with(prefix))
}

/// `domain/NAME` and nothing below.
fn is_whole_domain(resource: &str) -> bool {
    let name = resource.strip_prefix("domain/");
    name.is_some_and(|name| !name.contains(['/', '*']))
}
