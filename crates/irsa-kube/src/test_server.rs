//! A reader for a server that a test plays.

use std::fs;
use std::path::Path;

use crate::KubeReader;

/// Returns a reader for the API at `url`; its kubeconfig is in `folder`.
pub(crate) async fn reader_of(url: &str, folder: &Path) -> KubeReader {
    let file = folder.join("kubeconfig");
    let text = format!(
        "clusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: x, context: {{cluster: c}}}}]\ncurrent-context: x\n"
    );
    fs::write(&file, text).unwrap();
    KubeReader::connect(Some(&file), None).await.unwrap()
}
