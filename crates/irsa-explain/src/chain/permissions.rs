//! From the role to the data.

mod target;

use irsa_chain::{OidcProviderArn, Partition, Region, SessionName};
use irsa_policy::Layer;

use super::{Access, NO_ACCOUNT, Wish, add, session_of};
use crate::estate::{Estate, Role};
use crate::question::{Question, Unknown};
use crate::request_context::RequestContext;
use target::{LATER, Place, Target};

/// What the data store asks the policies of the role's session.
pub(super) fn question(
    estate: &Estate,
    wish: &Wish<'_>,
    access: Access<'_>,
    provider: Option<&OidcProviderArn>,
) -> Result<Question, String> {
    let of_provider = || provider.map(|one| (one.partition(), one.account().clone()));
    let (partition, account) = wish.role.home().or_else(of_provider).ok_or(NO_ACCOUNT)?;
    let issuer = wish.token.as_ref().map(|token| token.issuer);
    let place = Place {
        partition,
        account: &account,
        region: issuer.and_then(|issuer| region_of(issuer.host_and_path())),
    };
    let target = Target::of(estate, access, &place)?;
    let (action, resource) = (target.action.as_str(), target.resource.as_deref());
    let mut context = RequestContext::for_session(action, resource, account.as_str(), provider);
    if let Some(arn) = &wish.role.arn {
        context.fill("aws:PrincipalArn", [arn.as_str()]);
    }
    wish.complete(&mut context);
    let mut question = Question {
        principal: principal(wish.role, &place, &session_of(wish.token.as_ref())),
        action: target.action,
        resource: target.resource,
        context,
        ..Question::default()
    };
    add(&mut question, Layer::Identity, &wish.role.permissions);
    add(&mut question, Layer::Boundary, &wish.role.boundary);
    add(&mut question, Layer::Resource, &target.policies);
    question.policies.extend_from_slice(wish.documents);
    let mut policies = question.policies.iter();
    let names_callers = policies.any(|policy| policy.layer == Layer::Resource);
    let unnamed = wish.role.name.is_none() && names_callers;
    let unnamed = unnamed.then(|| format!("the name of `{}` (not known)", wish.role.place));
    let unknown = [target.unknown, unnamed].into_iter().flatten();
    question.unknown.extend(unknown.map(Unknown::of_request));
    Ok(question)
}

fn principal(role: &Role, place: &Place<'_>, session: &SessionName) -> String {
    let name = role.name.as_deref().unwrap_or(LATER);
    let (partition, account): (Partition, _) = (place.partition, place.account);
    format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}")
}

/// The region in an issuer of EKS: databases and domains are there, unless their names tell
/// otherwise.
fn region_of(issuer: &str) -> Option<Region> {
    let rest = issuer.strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}
