//! A server certificate that is renewed while the process runs.

use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::super::TlsError;
use super::LocalAuthority;
use super::issue::{self, Usage};

/// Half of a certificate's validity period.
const RENEW_AFTER: Duration = Duration::from_hours(182 * 24);

pub(super) struct Renewing {
    authority: LocalAuthority,
    names: Vec<String>,
    current: Mutex<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    issued: Instant,
}

impl Renewing {
    pub(super) fn new(authority: LocalAuthority, names: &[&str]) -> Result<Self, TlsError> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let current = Mutex::new(issue_at(&authority, &names, Instant::now())?);
        Ok(Self {
            authority,
            names,
            current,
        })
    }

    fn at(&self, now: Instant) -> Arc<CertifiedKey> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(current.issued) >= RENEW_AFTER {
            match issue_at(&self.authority, &self.names, now) {
                Ok(renewed) => *current = renewed,
                Err(error) => tracing::error!(%error, "cannot renew the local certificate"),
            }
        }
        Arc::clone(&current.key)
    }
}

impl ResolvesServerCert for Renewing {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.at(Instant::now()))
    }
}

impl Debug for Renewing {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewing")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

fn issue_at(
    authority: &LocalAuthority,
    names: &[String],
    now: Instant,
) -> Result<Current, TlsError> {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let leaf = issue::leaf(&authority.issuer, &Usage::Server(&names), issue::now())?;
    Ok(Current {
        key: Arc::new(leaf.certified_key()?),
        issued: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_the_certificate_after_half_of_its_validity_period() {
        let authority = LocalAuthority::generate().unwrap();
        let resolver = Renewing::new(authority, &["localhost"]).unwrap();
        let start = resolver.current.lock().unwrap().issued;

        let first = resolver.at(start);
        let same = resolver.at(start + RENEW_AFTER / 2);
        let second = resolver.at(start + RENEW_AFTER);

        assert_eq!(first.cert, same.cert);
        assert_ne!(first.cert, second.cert);
    }
}
