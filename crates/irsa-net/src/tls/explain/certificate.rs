//! What is wrong with a certificate.

use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use time::OffsetDateTime;

/// More names than this are counted, not listed.
const LISTED_NAMES: usize = 4;

pub(super) fn explain(problem: &CertificateError) -> String {
    use CertificateError as E;

    match problem {
        E::UnknownIssuer => "no root certificate that we have vouches for the certificate: give \
                             its authority's with a CA file, and check that nobody in between \
                             answers with a certificate of his own"
            .to_owned(),
        E::NotValidForNameContext {
            expected,
            presented,
        } => format!(
            "the certificate is not for `{}` but for {}: connect by one of its names",
            expected.to_str(),
            list(presented)
        ),
        E::NotValidForName => "the certificate is for another name".to_owned(),
        E::ExpiredContext { time, not_after } => format!(
            "the certificate expired on {}, and today is {}: renew it, or set this machine's clock",
            date(*not_after),
            date(*time)
        ),
        E::Expired => "the certificate expired: renew it, or set this machine's clock".to_owned(),
        E::NotValidYetContext { time, not_before } => format!(
            "the certificate is valid from {} only, and today is {}: set this machine's clock",
            date(*not_before),
            date(*time)
        ),
        E::NotValidYet => "the certificate is not valid yet: set this machine's clock".to_owned(),
        E::Revoked => "the certificate was revoked by its authority".to_owned(),
        E::BadEncoding => "the certificate cannot be read".to_owned(),
        E::BadSignature => "the certificate's signature is wrong: it was altered, or its \
                            authority is not the one of that name"
            .to_owned(),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "the certificate is for another purpose: a server needs one for server authentication, \
             a client one for client authentication"
                .to_owned()
        }
        other => format!("the certificate is not accepted: {other}"),
    }
}

fn list(presented: &[String]) -> String {
    let listed: Vec<_> = presented
        .iter()
        .take(LISTED_NAMES)
        .map(|name| format!("`{}`", bare(name)))
        .collect();
    match presented.len().saturating_sub(LISTED_NAMES) {
        _ if listed.is_empty() => "no name at all".to_owned(),
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

/// The library names the kind as well: `DnsName("db.example")`.
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
    fn lists_few_names_and_counts_the_rest() {
        let names: Vec<_> = (0..6)
            .map(|n| format!("DnsName(\"db{n}.example\")"))
            .collect();
        assert_eq!(
            list(&names),
            "`db0.example`, `db1.example`, `db2.example`, `db3.example` and 2 more"
        );
        assert_eq!(list(&names[..1]), "`db0.example`");
        assert_eq!(list(&[]), "no name at all");
    }

    #[test]
    fn says_the_dates_of_an_expired_certificate() {
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
    fn survives_dates_out_of_range() {
        let never = UnixTime::since_unix_epoch(std::time::Duration::from_secs(u64::MAX));
        assert_eq!(date(never), "a date out of range");
    }
}
