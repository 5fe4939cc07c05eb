//! The settings of `irsa doctor`.

use std::path::PathBuf;
use std::time::Duration;

use irsa_chain::{IssuerUrl, RoleArn, ServiceAccount};
use irsa_doctor::Place;
use irsa_doctor::cluster::Target;
use irsa_identity::{Environment, IdentitySettings, SourceChoice};

use super::{Mistakes, identity, upstreams};
use crate::cli::{AwsArgs, ClusterArgs, DoctorArgs, PlaceName, ReportOutput, SetupArgs};
use crate::upstream::UpstreamSpec;

/// The validated settings of a run.
#[derive(Debug)]
pub(crate) struct DoctorSettings {
    pub(crate) places: Vec<Place>,
    pub(crate) upstreams: Vec<UpstreamSpec>,
    pub(crate) user: Option<String>,
    pub(crate) database: Option<String>,
    /// The identity of the workload, as its proxy uses it.
    pub(crate) identity: IdentitySettings,
    /// The identity that reads AWS settings.
    pub(crate) reader: IdentitySettings,
    pub(crate) cluster: ClusterSettings,
    pub(crate) role: Option<RoleArn>,
    pub(crate) issuer: Option<IssuerUrl>,
    pub(crate) output: ReportOutput,
    pub(crate) verbose: bool,
    pub(crate) timeout: Duration,
}

/// The workload to check in Kubernetes, and the access to the cluster.
#[derive(Debug)]
pub(crate) struct ClusterSettings {
    pub(crate) pod: Option<PodName>,
    pub(crate) service_account: Option<ServiceAccount>,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) context: Option<String>,
}

/// A pod by namespace and name.
#[derive(Debug, Clone)]
pub(crate) struct PodName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// The validated settings of a run for all workloads of a specification.
#[derive(Debug)]
pub(crate) struct SetupDoctorSettings {
    pub(crate) setup: SetupArgs,
    pub(crate) places: Vec<Place>,
    /// The identity that reads AWS settings.
    pub(crate) reader: IdentitySettings,
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The contexts of the EKS clusters to check; the current one, if empty.
    pub(crate) contexts: Vec<String>,
    pub(crate) output: ReportOutput,
    pub(crate) verbose: bool,
    pub(crate) timeout: Duration,
}

pub(super) fn resolve_setup(
    args: DoctorArgs,
    mut mistakes: Mistakes,
) -> Result<SetupDoctorSettings, Mistakes> {
    let places = setup_places(&args, &mut mistakes);
    let identity = identity::checked(args.identity, &mut mistakes);
    let reader = reader(&args.aws, &identity);
    let timeout = mistakes.timeout("--timeout", &args.timeout);
    let contexts = args.cluster.contexts;
    if contexts.len() > 1 && args.setup.eks_cluster.is_some() {
        mistakes.add("--eks-cluster names the cluster of one --context: leave it out");
    }
    mistakes.or(SetupDoctorSettings {
        setup: args.setup,
        places,
        reader,
        kubeconfig: args.cluster.kubeconfig,
        contexts,
        output: args.output,
        verbose: args.verbose,
        timeout: timeout.unwrap_or_default(),
    })
}

/// Returns the requested places, by default the cluster and AWS; with `--exec` also the pod.
fn setup_places(args: &DoctorArgs, mistakes: &mut Mistakes) -> Vec<Place> {
    let is_named = |place: Place| args.places.iter().any(|name| name.place() == place);
    if is_named(Place::Pod) && !args.setup.exec {
        mistakes
            .add("--from pod requires --exec with --file: the checks run in the workloads' pods");
    }
    let is_wanted = |place: Place| match place {
        Place::Pod => args.setup.exec,
        _ if args.places.is_empty() => true,
        place => is_named(place),
    };
    Place::ALL
        .into_iter()
        .filter(|place| is_wanted(*place))
        .collect()
}

