//! The clients of the Kubernetes API and of AWS, which all workloads share.

use irsa_aws::AwsReader;
use irsa_chain::Region;
use irsa_doctor::{NotChecked, Place};
use irsa_identity::IdentitySettings;
use irsa_kube::{ConfigError, KubeReader};
use tokio::time::timeout;

use crate::commands::doctor::places;
use crate::settings::SetupDoctorSettings;

/// The clients. Each keeps its answers, so that what workloads share is read once.
pub(super) struct Readers {
    pub(super) kube: Result<KubeReader, NotChecked>,
    pub(super) aws: Result<AwsReader, NotChecked>,
}

// === impl Readers ===

impl Readers {
    /// Connects to the requested places. AWS is read in `region` unless the settings name one.
    pub(super) async fn connect(settings: &SetupDoctorSettings, region: &Region) -> Self {
        let is_wanted = |places: &[Place]| places.iter().any(|one| settings.places.contains(one));
        let kube = if is_wanted(&[Place::Pod, Place::Cluster]) {
            kube(settings).await
        } else {
            Err(not_requested(Place::Cluster))
        };
        let aws = if is_wanted(&[Place::Aws]) {
            aws(settings, region)
        } else {
            Err(not_requested(Place::Aws))
        };
        Self { kube, aws }
    }
}

async fn kube(settings: &SetupDoctorSettings) -> Result<KubeReader, NotChecked> {
    let (kubeconfig, context) = (settings.kubeconfig.as_deref(), settings.context.as_deref());
    let reader = timeout(settings.timeout, KubeReader::connect(kubeconfig, context)).await;
    let reader = reader.unwrap_or(Err(ConfigError::TimedOut(settings.timeout)));
    let reader = reader.map_err(|error| NotChecked {
        place: Place::Cluster,
        why: error.to_string(),
        remedy: error.remedy().to_owned(),
    })?;
    Ok(reader.with_memory())
}

fn aws(settings: &SetupDoctorSettings, region: &Region) -> Result<AwsReader, NotChecked> {
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
