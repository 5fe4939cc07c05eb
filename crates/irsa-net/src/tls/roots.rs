//! Root certificates to verify servers with.

mod rds;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use irsa_chain::Region;
use rustls::RootCertStore;

use super::{TlsError, server};

/// Root certificates, and the AWS regions whose RDS instances they cover.
#[derive(Clone, Debug)]
pub struct Roots {
    store: Arc<RootCertStore>,
    regions: BTreeSet<String>,
}

impl Roots {
    /// Returns the default roots for upstreams: the roots of RDS, the public roots (RDS Proxy and the HTTP services of
    /// AWS use certificates of Amazon Trust Services), and the roots in `ca_file`.
    ///
    /// # Errors
    /// Fails if `ca_file` cannot be used; see [`Roots::from_pem_file`].
    pub fn upstream(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let roots = Self::rds().with(Self::public());
        match ca_file {
            Some(path) => Ok(roots.with(Self::from_pem_file(path)?)),
            None => Ok(roots),
        }
    }

    /// Returns the embedded roots of Amazon RDS and Aurora. [`Roots::covers`] lists the regions.
    pub fn rds() -> Self {
        rds::embedded().clone()
    }

    /// Returns the public roots from Mozilla's list.
    pub fn public() -> Self {
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self {
            store: Arc::new(roots),
            regions: BTreeSet::new(),
        }
    }

    /// Reads all certificates of a PEM file. Other items, including keys, are ignored.
    ///
    /// # Errors
    /// Fails if the file cannot be read, contains no certificate, or contains a certificate that cannot be used as a
    /// root.
    pub fn from_pem_file(path: &Path) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for certificate in server::certificates(path)? {
            store.add(certificate).map_err(|error| {
                TlsError::content(
                    path,
                    format!("contains a certificate that cannot be used as a root: {error}"),
                )
            })?;
        }
        Ok(Self {
            store: Arc::new(store),
            regions: BTreeSet::new(),
        })
    }

    /// Adds other roots.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        Arc::make_mut(&mut self.store).extend(others.store.roots.iter().cloned());
        self.regions.extend(others.regions);
        self
    }

    /// Returns whether the roots of RDS instances and clusters in this region are included.
    ///
    /// [`Roots::rds`] includes af-south-1, ap-east-1, ap-northeast-1 to 3, ap-south-1 and 2, ap-southeast-1 to 4,
    /// ca-central-1, eu-central-1 and 2, eu-north-1, eu-south-1 and 2, eu-west-1 to 3, me-central-1, me-south-1,
    /// sa-east-1, us-east-1 and 2, us-west-1 and 2. It does not include GovCloud, China and newer regions: for those,
    /// load AWS's bundle (<https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html>) with
    /// [`Roots::from_pem_file`]. RDS Proxy uses public certificates and does not need these roots.
    pub fn covers(&self, region: &Region) -> bool {
        self.regions.contains(region.as_str())
    }

    /// Returns the covered regions, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(String::as_str)
    }

    /// Returns the number of certificates.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Returns whether there are no certificates.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    pub(super) fn store(&self) -> Arc<RootCertStore> {
        Arc::clone(&self.store)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    #[test]
    fn covers_the_regions_that_the_embedded_roots_name() {
        let roots = Roots::rds();
        for covered in [
            "eu-central-1",
            "us-east-1",
            "us-east-2",
            "ap-southeast-4",
            "me-central-1",
        ] {
            assert!(roots.covers(&region(covered)), "{covered}");
        }
        for missing in [
            "us-gov-west-1",
            "cn-north-1",
            "il-central-1",
            "mx-central-1",
        ] {
            assert!(!roots.covers(&region(missing)), "{missing}");
        }
        assert!(!Roots::public().covers(&region("eu-central-1")));
    }

    #[test]
    fn has_the_documented_regions() {
        let documented: Vec<_> = DOCUMENTED.split_whitespace().collect();
        let roots = Roots::rds();
        assert_eq!(roots.regions().collect::<Vec<_>>(), documented);
    }

    #[test]
    fn upstream_roots_are_those_of_rds_and_the_public_ones() {
        let (rds, public) = (Roots::rds(), Roots::public());
        let both = Roots::upstream(None).unwrap();
        assert_eq!(both.len(), rds.len() + public.len());
        assert!(both.covers(&region("eu-central-1")));
    }

    #[test]
    fn names_the_file_without_certificates() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.pem");
        let refused = Roots::upstream(Some(&path)).unwrap_err();
        assert!(refused.to_string().contains("ca.pem"), "{refused}");

        std::fs::write(&path, "").unwrap();
        let refused = Roots::from_pem_file(&path).unwrap_err();
        assert!(
            refused.to_string().ends_with("contains no certificate"),
            "{refused}"
        );

        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, broken).unwrap();
        let refused = Roots::from_pem_file(&path).unwrap_err();
        assert!(
            refused.to_string().contains("cannot be used as a root"),
            "{refused}"
        );
    }

    /// The regions in the documentation of [`Roots::covers`].
    const DOCUMENTED: &str = "\
        af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 \
        ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ca-central-1 eu-central-1 \
        eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 me-central-1 \
        me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2";
}
