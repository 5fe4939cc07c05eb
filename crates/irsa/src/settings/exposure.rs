//! Decides which requirements apply to which listener: `--client-uid` to Unix sockets, passwords and certificates to
//! all listeners. If any requirement is given, a listener without one is a mistake, and so is a requirement that
//! applies to no listener.

use irsa_net::listen::ListenAddress;

use super::Mistakes;
use super::clients::GivenRequirements;
use crate::upstream::{Store, UpstreamSpec};

/// Adds a mistake for each listener and for each requirement that does not fit the others.
pub(super) fn check(upstreams: &[UpstreamSpec], given: GivenRequirements, mistakes: &mut Mistakes) {
    let has_unix = listeners(upstreams).any(|(_, address)| is_unix(address));
    for (store, address) in listeners(upstreams) {
        if let Some(problem) = problem_of(store, address, given, has_unix) {
            mistakes.add(format!("`{address}` {problem}"));
        }
    }
    if upstreams.is_empty() {
        return;
    }
    if given.uid && !has_unix {
        mistakes.add(
            "--client-uid applies to Unix sockets, and no upstream listens on one: add `listen=unix:/PATH` to an \
             upstream, or remove --client-uid",
        );
    }
    let is_database = |(store, _): (&Store, _)| matches!(store, Store::Postgres(_));
    if given.cert_users && !given.certificate {
        mistakes.add(
            "--client-cert-users requires --client-ca: without it, clients have no certificate",
        );
    } else if given.cert_users && !listeners(upstreams).any(is_database) {
        mistakes.add(
            "--client-cert-users applies to PostgreSQL, and no upstream is a PostgreSQL database",
        );
    }
}

/// Returns sentences about listeners that most clients cannot use.
pub(super) fn warnings(upstreams: &[UpstreamSpec], given: GivenRequirements) -> Vec<String> {
    let sockets = listeners(upstreams).filter(|(_, address)| given.certificate && is_unix(address));
    let sentence = |(_, address): (&Store, &ListenAddress)| {
        format!(
            "clients of `{address}` must use TLS with a certificate (--client-ca), which libpq and most drivers never \
             do on a Unix socket"
        )
    };
    sockets.map(sentence).collect()
}

/// Returns the problem of a listener, as the rest of a sentence.
fn problem_of(
    store: &Store,
    address: &ListenAddress,
    given: GivenRequirements,
    has_unix: bool,
) -> Option<&'static str> {
    let is_protected = given.certificate || given.passwords;
    match (store, address) {
        (Store::OpenSearch(_), ListenAddress::Unix(_)) if given.certificate => Some(
            "cannot require a certificate (--client-ca): OpenSearch listeners offer no TLS on Unix sockets; listen on \
             localhost",
        ),
        (_, ListenAddress::Unix(_)) => None,
        (_, address) if !address.is_loopback() && !is_protected => Some(
            "can be reached from outside this machine: require a password (--client-passwords) or a certificate \
             (--client-ca), or listen on localhost",
        ),
        _ if given.uid && has_unix && !is_protected => Some(
            "would admit every client of this machine: --client-uid applies to Unix sockets only; require a password \
             (--client-passwords) or a certificate (--client-ca) as well, or listen on Unix sockets alone",
        ),
        _ => None,
    }
}

fn listeners(upstreams: &[UpstreamSpec]) -> impl Iterator<Item = (&Store, &ListenAddress)> {
    upstreams.iter().flat_map(|spec| {
        let addresses = spec.listen.iter();
        addresses.map(|address| (&spec.store, address))
    })
}

