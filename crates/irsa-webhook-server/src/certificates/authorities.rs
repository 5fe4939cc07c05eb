//! The CAs that all replicas share: the current one issues certificates, its successor is being published, and
//! certificates of its predecessor are still valid.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use irsa_kube::Secret;
use irsa_net::tls::{AuthorityCertificate, StoredAuthority, TlsError};
use secrecy::{ExposeSecret as _, SecretString};

use crate::options::AuthorityTimes;

const CURRENT: [&str; 2] = ["current.crt", "current.key"];
const NEXT: [&str; 2] = ["next.crt", "next.key"];
const PREVIOUS: &str = "previous.crt";

/// The CAs. There is always a current one.
#[derive(Debug, Clone)]
pub(super) struct Authorities {
    pub(super) current: Arc<StoredAuthority>,
    pub(super) next: Option<Arc<StoredAuthority>>,
    pub(super) previous: Option<AuthorityCertificate>,
}

/// What a Secret contains.
#[derive(Debug)]
pub(super) struct Stored {
    /// `None` if the Secret has no CA that can issue certificates.
    pub(super) authorities: Option<Authorities>,
    /// Entries that cannot be used, with the reason. Entries that are absent are not listed.
    pub(super) damaged: Vec<String>,
}

// === impl Stored ===

impl Stored {
    pub(super) fn read(secret: &Secret) -> Self {
        let mut damaged = Vec::new();
        let mut pair = |[certificate, key]: [&str; 2]| {
            let text = |key| secret.get(key).map(SecretString::expose_secret);
            let (certificate_pem, key_pem) = (text(certificate), text(key));
            if certificate_pem.is_none() && key_pem.is_none() {
                return None;
            }
            let found = StoredAuthority::from_pem(
                certificate_pem.unwrap_or_default(),
                key_pem.unwrap_or_default(),
            );
            found
                .map(Arc::new)
                .map_err(|error| damaged.push(format!("`{certificate}` and `{key}`: {error}")))
                .ok()
        };
        let (current, next) = (pair(CURRENT), pair(NEXT));
        let previous = secret.get(PREVIOUS).and_then(|pem| {
            let found = AuthorityCertificate::from_pem(pem.expose_secret());
            found
                .map_err(|error| damaged.push(format!("`{PREVIOUS}`: {error}")))
                .ok()
        });
        let authorities = match (current, next) {
            (Some(current), next) => Some(Authorities {
                current,
                next,
                previous,
            }),
            // The successor is as good as the current one.
            (None, Some(next)) => Some(Authorities {
                current: next,
                next: None,
                previous,
            }),
            (None, None) => None,
        };
        Self {
            authorities,
            damaged,
        }
    }
}

// === impl Authorities ===

impl Authorities {
    pub(super) fn generate(times: &AuthorityTimes) -> Result<Self, TlsError> {
        Ok(Self {
            current: generate(times)?,
            next: None,
            previous: None,
        })
    }

    /// Replaces what has expired, prepares the successor in time, and promotes it once it is published. Returns the CAs
    /// and whether they changed.
    pub(super) fn advance(
        self,
        now: SystemTime,
        is_next_published: bool,
        times: &AuthorityTimes,
    ) -> Result<(Self, bool), TlsError> {
        let is_valid = |certificate: &AuthorityCertificate| certificate.end() > now;
        let (had_next, had_previous) = (self.next.is_some(), self.previous.is_some());
        let next = self.next.filter(|next| is_valid(next.certificate()));
        let previous = self.previous.filter(is_valid);
        let mut changed = had_next != next.is_some() || had_previous != previous.is_some();
        let is_current_valid = is_valid(self.current.certificate());
        let mut authorities = match next {
            Some(next) if is_next_published || !is_current_valid => {
                changed = true;
                let old = self.current.certificate().clone();
                Self {
                    current: next,
                    next: None,
                    previous: Some(old).filter(is_valid),
                }
            }
            next => Self {
                current: self.current,
                next,
                previous,
            },
        };
        if !is_valid(authorities.current.certificate()) {
            changed = true;
            authorities.current = generate(times)?;
        }
        if authorities.next.is_none() && authorities.is_renewal_due(now, times) {
            changed = true;
            authorities.next = Some(generate(times)?);
        }
        Ok((authorities, changed))
    }

