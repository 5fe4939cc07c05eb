//! Projected tokens as files, written and renewed as the kubelet does.
//!
//! The token is `..data/token` behind a symbolic link. A new one is written beside it, then `..data` is swapped, so
//! that a reader sees either the old or the new token, never a partial one (Kubernetes, "Projected Volumes").

use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use irsa_net::drain::DrainWatch;

use crate::error::LabError;
use crate::oidc::Issuer;
use crate::pods::Pod;
use crate::random;

/// The kubelet renews a token after this part of its lifetime, or after a day.
const RENEW_AFTER: f64 = 0.8;
const RENEW_AT_LATEST: Duration = Duration::from_hours(24);
/// Minimum time between renewals, however short the lifetime is.
const SHORTEST_RENEWAL: Duration = Duration::from_secs(1);

/// The token files of all pods.
#[derive(Debug)]
pub(crate) struct Projections {
    issuer: Arc<Issuer>,
    folder: PathBuf,
    pods: Vec<Pod>,
}

impl Projections {
    /// Creates a directory below `folder` for each workload.
    pub(crate) fn new(issuer: Arc<Issuer>, folder: PathBuf, pods: Vec<Pod>) -> Self {
        Self {
            issuer,
            folder,
            pods,
        }
    }

    /// Returns the path that a workload reads.
    pub(crate) fn token_file(&self, workload: &str) -> PathBuf {
        self.folder.join(workload).join("token")
    }

    /// Returns the workload's pod, with the content of its token.
    pub(crate) fn pod(&self, workload: &str) -> Option<&Pod> {
        self.pods.iter().find(|pod| pod.workload == workload)
    }

    /// Mints and writes a new token for each pod.
    pub(crate) fn renew(&self) -> Result<(), LabError> {
        self.pods.iter().try_for_each(|pod| {
            let token = self.issuer.mint(&pod.token)?;
            let folder = self.folder.join(&pod.workload);
            write(&folder, &token).map_err(|error| LabError::file("write", folder, error))
        })
    }

    /// Renews the tokens before they expire, until the drain.
    pub(crate) async fn keep_fresh(self: Arc<Self>, drain: DrainWatch) {
        loop {
            tokio::select! {
                () = drain.signaled() => return,
                () = tokio::time::sleep(self.renewal()) => {}
            }
            if let Err(error) = self.renew() {
                tracing::error!(%error, "cannot renew the projected tokens");
            }
        }
    }

    fn renewal(&self) -> Duration {
        let lives = self
            .pods
            .iter()
            .filter_map(|pod| u64::try_from(pod.token.expires_in).ok());
        let renewals = lives.map(|life| Duration::from_secs(life).mul_f64(RENEW_AFTER));
        renewals
            .min()
            .unwrap_or(RENEW_AT_LATEST)
            .clamp(SHORTEST_RENEWAL, RENEW_AT_LATEST)
    }
}

fn write(folder: &Path, token: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let version = format!("..{}", random::uuid());
    let previous = fs::read_link(folder.join("..data")).ok();
    fs::create_dir(folder.join(&version))?;
    let mut options = fs::OpenOptions::new();
    let file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join(&version).join("token"));
    file.and_then(|mut file| io::Write::write_all(&mut file, token.as_bytes()))?;
    symlink(&version, folder.join("..data_tmp"))?;
    fs::rename(folder.join("..data_tmp"), folder.join("..data"))?;
    let visible = folder.join("token");
    if visible.symlink_metadata().is_err() {
        symlink("..data/token", visible)?;
    }
    previous.map_or(Ok(()), |previous| fs::remove_dir_all(folder.join(previous)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_renewal_swaps_the_token_and_leaves_no_old_files() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "one").unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("token")).unwrap(),
            "one"
        );
        let before = entries(folder.path());
        write(folder.path(), "two").unwrap();
        assert_eq!(
            fs::read_to_string(folder.path().join("token")).unwrap(),
            "two"
        );
        assert_eq!(entries(folder.path()), before);
    }

    #[test]
    fn an_open_file_keeps_the_old_token() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "one").unwrap();
        let mut open = fs::File::open(folder.path().join("token")).unwrap();
        write(folder.path(), "two").unwrap();
        let mut text = String::new();
        io::Read::read_to_string(&mut open, &mut text).unwrap();
        assert_eq!(text, "one");
    }

    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "one").unwrap();
        let mode = fs::metadata(folder.path().join("token"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
