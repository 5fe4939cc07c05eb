//! The first request of the chain: whether a service account may assume a role.

use irsa_chain::{
    AccountId, Arn, IssuerUrl, OidcProviderArn, Partition, ServiceAccount, SessionName,
};
use irsa_explain::chain::{Credential, Token};
use irsa_explain::inventory::Association;
use irsa_explain::{OidcRequest, PodIdentity, Question, RequestContext, web_identity};
use irsa_policy::Layer;

use super::super::inventory::Origin;
use crate::cli::{QuestionArgs, ServiceAccountArgs};
use crate::settings::Mistakes;

/// The mistake of a service account without a role.
pub(super) const NO_TRUST: &str = "--service-account requires the trust policy of a role; add --trust FILE, --plan FILE or --world FILE";

/// The service account whose pod assumes the role.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) account: ServiceAccount,
    source: SessionSource,
}

/// The way in which its session is created.
#[derive(Debug)]
enum SessionSource {
    /// A token of this issuer, with this audience.
    Token(IssuerUrl, String),
    /// EKS Pod Identity, with this association.
    PodIdentity(Association),
}

// === impl Owner ===

impl Owner {
    pub(super) fn credential(&self) -> Credential<'_> {
        match &self.source {
            SessionSource::Token(issuer, audience) => Credential::Token(Token {
                service_account: &self.account,
                issuer,
                audience,
            }),
            SessionSource::PodIdentity(association) => Credential::PodIdentity(PodIdentity {
                service_account: &self.account,
                cluster: association.cluster.as_ref(),
                has_tags: association.has_tags,
            }),
        }
    }

    /// Returns the role of the association.
    pub(super) fn role(&self) -> Option<&str> {
        match &self.source {
            SessionSource::PodIdentity(association) => association.role.as_deref(),
            SessionSource::Token(..) => None,
        }
    }
}

/// Returns the service account that assumes the role, unless none was given or it is invalid.
pub(super) fn owner(
    args: &QuestionArgs,
    origin: Option<&Origin>,
    mistakes: &mut Mistakes,
) -> Option<Owner> {
    let role = args.chain.role.as_deref();
    let args = &args.service_account;
    args.service_account.as_ref()?;
    let account = mistakes.check("--service-account", service_account(args));
    let cluster: Option<Arn> = mistakes.parse("--cluster", args.cluster.as_deref());
    let association = account
        .as_ref()
        .and_then(|account| origin?.association(account));
    let is_of_role = |one: &Association| match (role, &one.role, origin) {
        (Some(role), Some(own), Some(origin)) => origin.is_same_role(role, own),
        _ => true,
    };
    let association = association.filter(|one| args.issuer.is_none() && is_of_role(one));
    if args.pod_identity || association.is_some() {
        let mut association = association.unwrap_or_else(|| no_association(account.clone()));
        association.cluster = cluster.or(association.cluster);
        return Some(Owner {
            account: account?,
            source: SessionSource::PodIdentity(association),
        });
    }
    let issuer = match &args.issuer {
        Some(issuer) => mistakes.parse("--issuer", Some(issuer)),
        None => origin.and_then(Origin::issuer).or_else(|| {
            mistakes.add(NO_ISSUER);
            None
        }),
    };
    Some(Owner {
        account: account?,
        source: SessionSource::Token(issuer?, args.audience.clone()),
    })
}

/// Returns an association of which only the service account is known.
fn no_association(service_account: Option<ServiceAccount>) -> Association {
    Association {
        label: "--pod-identity".to_owned(),
        service_account,
        role: None,
        cluster: None,
        has_tags: true,
    }
}

const NO_ISSUER: &str = "--issuer is missing; to find it, run `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer`";

/// Adds the parts of the request that the service account's token implies, unless they were given.
pub(super) fn fill_in(
    question: &mut Question,
    args: &ServiceAccountArgs,
    has_trust: bool,
    mistakes: &mut Mistakes,
) {
    if !has_trust {
        mistakes.add(NO_TRUST);
    }
    if args.issuer.is_none() {
        mistakes.add(NO_ISSUER);
    }
    if question.action.is_empty() {
        web_identity::ACTION.clone_into(&mut question.action);
    }
    let account = mistakes.check("--service-account", service_account(args));
    let issuer = mistakes.parse::<IssuerUrl>("--issuer", args.issuer.as_deref());
    let (Some(account), Some(issuer)) = (account, issuer) else {
        return;
    };
    let Some(provider) = provider_of(question, &issuer) else {
        mistakes
            .add("cannot determine the account of the OIDC provider; set --resource to the ARN of the role");
        return;
    };
    let session = SessionName::from_pod_name(account.name());
    let audience = [args.audience.as_str()];
    let request = OidcRequest::new(&provider, &account.subject(), audience, &session);
    question.context = RequestContext::from(&request);
    if question.principal.is_empty() {
        provider.as_str().clone_into(&mut question.principal);
    }
}

/// Returns the OIDC provider of the issuer in the account of the role. The account is that of --resource, else that of
/// the providers in the trust policy.
fn provider_of(question: &Question, issuer: &IssuerUrl) -> Option<OidcProviderArn> {
    if let Ok(provider) = question.principal.parse() {
        return Some(provider);
    }
    let home = match &question.resource {
        Some(role) => Some(home_of(role)?),
        None => None,
    };
    let policies = question.policies.iter();
    let trust = policies.filter(|policy| policy.layer == Layer::Resource);
    web_identity::provider_for(issuer, home, trust.map(|policy| policy.text.as_str()))
}

fn home_of(arn: &str) -> Option<(Partition, AccountId)> {
    let mut parts = arn.strip_prefix("arn:")?.split(':');
    let partition = parts.next()?.parse().ok()?;
    Some((partition, parts.nth(2)?.parse().ok()?))
}

fn service_account(args: &ServiceAccountArgs) -> Result<ServiceAccount, String> {
    let typed = args.service_account.as_deref().unwrap_or_default();
    let (namespace, name) = typed
        .split_once('/')
        .ok_or_else(|| format!("`{typed}` is not NAMESPACE/NAME"))?;
    ServiceAccount::new(namespace, name).map_err(|error| error.to_string())
}
