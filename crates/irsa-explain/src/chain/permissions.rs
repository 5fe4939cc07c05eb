//! From the role to the data.

mod target;

use irsa_chain::{AccountId, OidcProviderArn, Partition, Region, SessionName};
use irsa_policy::{Context, Layer};

use super::{Access, NO_ACCOUNT, Wish, add, extend, session_of};
use crate::estate::{Estate, Role};
use crate::question::{Question, Unknown};
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
    let mut question = Question {
        principal: principal(wish.role, &place, &session_of(wish.token.as_ref())),
        action: target.action,
        resource: target.resource,
        context: session_context(wish.role, &account, provider),
        ..Question::default()
    };
    extend(&mut question.context, wish.context);
    add(&mut question, Layer::Identity, &wish.role.permissions);
    add(&mut question, Layer::Boundary, &wish.role.boundary);
    add(&mut question, Layer::Resource, &target.policies);
    question.policies.extend_from_slice(wish.documents);
    let unnamed = wish.role.name.is_none() && asks_for_the_role(&question);
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

/// The global condition keys of a session whose values are known (IAM User Guide, "AWS global
/// condition context keys").
fn session_context(
    role: &Role,
    account: &AccountId,
    provider: Option<&OidcProviderArn>,
) -> Context {
    let mut context = Context::new()
        .with("aws:PrincipalAccount", account.as_str())
        .with("aws:PrincipalType", "AssumedRole");
    if let Some(arn) = &role.arn {
        context = context.with("aws:PrincipalArn", arn.as_str());
    }
    match provider {
        Some(provider) => context.with("aws:FederatedProvider", provider.as_str()),
        None => context,
    }
}

/// Whether the answer may depend on the role's name.
fn asks_for_the_role(question: &Question) -> bool {
    let mut policies = question.policies.iter();
    policies.any(|policy| {
        let names = || {
            policy
                .text
                .to_ascii_lowercase()
                .contains("aws:principalarn")
        };
        policy.layer == Layer::Resource || names()
    })
}

/// The region in an issuer of EKS: databases and domains are there, unless their names tell
/// otherwise.
fn region_of(issuer: &str) -> Option<Region> {
    let rest = issuer.strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}
