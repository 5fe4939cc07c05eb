//! The clients of the Kubernetes API and of AWS, which all workloads share.

use irsa_aws::AwsReader;
use irsa_chain::Region;
use irsa_doctor::{NotChecked, Place};
use irsa_identity::IdentitySettings;
use irsa_kube::{ConfigError, KubeReader};
use tokio::time::timeout;

use crate::commands::doctor::places;
use crate::settings::SetupDoctorSettings;

/// The client of a cluster, which keeps its answers: what workloads share is read once.
pub(super) type Kube = Result<KubeReader, NotChecked>;
/// The client of AWS, which keeps its answers, too.
pub(super) type Aws = Result<AwsReader, NotChecked>;

/// Connects to the cluster of a context, if it is needed.
pub(super) async fn kube_if_requested(
    settings: &SetupDoctorSettings,
    context: Option<&str>,
) -> Kube {
    let is_needed = |place: &Place| matches!(place, Place::Pod | Place::Cluster);
    if settings.places.iter().any(is_needed) {
        kube(settings, context).await
    } else {
        Err(not_requested(Place::Cluster))
    }
}

/// Reads AWS in `region`, unless the settings name one.
pub(super) fn aws_if_requested(settings: &SetupDoctorSettings, region: &Region) -> Aws {
    if settings.places.contains(&Place::Aws) {
        aws(settings, region)
    } else {
        Err(not_requested(Place::Aws))
    }
}

async fn kube(settings: &SetupDoctorSettings, context: Option<&str>) -> Kube {
    let kubeconfig = settings.kubeconfig.as_deref();
    let reader = timeout(settings.timeout, KubeReader::connect(kubeconfig, context)).await;
    let reader = reader.unwrap_or(Err(ConfigError::TimedOut(settings.timeout)));
    let reader = reader.map_err(|error| NotChecked {
        place: Place::Cluster,
        why: error.to_string(),
        remedy: error.remedy().to_owned(),
    })?;
    Ok(reader.with_memory())
}

fn aws(settings: &SetupDoctorSettings, region: &Region) -> Aws {
    let own = settings.reader.region.clone();
    let identity = IdentitySettings {
        region: own.or_else(|| Some(region.clone())),
        ..settings.reader.clone()
    };
    let reader = places::aws_reader(identity).map_err(|error| NotChecked {
        place: Place::Aws,
        why: format!("no credentials for reading AWS settings: {error}"),
        remedy: error.remedy(),
    })?;
    Ok(reader.with_memory())
}

fn not_requested(place: Place) -> NotChecked {
    NotChecked {
        place,
        why: "it was not requested".to_owned(),
        remedy: format!("pass `--from {place}`"),
    }
}
