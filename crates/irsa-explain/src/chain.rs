//! The question of IRSA, whole: may this service account have the role, and may its session then
//! do it?
//!
//! Each link that can be decided is a [`Step`]. A pod passes them all or none; so one denial is
//! enough, and what is not known is only told where nothing denies.

mod permissions;
pub mod report;
mod trust;

use irsa_chain::{IssuerUrl, Link, ServiceAccount, SessionName};
use irsa_policy::{Context, Layer};

use crate::inventory::{Inventory, Role, Source};
use crate::pod_identity::PodIdentity;
use crate::question::{Document, Question, Unknown};
use crate::request_context::RequestContext;

const NO_ACCOUNT: &str = "the account of the role can't be told: name it with --role ARN";

/// What is asked: a pod, its role, and what it then does.
#[derive(Debug)]
pub struct Scenario<'a> {
    /// How it gets a session; without this, only the permissions of the role are asked.
    pub credential: Option<Credential<'a>>,
    /// The role that it asks for.
    pub role: &'a Role,
    /// What it then does, if that is asked too.
    pub access: Option<Access<'a>>,
    /// Further condition keys of each request.
    pub context: &'a Context,
    /// The time of each request, in ISO 8601 and in seconds since 1970; `None` if it is unknown.
    pub time: Option<(&'a str, u64)>,
    /// The requests have no condition keys but those that are known.
    pub is_complete: bool,
    /// Policies that are no part of the inventory: boundaries, sessions, an organization's.
    pub documents: &'a [Document],
}

/// How a pod gets a session of its role.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// It exchanges a token of its service account at STS.
    Token(Token<'a>),
    /// EKS Pod Identity assumes the role for it.
    PodIdentity(PodIdentity<'a>),
}

/// A pod's token.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    /// Its subject.
    pub service_account: &'a ServiceAccount,
    /// Its issuer.
    pub issuer: &'a IssuerUrl,
    /// Its audience.
    pub audience: &'a str,
}

/// What a session does.
#[derive(Debug, Clone, Copy)]
pub enum Access<'a> {
    /// Logs in: `USER@DATABASE`, where the database is its resource id or what the inventory calls
    /// it; or the whole ARN.
    Connect(&'a str),
    /// Sends a request to a domain: its ARN, or what the inventory calls it.
    Open {
        /// The domain, and in an ARN also the path.
        domain: &'a str,
        /// The action.
        action: &'a str,
    },
    /// Anything else.
    Call {
        /// The action.
        action: &'a str,
        /// What it is called on.
        resource: Option<&'a str>,
    },
}

/// A link that can be decided.
#[derive(Debug)]
pub struct Step {
    /// The link; none if the question is not about a chain.
    pub link: Option<Link>,
    /// What is asked there.
    pub asks: Asks,
}

/// How a link is decided.
#[derive(Debug)]
pub enum Asks {
    /// By policies.
    Policies(Box<Question>),
    /// By what is registered.
    Registered {
        /// Whether it is; `None` if that is not known.
        holds: Option<bool>,
        /// What was found.
        sentence: String,
    },
}

/// The steps from the token to the data.
///
/// # Errors
/// What can't be told from what is given.
pub fn steps(inventory: &Inventory, scenario: &Scenario<'_>) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut issued = None;
    match &scenario.credential {
        Some(Credential::Token(token)) => {
            let provider = trust::provider_of(scenario.role, token.issuer).ok_or(NO_ACCOUNT)?;
            let registered = trust::registered(inventory, &provider, token.audience);
            steps.extend(registered.map(|asks| Step::at(Link::OidcProvider, asks)));
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

/// The roles that let this service account in: one that pods with other names may have as well is
/// one of them.
pub fn trusting<'e>(inventory: &'e Inventory, token: &Token<'_>) -> Vec<&'e Role> {
    let trusts = |role: &&Role| trust::is_trusted(role, token);
    inventory.roles.iter().filter(trusts).collect()
}

impl Step {
    fn at(link: Link, asks: Asks) -> Self {
        Self {
            link: Some(link),
            asks,
        }
    }

    fn policies(link: Link, question: Question) -> Self {
        Self::at(link, Asks::Policies(Box::new(question)))
    }

    /// A question by itself.
    pub fn alone(question: Question) -> Self {
        Self {
            link: None,
            asks: Asks::Policies(Box::new(question)),
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

/// The name of a session, which a pod chooses.
fn session_name(credential: Option<&Credential<'_>>) -> SessionName {
    let account = credential.map(Credential::service_account);
    SessionName::from_pod_name(account.map_or("session", ServiceAccount::name))
}

/// Puts the policies of a layer into a question, each as a document or as one that is not known.
fn add(question: &mut Question, layer: Layer, sources: &[Source]) {
    for Source { place, text, .. } in sources {
        match text {
            Some(text) => question.policies.push(Document {
                layer,
                file: place.clone(),
                text: text.clone(),
            }),
            None => question.unknown.push(Unknown {
                layer: Some(layer),
                what: place.clone(),
            }),
        }
    }
}

impl Scenario<'_> {
    /// Fills in what is known of every request.
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
