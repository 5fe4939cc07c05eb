//! The AWS resources of a Terraform plan or state, from the output of `terraform show -json` (Terraform, "JSON Output
//! Format").
//!
//! A value that is known only after apply stays unknown, and is identified by its address. The references in the
//! configuration then determine to which role a policy belongs. If they do not, the policy may belong to any role.

mod address;
mod associations;
mod findings;
mod reference;
mod region;
mod resource;
mod roles;
mod stores;

use irsa_chain::untrusted::{is_deceptive, quoted};
use irsa_chain::{AccountId, Arn, Partition, Region};
use serde_json::Value;

pub use self::findings::lint;
use self::resource::Resource;
use crate::inventory::{Inventory, PolicySource};

/// The supported major versions of the format.
const VERSIONS: [&str; 2] = ["0", "1"];

/// The contents of a plan before references are resolved.
#[derive(Debug)]
struct Plan<'a> {
    /// The resources that exist after apply.
    resources: Vec<Resource<'a>>,
    /// The types and values of the resources that exist before apply.
    before: Vec<(&'a str, &'a Value)>,
    /// The configuration of the root module; null in a state.
    configuration: &'a Value,
    /// The whole document.
    json: &'a Value,
    /// The region of all resources, if there is only one.
    only_region: Option<Region>,
    /// The partition and account of all resources, if there is only one.
    home: Option<(Partition, AccountId)>,
}

/// Reads a plan or a state.
///
/// # Errors
/// The text is not such JSON, has an unsupported format, or is the plan of a failed run.
pub fn read(text: &str) -> Result<Inventory, String> {
    let json = parse(text)?;
    let plan = Plan::new(&json);
    let is_odd = |one: &&Resource<'_>| one.address.contains(is_deceptive);
    if let Some(odd) = plan.resources.iter().find(is_odd) {
        let address = quoted(odd.address);
        return Err(format!(
            "{address} is not a valid resource address: it contains invisible characters"
        ));
    }
    let mut inventory = Inventory {
        roles: roles::all(&plan),
        providers: stores::providers(&plan),
        has_all_providers: false,
        databases: stores::databases(&plan),
        domains: stores::domains(&plan),
        associations: associations::all(&plan),
    };
    if json["complete"] == Value::Bool(false) {
        let deferred = unknown("the changes that the plan defers");
        let roles = inventory.roles.iter_mut();
        roles.for_each(|role| role.permissions.push(deferred.clone()));
    }
    Ok(inventory)
}

fn parse(text: &str) -> Result<Value, String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    check(&json)?;
    Ok(json)
}

fn check(json: &Value) -> Result<(), String> {
    let Some(version) = json["format_version"].as_str() else {
        return Err("not the output of `terraform show -json`".to_owned());
    };
    if !VERSIONS.contains(&version.split('.').next().unwrap_or_default()) {
        let version = quoted(version).longest(20);
        return Err(format!(
            "the format version {version} is not supported: the latest is `1`"
        ));
    }
    match json["errored"].as_bool() {
        Some(true) => Err("the plan is incomplete, because `terraform plan` failed".to_owned()),
        _ => Ok(()),
    }
}

/// A policy with unknown text; the label says why.
fn unknown(label: &str) -> PolicySource {
    PolicySource::new(label, None)
}

// === impl Plan ===

impl<'a> Plan<'a> {
    fn new(json: &'a Value) -> Self {
        let mut plan = Self {
            resources: Vec::new(),
            before: Vec::new(),
            configuration: &json["configuration"]["root_module"],
            json,
            only_region: None,
            home: None,
        };
        match json["resource_changes"].as_array() {
            Some(changes) => plan.changes(changes),
            None => resource::collect_module(&json["values"]["root_module"], &mut plan.resources),
        }
        let mut now = Vec::new();
        resource::collect_module(&json["prior_state"]["values"]["root_module"], &mut now);
        plan.home = home(&now, "aws_caller_identity")
            .or_else(|| home(&plan.resources, "aws_caller_identity"))
            .or_else(|| home(&plan.resources, ""));
        plan.only_region = region::only(now.iter().chain(&plan.resources));
        plan.resources.retain(|resource| resource.is_managed);
        plan
    }

    fn changes(&mut self, changes: &'a [Value]) {
        for change in changes {
            let before = &change["change"]["before"];
            if let (Some(kind), false) = (change["type"].as_str(), before.is_null()) {
                self.before.push((kind, before));
            }
            self.resources.extend(Resource::from_change(change));
        }
    }

    /// The values of resources of a type that exist before apply.
    fn existing(&self, kind: &str) -> impl Iterator<Item = &'a Value> {
        let before = self.before.iter();
        before
            .filter(move |(other, _)| *other == kind)
            .map(|(_, values)| *values)
    }

    /// The resources of a type that exist after apply.
    fn with_type(&self, kind: &str) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(move |one| one.kind == kind)
    }
}

/// The partition and account in the ARNs of these resources, if there is only one.
fn home(resources: &[Resource<'_>], kind: &str) -> Option<(Partition, AccountId)> {
    let is_asked = |one: &&Resource<'_>| one.kind == kind || (kind.is_empty() && one.is_managed);
    let arns = resources.iter().filter(is_asked);
    let mut homes = arns.filter_map(|one| {
        let arn: Arn = one.text("arn")?.parse().ok()?;
        Some((arn.partition().parse().ok()?, arn.account().parse().ok()?))
    });
    let first = homes.next()?;
    homes.all(|other| other == first).then_some(first)
}

#[cfg(test)]
mod tests;
