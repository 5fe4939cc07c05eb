//! Checks by the Kubernetes API.

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
mod spelling;
mod text;
mod token;
mod webhook;

use std::time::{Duration, SystemTime};

use irsa_chain::{Region, ServiceAccount};
use irsa_kube::{AccountObject, ConfigError, KubeReader, Pod, Webhook};

use crate::step::closed;
use crate::{Check, CheckOutcome, Finding, Progress, Step, Workload, examine as walk};

/// The chain as the cluster's API sees it, and what was learned of it so far.
#[derive(Debug)]
pub struct Cluster {
    /// The way to the API.
    pub reader: KubeReader,
    /// Whom to look at.
    pub target: Target,
    /// The one container that is of concern; without it those that have an identity, or all where none has.
    pub container: Option<String>,
    /// The name of the webhook's configuration; without it one of those that AWS's webhook is known by.
    pub webhook: Option<String>,
    /// The region of the databases and domains, where it is known.
    pub region: Option<Region>,
    /// This machine's time.
    pub now: SystemTime,
    /// What is known of the workload.
    pub workload: Workload,
    learned: Learned,
}

/// Whom to look at.
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

/// What earlier checks saw.
#[derive(Debug, Default)]
struct Learned {
    pod: Option<Pod>,
    account: Option<AccountObject>,
    webhook: Option<Webhook>,
    /// The name of its configuration.
    webhook_configuration: String,
    /// The check that says why new pods get no identity.
    webhook_fault: Option<&'static str>,
}

impl Cluster {
    /// Looks at `target`; the other fields are free to be set.
    pub fn new(reader: KubeReader, target: Target, workload: Workload, now: SystemTime) -> Self {
        Self {
            reader,
            target,
            container: None,
            webhook: None,
            region: None,
            now,
            workload,
            learned: Learned::default(),
        }
    }

    /// Whose chain it is: the target, or the account of the pod that was read.
    fn service_account(&self) -> Option<ServiceAccount> {
        match &self.target {
            Target::ServiceAccount(account) => Some(account.clone()),
            Target::Pod { .. } => self.learned.pod.as_ref().and_then(Pod::service_account),
        }
    }

    fn namespace(&self) -> &str {
        match &self.target {
            Target::ServiceAccount(account) => account.namespace(),
            Target::Pod { namespace, .. } => namespace,
        }
    }
}

/// Declares a step whose work is an `async fn` of the state, and of a container's name where there are several.
macro_rules! step {
    (once $check:path, $run:path) => {
        Step::once(&$check, |cluster, _| Box::pin($run(cluster)))
    };
    (each $check:path, $run:path) => {
        Step::each(&$check, containers::of_concern, |cluster, name| {
            Box::pin(async move { $run(cluster, name) })
        })
    };
}

/// The checks of this place, in the order in which they are made.
pub const STEPS: &[Step<Cluster>] = &[
    step!(once api::API, api::answers),
    step!(once issuer::ISSUER, issuer::is_known),
    step!(once pod::POD, pod::is_there),
    step!(once pod::RUNNING, pod::runs),
    step!(once account::ACCOUNT, account::exists),
    step!(once pod::OWN_ACCOUNT, pod::runs_as_its_own),
    step!(once account::ANNOTATION, account::is_annotated),
    step!(once account::ROLE, account::names_a_role),
    step!(once partition::PARTITION, partition::fits),
    step!(once webhook::WEBHOOK, webhook::is_there),
    step!(once certificate::CERTIFICATE, certificate::is_vouched_for),
    step!(once webhook::POLICY, webhook::leaves_the_system_alone),
    step!(once webhook::SELECTION, webhook::looks_at_the_pod),
    step!(each identity::IDENTITY, identity::was_given),
    step!(each role::ROLE, role::is_the_accounts),
    step!(each others::OTHERS, others::is_the_only_one),
    step!(each token::VOLUME, token::is_mounted),
    step!(each audience::AUDIENCE, audience::is_for_aws),
    step!(each lifetime::LIFETIME, lifetime::lives_as_asked),
    step!(once sidecar::ORDER, sidecar::starts_first),
];

/// What this place checks.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    STEPS.iter().map(|step| step.check)
}

/// What there is to say where the API can't even be asked, and to know that took so long.
pub fn out_of_reach(error: &ConfigError, took: Duration) -> Vec<Finding> {
    let why = CheckOutcome::unsure(error.to_string()).remedy(error.remedy());
    closed(STEPS, why, took)
}

/// Makes all checks, in no more than `limit`, and says what it learned of the workload.
pub async fn examine(
    mut cluster: Cluster,
    limit: Duration,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> (Vec<Finding>, Workload) {
    let findings = walk(STEPS, &mut cluster, limit, tell).await;
    (findings, cluster.workload)
}
