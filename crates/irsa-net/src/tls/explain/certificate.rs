//! Explanations of certificate errors.

use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use time::OffsetDateTime;

/// The maximum number of names that are listed; the rest are counted.
const LISTED_NAMES: usize = 4;

pub(super) fn explain(problem: &CertificateError) -> String {
    use CertificateError as E;

    match problem {
        E::UnknownIssuer => "the certificate is not signed by a trusted CA: add its CA with \
                             --ca-file, and check for a TLS-intercepting proxy"
            .to_owned(),
        E::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "the certificate is not valid for `{}`, only for {}: connect by one of these names",
            expected.to_str(),
            list(presented)
        ),
        E::NotValidForName => "the certificate is not valid for this host name".to_owned(),
        E::ExpiredContext { time, not_after } => format!(
            "the certificate expired on {}, and today is {}: renew it, or correct this machine's clock",
            date(*not_after),
            date(*time)
        ),
        E::Expired => {
            "the certificate has expired: renew it, or correct this machine's clock".to_owned()
        }
        E::NotValidYetContext { time, not_before } => format!(
            "the certificate is not valid before {}, and today is {}: correct this machine's clock",
            date(*not_before),
            date(*time)
        ),
        E::NotValidYet => {
            "the certificate is not valid yet: correct this machine's clock".to_owned()
        }
        E::Revoked => "the certificate was revoked by its CA".to_owned(),
        E::BadEncoding => "the certificate cannot be parsed".to_owned(),
        E::BadSignature => {
            "the certificate's signature is invalid: the certificate was altered, or \
                            a different CA with the same name issued it"
                .to_owned()
        }
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the certificate has the wrong extended key usage: a server needs serverAuth, a client \
             needs clientAuth"
                .to_owned()
        }
        other => format!("the certificate is invalid: {other}"),
    }
}

fn list(presented: &[String]) -> String {
    let listed: Vec<_> = presented
        .iter()
        .take(LISTED_NAMES)
        .map(|name| format!("`{}`", bare(name)))
        .collect();
    match presented.len().saturating_sub(LISTED_NAMES) {
        _ if listed.is_empty() => "no names".to_owned(),
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

/// Removes the kind that the library adds: `DnsName("db.example")`.
fn bare(name: &str) -> &str {
    name.split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(name)
        .trim_matches('"')
}

fn date(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or_else(
            || "a date out of range".to_owned(),
            |time| time.date().to_string(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_four_names_and_counts_the_rest() {
        let names: Vec<_> = (0..6)
            .map(|n| format!("DnsName(\"db{n}.example\")"))
            .collect();
        assert_eq!(
            list(&names),
            "`db0.example`, `db1.example`, `db2.example`, `db3.example` and 2 more"
        );
        assert_eq!(list(&names[..1]), "`db0.example`");
        assert_eq!(list(&[]), "no names");
    }

    #[test]
    fn shows_the_dates_of_an_expired_certificate() {
        let at = |seconds| UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        let problem = CertificateError::ExpiredContext {
            time: at(1_790_000_000),
            not_after: at(1_700_000_000),
        };
        let text = explain(&problem);
        assert!(
            text.contains("expired on 2023-11-14, and today is 2026-09-21"),
            "{text}"
        );
    }

    #[test]
    fn accepts_dates_out_of_range() {
        let never = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::MAX));
        assert_eq!(date(never), "a date out of range");
    }
}
