//! What Terraform will make of AWS's side, from the JSON of `terraform show -json` for a plan or a
//! state (Terraform, "JSON Output Format").
//!
//! What is known after apply only is kept as such, with its address. Which role a policy belongs to
//! is then told by the references of its configuration; where those don't tell either, the policy
//! may belong to any role.

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
use crate::inventory::{Inventory, Source};

/// The major versions of the format that are read.
const VERSIONS: [&str; 2] = ["0", "1"];

/// All that is known before anything is resolved.
#[derive(Debug)]
struct Plan<'a> {
    /// Those that exist once the plan is applied.
    resources: Vec<Resource<'a>>,
    /// `type.name`s and values of what exists now, for what else is attached by hand.
    before: Vec<(&'a str, &'a Value)>,
    /// The configuration of the root module; null for a state.
    configuration: &'a Value,
    /// The whole document.
    json: &'a Value,
    /// The region of everything that has one, if they agree.
    only_region: Option<Region>,
    /// Where everything is, if it is all in one account.
    home: Option<(Partition, AccountId)>,
}

/// Reads a plan or a state.
///
/// # Errors
/// It is no such JSON, of a later format, or of a run that failed.
pub fn read(text: &str) -> Result<Inventory, String> {
    let json = parse(text)?;
    let plan = Plan::of(&json);
    let is_odd = |one: &&Resource<'_>| one.address.contains(is_deceptive);
    if let Some(odd) = plan.resources.iter().find(is_odd) {
        let address = quoted(odd.address);
        return Err(format!(
            "{address} is not an address: it has invisible characters"
        ));
    }
    let mut inventory = Inventory {
        roles: roles::of(&plan),
        providers: stores::providers(&plan),
        has_all_providers: false,
        databases: stores::databases(&plan),
        domains: stores::domains(&plan),
        associations: associations::all(&plan),
    };
    if json["complete"] == Value::Bool(false) {
        let deferred = unknown("what the plan defers");
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
        return Err("this is not what `terraform show -json` prints".to_owned());
    };
    if !VERSIONS.contains(&version.split('.').next().unwrap_or_default()) {
        let version = quoted(version).longest(20);
        return Err(format!(
            "the format {version} is later than `1`, and not known"
        ));
    }
    match json["errored"].as_bool() {
        Some(true) => Err("the plan is of a run that failed".to_owned()),
        _ => Ok(()),
    }
}

/// A policy that is not known, for this reason.
fn unknown(place: &str) -> Source {
    Source::new(place, None)
}

// === impl Plan ===

impl<'a> Plan<'a> {
    fn of(json: &'a Value) -> Self {
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
            None => resource::of_module(&json["values"]["root_module"], &mut plan.resources),
        }
        let mut now = Vec::new();
        resource::of_module(&json["prior_state"]["values"]["root_module"], &mut now);
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
            self.resources.extend(Resource::of_change(change));
        }
    }

    /// What exists now of a type.
    fn before_of(&self, kind: &str) -> impl Iterator<Item = &'a Value> {
        let before = self.before.iter();
        before
            .filter(move |(other, _)| *other == kind)
            .map(|(_, values)| *values)
    }

    /// The resources of a type.
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(move |one| one.kind == kind)
    }
}

/// The partition and the account in the ARNs of these resources, if they agree.
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
