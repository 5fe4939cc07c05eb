//! The policies that apply to a session of the role, and the condition keys of its requests.

use irsa_aws::Role;
use irsa_chain::{Link, RoleArn, SessionName};
use irsa_explain::{Document, Question, RequestContext};
use irsa_policy::Layer;

use super::authorization::{self, ORGANIZATION_CAVEAT, document};
use super::pod_identity;
use super::reading::unread;
use super::role::EXISTS;
use super::state::{Aws, Permissions};
use super::text::listed;
use crate::{Check, CheckOutcome, Place, Work};

pub(super) const POLICIES: Check = Check {
    id: "aws-role-policies",
    place: Place::Aws,
    link: Link::Permissions,
    question: "Can the role's policies be read and parsed?",
    description: "Reads the role's inline and attached policies and its permissions boundary (`iam:ListRolePolicies`, \
               `iam:GetRolePolicy`, `iam:ListAttachedRolePolicies`, `iam:GetPolicy`, `iam:GetPolicyVersion`). A policy with \
               an element that is not supported is reported, never evaluated in part.",
    causes: &[],
    needs: &[EXISTS.id],
};

pub(super) fn policies<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let Some(role) = &aws.facts.role else {
            return CheckOutcome::unsure("the role was not read");
        };
        match read(aws, role).await {
            Ok(permissions) => aws.facts.permissions = permissions,
            Err(seen) => return seen,
        }
        parsed(&aws.facts.permissions)
    })
}

async fn read(aws: &Aws, role: &Role) -> Result<Permissions, CheckOutcome> {
    let policies = aws.reader.policies(&role.arn).await;
    let policies = policies.map_err(|error| unread(aws, &error))?;
    let boundary = match &role.boundary {
        Some(arn) => {
            let boundary = aws.reader.managed_policy(role.arn.partition(), arn).await;
            Some(boundary.map_err(|error| unread(aws, &error))?)
        }
        None => None,
    };
    Ok(Permissions { policies, boundary })
}

/// The role whose session uses a data store, with its policies.
pub(super) struct SessionRole {
    pub(super) role: Role,
    pub(super) permissions: Permissions,
}

/// The workload's role, or `own`, the role that is assumed only for this data store.
///
/// # Errors
/// The outcome of a check for which the role could not be read.
pub(super) async fn session_role(
    aws: &Aws,
    own: Option<&RoleArn>,
) -> Result<SessionRole, CheckOutcome> {
    let Some(own) = own else {
        let role = aws.facts.role.clone();
        return Ok(SessionRole {
            role: role.ok_or_else(|| CheckOutcome::unsure("the role was not read"))?,
            permissions: aws.facts.permissions.clone(),
        });
    };
    let role = aws.reader.role(own).await;
    let role = role.map_err(|error| unread(aws, &error))?;
    let permissions = read(aws, &role).await?;
    Ok(SessionRole { role, permissions })
}

/// The outcome for a data store whose own role is in a different account: the data store is in that account too, so
/// neither can be read.
pub(super) fn in_other_account(
    aws: &Aws,
    own: Option<&RoleArn>,
    action: &str,
) -> Option<CheckOutcome> {
    let caller = aws.facts.caller.as_ref()?;
    let own = own.filter(|own| own.account() != &caller.account)?;
    let seen = format!(
        "the workload uses `{own}` for it, but the credentials for reading belong to account `{}`, not `{}`",
        caller.account,
        own.account()
    );
    Some(CheckOutcome::unsure(seen).remedy(format!(
        "check with credentials of account `{}`: `aws iam simulate-principal-policy --policy-source-arn {own} \
         --action-names {action}`",
        own.account()
    )))
}

fn parsed(permissions: &Permissions) -> CheckOutcome {
    let question = Question {
        policies: documents(permissions, None),
        ..Question::default()
    };
    if let Err(why) = authorization::documents(&question) {
        return CheckOutcome::unsure(why);
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
    CheckOutcome::holds(format!(
        "policies: {names}{boundary}; {ORGANIZATION_CAVEAT}"
    ))
}

/// The policies that apply to a request of the session, including the resource's own policy.
pub(super) fn documents(permissions: &Permissions, resource: Option<Document>) -> Vec<Document> {
    let in_layer = |layer| {
        move |policy: &irsa_aws::AttachedPolicy| document(layer, policy.name.as_str(), &policy.text)
    };
    let identity = permissions.policies.iter().map(in_layer(Layer::Identity));
    let boundary = permissions.boundary.iter().map(in_layer(Layer::Boundary));
    identity.chain(boundary).chain(resource).collect()
}

/// The principal of the session's requests.
pub(super) fn principal(role: &RoleArn) -> String {
    let session = SessionName::from_pod_name("irsa-doctor");
    role.assumed(&session).as_str().to_owned()
}

/// "Availability" of `aws:PrincipalTag` and of `aws:FederatedProvider`.
const PRINCIPAL_TAG: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag";
const FEDERATED_PROVIDER: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-federatedprovider";

/// The condition keys of a session's request, as far as they are known. Keys about the time and the network are unknown:
/// the workload makes its requests at other times and from a different place.
pub(super) fn context(aws: &Aws, role: &Role, action: &str, resource: &str) -> RequestContext {
    let arn = &role.arn;
    let provider = aws.provider_arn().filter(|_| !aws.is_pod_identity());
    let account = arn.account().as_str();
    let mut context =
        RequestContext::for_session(action, Some(resource), account, provider.as_ref());
    context.fill("aws:PrincipalArn", [arn.as_str()]);
    if aws.is_pod_identity() {
        context.leave_out("aws:FederatedProvider", FEDERATED_PROVIDER);
    }
    if context.supports_principal_tags() {
        fill_principal_tags(&mut context, aws, role);
    }
    context
}

/// Sets the tags of the role, and those that EKS Pod Identity adds to the session. Other tags are absent, unless the
/// service account and therefore the session's tags are unknown.
fn fill_principal_tags(context: &mut RequestContext, aws: &Aws, role: &Role) {
    for (key, value) in &role.tags {
        context.fill(&format!("aws:PrincipalTag/{key}"), [value.as_str()]);
    }
    match &aws.workload.service_account {
        _ if !aws.is_pod_identity() => {}
        Some(account) => {
            pod_identity::pod(account, aws.cluster_arn()).fill_session_tags(context);
        }
        None => return,
    }
    context.leave_out("aws:PrincipalTag/", PRINCIPAL_TAG);
}
