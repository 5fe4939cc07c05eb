//! The whole chain of a pod: can the service account assume the role, and can its session then access the data?
//!
//! Each link that can be decided is a [`Step`]. Access needs all links, so a single denial decides, and unknown values
//! matter only if no link denies.

mod permissions;
pub mod report;
mod trust;

use irsa_chain::{IssuerUrl, Link, ServiceAccount, SessionName};
use irsa_policy::{Context, Layer};

use crate::inventory::{Inventory, PolicySource, Role};
use crate::pod_identity::PodIdentity;
use crate::question::{Document, Question, Unknown};
use crate::request_context::RequestContext;

const NO_ACCOUNT: &str = "the role's account is unknown: pass the role's ARN with --role";

/// The scenario to evaluate: a pod, its role, and the access that it needs.
#[derive(Debug)]
pub struct Scenario<'a> {
    /// How the pod gets a session; `None` evaluates only the permissions of the role.
    pub credential: Option<Credential<'a>>,
    /// The role that the pod assumes.
    pub role: &'a Role,
    /// The access that the session needs; `None` evaluates only the trust policy.
    pub access: Option<Access<'a>>,
    /// Additional condition keys for each request.
    pub context: &'a Context,
    /// The time of each request, in ISO 8601 and in seconds since 1970; `None` if unknown.
    pub time: Option<(&'a str, u64)>,
    /// Whether the requests have only the known condition keys.
    pub is_complete: bool,
    /// Policies outside the inventory: boundaries, session policies, policies of an organization.
    pub documents: &'a [Document],
}

/// How a pod gets a role session.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// The pod exchanges its service account token at STS (IRSA).
    Token(Token<'a>),
    /// EKS Pod Identity assumes the role for the pod.
    PodIdentity(PodIdentity<'a>),
}

/// A service account token.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// The subject.
    pub service_account: &'a ServiceAccount,
    /// The issuer.
    pub issuer: &'a IssuerUrl,
    /// The audience.
    pub audience: &'a str,
}

/// The access that a session needs.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    /// A database login: `USER@DATABASE`, with the database's resource ID or a name from the inventory; or the ARN of
    /// the database user.
    Connect(&'a str),
    /// A request to a domain.
    Open {
        /// The ARN of the domain, with or without a path, or a name from the inventory.
        domain: &'a str,
        /// The action.
        action: &'a str,
    },
    /// Any other request.
    Call {
        /// The action.
        action: &'a str,
        /// The ARN of the resource.
        resource: Option<&'a str>,
    },
}

/// A step of the chain that can be decided.
#[derive(Debug)]
pub struct Step {
    /// The link; `None` if the question is not about a chain.
    pub link: Option<Link>,
    /// The basis of the decision.
    pub basis: Basis,
}

/// The basis of a decision.
#[derive(Debug)]
pub enum Basis {
    /// Policies.
    Policies(Box<Question>),
    /// The registration of the OIDC provider.
    Registered {
        /// Whether the link holds; `None` if unknown.
        holds: Option<bool>,
        /// The reason.
        sentence: String,
    },
}

/// Returns the steps from the token to the data.
///
/// # Errors
/// The scenario lacks something that the question needs, such as the account of the role.
pub fn steps(inventory: &Inventory, scenario: &Scenario<'_>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut issued = None;
    match &scenario.credential {
        Some(Credential::Token(token)) => {
            let provider = trust::provider_of(scenario.role, token.issuer).ok_or(NO_ACCOUNT)?;
            let registered = trust::registered(inventory, &provider, token.audience);
            steps.extend(registered.map(|basis| Step::at(Link::OidcProvider, basis)));
            let question = trust::question(scenario, token, &provider);
            steps.push(Step::policies(Link::TrustPolicy, question));
            issued = Some(provider);
        }
        Some(Credential::PodIdentity(pod)) => {
            let questions = trust::pod_identity_questions(scenario, pod).into_iter();
            steps.extend(questions.map(|question| Step::policies(Link::TrustPolicy, question)));
        }
        None => {}
    }
    if let Some(access) = scenario.access {
        let question = permissions::question(inventory, scenario, access, issued.as_ref())?;
        steps.push(Step::policies(Link::Permissions, question));
    }
    Ok(steps)
}

/// The roles that trust this service account, including roles that also trust others.
pub fn trusting<'e>(inventory: &'e Inventory, token: &Token<'_>) -> Vec<&'e Role> {
    let trusts = |role: &&Role| trust::is_trusted(role, token);
    inventory.roles.iter().filter(trusts).collect()
}

impl Step {
    fn at(link: Link, basis: Basis) -> Self {
        Self {
            link: Some(link),
            basis,
        }
    }

    fn policies(link: Link, question: Question) -> Self {
        Self::at(link, Basis::Policies(Box::new(question)))
    }

    /// Creates a step for a single question.
    pub fn alone(question: Question) -> Self {
        Self {
            link: None,
            basis: Basis::Policies(Box::new(question)),
        }
    }
}

// === impl Credential ===

impl Credential<'_> {
    /// The service account of the pod.
    pub fn service_account(&self) -> &ServiceAccount {
        match self {
            Self::Token(token) => token.service_account,
            Self::PodIdentity(pod) => pod.service_account,
        }
    }
}

/// The session name that a pod uses.
fn session_name(credential: Option<&Credential<'_>>) -> SessionName {
    let account = credential.map(Credential::service_account);
    SessionName::from_pod_name(account.map_or("session", ServiceAccount::name))
}

/// Adds the policies of a layer to a question, as documents or as unknowns.
fn add(question: &mut Question, layer: Layer, sources: &[PolicySource]) {
    for PolicySource { label, text, .. } in sources {
        match text {
            Some(text) => question.policies.push(Document {
                layer,
                file: label.clone(),
                text: text.clone(),
            }),
            None => question.unknown.push(Unknown {
                layer: Some(layer),
                what: label.clone(),
            }),
        }
    }
}

impl Scenario<'_> {
    /// Fills in what is known about every request of the scenario.
    fn complete(&self, context: &mut RequestContext) {
        context.fill_all(self.context);
        if let Some((current, seconds)) = self.time {
            context.fill_time(current, seconds);
        }
        if self.is_complete {
            context.complete();
        }
    }
}

#[cfg(test)]
mod tests;
