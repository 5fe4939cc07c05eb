//! Roles, and the policies that are put into and attached to them.

use irsa_chain::RoleArn;
use irsa_policy::Attachment;
use serde_json::Value;

use super::reference::{is_configured, referred};
use super::resource::{Attribute, Resource, later};
use super::{Plan, unknown};
use crate::inventory::{Role, Source};

pub(super) const ROLE: &str = "aws_iam_role";
const POLICY: &str = "aws_iam_policy";
const INLINE: &str = "aws_iam_role_policy";
const ATTACHMENT: &str = "aws_iam_role_policy_attachment";

/// What attaches managed policies: the type, and its attributes for roles and for policies.
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
pub(super) fn of(plan: &Plan<'_>) -> Vec<Role> {
    let found: Vec<&Resource<'_>> = plan.of_kind(ROLE).collect();
    let mut roles: Vec<Role> = found.iter().map(|one| role(plan, one)).collect();
    for inline in plan.of_kind(INLINE) {
        give(
            plan,
            &found,
            &mut roles,
            (inline, "role"),
            inline_policy(inline).as_slice(),
        );
    }
    for (kind, of_role, of_policy) in ATTACHES {
        for attachment in plan.of_kind(kind) {
            let policies = attached(plan, attachment, of_policy);
            give(plan, &found, &mut roles, (attachment, of_role), &policies);
        }
    }
    roles
}

fn role(plan: &Plan<'_>, resource: &Resource<'_>) -> Role {
    let mut role = Role {
        place: resource.address.to_owned(),
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

/// What the ARN is going to be, where all its parts are known.
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

/// The blocks `inline_policy`. Without any, the provider lists what the role has: then those that
/// the plan manages as resources are left to them.
fn inline(plan: &Plan<'_>, resource: &Resource<'_>) -> Vec<Source> {
    let is_own = is_configured(plan, resource, "inline_policy");
    if resource.attribute("inline_policy") == Attribute::Unknown {
        let place = format!("{}.inline_policy", resource.address);
        return is_own.then(|| later(&place)).into_iter().collect();
    }
    let managed: Vec<&Value> = plan
        .before_of(INLINE)
        .map(|values| &values["name"])
        .collect();
    let kept = resource
        .blocks("inline_policy")
        .into_iter()
        .filter(|(block, _)| {
            let is_managed = managed.contains(&&block["name"])
                || plan
                    .of_kind(INLINE)
                    .any(|one| one.text("name") == block["name"].as_str());
            is_own || !is_managed
        });
    let source = |(block, hidden): (&Value, &Value)| {
        let name = block["name"].as_str().unwrap_or_default();
        let place = format!("{}.inline_policy[{name}]", resource.address);
        match (block["policy"].as_str(), hidden["policy"] == true) {
            (_, true) => Some(later(&place)),
            (Some("") | None, _) => None,
            (Some(text), _) => {
                Some(Source::new(&place, Some(text.to_owned())).attached(Attachment::Role))
            }
        }
    };
    kept.filter_map(source).collect()
}

/// `managed_policy_arns`; likewise.
fn managed(plan: &Plan<'_>, resource: &Resource<'_>) -> Vec<Source> {
    let attribute = "managed_policy_arns";
    if is_configured(plan, resource, attribute) {
        return attached(plan, resource, attribute);
    }
    let own: Vec<&str> = plan
        .before_of(ATTACHMENT)
        .filter_map(|values| values["policy_arn"].as_str())
        .chain(
            plan.of_kind(ATTACHMENT)
                .filter_map(|one| one.text("policy_arn")),
        )
        .collect();
    let arns = resource.texts(attribute).unwrap_or_default().into_iter();
    arns.filter(|arn| !own.contains(arn))
        .map(|arn| by_arn(plan, arn))
        .collect()
}

/// The policies whose ARNs an attribute lists.
fn attached(plan: &Plan<'_>, resource: &Resource<'_>, attribute: &str) -> Vec<Source> {
    let place = format!("{}.{attribute}", resource.address);
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
        Err(_) => vec![later(&place)],
    }
}

/// A managed policy: also one of AWS, whose text no plan has.
fn by_arn(plan: &Plan<'_>, arn: &str) -> Source {
    let policy = plan
        .of_kind(POLICY)
        .find(|one| one.text("arn") == Some(arn));
    let source = policy.and_then(managed_policy);
    source.unwrap_or_else(|| unknown(&format!("`{arn}` (not in the plan)")))
}

fn managed_policy(resource: &Resource<'_>) -> Option<Source> {
    let policy = resource.policy("policy");
    policy.map(|source| source.attached(Attachment::Managed))
}

fn inline_policy(resource: &Resource<'_>) -> Option<Source> {
    let policy = resource.policy("policy");
    policy.map(|source| source.attached(Attachment::Role))
}

/// Gives policies to whichever roles an attribute names; where that can't be told, what they say is
/// not known of any role that may be meant.
fn give(
    plan: &Plan<'_>,
    found: &[&Resource<'_>],
    roles: &mut [Role],
    (from, attribute): (&Resource<'_>, &str),
    policies: &[Source],
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
    let doubt = [later(&format!("{}.{attribute}", from.address))];
    for target in targets {
        let role = roles.iter_mut().find(|role| role.place == target.address);
        let policies = if is_clear { policies } else { &doubt };
        if let Some(role) = role {
            role.permissions.extend_from_slice(policies);
        }
    }
}
