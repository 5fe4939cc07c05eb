//! Checks made through the Kubernetes API.

mod account;
mod api;
mod audience;
mod certificate;
mod containers;
mod identity;
mod issuer;
mod lifetime;
mod others;
mod partition;
mod pod;
mod role;
mod sidecar;
mod specified;
mod spelling;
mod text;
mod token;
mod webhook;

use std::time::{Duration, SystemTime};

use irsa_chain::{Region, ServiceAccount};
use irsa_kube::{AccountObject, ConfigError, KubeReader, Pod, Webhook};

pub(crate) use self::specified::NO_FILE;
use crate::{Check, CheckOutcome, Finding, Progress, Specified, Step, Workload, step};

/// The inputs of the cluster checks, and what earlier checks have found.
#[derive(Debug)]
pub struct Cluster {
    /// The client of the Kubernetes API.
    pub reader: KubeReader,
    /// The object to check.
    pub target: Target,
    /// The one container to check. By default, those that have an identity, or all if no container has one.
    pub container: Option<String>,
    /// The name of the webhook configuration. By default, the names that AWS uses are tried.
    pub webhook: Option<String>,
    /// The region of the databases and domains, if known.
    pub region: Option<Region>,
    /// This machine's time.
    pub now: SystemTime,
    /// The workload, as far as it is known.
    pub workload: Workload,
    /// The identity that `irsa.yaml` specifies, if one was given.
    pub specified: Option<Specified>,
    learned: Learned,
}

/// The object to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A pod.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A service account, and the newest pod that runs as it.
    ServiceAccount(ServiceAccount),
}

/// The results of earlier checks that later ones need.
#[derive(Debug, Default)]
struct Learned {
    pod: Option<Pod>,
    account: Option<AccountObject>,
    webhook: Option<Webhook>,
    /// The name of its configuration.
    webhook_configuration: String,
    /// The check that explains why new pods get no identity.
    webhook_fault: Option<&'static str>,
}

impl Cluster {
    /// Checks `target`. The other public fields are optional.
    pub fn new(reader: KubeReader, target: Target, workload: Workload, now: SystemTime) -> Self {
        Self {
            reader,
            target,
            container: None,
            webhook: None,
            region: None,
            now,
            workload,
            specified: None,
            learned: Learned::default(),
        }
    }

    /// The service account of the workload: the target, or the account of the pod.
    fn service_account(&self) -> Option<ServiceAccount> {
        match &self.target {
            Target::ServiceAccount(account) => Some(account.clone()),
            Target::Pod { .. } => self.learned.pod.as_ref().and_then(Pod::service_account),
        }
    }

    /// Returns whether pods get their identity from EKS when they are created, as far as the specification says.
    fn is_injected(&self) -> bool {
        self.specified.as_ref().is_none_or(Specified::is_injected)
    }

    fn namespace(&self) -> &str {
        match &self.target {
            Target::ServiceAccount(account) => account.namespace(),
            Target::Pod { namespace, .. } => namespace,
        }
    }
}

/// Declares a step whose work is an `async fn` of the state, and of a container's name for checks of each container.
macro_rules! step {
    (once $check:path, $run:path) => {
        Step::once(&$check, |cluster, _| Box::pin($run(cluster)))
    };
    (each $check:path, $run:path) => {
        Step::each(&$check, containers::to_check, |cluster, name| {
            Box::pin(async move { $run(cluster, name) })
        })
    };
}

/// The checks of this place, in the order in which they are made.
pub const STEPS: &[Step<Cluster>] = &[
    step!(once api::API, api::answers),
    step!(once issuer::ISSUER, issuer::is_usable),
    step!(once pod::POD, pod::exists),
    step!(once pod::RUNNING, pod::runs),
    step!(once account::ACCOUNT, account::exists),
    step!(once pod::OWN_ACCOUNT, pod::has_own_account),
    step!(once account::ANNOTATION, account::is_annotated),
    step!(once account::ROLE, account::names_a_role),
    step!(once specified::SPECIFIED, specified::agrees),
    step!(once partition::PARTITION, partition::matches_region),
    step!(once webhook::WEBHOOK, webhook::exists),
    step!(once certificate::CERTIFICATE, certificate::is_trusted),
    step!(once webhook::POLICY, webhook::excludes_system_pods),
    step!(once webhook::SELECTION, webhook::selects_pod),
    step!(each identity::IDENTITY, identity::was_given),
    step!(each role::ROLE, role::matches_annotation),
    step!(each others::OTHERS, others::is_the_only_one),
    step!(each token::VOLUME, token::is_mounted),
    step!(each audience::AUDIENCE, audience::is_for_aws),
    step!(each lifetime::LIFETIME, lifetime::is_as_requested),
    step!(once sidecar::ORDER, sidecar::starts_first),
];

/// All checks of this place.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// The findings if the Kubernetes API cannot be used at all; `took` is the time after which that was known.
pub fn unavailable(error: &ConfigError, took: Duration) -> Vec<Finding> {
    let why = CheckOutcome::unsure(error.to_string()).remedy(error.remedy());
    step::unavailable(STEPS, why, took)
}

/// Makes all checks within `limit`. Also returns what is now known of the workload.
pub async fn examine(
    mut cluster: Cluster,
    limit: Duration,
    report: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let findings = crate::examine(STEPS, &mut cluster, limit, report).await;
    (findings, cluster.workload)
}
