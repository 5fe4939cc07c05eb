//! The question of IRSA: may this service account have the role?

use irsa_chain::{AccountId, IssuerUrl, OidcProviderArn, Partition, ServiceAccount, SessionName};
use irsa_explain::{OidcRequest, Question, RequestContext, web_identity};
use irsa_policy::Layer;

use super::super::estate::Origin;
use super::chain::Owner;
use crate::cli::{QuestionArgs, ServiceAccountArgs};
use crate::settings::Mistakes;

/// What is said of a service account without a role.
pub(super) const NO_TRUST: &str =
    "--service-account: whose role? give --trust FILE, --plan FILE or --world FILE";

/// Whose token it is; none if no service account was typed, or if that is wrong.
pub(super) fn owner(
    args: &QuestionArgs,
    origin: Option<&Origin>,
    mistakes: &mut Mistakes,
) -> Option<Owner> {
    let args = &args.service_account;
    args.service_account.as_ref()?;
    let account = mistakes.check("--service-account", service_account(args));
    let issuer = match &args.issuer {
        Some(issuer) => mistakes.parse("--issuer", Some(issuer)),
        None => origin.and_then(Origin::issuer).or_else(|| {
            mistakes.add(NO_ISSUER);
            None
        }),
    };
    Some((account?, issuer?))
}

const NO_ISSUER: &str = "--issuer is missing: `aws eks describe-cluster --name NAME --query cluster.identity.oidc.issuer`";

/// What the service account's token asks, as far as it was not typed.
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
            .add("the account of the OIDC provider can't be told: name the role with --resource");
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

/// The issuer's provider in the account of the role: that of --resource, else the one whose
/// providers the trust policy names.
fn provider_of(question: &Question, issuer: &IssuerUrl) -> Option<OidcProviderArn> {
    if let Ok(provider) = question.principal.parse() {
        return Some(provider);
    }
    let trust = question
        .policies
        .iter()
        .filter(|policy| policy.layer == Layer::Resource);
    let mut trusted = trust.flat_map(|policy| policy.text.split('"'));
    let (partition, account) = match &question.resource {
        Some(role) => home_of(role)?,
        None => {
            trusted.find_map(|text| home_of(text).filter(|_| text.contains(":oidc-provider/")))?
        }
    };
    Some(OidcProviderArn::new(partition, &account, issuer))
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
