//! Tests of findings about the instance metadata service of nodes.

use serde_json::{Value, json};

use super::{created, plan};
use crate::lint::{Level, output};

/// The files and IDs of the findings in a plan.
fn found(plan: &Value) -> Vec<(String, String)> {
    let reports = super::lint(&plan.to_string()).unwrap();
    let json = output::json(&reports);
    let files = json["files"].as_array().unwrap().iter();
    files
        .map(|file| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&file["file"]), text(&file["findings"][0]["id"]))
        })
        .collect()
}

/// A plan of a launch template whose configuration has these options.
fn template(options: &Value, hidden: &Value, expressions: &Value) -> Value {
    let after = json!({"metadata_options": [options]});
    let unknown = json!({"metadata_options": [hidden]});
    let resource = json!({
        "mode": "managed", "type": "aws_launch_template", "name": "nodes",
        "expressions": {"metadata_options": [expressions]},
    });
    let change = created("aws_launch_template.nodes", &after, &unknown);
    plan(&[change], &json!({"resources": [resource]}))
}

// "metadata_options" of aws_launch_template in the Terraform AWS provider: `http_tokens` is optional by default.
#[test]
fn metadata_options_without_a_token_are_reported() {
    let hop = json!({"constant_value": 1});
    let open = json!({"http_put_response_hop_limit": hop});
    let set =
        json!({"http_put_response_hop_limit": hop, "http_tokens": {"references": ["var.tokens"]}});
    let expected = [(
        "aws_launch_template.nodes.metadata_options".to_owned(),
        "metadata-without-token".to_owned(),
    )];
    let hidden = json!({"http_tokens": true});
    assert_eq!(found(&template(&json!({}), &hidden, &open)), expected);
    assert_eq!(
        found(&template(
            &json!({"http_tokens": "optional"}),
            &json!({}),
            &set
        )),
        expected
    );
    assert_eq!(
        found(&template(
            &json!({"http_tokens": "required"}),
            &json!({}),
            &set
        )),
        []
    );
    assert_eq!(found(&template(&json!({}), &hidden, &set)), []);
    let reports = super::lint(&template(&json!({}), &hidden, &open).to_string()).unwrap();
    assert!(!reports[0].is_clean(Level::Warning) && reports[0].is_clean(Level::Error));
}

#[test]
fn a_plan_without_nodes_has_no_findings() {
    assert_eq!(found(&plan(&[], &json!({}))), []);
    let other = created(
        "aws_launch_template.nodes",
        &json!({"name": "x"}),
        &json!({}),
    );
    assert_eq!(found(&plan(&[other], &json!({}))), []);
}

/// A plan with a call of a module that has these arguments.
fn call(arguments: &Value) -> Value {
    plan(
        &[],
        &json!({"module_calls": {"eks": {"expressions": arguments, "module": {}}}}),
    )
}

#[test]
fn options_of_a_template_that_is_not_used_are_never_applied() {
    let options = json!({"http_tokens": "required", "http_put_response_hop_limit": 1});
    let group =
        |custom: bool| json!({"use_custom_launch_template": custom, "metadata_options": options});
    let groups =
        |custom| json!({"eks_managed_node_groups": {"constant_value": {"main": group(custom)}}});
    let expected = [(
        "module.eks.eks_managed_node_groups[main]".to_owned(),
        "metadata-never-applied".to_owned(),
    )];
    assert_eq!(found(&call(&groups(false))), expected);
    assert_eq!(found(&call(&groups(true))), []);
    let defaults = json!({
        "eks_managed_node_group_defaults": {"constant_value": {"metadata_options": options}},
        "eks_managed_node_groups": {"constant_value": {"main": {"use_custom_launch_template": false}}},
    });
    assert_eq!(found(&call(&defaults)), expected);
    let alone = json!({
        "use_custom_launch_template": {"constant_value": false},
        "metadata_options": {"constant_value": options},
    });
    assert_eq!(
        found(&call(&alone)),
        [("module.eks".to_owned(), "metadata-never-applied".to_owned())]
    );
    let mut variable = call(&json!({"eks_managed_node_groups": {"references": ["var.groups"]}}));
    variable["variables"] = json!({"groups": {"value": {"main": group(false)}}});
    assert_eq!(found(&variable), expected);
}
