//! What a session of the role may do: its policies, and what is asked of them.

use irsa_chain::{Link, Region, RoleArn, SessionName};
use irsa_policy::{Context, Layer, Principal, Request};

use super::inquiry::{BUT_FOR_ORGANIZATIONS, Inquiry, Source};
use super::reading::unread;
use super::role::EXISTS;
use super::state::{Aws, Permissions};
use super::text::listed;
use crate::{Check, Place, Seen, Work};

pub(super) const POLICIES: Check = Check {
    id: "aws-role-policies",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Can the role's policies be read and understood?",
    looks_at: "Reads the role's inline and attached policies and its permissions boundary (`iam:ListRolePolicies`, \
               `iam:GetRolePolicy`, `iam:ListAttachedRolePolicies`, `iam:GetPolicy`, `iam:GetPolicyVersion`). Of a \
               policy that is understood every word is evaluated.",
    causes: &[],
    needs: &[EXISTS.id],
};

pub(super) fn policies<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let Some(role) = &aws.facts.role else {
            return Seen::unsure("the role was not read");
        };
        let policies = match aws.reader.policies(&role.arn).await {
            Ok(policies) => policies,
            Err(error) => return unread(aws, &error),
        };
        let boundary = match &role.boundary {
            Some(arn) => match aws.reader.managed_policy(role.arn.partition(), arn).await {
                Ok(boundary) => Some(boundary),
                Err(error) => return unread(aws, &error),
            },
            None => None,
        };
        aws.facts.permissions = Permissions { policies, boundary };
        understood(&aws.facts.permissions)
    })
}

fn understood(permissions: &Permissions) -> Seen {
    let context = Context::new();
    let inquiry = Inquiry {
        sources: sources(permissions, None),
        request: Request {
            principal: Principal::Anonymous,
            action: "",
            resource: None,
            context: &context,
        },
    };
    if let Err(why) = inquiry.documents() {
        return Seen::unsure(why);
    }
    let names = listed(
        permissions
            .policies
            .iter()
            .map(|policy| policy.name.as_str()),
    );
    let boundary = permissions.boundary.as_ref();
    let boundary = boundary.map_or_else(String::new, |policy| {
        format!("; boundary: `{}`", policy.name)
    });
    Seen::holds(format!(
        "policies: {names}{boundary}; {BUT_FOR_ORGANIZATIONS}"
    ))
}

/// The policies that have a say in what a session does, that of the resource included.
pub(super) fn sources<'a>(
    permissions: &'a Permissions,
    resource: Option<Source<'a>>,
) -> Vec<Source<'a>> {
    let of = |layer| {
        move |policy: &'a irsa_aws::AttachedPolicy| Source {
            layer,
            name: &policy.name,
            text: &policy.text,
        }
    };
    let identity = permissions.policies.iter().map(of(Layer::Identity));
    let boundary = permissions.boundary.iter().map(of(Layer::Boundary));
    identity.chain(boundary).chain(resource).collect()
}

/// The caller, as data stores see it.
pub(super) fn principal(role: &RoleArn) -> String {
    let session = SessionName::from_pod_name("irsa-doctor");
    role.assumed(&session).as_str().to_owned()
}

/// The global condition keys of a session whose values are known (IAM User Guide, "AWS global condition context
/// keys"). OpenSearch Service has no `aws:PrincipalTag` and no `aws:SecureTransport` ("Policy element reference" in
/// its developer guide).
pub(super) fn context(aws: &Aws, role: &RoleArn, region: &Region, has_tags: bool) -> Context {
    let mut context = Context::new()
        .with("aws:PrincipalArn", role.as_str())
        .with("aws:PrincipalAccount", role.account().as_str())
        .with("aws:PrincipalType", "AssumedRole")
        .with("aws:RequestedRegion", region.as_str());
    if let Some(provider) = aws.provider_arn() {
        context = context.with("aws:FederatedProvider", provider.as_str());
    }
    let tags = aws
        .facts
        .role
        .iter()
        .filter(|_| has_tags)
        .flat_map(|role| &role.tags);
    tags.fold(context, |context, (key, value)| {
        context.with(format!("aws:PrincipalTag/{key}"), value.as_str())
    })
}