fn is_unix(address: &ListenAddress) -> bool {
    matches!(address, ListenAddress::Unix(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream;

    const NONE: GivenRequirements = GivenRequirements {
        uid: false,
        certificate: false,
        cert_users: false,
        passwords: false,
    };

    fn database(listen: &str) -> String {
        format!("postgres://a.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com?{listen}")
    }

    fn domain(listen: &str) -> String {
        format!(
            "opensearch://search-a-abcdefghijklmnopqrstuvwxyz.eu-central-1.es.amazonaws.com?{listen}"
        )
    }

    fn parsed(upstreams: &[String]) -> Vec<UpstreamSpec> {
        let specs = upstreams.iter().map(|text| upstream::parse(text, None));
        specs.map(Result::unwrap).collect()
    }

    /// Returns the beginnings of the messages, up to the colon.
    fn mistakes(upstreams: &[String], given: GivenRequirements) -> Vec<String> {
        let mut mistakes = Mistakes::default();
        check(&parsed(upstreams), given, &mut mistakes);
        let begin = |sentence: &String| sentence.split(": ").next().unwrap().to_owned();
        mistakes.sentences().iter().map(begin).collect()
    }

    #[test]
    fn local_listeners_need_no_requirement() {
        let upstreams = [
            database("listen=5432&listen=unix:/run/a"),
            domain("listen=9200"),
        ];
        assert!(mistakes(&upstreams, NONE).is_empty());
    }

    #[test]
    fn remote_listeners_require_a_password_or_a_certificate() {
        let upstreams = [
            database("listen=0.0.0.0:5432"),
            domain("listen=10.0.0.1:9200"),
        ];
        let expected = [
            "`0.0.0.0:5432` can be reached from outside this machine",
            "`10.0.0.1:9200` can be reached from outside this machine",
        ];
        assert_eq!(mistakes(&upstreams, NONE), expected);
        for given in [
            GivenRequirements {
                passwords: true,
                ..NONE
            },
            GivenRequirements {
                certificate: true,
                ..NONE
            },
        ] {
            assert!(mistakes(&upstreams, given).is_empty());
        }
    }

    #[test]
    fn a_user_id_protects_only_unix_sockets() {
        let uid = GivenRequirements { uid: true, ..NONE };
        let sockets = [database("listen=unix:/run/a"), domain("listen=unix:/run/b")];
        assert!(mistakes(&sockets, uid).is_empty());
        let mixed = [
            database("listen=5432&listen=unix:/run/a"),
            domain("listen=9200"),
        ];
        let expected = [
            "`localhost:5432` would admit every client of this machine",
            "`localhost:9200` would admit every client of this machine",
        ];
        assert_eq!(mistakes(&mixed, uid), expected);
        let with_passwords = GivenRequirements {
            passwords: true,
            ..uid
        };
        assert!(mistakes(&mixed, with_passwords).is_empty());
    }

    #[test]
    fn a_requirement_that_applies_to_no_listener_is_a_mistake() {
        let uid = GivenRequirements {
            uid: true,
            passwords: true,
            ..NONE
        };
        let expected = ["--client-uid applies to Unix sockets, and no upstream listens on one"];
        assert_eq!(mistakes(&[database("listen=5432")], uid), expected);
        let users = GivenRequirements {
            cert_users: true,
            ..NONE
        };
        assert_eq!(
            mistakes(&[database("listen=5432")], users),
            ["--client-cert-users requires --client-ca"]
        );
        let users = GivenRequirements {
            certificate: true,
            ..users
        };
        let expected =
            ["--client-cert-users applies to PostgreSQL, and no upstream is a PostgreSQL database"];
        assert_eq!(mistakes(&[domain("listen=9200")], users), expected);
        assert!(mistakes(&[database("listen=5432")], users).is_empty());
    }

    #[test]
    fn only_postgresql_supports_certificates_on_unix_sockets() {
        let given = GivenRequirements {
            certificate: true,
            ..NONE
        };
        let upstreams = [database("listen=unix:/run/a"), domain("listen=unix:/run/b")];
        assert_eq!(
            mistakes(&upstreams, given),
            ["`unix:/run/b` cannot require a certificate (--client-ca)"]
        );
        let warnings = warnings(&parsed(&upstreams[..1]), given);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains("`unix:/run/a`"), "{warnings:?}");
    }
}