    fn is_renewal_due(&self, now: SystemTime, times: &AuthorityTimes) -> bool {
        let end = self.current.certificate().end();
        end.duration_since(now).unwrap_or_default() < times.renewal()
    }

    /// The certificates that the API server must trust, in PEM.
    pub(super) fn bundle(&self) -> String {
        let next = self.next.as_ref().map(|next| next.certificate());
        let certificates = [
            Some(self.current.certificate()),
            next,
            self.previous.as_ref(),
        ];
        let pems = certificates.into_iter().flatten();
        pems.map(AuthorityCertificate::pem).collect()
    }

    /// The values of the Secret.
    pub(super) fn values(&self) -> BTreeMap<String, SecretString> {
        let pair = |[certificate, key]: [&'static str; 2], authority: &StoredAuthority| {
            [
                (certificate, authority.certificate().pem().to_owned()),
                (key, authority.key_pem().to_owned()),
            ]
        };
        let mut values: Vec<_> = pair(CURRENT, &self.current).into();
        values.extend(self.next.iter().flat_map(|next| pair(NEXT, next)));
        let previous = self.previous.iter();
        values.extend(previous.map(|previous| (PREVIOUS, previous.pem().to_owned())));
        let entry = |(key, value): (&str, String)| (key.to_owned(), SecretString::from(value));
        values.into_iter().map(entry).collect()
    }
}

fn generate(times: &AuthorityTimes) -> Result<Arc<StoredAuthority>, TlsError> {
    StoredAuthority::generate(times.authority_life).map(Arc::new)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    const DAY: Duration = Duration::from_hours(24);

    fn times() -> AuthorityTimes {
        AuthorityTimes::default()
    }

    fn pem(authority: &StoredAuthority) -> String {
        authority.certificate().pem().to_owned()
    }

    #[test]
    fn a_successor_is_published_before_it_issues_and_the_old_one_stays_until_it_expires() {
        let (times, start) = (times(), clock::now());
        let mut first = Authorities::generate(&times).unwrap();
        let (unchanged, changed) = first.clone().advance(start, true, &times).unwrap();
        assert!(!changed && unchanged.next.is_none());

        // Less than a third of its life is left.
        first.current = Arc::new(StoredAuthority::generate(100 * DAY).unwrap());
        let (old, now) = (pem(&first.current), start);
        let (prepared, changed) = first.advance(now, false, &times).unwrap();
        assert!(changed && pem(&prepared.current) == old);
        let new = pem(prepared.next.as_ref().unwrap());
        assert_eq!(prepared.bundle(), format!("{old}{new}"));
        let (waiting, changed) = prepared.advance(now, false, &times).unwrap();
        assert!(!changed);

        let (promoted, changed) = waiting.advance(now, true, &times).unwrap();
        assert!(changed && pem(&promoted.current) == new);
        assert_eq!(promoted.bundle(), format!("{new}{old}"));
    }

    #[test]
    fn an_expired_authority_is_replaced_at_once() {
        let (times, start) = (times(), clock::now());
        let expired = start + 400 * DAY;
        let alone = Authorities::generate(&times).unwrap();
        let old = pem(&alone.current);
        let (replaced, changed) = alone.advance(expired, false, &times).unwrap();
        assert!(changed && pem(&replaced.current) != old);
        assert!(!replaced.bundle().contains(&old));
    }

    #[test]
    fn an_expired_predecessor_is_forgotten() {
        let (times, start) = (times(), clock::now());
        let mut authorities = Authorities::generate(&times).unwrap();
        let short = StoredAuthority::generate(DAY).unwrap();
        authorities.previous = Some(short.certificate().clone());
        let (kept, changed) = authorities.advance(start, false, &times).unwrap();
        assert!(!changed && kept.previous.is_some());
        let (dropped, changed) = kept.advance(start + 2 * DAY, false, &times).unwrap();
        assert!(changed && dropped.previous.is_none());
    }
}
