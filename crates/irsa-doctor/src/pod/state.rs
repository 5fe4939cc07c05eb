//! What the walk has learnt, and what is under way.

use std::collections::BTreeMap;
use std::future::ready;
use std::time::{Duration, SystemTime};

use irsa_chain::RoleArn;
use irsa_identity::{
    IdentityError, Inspection, ResolvedSource, RoleStep, SessionCredentials, SourceChoice,
    StsAnswer,
};
use irsa_net::tls::Roots;
use tokio::time::timeout;

use super::background::Background;
use super::database::DatabaseState;
use super::domain::DomainState;
use super::environment::{POD_IDENTITY, WEB_IDENTITY};
use super::issuer::IssuerLook;
use super::node::{NodeLook, NodeRefusal};
use super::options::{DatabaseTarget, DomainTarget, Options};
use super::text::clean;
use super::token::Token;
use crate::{Database, Domain, IdentityKind, Seen, Work, Workload};

/// How long STS, the agent and each other one who is asked may take: less than a step's deadline, so that silence is
/// a verdict.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may take.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// How long the instance metadata service may take: it is one hop away, or out of reach.
const NODE_PATIENCE: Duration = Duration::from_millis(1_500);

/// The pod's place.
#[derive(Debug)]
pub struct Pod {
    pub(super) options: Options,
    pub(super) workload: Workload,
    pub(super) source: Result<ResolvedSource, IdentityError>,
    pub(super) inspection: Result<Inspection, IdentityError>,
    pub(super) roots: Result<Roots, String>,
    pub(super) token: Option<Token>,
    pub(super) sts: Background<Result<Heard, IdentityError>>,
    pub(super) node: Background<NodeLook>,
    pub(super) issuer: Option<Background<IssuerLook>>,
    pub(super) session: Option<Background<Exchanged>>,
    /// Sessions of the data stores that have a role of their own, by label.
    pub(super) chained: BTreeMap<String, SessionCredentials>,
    pub(super) databases: Vec<DatabaseState>,
    pub(super) domains: Vec<DomainState>,
}

/// What an exchange came to.
pub(super) type Exchanged = Result<SessionCredentials, IdentityError>;

/// What STS said, and when by our clock.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) answer: StsAnswer,
    pub(super) at: SystemTime,
}

impl Pod {
    /// Begins to look at what depends on nothing else: STS, the node, the ways to the data stores.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(mut options: Options) -> Self {
        let timeouts = &mut options.identity.timeouts;
        (timeouts.connect, timeouts.exchange) = (CONNECT, PATIENCE);
        let settings = &options.identity;
        let inspection = Inspection::new(settings.clone(), options.clock.clone());
        let roots = Roots::upstream(settings.ca_file.as_deref());
        let roots = roots.map_err(|error| format!("{error}: {}", error.remedy()));
        let databases = options.databases.iter().cloned();
        let domains = options.domains.iter().cloned();
        let source = ResolvedSource::resolve(&settings.choice, &settings.environment);
        Self {
            workload: Workload {
                identity: source.as_ref().ok().and_then(kind),
                ..workload(&options)
            },
            source,
            sts: sts(inspection.clone(), &options),
            node: node(inspection.clone()),
            databases: databases
                .map(|target| DatabaseState::new(target, &roots))
                .collect(),
            domains: domains
                .map(|target| DomainState::new(target, &roots))
                .collect(),
            options,
            inspection,
            roots,
            token: None,
            issuer: None,
            session: None,
            chained: BTreeMap::new(),
        }
    }

    /// What was learnt of the workload.
    pub fn into_workload(self) -> Workload {
        self.workload
    }

    pub(super) fn now(&self) -> SystemTime {
        self.options.clock.now()
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.options.identity.environment.get(name)
    }

    /// The source's name; that of the choice, where none could be decided on.
    pub(super) fn source_name(&self) -> &'static str {
        match (&self.source, &self.options.identity.choice) {
            (Ok(source), _) => source.name(),
            (Err(_), SourceChoice::PodIdentity) => "pod-identity",
            (Err(_), SourceChoice::Env) => "env",
            (Err(_), SourceChoice::Profile(_)) => "profile",
            (Err(_), SourceChoice::Imds) => "imds",
            (Err(_), SourceChoice::Auto) if self.has_only_pod_identity() => "pod-identity",
            (Err(_), SourceChoice::Auto | SourceChoice::WebIdentity) => "web-identity",
        }
    }

    /// Whether what there is of an identity is of Pod Identity.
    fn has_only_pod_identity(&self) -> bool {
        let has = |names: [&str; 2]| names.iter().any(|name| self.variable(name).is_some());
        has(POD_IDENTITY) && !has(WEB_IDENTITY)
    }

    pub(super) fn is_web_identity(&self) -> bool {
        self.source_name() == "web-identity"
    }

    /// The roles that data stores have of their own, by label.
    pub(super) fn role_steps(&self) -> impl Iterator<Item = (String, &Option<RoleStep>)> {
        let databases = self.databases.iter().map(|one| &one.target);
        let databases = databases.map(|target| (target.label(), &target.role));
        let domains = self.domains.iter().map(|one| &one.target);
        databases.chain(domains.map(|target| (target.label(), &target.role)))
    }

    /// What signs for a data store.
    pub(super) async fn credentials_for(&mut self, label: &str) -> Option<SessionCredentials> {
        match self.chained.get(label) {
            Some(chained) => Some(chained.clone()),
            None => self.session().await?.ok(),
        }
    }

    /// The one exchange, made when it is first asked about; `None` if it was cut off.
    pub(super) async fn session(&mut self) -> Option<Exchanged> {
        let inspection = &self.inspection;
        let session = self.session.get_or_insert_with(|| {
            let inspection = inspection.clone();
            Background::start(async move { inspection?.exchange().await })
        });
        session.outcome().await.cloned()
    }
}

