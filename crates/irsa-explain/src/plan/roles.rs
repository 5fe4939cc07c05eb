//! Roles, with their inline and attached policies.

use irsa_chain::RoleArn;
use irsa_policy::Attachment;
use serde_json::Value;

use super::reference::{is_configured, referred};
use super::resource::{Attribute, Resource, later};
use super::{Plan, unknown};
use crate::inventory::{PolicySource, Role};

pub(super) const ROLE: &str = "aws_iam_role";
const POLICY: &str = "aws_iam_policy";
const INLINE: &str = "aws_iam_role_policy";
const ATTACHMENT: &str = "aws_iam_role_policy_attachment";

/// Resource types that attach managed policies, with their attributes for roles and for policies.
const ATTACHES: [(&str, &str, &str); 3] = [
    (ATTACHMENT, "role", "policy_arn"),
    ("aws_iam_policy_attachment", "roles", "policy_arn"),
    (
        "aws_iam_role_policy_attachments_exclusive",
        "role_name",
        "policy_arns",
    ),
];

/// All roles of a plan.
pub(super) fn all(plan: &Plan<'_>) -> Vec<Role> {
    let found: Vec<&Resource<'_>> = plan.with_type(ROLE).collect();
    let mut roles: Vec<Role> = found.iter().map(|one| role(plan, one)).collect();
    for inline in plan.with_type(INLINE) {
        give(
            plan,
            &found,
            &mut roles,
            (inline, "role"),
            inline_policy(inline).as_slice(),
        );
    }
    for (kind, of_role, of_policy) in ATTACHES {
        for attachment in plan.with_type(kind) {
            let policies = attached(plan, attachment, of_policy);
            give(plan, &found, &mut roles, (attachment, of_role), &policies);
        }
    }
    roles
}

fn role(plan: &Plan<'_>, resource: &Resource<'_>) -> Role {
    let mut role = Role {
        label: resource.address.to_owned(),
        name: resource.text("name").map(str::to_owned),
        arn: resource.text("arn").and_then(|arn| arn.parse().ok()),
        home: plan.home.clone(),
        trust: resource.policy("assume_role_policy").into_iter().collect(),
        permissions: inline(plan, resource),
        boundary: attached(plan, resource, "permissions_boundary"),
    };
    role.permissions.extend(managed(plan, resource));
    role.arn = role.arn.clone().or_else(|| arn(&role, resource));
    role
}

/// The future ARN, if all its parts are known.
fn arn(role: &Role, resource: &Resource<'_>) -> Option<RoleArn> {
    let (partition, account) = role.home.as_ref()?;
    let path = match resource.attribute("path") {
        Attribute::Unknown => return None,
        _ => resource.text("path").unwrap_or("/"),
    };
    let name = role.name.as_ref()?;
    format!("arn:{partition}:iam::{account}:role{path}{name}")
        .parse()
        .ok()
}

/// The `inline_policy` blocks. If the configuration does not contain any, the provider lists all inline policies of the
/// role, and those that the plan manages as separate resources are left out.
fn inline(plan: &Plan<'_>, resource: &Resource<'_>) -> Vec<PolicySource> {
    let is_own = is_configured(plan, resource, "inline_policy");
    if resource.attribute("inline_policy") == Attribute::Unknown {
        let label = format!("{}.inline_policy", resource.address);
        return is_own.then(|| later(&label)).into_iter().collect();
    }
    let managed: Vec<&Value> = plan
        .existing(INLINE)
        .map(|values| &values["name"])
        .collect();
    let kept = resource
        .blocks("inline_policy")
        .into_iter()
        .filter(|(block, _)| {
            let is_managed = managed.contains(&&block["name"])
                || plan
                    .with_type(INLINE)
                    .any(|one| one.text("name") == block["name"].as_str());
            is_own || !is_managed
        });
    let source = |(block, hidden): (&Value, &Value)| {
        let name = block["name"].as_str().unwrap_or_default();
        let label = format!("{}.inline_policy[{name}]", resource.address);
        match (block["policy"].as_str(), hidden["policy"] == true) {
            (_, true) => Some(later(&label)),
            (Some("") | None, _) => None,
            (Some(text), _) => {
                Some(PolicySource::new(&label, Some(text.to_owned())).attached(Attachment::Role))
            }
        }
    };
    kept.filter_map(source).collect()
}

