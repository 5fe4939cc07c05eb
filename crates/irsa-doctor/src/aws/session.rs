//! What a session of the role may do: its policies, and what is asked of them.

use irsa_aws::Role;
use irsa_chain::{Link, RoleArn, SessionName};
use irsa_explain::{Document, Question, RequestContext};
use irsa_policy::Layer;

use super::authorization::{self, BUT_FOR_ORGANIZATIONS, document};
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
    question: "Can the role's policies be read and understood?",
    description: "Reads the role's inline and attached policies and its permissions boundary (`iam:ListRolePolicies`, \
               `iam:GetRolePolicy`, `iam:ListAttachedRolePolicies`, `iam:GetPolicy`, `iam:GetPolicyVersion`). Of a \
               policy that is understood every word is evaluated.",
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
        understood(&aws.facts.permissions)
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

/// Whose session asks a data store, and what it may.
pub(super) struct Asker {
    pub(super) role: Role,
    pub(super) permissions: Permissions,
}

/// The workload's role, or the one that is assumed for this data store alone.
///
/// # Errors
/// Why it was not read.
pub(super) async fn asker(aws: &Aws, own: Option<&RoleArn>) -> Result<Asker, CheckOutcome> {
    let Some(own) = own else {
        let role = aws.facts.role.clone();
        return Ok(Asker {
            role: role.ok_or_else(|| CheckOutcome::unsure("the role was not read"))?,
            permissions: aws.facts.permissions.clone(),
        });
    };
    let role = aws.reader.role(own).await;
    let role = role.map_err(|error| unread(aws, &error))?;
    let permissions = read(aws, &role).await?;
    Ok(Asker { role, permissions })
}

/// A data store that is reached by a role of another account than the one that is read is in that account as well.
pub(super) fn is_elsewhere(aws: &Aws, own: Option<&RoleArn>, action: &str) -> Option<CheckOutcome> {
    let caller = aws.facts.caller.as_ref()?;
    let own = own.filter(|own| own.account() != &caller.account)?;
    let seen = format!(
        "it is reached as `{own}`, and the account `{}` is not the one that is read",
        own.account()
    );
    Some(CheckOutcome::unsure(seen).remedy(format!(
        "look with credentials of that account: `aws iam simulate-principal-policy --policy-source-arn {own} \
         --action-names {action}`"
    )))
}

fn understood(permissions: &Permissions) -> CheckOutcome {
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
        "policies: {names}{boundary}; {BUT_FOR_ORGANIZATIONS}"
    ))
}

/// The policies that have a say in what a session does, that of the resource included.
pub(super) fn documents(permissions: &Permissions, resource: Option<Document>) -> Vec<Document> {
    let in_layer = |layer| {
        move |policy: &irsa_aws::AttachedPolicy| document(layer, policy.name.as_str(), &policy.text)
    };
    let identity = permissions.policies.iter().map(in_layer(Layer::Identity));
    let boundary = permissions.boundary.iter().map(in_layer(Layer::Boundary));
    identity.chain(boundary).chain(resource).collect()
}

/// The caller, as data stores see it.
pub(super) fn principal(role: &RoleArn) -> String {
    let session = SessionName::from_pod_name("irsa-doctor");
    role.assumed(&session).as_str().to_owned()
}

/// "Availability" of `aws:PrincipalTag` and of `aws:FederatedProvider`.
const PRINCIPAL_TAG: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag";
const FEDERATED_PROVIDER: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-federatedprovider";

/// What is known of the condition keys of a session's request. Those of the moment and of the network are unknown: the
/// workload's requests are made at other times, and elsewhere.
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
    if context.takes_principal_tags() {
        let own = role.tags.iter();
        let own = own.map(|(key, value)| (key.as_str(), value.as_str()));
        for (key, value) in own.chain(pod_identity::tags(aws)) {
            context.fill(&format!("aws:PrincipalTag/{key}"), [value]);
        }
        if aws.is_pod_identity() {
            pod_identity::leave_unknown(&mut context, "aws:PrincipalTag/");
        }
        context.leave_out("aws:PrincipalTag/", PRINCIPAL_TAG);
    }
    context
}
