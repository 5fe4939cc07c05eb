//! Tests of the command's environment.

use super::*;

fn variables(pairs: &[(&str, &str)]) -> Variables {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn addresses(texts: &[&str]) -> Vec<ListenAddress> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn database(listen: &[&str]) -> Endpoints {
    Endpoints {
        postgres: addresses(listen),
        ca_file: Some("/tmp/irsa-1/ca.pem".into()),
        ..Endpoints::default()
    }
}

fn domain(listen: &[&str]) -> Endpoints {
    Endpoints {
        opensearch: addresses(listen),
        ..Endpoints::default()
    }
}

/// Returns the new value of a variable.
fn set<'a>(changes: &'a Changes, name: &str) -> &'a str {
    changes
        .set
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[test]
fn libpq_finds_the_first_listener() {
    for (listen, host, port) in [
        (
            &["unix:/tmp/irsa-1/.s.PGSQL.5433", "127.0.0.1:7"][..],
            "/tmp/irsa-1",
            "5433",
        ),
        (&["127.0.0.1:7"], "127.0.0.1", "7"),
        (&["[::1]:7"], "::1", "7"),
        (&["127.0.0.1:7", "[::1]:7"], "localhost", "7"),
        (&["127.0.0.1:7", "[::1]:8"], "127.0.0.1", "7"),
        (&["0.0.0.0:7"], "127.0.0.1", "7"),
        (&["10.0.0.1:7"], "10.0.0.1", "7"),
    ] {
        let changes = Changes::new(&Variables::new(), &database(listen));
        assert_eq!(
            (set(&changes, "PGHOST"), set(&changes, "PGPORT")),
            (host, port),
            "{listen:?}"
        );
        assert_eq!(changes.note(), None, "nothing was there before");
    }
}

#[test]
fn variables_that_bypass_irsa_are_removed_and_reported() {
    let pairs: Vec<_> = libpq::VARIABLES
        .iter()
        .map(|(name, _, _)| (*name, "x"))
        .collect();
    let changes = Changes::new(
        &variables(&pairs),
        &database(&["unix:/run/irsa/.s.PGSQL.5432"]),
    );
    let note = "environment of the command: removed PGHOSTADDR, PGSERVICE, PGREQUIREAUTH, PGCHANNELBINDING, \
                PGREQUIREPEER, PGSSLCRL, PGSSLCRLDIR, PGSSLCERTMODE, PGGSSENCMODE; replaced PGHOST, PGPORT, \
                PGSSLROOTCERT";
    assert_eq!(changes.note().unwrap(), note);
    assert_eq!(changes.set.len(), 3, "{changes:?}");
}

#[test]
fn a_client_that_verifies_gets_the_generated_ca() {
    let endpoints = database(&["127.0.0.1:7"]);
    let ca_for = |pairs: &[(&str, &str)]| {
        let changes = Changes::new(&variables(pairs), &endpoints);
        set(&changes, "PGSSLROOTCERT").to_owned()
    };
    for pairs in [
        &[("PGSSLMODE", "verify-full")][..],
        &[("PGSSLMODE", "verify-ca")],
        &[("PGSSLMODE", "require")],
        &[
            ("PGSSLMODE", "verify-full"),
            ("PGSSLROOTCERT", "/etc/rds.pem"),
        ],
        &[("PGSSLROOTCERT", "system")],
    ] {
        assert_eq!(ca_for(pairs), "/tmp/irsa-1/ca.pem", "{pairs:?}");
    }
    for pairs in [
        &[][..],
        &[("PGSSLMODE", "disable")],
        &[("PGSSLMODE", "prefer")],
        &[("PGSSLROOTCERT", "")],
    ] {
        assert_eq!(ca_for(pairs), "", "{pairs:?}");
    }
}

#[test]
fn a_custom_certificate_keeps_the_users_ca() {
    let mut endpoints = database(&["127.0.0.1:7"]);
    endpoints.ca_file = None;
    let given = variables(&[
        ("PGSSLMODE", "verify-full"),
        ("PGSSLROOTCERT", "/etc/own.pem"),
    ]);
    let changes = Changes::new(&given, &endpoints);
    assert!(!changes.set.contains_key("PGSSLROOTCERT"), "{changes:?}");
    assert_eq!(changes.note(), None);
}

#[test]
fn without_a_database_libpq_variables_are_kept() {
    let given = variables(&[("PGSERVICE", "shop"), ("PGHOST", "db")]);
    let changes = Changes::new(&given, &domain(&["127.0.0.1:9200"]));
    assert_eq!(changes.note(), None);
    assert!(!changes.set.contains_key("PGHOST"), "{changes:?}");
}

#[test]
fn clients_of_opensearch_get_a_url() {
    for (listen, url) in [
        (&["127.0.0.1:7", "[::1]:7"][..], "http://127.0.0.1:7"),
        (&["[::1]:7"], "http://[::1]:7"),
        (&["0.0.0.0:7"], "http://127.0.0.1:7"),
        (&["unix:/run/os", "127.0.0.1:7"], "http://127.0.0.1:7"),
    ] {
        let given = variables(&[("OPENSEARCH_URL", "https://old")]);
        let changes = Changes::new(&given, &domain(listen));
        assert_eq!(set(&changes, "OPENSEARCH_URL"), url);
        assert_eq!(
            changes.note().unwrap(),
            "environment of the command: replaced OPENSEARCH_URL"
        );
    }
}

#[test]
fn listener_hosts_are_added_to_both_no_proxy_lists() {
    let endpoints = domain(&["127.0.0.1:7", "[::1]:7"]);
    for (given, upper, lower) in [
        (
            &[][..],
            "localhost,127.0.0.1,::1",
            "localhost,127.0.0.1,::1",
        ),
        (
            &[("NO_PROXY", "example.com"), ("no_proxy", "example.org")],
            "example.com,localhost,127.0.0.1,::1",
            "example.org,localhost,127.0.0.1,::1",
        ),
        (
            &[("no_proxy", "example.org, 127.0.0.1")],
            "example.org, 127.0.0.1,localhost,::1",
            "example.org, 127.0.0.1,localhost,::1",
        ),
        (&[("NO_PROXY", "*")], "*", "*"),
    ] {
        let changes = Changes::new(&variables(given), &endpoints);
        assert_eq!(set(&changes, "NO_PROXY"), upper, "{given:?}");
        assert_eq!(set(&changes, "no_proxy"), lower, "{given:?}");
        assert_eq!(changes.note(), None, "{given:?}");
    }
}

#[test]
fn a_socket_needs_no_exception_from_proxies() {
    let changes = Changes::new(&Variables::new(), &domain(&["unix:/run/os"]));
    assert!(changes.set.is_empty(), "{changes:?}");
}
