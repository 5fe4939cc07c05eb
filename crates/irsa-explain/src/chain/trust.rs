//! From the token to the role.

use irsa_chain::{AccountId, IssuerUrl, OidcProviderArn, Partition};
use irsa_policy::{Decision, Layer};

use super::{Asks, Token, Wish, add, session_of};
use crate::estate::{Estate, Provider, Role};
use crate::evaluation::Evaluation;
use crate::question::Question;
use crate::request_context::RequestContext;
use crate::web_identity::{self, OidcRequest};

/// The issuer's provider in the account of the role; where that is not known, in the account whose
/// providers the trust policy names.
pub(super) fn provider_of(role: &Role, issuer: &IssuerUrl) -> Option<OidcProviderArn> {
    let texts = role
        .trust
        .iter()
        .filter_map(|source| source.text.as_deref());
    let named = || texts.flat_map(|text| text.split('"')).find_map(home_of);
    let (partition, account) = role.home().or_else(named)?;
    Some(OidcProviderArn::new(partition, &account, issuer))
}

/// Whether STS knows the issuer, and takes the audience (IAM User Guide, "Create an OpenID Connect
/// (OIDC) identity provider in IAM"); `None` if nothing is known of providers.
pub(super) fn registered(
    estate: &Estate,
    provider: &OidcProviderArn,
    audience: &str,
) -> Option<Asks> {
    let is_here = |one: &&Provider| {
        one.account
            .as_ref()
            .is_none_or(|account| account == provider.account())
    };
    let mut here = estate.providers.iter().filter(is_here);
    let found = here.find(|one| one.issuer.as_ref() == Some(provider.issuer()));
    let Some(found) = found else {
        return unregistered(estate, provider);
    };
    let (holds, sentence) = match &found.client_ids {
        None => (
            None,
            format!(
                "the audiences of `{}` are known after apply only",
                found.place
            ),
        ),
        Some(ids) if ids.iter().any(|id| id == audience) => {
            (Some(true), format!("`{}` takes `{audience}`", found.place))
        }
        Some(ids) => (
            Some(false),
            format!(
                "`{}` does not take the audience `{audience}`, but `{}`",
                found.place,
                ids.join("`, `")
            ),
        ),
    };
    Some(Asks::Registered { holds, sentence })
}

fn unregistered(estate: &Estate, provider: &OidcProviderArn) -> Option<Asks> {
    let sentence = format!("`{provider}` does not exist");
    estate.has_all_providers.then_some(Asks::Registered {
        holds: Some(false),
        sentence,
    })
}

/// What STS asks the role's trust policy.
pub(super) fn question(wish: &Wish<'_>, token: &Token<'_>, provider: &OidcProviderArn) -> Question {
    let mut question = asked_by(token, provider);
    wish.complete(&mut question.context);
    add(&mut question, Layer::Resource, &wish.role.trust);
    let controls = wish.documents.iter();
    let controls = controls.filter(|one| matches!(one.layer, Layer::ResourceControl(_)));
    question.policies.extend(controls.cloned());
    question
}

/// Whether the role's trust policy lets the token in.
pub(super) fn is_trusted(role: &Role, token: &Token<'_>) -> bool {
    let Some(provider) = provider_of(role, token.issuer) else {
        return false;
    };
    let mut question = asked_by(token, &provider);
    add(&mut question, Layer::Resource, &role.trust);
    let documents = question.documents();
    documents.is_ok_and(|documents| {
        Evaluation::new(&question, &documents).outcome.decision == Decision::Allowed
    })
}

fn asked_by(token: &Token<'_>, provider: &OidcProviderArn) -> Question {
    let (subject, session) = (token.service_account.subject(), session_of(Some(token)));
    let request = OidcRequest::new(provider, &subject, [token.audience], &session);
    Question {
        principal: provider.as_str().to_owned(),
        action: web_identity::ACTION.to_owned(),
        context: RequestContext::from(&request),
        ..Question::default()
    }
}

fn home_of(arn: &str) -> Option<(Partition, AccountId)> {
    let provider: OidcProviderArn = arn.parse().ok()?;
    Some((provider.partition(), provider.account().clone()))
}
