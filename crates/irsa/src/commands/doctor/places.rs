//! Runs the doctor's checks in each place, with the options from the settings.

use std::sync::Arc;
use std::time::{Duration, Instant};

use irsa_aws::AwsReader;
use irsa_doctor::pod::{DatabaseTarget, DomainTarget, Options, Route};
use irsa_doctor::{Database, Domain, Finding, Progress, Report, Workload, aws, cluster, pod};
use irsa_identity::{Clock, Identity, IdentityError, IdentitySettings, SystemClock};
use irsa_kube::{ConfigError, KubeReader};
use tokio::time::timeout;

use crate::settings::DoctorSettings;
use crate::upstream::{Store, UpstreamSpec};

/// The findings so far, and the facts known about the workload.
pub(super) struct Examination<'a> {
    settings: &'a DoctorSettings,
    workload: Workload,
    findings: Vec<Finding>,
}

/// Receives the progress of each step.
type OnProgress<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

// === impl Examination ===

impl<'a> Examination<'a> {
    pub(super) fn new(settings: &'a DoctorSettings) -> Self {
        Self {
            workload: given_facts(settings),
            settings,
            findings: Vec::new(),
        }
    }

    pub(super) async fn examine_pod(&mut self, limit: Duration, tell: OnProgress<'_>) {
        let options = Options {
            identity: self.settings.identity.clone(),
            role: self.workload.role.clone(),
            service_account: self.workload.service_account.clone(),
            issuer_dial: None,
            databases: databases(self.settings).collect(),
            domains: domains(self.settings).collect(),
            clock: Arc::new(SystemClock),
        };
        let found = pod::examine(options, limit, tell).await;
        self.add(found);
    }

    pub(super) async fn examine_cluster(&mut self, limit: Duration, tell: OnProgress<'_>) {
        let begun = Instant::now();
        let given = &self.settings.cluster;
        let Some(target) = given.target() else {
            return;
        };
        let reader = KubeReader::connect(given.kubeconfig.as_deref(), given.context.as_deref());
        let reader = timeout(limit, reader).await;
        let reader = match reader.unwrap_or(Err(ConfigError::TimedOut(limit))) {
            Ok(reader) => reader,
            Err(error) => {
                let found = cluster::unavailable(&error, begun.elapsed());
                return self.findings.extend(found);
            }
        };
        let limit = limit.saturating_sub(begun.elapsed());
        let now = SystemClock.now();
        let mut state = cluster::Cluster::new(reader, target, self.workload.clone(), now);
        state.region.clone_from(&self.settings.identity.region);
        let found = cluster::examine(state, limit, tell).await;
        self.add(found);
    }

    pub(super) async fn examine_aws(&mut self, limit: Duration, tell: OnProgress<'_>) {
        let reader = match aws_reader(self.settings.reader.clone()) {
            Ok(reader) => reader,
            Err(error) => return self.findings.extend(aws::unavailable(&error)),
        };
        let state = aws::Aws::new(self.workload.clone(), reader);
        let found = aws::examine(state, limit, tell).await;
        self.add(found);
    }

    pub(super) fn report(self) -> Report {
        Report::new(self.workload, self.findings)
    }

    /// Adds the findings of a place. Its facts about the workload take precedence over earlier ones.
    fn add(&mut self, (findings, learnt): (Vec<Finding>, Workload)) {
        self.findings.extend(findings);
        self.workload = learnt.or(std::mem::take(&mut self.workload));
    }
}

/// Returns the client that reads AWS settings.
///
/// # Errors
/// There are no credentials.
pub(super) fn aws_reader(settings: IdentitySettings) -> Result<AwsReader, IdentityError> {
    let (fips, dual_stack) = (settings.fips, settings.dual_stack);
    let environment = settings.environment.clone();
    let identity = Identity::start(settings, Arc::new(SystemClock))?;
    let reader = AwsReader::new(identity, &environment);
    Ok(reader.with_variant(fips, dual_stack))
}

/// Returns the facts about the workload that the command line provides.
fn given_facts(settings: &DoctorSettings) -> Workload {
    let database = |target: DatabaseTarget| Database {
        host: target.route.sign_host,
        port: target.route.sign_port,
        user: target.user,
        name: target.name,
        role: target.role.map(|step| step.role),
    };
    let domain = |target: DomainTarget| {
        let endpoint = target.route.sign_host.parse().ok()?;
        let role = target.role.map(|step| step.role);
        Some(Domain { endpoint, role })
    };
    Workload {
        service_account: settings.cluster.service_account.clone(),
        role: settings.role.clone(),
        issuer: settings.issuer.clone(),
        audience: None,
        identity: None,
        databases: databases(settings).map(database).collect(),
        domains: domains(settings).filter_map(domain).collect(),
    }
}

fn databases(settings: &DoctorSettings) -> impl Iterator<Item = DatabaseTarget> {
    let target = |spec: &UpstreamSpec| match &spec.store {
        Store::Postgres(upstream) => Some(DatabaseTarget {
            route: Route {
                sign_host: upstream.sign_host.clone(),
                sign_port: upstream.sign_port,
                region: upstream.region.clone(),
                dial_host: upstream.dial_host.clone(),
                dial_port: upstream.dial_port,
                http_proxy: upstream.http_proxy.clone(),
                tls_name: upstream.tls_name.clone(),
            },
            user: settings.user.clone(),
            name: settings.database.clone(),
            role: spec.role.clone(),
        }),
        Store::OpenSearch(_) => None,
    };
    settings.upstreams.iter().filter_map(target)
}

fn domains(settings: &DoctorSettings) -> impl Iterator<Item = DomainTarget> {
    let target = |spec: &UpstreamSpec| match &spec.store {
        Store::OpenSearch(store) => Some(DomainTarget {
            route: Route {
                sign_host: store.upstream.sign_host.clone(),
                sign_port: store.upstream.sign_port,
                region: store.upstream.scope.region.clone(),
                dial_host: store.upstream.dial_host.clone(),
                dial_port: store.upstream.dial_port,
                http_proxy: store.upstream.http_proxy.clone(),
                tls_name: store.upstream.tls_name.clone(),
            },
            service: store.upstream.scope.service,
            role: spec.role.clone(),
        }),
        Store::Postgres(_) => None,
    };
    settings.upstreams.iter().filter_map(target)
}
