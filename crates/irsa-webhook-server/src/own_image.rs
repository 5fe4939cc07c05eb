//! The image of the webhook's own pod, which is that of the sidecars.

use std::time::Duration;

use irsa_kube::{Container, KubeReader, Pod};
use irsa_net::retry::Backoff;
use tokio::time::sleep;

/// The names of the webhook's container, in the order in which they are looked for.
const NAMES: [&str; 2] = ["webhook", "irsa"];
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), 2, Duration::from_secs(15));

/// Returns the image by its digest. Reads the pod until the kubelet has reported it.
pub(crate) async fn find(reader: &KubeReader, namespace: &str, pod: &str) -> String {
    let mut failures = 0;
    loop {
        let found = match reader.pod(namespace, pod).await {
            Ok(pod) => image(&pod).ok_or_else(|| {
                "the kubelet has not reported the digest of its image yet".to_owned()
            }),
            Err(error) => Err(error.to_string()),
        };
        match found {
            Ok(image) => return image,
            Err(reason) => {
                failures += 1;
                if failures > 3 {
                    tracing::warn!(
                        namespace,
                        pod,
                        reason,
                        "the image for sidecars is still unknown; set `--image` to use a different one"
                    );
                }
            }
        }
        sleep(BACKOFF.after(failures)).await;
    }
}

/// The image of the container, by digest if the node's container runtime reports one. It reports none for an image that
/// was never in a registry, as in local clusters.
fn image(pod: &Pod) -> Option<String> {
    let container = container(pod)?;
    let id = pod.status.image_id(&container.name)?;
    // Docker's prefix.
    let id = id.split_once("://").map_or(id, |(_, id)| id);
    if id.contains("@sha256:") {
        return Some(id.to_owned());
    }
    (!id.is_empty()).then(|| container.image.clone())
}

fn container(pod: &Pod) -> Option<&Container> {
    let named = NAMES.into_iter().find_map(|name| pod.container(name));
    named.or(match pod.spec.containers.as_slice() {
        [only] => Some(only),
        _ => None,
    })
}
