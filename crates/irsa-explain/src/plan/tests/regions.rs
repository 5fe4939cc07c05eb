//! Tests of regions, with and without the `region` attribute of provider version 6.

use serde_json::{Value, json};

use super::{created, plan, read};

/// The ARN of a domain in this plan.
fn domain(attribute: Option<&str>, json: impl Fn(&mut Value)) -> Option<String> {
    let mut after = json!({"domain_name": "logs"});
    if let Some(region) = attribute {
        after["region"] = json!(region);
    }
    let domain = created("aws_opensearch_domain.logs", &after, &json!({"arn": true}));
    let resource = json!({
        "mode": "managed", "type": "aws_opensearch_domain", "name": "logs", "provider_config_key": "aws.second",
        "expressions": {},
    });
    let mut plan = plan(&[domain], &json!({"resources": [resource]}));
    json(&mut plan);
    read(&plan).domains[0].arn.clone()
}

fn arn(region: &str) -> String {
    format!("arn:aws:es:{region}:111122223333:domain/logs")
}

#[test]
fn the_region_is_that_of_the_resource_or_of_its_provider() {
    assert_eq!(domain(None, |_| {}), None);
    assert_eq!(domain(Some("eu-west-1"), |_| {}), Some(arn("eu-west-1")));
    let constant = |plan: &mut Value| {
        plan["configuration"]["provider_config"] = json!({
            "aws": {"expressions": {"region": {"constant_value": "us-east-1"}}},
            "aws.second": {"expressions": {"region": {"constant_value": "eu-central-1"}}},
        });
    };
    assert_eq!(domain(None, constant), Some(arn("eu-central-1")));
    assert_eq!(domain(Some("eu-west-1"), constant), Some(arn("eu-west-1")));
    let variable = |plan: &mut Value| {
        plan["configuration"]["provider_config"] = json!({
            "aws.second": {"expressions": {"region": {"references": ["var.region"]}}},
        });
        plan["variables"] = json!({"region": {"value": "ap-south-1"}});
    };
    assert_eq!(domain(None, variable), Some(arn("ap-south-1")));
}

#[test]
fn the_only_region_of_the_plan_is_taken_where_none_is_named() {
    let with = |regions: &'static [&str]| {
        move |plan: &mut Value| {
            for region in regions {
                let data = json!({
                    "address": format!("data.aws_region.{region}"), "mode": "data", "type": "aws_region", "name": "x",
                    "values": {"name": region},
                });
                let resources = &mut plan["prior_state"]["values"]["root_module"]["resources"];
                resources.as_array_mut().unwrap().push(data);
            }
        }
    };
    assert_eq!(
        domain(None, with(&["eu-central-1"])),
        Some(arn("eu-central-1"))
    );
    assert_eq!(domain(None, with(&["eu-central-1", "us-east-1"])), None);
}