pub(super) fn resolve(
    args: DoctorArgs,
    mut mistakes: Mistakes,
) -> Result<DoctorSettings, Mistakes> {
    let places = places(&args);
    let region = args.identity.region.clone();
    let identity = identity::checked(args.identity, &mut mistakes);
    let reader = reader(&args.aws, &identity);
    let upstreams = if args.upstreams.iter().all(|text| text.trim().is_empty()) {
        Vec::new()
    } else {
        upstreams::resolve(&args.upstreams, region.as_deref(), &identity, &mut mistakes)
    };
    let cluster = cluster(args.cluster, &mut mistakes);
    if places.contains(&Place::Cluster) && cluster.is_nobody() {
        mistakes.add("--from cluster requires --pod or --service-account, to select what to check");
    }
    let role = mistakes.parse("--workload-role", args.aws.workload_role.as_deref());
    let issuer = mistakes.parse("--issuer", args.aws.issuer.as_deref());
    let timeout = mistakes.timeout("--timeout", &args.timeout);
    mistakes.or(DoctorSettings {
        places,
        upstreams,
        user: args.user,
        database: args.database,
        identity,
        reader,
        cluster,
        role,
        issuer,
        output: args.output,
        verbose: args.verbose,
        timeout: timeout.unwrap_or_default(),
    })
}

/// Returns the requested places, or those implied by the other arguments, in the order in which their checks depend on
/// each other.
fn places(args: &DoctorArgs) -> Vec<Place> {
    let has_object = args.cluster.pod.is_some() || args.cluster.service_account.is_some();
    let is_wanted = |place: Place| match place {
        _ if !args.places.is_empty() => args.places.iter().any(|name| name.place() == place),
        Place::Pod => !has_object,
        Place::Cluster => has_object,
        Place::Aws => args.aws.aws_profile.is_some(),
    };
    Place::ALL
        .into_iter()
        .filter(|place| is_wanted(*place))
        .collect()
}

/// Returns the identity that reads AWS settings, with the settings of the workload's for endpoints.
fn reader(args: &AwsArgs, workload: &IdentitySettings) -> IdentitySettings {
    IdentitySettings {
        region: workload.region.clone(),
        sts_endpoint: workload.sts_endpoint.clone(),
        fips: workload.fips,
        dual_stack: workload.dual_stack,
        ca_file: workload.ca_file.clone(),
        ..reader_identity(args.aws_profile.as_deref())
    }
}

/// Returns the identity that reads AWS settings: the given profile, else the access key in the environment, else the
/// default profile. Never the role of the workload, which should have no IAM permissions.
pub(crate) fn reader_identity(profile: Option<&str>) -> IdentitySettings {
    let environment = Environment::current();
    let choice = match profile {
        Some(profile) => SourceChoice::Profile(Some(profile.to_owned())),
        None if environment.get("AWS_ACCESS_KEY_ID").is_some() => SourceChoice::Env,
        None => SourceChoice::Profile(None),
    };
    IdentitySettings::new(choice, environment)
}

fn cluster(args: ClusterArgs, mistakes: &mut Mistakes) -> ClusterSettings {
    let pod = args.pod.as_deref().map(PodName::read);
    if args.contexts.len() > 1 {
        mistakes.add("--context can be repeated only with --file");
    }
    ClusterSettings {
        pod: pod.and_then(|pod| mistakes.check("--pod", pod)),
        service_account: mistakes.parse("--service-account", args.service_account.as_deref()),
        kubeconfig: args.kubeconfig,
        context: args.contexts.into_iter().next(),
    }
}

// === impl ClusterSettings ===

impl ClusterSettings {
    pub(crate) fn target(&self) -> Option<Target> {
        let pod = self
            .pod
            .clone()
            .map(|PodName { namespace, name }| Target::Pod { namespace, name });
        pod.or_else(|| self.service_account.clone().map(Target::ServiceAccount))
    }

    fn is_nobody(&self) -> bool {
        self.pod.is_none() && self.service_account.is_none()
    }
}

// === impl PodName ===

impl PodName {
    fn read(text: &str) -> Result<Self, String> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(format!("`{text}` is not NAMESPACE/NAME")),
        }
    }
}

// === impl PlaceName ===

impl PlaceName {
    fn place(self) -> Place {
        match self {
            Self::Pod => Place::Pod,
            Self::Cluster => Place::Cluster,
            Self::Aws => Place::Aws,
        }
    }
}
