//! The links from the token to the role.

use irsa_chain::{IssuerUrl, OidcProviderArn};
use irsa_policy::{Decision, Layer};

use super::{Basis, Credential, Scenario, Token, add, session_name};
use crate::evaluation::Evaluation;
use crate::inventory::{Inventory, Provider, Role};
use crate::pod_identity::{self, PodIdentity};
use crate::question::Question;
use crate::request_context::RequestContext;
use crate::web_identity::{self, OidcRequest};

/// The issuer's provider in the account of the role.
pub(super) fn provider_of(role: &Role, issuer: &IssuerUrl) -> Option<OidcProviderArn> {
    let texts = role.trust.iter();
    let texts = texts.filter_map(|source| source.text.as_deref());
    web_identity::provider_for(issuer, role.home(), texts)
}

/// Returns whether the issuer has a provider that accepts the audience (IAM User Guide, "Create an OpenID Connect
/// (OIDC) identity provider in IAM"); `None` if the provider is not in the inventory and the inventory is incomplete.
pub(super) fn registered(
    inventory: &Inventory,
    provider: &OidcProviderArn,
    audience: &str,
) -> Option<Basis> {
    let is_here = |one: &&Provider| {
        one.account
            .as_ref()
            .is_none_or(|account| account == provider.account())
    };
    let mut here = inventory.providers.iter().filter(is_here);
    let found = here.find(|one| one.issuer.as_ref() == Some(provider.issuer()));
    let Some(found) = found else {
        return unregistered(inventory, provider);
    };
    let (holds, sentence) = match &found.client_ids {
        None => (
            None,
            format!(
                "the audiences of `{}` are known only after apply",
                found.label
            ),
        ),
        Some(ids) if ids.iter().any(|id| id == audience) => (
            Some(true),
            format!("`{}` accepts the audience `{audience}`", found.label),
        ),
        Some(ids) => (
            Some(false),
            format!(
                "`{}` does not accept the audience `{audience}`, only `{}`",
                found.label,
                ids.join("`, `")
            ),
        ),
    };
    Some(Basis::Registered { holds, sentence })
}

fn unregistered(inventory: &Inventory, provider: &OidcProviderArn) -> Option<Basis> {
    let sentence = format!("`{provider}` does not exist");
    inventory.has_all_providers.then_some(Basis::Registered {
        holds: Some(false),
        sentence,
    })
}

/// The question whether the trust policy allows the token.
pub(super) fn question(
    scenario: &Scenario<'_>,
    token: &Token<'_>,
    provider: &OidcProviderArn,
) -> Question {
    let mut question = token_question(token, provider);
    add_policies(&mut question, scenario);
    question
}

/// The questions whether the trust policy allows EKS Pod Identity, one for each action.
pub(super) fn pod_identity_questions(
    scenario: &Scenario<'_>,
    pod: &PodIdentity<'_>,
) -> Vec<Question> {
    let account = scenario.role.home().map(|(_, account)| account);
    let question = |action: &&str| {
        let mut question = Question {
            principal: pod_identity::PRINCIPAL.to_owned(),
            action: (*action).to_owned(),
            context: pod.context(account.as_ref()),
            ..Question::default()
        };
        add_policies(&mut question, scenario);
        question
    };
    pod.actions().iter().map(question).collect()
}

/// Adds the trust policy and the resource control policies.
fn add_policies(question: &mut Question, scenario: &Scenario<'_>) {
    scenario.complete(&mut question.context);
    add(question, Layer::Resource, &scenario.role.trust);
    let controls = scenario.documents.iter();
    let controls = controls.filter(|one| matches!(one.layer, Layer::ResourceControl(_)));
    question.policies.extend(controls.cloned());
}

/// Returns whether the trust policy of the role allows the token.
pub(super) fn is_trusted(role: &Role, token: &Token<'_>) -> bool {
    let Some(provider) = provider_of(role, token.issuer) else {
        return false;
    };
    let mut question = token_question(token, &provider);
    add(&mut question, Layer::Resource, &role.trust);
    let documents = question.documents();
    documents.is_ok_and(|documents| {
        Evaluation::new(&question, &documents).outcome.decision == Decision::Allowed
    })
}

fn token_question(token: &Token<'_>, provider: &OidcProviderArn) -> Question {
    let session = session_name(Some(&Credential::Token(*token)));
    let subject = token.service_account.subject();
    let request = OidcRequest::new(provider, &subject, [token.audience], &session);
    Question {
        principal: provider.as_str().to_owned(),
        action: web_identity::ACTION.to_owned(),
        context: RequestContext::from(&request),
        ..Question::default()
    }
}
