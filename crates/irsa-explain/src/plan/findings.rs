//! Findings about the nodes of a plan whose instance metadata service gives the node's role to pods.

use serde_json::Value;

use super::reference::configured;
use super::resource::Resource;
use super::{Plan, parse};
use crate::lint::{Finding, Level, Report};

const BLOCK: &str = "metadata_options";
const CUSTOM: &str = "use_custom_launch_template";

/// The resource types with the block.
const NODES: [&str; 3] = [
    "aws_launch_template",
    "aws_instance",
    "aws_launch_configuration",
];

/// Checks the nodes of a plan or a state.
///
/// # Errors
/// The same errors as [`read`](super::read).
pub fn lint(text: &str) -> Result<Vec<Report>, String> {
    let json = parse(text)?;
    let plan = Plan::new(&json);
    let nodes = NODES.into_iter().flat_map(|kind| plan.with_type(kind));
    let mut reports: Vec<_> = nodes
        .filter_map(|node| open_metadata(&plan, node))
        .collect();
    let root = &json["configuration"]["root_module"];
    calls(&json, root, "", &mut reports);
    Ok(reports)
}

/// A block without `http_tokens = "required"`: the hop limit does not apply to requests without a session token.
fn open_metadata(plan: &Plan<'_>, node: &Resource<'_>) -> Option<Report> {
    let expressions = &configured(plan, node)["expressions"][BLOCK];
    let is_open = |(number, (block, hidden)): &(usize, (&Value, &Value))| {
        let is_configured = !expressions[*number]["http_tokens"].is_null();
        match block["http_tokens"].as_str() {
            Some(tokens) => tokens != "required",
            // The provider computes what the configuration leaves out.
            None if hidden["http_tokens"] == true => !expressions.is_null() && !is_configured,
            None => true,
        }
    };
    let blocks = node.blocks(BLOCK).into_iter().enumerate();
    let (_, (block, _)) = blocks.into_iter().find(is_open)?;
    let finding = Finding {
        id: "metadata-without-token",
        level: Level::Warning,
        what: "without `http_tokens = \"required\"`, the instance metadata service answers IMDSv1 requests, which have \
               no hop limit: pods can get the credentials of the node's role"
            .to_owned(),
        help: Some("set `http_tokens = \"required\"` and `http_put_response_hop_limit = 1`".to_owned()),
        span: 0..0,
    };
    Some(report(format!("{}.{BLOCK}", node.address), block, finding))
}

/// Checks the node groups in the arguments of all module calls.
fn calls(json: &Value, module: &Value, address: &str, reports: &mut Vec<Report>) {
    let Some(found) = module["module_calls"].as_object() else {
        return;
    };
    for (name, call) in found {
        let address = format!("{address}module.{name}");
        let arguments = call["expressions"].as_object();
        let arguments = arguments.into_iter().flatten();
        let known: Vec<(&str, &Value)> = arguments
            .filter_map(|(name, expression)| Some((name.as_str(), value(json, expression)?)))
            .collect();
        let own: Value = known
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).clone()))
            .collect();
        if is_never_applied(&own, &Value::Null) {
            reports.push(never_applied(address.clone(), &own));
        }
        for (name, groups) in &known {
            let defaults = known.iter().find(|(other, _)| is_defaults_of(other, name));
            let defaults = defaults.map_or(&Value::Null, |(_, value)| value);
            for (key, group) in groups.as_object().into_iter().flatten() {
                if is_never_applied(group, defaults) {
                    reports.push(never_applied(format!("{address}.{name}[{key}]"), group));
                }
            }
        }
        calls(json, &call["module"], &format!("{address}."), reports);
    }
}

/// Returns whether an argument contains the defaults for the groups, as `eks_managed_node_group_defaults` for
/// `eks_managed_node_groups`.
fn is_defaults_of(other: &str, name: &str) -> bool {
    let group = name.strip_suffix('s').unwrap_or(name);
    other.strip_suffix("_defaults") == Some(group)
}

/// The value of an argument: a constant, or a variable of the root module.
fn value<'a>(json: &'a Value, expression: &'a Value) -> Option<&'a Value> {
    if let Some(constant) = expression.get("constant_value") {
        return Some(constant);
    }
    let reference = expression["references"].as_array()?.first()?.as_str()?;
    json["variables"][reference.strip_prefix("var.")?].get("value")
}

/// Returns whether `metadata_options` has no effect, because it is part of the custom launch template and the module
/// does not create one.
fn is_never_applied(group: &Value, defaults: &Value) -> bool {
    let setting = |name: &str| {
        let own = Some(&group[name]).filter(|value| !value.is_null());
        own.unwrap_or(&defaults[name])
    };
    group.is_object() && *setting(CUSTOM) == false && !setting(BLOCK).is_null()
}

fn never_applied(label: String, group: &Value) -> Report {
    let finding = Finding {
        id: "metadata-never-applied",
        level: Level::Warning,
        what: format!(
            "with `{CUSTOM} = false` the module creates no launch template, so `{BLOCK}` has no effect"
        ),
        help: Some(format!(
            "remove `{CUSTOM} = false`, or set the hop limit in the launch template of the node group"
        )),
        span: 0..0,
    };
    report(label, group, finding)
}

fn report(label: String, value: &Value, mut finding: Finding) -> Report {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let name = format!("\"{BLOCK}\"");
    if let Some(start) = text.find(&name) {
        finding.span = start..start + name.len();
    }
    Report::with(label, text, None, vec![finding])
}
