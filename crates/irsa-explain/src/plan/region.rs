//! The region of a resource. Version 6 of the AWS provider has it as an attribute; before that, only the configuration of
//! the provider has it.

use irsa_chain::{Arn, Region};

use super::Plan;
use super::reference::configured;
use super::resource::Resource;

/// The data source for the region of a provider.
const DATA: &str = "aws_region";

/// The region of a resource: its own attribute, that of its ARN, that of its provider, or the only one in the plan.
pub(super) fn region(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<Region> {
    own(resource)
        .or_else(|| of_provider(plan, resource))
        .or_else(|| plan.only_region.clone())
}

/// The region of all these resources, if they agree.
pub(super) fn only<'r, 'a: 'r>(
    resources: impl Iterator<Item = &'r Resource<'a>>,
) -> Option<Region> {
    let mut regions = resources.filter_map(|one| {
        let attributes = ["region", "name", "id"]
            .into_iter()
            .filter(|_| one.kind == DATA);
        let mut named = attributes.filter_map(|name| one.text(name)?.parse().ok());
        named.next().or_else(|| own(one))
    });
    let first = regions.next()?;
    regions.all(|other| other == first).then_some(first)
}

fn own(resource: &Resource<'_>) -> Option<Region> {
    let of_arn = || {
        let arn: Arn = resource.text("arn")?.parse().ok()?;
        arn.region().parse().ok()
    };
    let named = resource
        .text("region")
        .and_then(|region| region.parse().ok());
    named.or_else(of_arn)
}

/// What the configuration of the provider has: a constant, or a variable of the root module.
fn of_provider(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<Region> {
    let key = configured(plan, resource)["provider_config_key"].as_str()?;
    let region = &plan.json["configuration"]["provider_config"][key]["expressions"]["region"];
    let variable = || {
        let reference = region["references"].as_array()?.first()?.as_str()?;
        let name = reference.strip_prefix("var.")?;
        plan.json["variables"][name]["value"].as_str()
    };
    let text = region["constant_value"].as_str().or_else(variable);
    text?.parse().ok()
}
