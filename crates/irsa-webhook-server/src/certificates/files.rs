//! A certificate in files that another program renews.

use std::path::{Path, PathBuf};
use std::time::Duration;

use irsa_net::tls::{ServerIdentity, TlsError};
use irsa_ops::log_limit::LogLimit;
use tokio::time::sleep;

use super::serving::CertificateSetter;

/// The interval at which the files are read. The kubelet updates mounted Secrets about once a minute.
const PERIOD: Duration = Duration::from_secs(5);

/// The contents of both files.
type Contents = (Vec<u8>, Vec<u8>);

/// Uses the certificate in the files whenever they change. Files that cannot be used change nothing.
pub(crate) async fn follow_files(certificate: PathBuf, key: PathBuf, setter: CertificateSetter) {
    let mut used: Option<Contents> = None;
    let log = LogLimit::default();
    loop {
        let contents = read(&certificate, &key);
        if contents.is_none() || contents != used {
            match load(&certificate, &key, contents.as_ref()) {
                Ok(identity) => {
                    setter.set(identity);
                    tracing::info!(file = %certificate.display(), "serving certificate loaded");
                    used = contents;
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

fn read(certificate: &Path, key: &Path) -> Option<Contents> {
    Some((std::fs::read(certificate).ok()?, std::fs::read(key).ok()?))
}

/// Loads the certificate, unless the files changed since they were read: they may not belong together.
fn load(
    certificate: &Path,
    key: &Path,
    contents: Option<&Contents>,
) -> Result<ServerIdentity, TlsError> {
    let identity = ServerIdentity::from_files(certificate, key, None)?;
    if read(certificate, key).as_ref() == contents {
        return Ok(identity);
    }
    Err(TlsError::Content {
        path: certificate.to_owned(),
        problem: "changed while it was read".to_owned(),
    })
}