/// Asks STS for no more than an answer, where it is of use.
fn sts(
    inspection: Result<Inspection, IdentityError>,
    options: &Options,
) -> Background<Result<Heard, IdentityError>> {
    let clock = options.clock.clone();
    Background::start(async move {
        let answer = inspection?.sts_answer().await?;
        Ok(Heard {
            answer,
            at: clock.now(),
        })
    })
}

/// Asks the instance metadata service for the name of the node's role. No answer is what there should be.
fn node(inspection: Result<Inspection, IdentityError>) -> Background<NodeLook> {
    Background::start(async move {
        let inspection = inspection.map_err(NodeRefusal::Unasked)?;
        match timeout(NODE_PATIENCE, inspection.node_role()).await {
            Ok(answer) => answer.map_err(NodeRefusal::Said),
            Err(_) => Err(NodeRefusal::Silent),
        }
    })
}

fn kind(source: &ResolvedSource) -> Option<IdentityKind> {
    match source.name() {
        "web-identity" => Some(IdentityKind::WebIdentity),
        "pod-identity" => Some(IdentityKind::PodIdentity),
        _ => None,
    }
}

/// What the options say already.
fn workload(options: &Options) -> Workload {
    let database = |target: &DatabaseTarget| Database {
        host: target.route.sign_host.clone(),
        port: target.route.sign_port,
        user: target.user.clone(),
        name: target.name.clone(),
        role: role_of(target.role.as_ref()),
    };
    let domain = |target: &DomainTarget| {
        let endpoint = target.route.sign_host.parse().ok()?;
        let role = role_of(target.role.as_ref());
        Some(Domain { endpoint, role })
    };
    Workload {
        service_account: options.service_account.clone(),
        role: options.role.clone(),
        issuer: None,
        audience: None,
        identity: None,
        databases: options.databases.iter().map(database).collect(),
        domains: options.domains.iter().filter_map(domain).collect(),
    }
}

fn role_of(step: Option<&RoleStep>) -> Option<RoleArn> {
    step.map(|step| step.role.clone())
}

/// A check that has nothing to wait for.
pub(super) fn at_once<'a>(seen: Seen) -> Work<'a> {
    Box::pin(ready(seen))
}

/// What is said where a look was cut off: it can't be told what it would have seen.
pub(super) fn cut_off() -> Seen {
    Seen::unsure("the look was cut off")
}

/// An error of the identity as a check saw it: with its cause, else without a verdict.
pub(super) fn refused(error: &IdentityError) -> Seen {
    let said = clean(&error.to_string());
    match error.cause() {
        Some(cause) => Seen::broken(cause, said),
        None => Seen::unsure(said),
    }
    .remedy(error.remedy())
}
