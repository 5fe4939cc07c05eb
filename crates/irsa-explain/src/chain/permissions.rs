//! The permissions link: from the role session to the data.

mod resolved_access;

use irsa_chain::{AccountId, OidcProviderArn, Partition, Region, SessionName};
use irsa_policy::Layer;

use super::{Access, Credential, NO_ACCOUNT, Scenario, add, session_name};
use crate::inventory::{Inventory, Role};
use crate::question::{LATER, Question, Unknown};
use crate::request_context::RequestContext;
use crate::web_identity;
use resolved_access::{Location, ResolvedAccess};

/// "Availability" of `aws:FederatedProvider`.
const FEDERATED_PROVIDER: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-federatedprovider";

/// The question whether the policies allow the access of the role session.
pub(super) fn question(
    inventory: &Inventory,
    scenario: &Scenario<'_>,
    access: Access<'_>,
    provider: Option<&OidcProviderArn>,
) -> Result<Question, String> {
    let of_provider = || provider.map(|one| (one.partition(), one.account().clone()));
    let home = scenario.role.home().or_else(of_provider);
    let home = home.or_else(|| cluster_home(scenario.credential.as_ref()));
    let (partition, account) = home.ok_or(NO_ACCOUNT)?;
    let location = Location {
        partition,
        account: &account,
        region: scenario.credential.as_ref().and_then(cluster_region),
    };
    let resolved = ResolvedAccess::resolve(inventory, access, &location)?;
    let (action, resource) = (resolved.action.as_str(), resolved.resource.as_deref());
    let mut context = RequestContext::for_session(action, resource, account.as_str(), provider);
    if let Some(arn) = &scenario.role.arn {
        context.fill("aws:PrincipalArn", [arn.as_str()]);
    }
    if let Some(Credential::PodIdentity(pod)) = &scenario.credential {
        context.leave_out("aws:FederatedProvider", FEDERATED_PROVIDER);
        if context.supports_principal_tags() {
            // The tags of the role are unknown.
            pod.fill_session_tags(&mut context);
        }
    }
    scenario.complete(&mut context);
    let mut question = Question {
        principal: principal(
            scenario.role,
            &location,
            &session_name(scenario.credential.as_ref()),
        ),
        action: resolved.action,
        resource: resolved.resource,
        context,
        ..Question::default()
    };
    add(&mut question, Layer::Identity, &scenario.role.permissions);
    add(&mut question, Layer::Boundary, &scenario.role.boundary);
    add(&mut question, Layer::Resource, &resolved.policies);
    question.policies.extend_from_slice(scenario.documents);
    let mut policies = question.policies.iter();
    let names_callers = policies.any(|policy| policy.layer == Layer::Resource);
    let unnamed = scenario.role.name.is_none() && names_callers;
    let unnamed = unnamed.then(|| Unknown {
        layer: Some(Layer::Resource),
        what: format!("the name of `{}` (unknown)", scenario.role.label),
    });
    let resolved = resolved.unknown.map(Unknown::in_request);
    question
        .unknown
        .extend([resolved, unnamed].into_iter().flatten());
    Ok(question)
}

fn principal(role: &Role, location: &Location<'_>, session: &SessionName) -> String {
    let name = role.name.as_deref().unwrap_or(LATER);
    let (partition, account): (Partition, _) = (location.partition, location.account);
    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
}

/// The region of the cluster, which is the default for databases and domains.
fn cluster_region(credential: &Credential<'_>) -> Option<Region> {
    match credential {
        Credential::Token(token) => web_identity::region_of(token.issuer),
        Credential::PodIdentity(pod) => pod.cluster?.region().parse().ok(),
    }
}

/// The partition and account of the cluster: EKS Pod Identity assumes only roles in the account of the cluster.
fn cluster_home(credential: Option<&Credential<'_>>) -> Option<(Partition, AccountId)> {
    let Some(Credential::PodIdentity(pod)) = credential else {
        return None;
    };
    let cluster = pod.cluster?;
    let account = cluster.account().parse().ok()?;
    Some((cluster.partition().parse().ok()?, account))
}
