//! Whom we trust to vouch for a server.

mod rds;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use irsa_chain::Region;
use rustls::RootCertStore;

use super::{TlsError, server};

/// Root certificates, and the AWS regions whose RDS instances they vouch for.
#[derive(Clone, Debug)]
pub struct Roots {
    store: Arc<RootCertStore>,
    regions: BTreeSet<String>,
}

impl Roots {
    /// What an upstream's TLS is verified with unless told otherwise: the roots of RDS, the public
    /// ones (RDS Proxy and the HTTP services of AWS have certificates of Amazon Trust Services),
    /// and those in a file, where given.
    ///
    /// # Errors
    /// The file's, as [`Roots::from_pem_file`].
    pub fn upstream(ca_file: Option<&Path>) -> Result<Self, TlsError> {
        let roots = Self::rds().with(Self::public());
        match ca_file {
            Some(path) => Ok(roots.with(Self::from_pem_file(path)?)),
            None => Ok(roots),
        }
    }

    /// The roots of Amazon RDS and Aurora, as embedded; see [`Roots::covers`] for the regions.
    pub fn rds() -> Self {
        rds::embedded().clone()
    }

    /// The roots of the Web's public authorities, from Mozilla's list.
    pub fn public() -> Self {
        let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        Self {
            store: Arc::new(roots),
            regions: BTreeSet::new(),
        }
    }

    /// All certificates of a PEM file. Other items in it are left aside, keys too.
    ///
    /// # Errors
    /// The file can't be read, holds no certificate, or holds one that can't be a root.
    pub fn from_pem_file(path: &Path) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        for certificate in server::certificates(path)? {
            store.add(certificate).map_err(|error| {
                TlsError::content(
                    path,
                    format!("holds a certificate that can't be a root: {error}"),
                )
            })?;
        }
        Ok(Self {
            store: Arc::new(store),
            regions: BTreeSet::new(),
        })
    }

    /// These and those.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        Arc::make_mut(&mut self.store).extend(others.store.roots.iter().cloned());
        self.regions.extend(others.regions);
        self
    }

    /// Whether the roots that RDS uses for its instances and clusters in this region are among
    /// these.
    ///
    /// [`Roots::rds`] has them for af-south-1, ap-east-1, ap-northeast-1 to 3, ap-south-1 and 2,
    /// ap-southeast-1 to 4, ca-central-1, eu-central-1 and 2, eu-north-1, eu-south-1 and 2,
    /// eu-west-1 to 3, me-central-1, me-south-1, sa-east-1, us-east-1 and 2, us-west-1 and 2; not
    /// for GovCloud, China and regions that opened since. For those take AWS's bundle
    /// (<https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html>) with
    /// [`Roots::from_pem_file`]. RDS Proxy needs none of them: it has public certificates.
    pub fn covers(&self, region: &Region) -> bool {
        self.regions.contains(region.as_str())
    }

    /// The regions of [`Roots::covers`], sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.iter().map(String::as_str)
    }

    /// How many certificates there are.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether there are none.
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
    fn adds_up() {
        let (rds, public) = (Roots::rds(), Roots::public());
        let both = Roots::upstream(None).unwrap();
        assert_eq!(both.len(), rds.len() + public.len());
        assert!(both.covers(&region("eu-central-1")));
    }

    #[test]
    fn names_the_file_that_holds_no_certificate() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("ca.pem");
        let refused = Roots::upstream(Some(&path)).unwrap_err();
        assert!(refused.to_string().contains("ca.pem"), "{refused}");

        std::fs::write(&path, "").unwrap();
        let refused = Roots::from_pem_file(&path).unwrap_err();
        assert!(
            refused.to_string().ends_with("holds no certificate"),
            "{refused}"
        );

        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(&path, broken).unwrap();
        let refused = Roots::from_pem_file(&path).unwrap_err();
        assert!(refused.to_string().contains("can't be a root"), "{refused}");
    }

    /// As in the documentation of [`Roots::covers`].
    const DOCUMENTED: &str = "\
        af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 \
        ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ca-central-1 eu-central-1 \
        eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 me-central-1 \
        me-south-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2";
}
