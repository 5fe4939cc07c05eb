//! The region of a resource. In version 6 of the AWS provider it is an attribute; in earlier versions only the
//! configuration of the provider contains it.

use irsa_chain::{Arn, Region};

use super::Plan;
use super::reference::configured;
use super::resource::Resource;

/// The data source for the region of the provider.
const DATA: &str = "aws_region";

/// The region of a resource, from its attribute, its ARN, its provider or, as a default, the only region in the plan.
pub(super) fn region(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<Region> {
    own(resource)
        .or_else(|| provider_region(plan, resource))
        .or_else(|| plan.only_region.clone())
}

/// The region of these resources, if there is only one.
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

/// The region in the configuration of the provider: a constant, or a variable of the root module.
fn provider_region(plan: &Plan<'_>, resource: &Resource<'_>) -> Option<Region> {
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