/// The policies in `managed_policy_arns`, with the same rule.
fn managed(plan: &Plan<'_>, resource: &Resource<'_>) -> Vec<PolicySource> {
    let attribute = "managed_policy_arns";
    if is_configured(plan, resource, attribute) {
        return attached(plan, resource, attribute);
    }
    let own: Vec<&str> = plan
        .existing(ATTACHMENT)
        .filter_map(|values| values["policy_arn"].as_str())
        .chain(
            plan.with_type(ATTACHMENT)
                .filter_map(|one| one.text("policy_arn")),
        )
        .collect();
    let arns = resource.texts(attribute).unwrap_or_default().into_iter();
    arns.filter(|arn| !own.contains(arn))
        .map(|arn| by_arn(plan, arn))
        .collect()
}

/// The policies whose ARNs an attribute lists.
fn attached(plan: &Plan<'_>, resource: &Resource<'_>, attribute: &str) -> Vec<PolicySource> {
    let label = format!("{}.{attribute}", resource.address);
    let known = match resource.attribute(attribute) {
        Attribute::Absent => return Vec::new(),
        Attribute::Known(Value::String(arn)) => Some(vec![arn.as_str()]),
        Attribute::Known(_) => resource.texts(attribute),
        Attribute::Unknown => None,
    };
    if let Some(arns) = known {
        let arns = arns.into_iter().filter(|arn| !arn.is_empty());
        return arns.map(|arn| by_arn(plan, arn)).collect();
    }
    match referred(plan, resource, attribute, POLICY) {
        Ok(policies) => policies.into_iter().filter_map(managed_policy).collect(),
        Err(_) => vec![later(&label)],
    }
}

/// A managed policy by its ARN. The text of an AWS managed policy is not in the plan.
fn by_arn(plan: &Plan<'_>, arn: &str) -> PolicySource {
    let policy = plan
        .with_type(POLICY)
        .find(|one| one.text("arn") == Some(arn));
    let source = policy.and_then(managed_policy);
    source.unwrap_or_else(|| unknown(&format!("`{arn}` (not in the plan)")))
}

fn managed_policy(resource: &Resource<'_>) -> Option<PolicySource> {
    let policy = resource.policy("policy");
    policy.map(|source| source.attached(Attachment::Managed))
}

fn inline_policy(resource: &Resource<'_>) -> Option<PolicySource> {
    let policy = resource.policy("policy");
    policy.map(|source| source.attached(Attachment::Role))
}

/// Adds policies to the roles that an attribute names. If the roles are uncertain, an unknown policy is added to each
/// candidate.
fn give(
    plan: &Plan<'_>,
    found: &[&Resource<'_>],
    roles: &mut [Role],
    (from, attribute): (&Resource<'_>, &str),
    policies: &[PolicySource],
) {
    let names = match from.attribute(attribute) {
        Attribute::Known(Value::String(name)) => Some(vec![name.as_str()]),
        Attribute::Known(_) => from.texts(attribute),
        _ => None,
    };
    if let Some(names) = names {
        let owners = roles.iter_mut().filter(|role| {
            role.name
                .as_deref()
                .is_some_and(|name| names.contains(&name))
        });
        owners.for_each(|role| role.permissions.extend_from_slice(policies));
        return;
    }
    let (targets, is_clear) = match referred(plan, from, attribute, ROLE) {
        Ok(targets) if targets.len() == 1 || attribute == "roles" => (targets, true),
        Ok(targets) => (targets, false),
        Err(_) => (found.to_vec(), false),
    };
    let unknown = [later(&format!("{}.{attribute}", from.address))];
    for target in targets {
        let role = roles.iter_mut().find(|role| role.label == target.address);
        let policies = if is_clear { policies } else { &unknown };
        if let Some(role) = role {
            role.permissions.extend_from_slice(policies);
        }
    }
}
