//! A real Kubernetes; skipped without a suitable Go, unless `IRSA_REQUIRE_CLIENTS=1`.

use std::fs;

use irsa_components::GoError;
use irsa_components::kubernetes::{
    Kubernetes, KubernetesBinaries, KubernetesError, KubernetesOptions,
};

use irsa_testing::skip;

use crate::support::{cache_folder, folder, is_running};

/// Returns the program; without Go, prints why the test is skipped.
pub(crate) async fn binaries_unless_without_go() -> Option<KubernetesBinaries> {
    let note = |line: &str| eprintln!("{line}");
    match KubernetesBinaries::locate(&cache_folder(), &note).await {
        Err(error @ KubernetesError::Go(GoError::Missing { .. })) => {
            skip(error);
            None
        }
        located => Some(located.unwrap()),
    }
}

#[tokio::test]
async fn starts_and_stops_completely() {
    let Some(binaries) = binaries_unless_without_go().await else {
        return;
    };
    let folder = folder();
    let options = KubernetesOptions::new(folder.path());
    let kubernetes = Kubernetes::start(&binaries, options).await.unwrap();
    let process_id = kubernetes.process_id().unwrap();
    let kubeconfig = fs::read_to_string(kubernetes.kubeconfig()).unwrap();
    assert!(kubeconfig.contains(&kubernetes.url()), "{kubeconfig}");
    assert!(kubernetes.authority().starts_with("-----BEGIN CERTIFICATE"));
    kubernetes.stop().await.unwrap();
    assert!(!is_running(process_id));
}

#[tokio::test]
async fn a_failed_start_shows_the_end_of_the_log() {
    let Some(binaries) = binaries_unless_without_go().await else {
        return;
    };
    let folder = folder();
    let mut options = KubernetesOptions::new(folder.path());
    options.issuer = Some("http://not.with.https".to_owned());
    let error = Kubernetes::start(&binaries, options).await.unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
}
