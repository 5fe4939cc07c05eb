//! The inputs of the pod checks, the probes that are running, and what earlier checks have found.

pub(super) mod data_store;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use irsa_chain::RoleArn;
use irsa_identity::{IdentityError, Inspection, ResolvedSource, RoleStep, SessionCredentials};
use irsa_net::tls::Roots;

use self::data_store::{DatabaseState, DomainState};
use super::background::Background;
use super::environment::probe as environment;
use super::https::{CONNECT, TIMEOUT};
use super::instance_metadata::probe::{self as instance_metadata, NodeRole};
use super::issuer::probe::{Issuer, IssuerSettings};
use super::jwt::Jwt;
use super::options::{DatabaseTarget, DomainTarget, Options};
use super::sts::probe::{self as sts, Exchanged, StsResponse};
use crate::{Database, Domain, IdentityKind, Workload};

/// The inputs of the pod checks, the probes that are running, and what earlier checks have found.
#[derive(Debug)]
pub struct Pod {
    pub(super) options: Options,
    pub(super) workload: Workload,
    pub(super) source: Result<ResolvedSource, IdentityError>,
    pub(super) inspection: Result<Inspection, IdentityError>,
    pub(super) roots: Result<Roots, String>,
    pub(super) token: Option<Jwt>,
    pub(super) sts: Background<Result<StsResponse, IdentityError>>,
    pub(super) node: Background<NodeRole>,
    pub(super) issuer: Option<Background<Issuer>>,
    pub(super) session: Option<Background<Exchanged>>,
    /// AWS's time and this machine's at the same moment, in seconds, if they differ by a minute or more.
    pub(super) aws_time_here: Option<(u64, u64)>,
    /// The sessions for data stores that have their own role, by label.
    pub(super) chained: BTreeMap<String, SessionCredentials>,
    pub(super) databases: Vec<DatabaseState>,
    pub(super) domains: Vec<DomainState>,
}

impl Pod {
    /// Starts the probes that depend on nothing else: STS, the node, the connections to the data stores.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(mut options: Options) -> Self {
        let timeouts = &mut options.identity.timeouts;
        (timeouts.connect, timeouts.exchange) = (CONNECT, TIMEOUT);
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
            sts: Background::start(sts::contact(inspection.clone(), options.clock.clone())),
            node: Background::start(instance_metadata::read(inspection.clone())),
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
            aws_time_here: None,
            chained: BTreeMap::new(),
        }
    }

    /// The workload, as far as it is known.
    pub fn into_workload(self) -> Workload {
        self.workload
    }

    pub(super) fn now(&self) -> SystemTime {
        self.options.clock.now()
    }

    /// AWS's time, as far as it is known.
    pub(super) fn aws_time(&self) -> SystemTime {
        let now = self.now();
        let Some((aws, here)) = self.aws_time_here else {
            return now;
        };
        let shifted = match aws.checked_sub(here) {
            Some(ahead) => now.checked_add(Duration::from_secs(ahead)),
            None => now.checked_sub(Duration::from_secs(here - aws)),
        };
        shifted.unwrap_or(now)
    }

    /// Returns whether the proxy of this identity learns AWS's time from STS.
    pub(super) fn learns_time_from_sts(&self) -> bool {
        self.is_web_identity() || !self.options.identity.role_chain.is_empty()
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.options.identity.environment.get(name)
    }

    /// The name of the identity source; that of the choice if no source could be resolved.
    pub(super) fn source_name(&self) -> &'static str {
        environment::source_name(&self.source, &self.options.identity)
    }

    pub(super) fn is_web_identity(&self) -> bool {
        self.source_name() == "web-identity"
    }

    /// The data stores' own roles, by label.
    pub(super) fn role_steps(&self) -> impl Iterator<Item = (String, &Option<RoleStep>)> {
        let databases = self.databases.iter().map(|one| &one.target);
        let databases = databases.map(|target| (target.label(), &target.role));
        let domains = self.domains.iter().map(|one| &one.target);
        databases.chain(domains.map(|target| (target.label(), &target.role)))
    }

    /// The settings for requests to the token's issuer.
    pub(super) fn issuer_settings(&self) -> IssuerSettings {
        IssuerSettings {
            roots: self.roots.clone(),
            bundle: self.variable("AWS_CA_BUNDLE").map(PathBuf::from),
            dial: self.options.issuer_dial.clone(),
        }
    }

    /// The credentials for a data store.
    pub(super) async fn credentials_for(&mut self, label: &str) -> Option<SessionCredentials> {
        match self.chained.get(label) {
            Some(chained) => Some(chained.clone()),
            None => self.session().await?.ok(),
        }
    }

    /// The exchange for a session, started at the first call; `None` if it was cancelled.
    pub(super) async fn session(&mut self) -> Option<Exchanged> {
        let inspection = &self.inspection;
        let session = self
            .session
            .get_or_insert_with(|| Background::start(sts::exchange(inspection.clone())));
        session.outcome().await.cloned()
    }
}

fn kind(source: &ResolvedSource) -> Option<IdentityKind> {
    match source.name() {
        "web-identity" => Some(IdentityKind::WebIdentity),
        "pod-identity" => Some(IdentityKind::PodIdentity),
        _ => None,
    }
}

/// The workload, as far as the options name it.
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
