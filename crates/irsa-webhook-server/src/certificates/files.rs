//! A certificate in files that another program renews.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_net::tls::{ServerIdentity, TlsError};
use irsa_net::watched_files::WatchedFiles;
use irsa_ops::log_limit::LogLimit;
use tokio::time::sleep;

use super::serving::CertificateSetter;

/// The interval at which the files are read. The kubelet updates mounted Secrets about once a minute.
const PERIOD: Duration = Duration::from_secs(5);

/// Uses the certificate in the files whenever they change. Files that cannot be used change nothing.
pub(crate) async fn follow_files(certificate: PathBuf, key: PathBuf, setter: CertificateSetter) {
    let mut files = WatchedFiles::new([certificate.clone(), key.clone()]);
    let mut is_used = false;
    let log = LogLimit::default();
    loop {
        is_used &= files.changed().is_empty() && [&certificate, &key].into_iter().all(is_readable);
        if !is_used {
            match load(&certificate, &key, &mut files) {
                Ok(identity) => {
                    setter.set(identity);
                    tracing::info!(file = %certificate.display(), "serving certificate loaded");
                    is_used = true;
                }
                Err(error) if log.may_log("files").is_some() => {
                    let remedy = error.remedy();
                    tracing::error!(%error, remedy, "cannot load the serving certificate");
                }
                Err(_) => {}
            }
        }
        sleep(PERIOD).await;
    }
}

fn is_readable(file: &PathBuf) -> bool {
    File::open(file).is_ok()
}

/// Loads the certificate, unless the files changed since the last check: they may not belong together.
fn load(
    certificate: &Path,
    key: &Path,
    files: &mut WatchedFiles,
) -> Result<ServerIdentity, TlsError> {
    let identity = ServerIdentity::from_files(certificate, key, None)?;
    if files.changed().is_empty() {
        return Ok(identity);
    }
    Err(TlsError::Content {
        path: certificate.to_owned(),
        problem: "changed while it was read".to_owned(),
    })
}
