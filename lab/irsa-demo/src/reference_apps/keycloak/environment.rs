//! Keycloak's variables: those that the guide shows, and those that only tests need.

use std::collections::BTreeMap;

use super::KeycloakOptions;
use crate::reference_apps::{Database, DatabaseMode};

/// Options that do not affect a build, and are left out of it.
const AT_START_ONLY: [&str; 4] = [
    "KC_DB_URL",
    "KC_DB_USERNAME",
    "KC_DB_PASSWORD",
    "KC_DB_POOL",
];
/// Options for a machine's loopback: free ports, plain HTTP, one node.
const ALONE_ON_LOOPBACK: [(&str, &str); 6] = [
    ("KC_HTTP_ENABLED", "true"),
    ("KC_HTTP_HOST", "127.0.0.1"),
    ("KC_HTTP_PORT", "0"),
    ("KC_HTTP_MANAGEMENT_PORT", "0"),
    ("KC_HOSTNAME_STRICT", "false"),
    ("KC_CACHE", "local"),
];

/// Returns the database variables of Keycloak's container, exactly as the guide shows them. Neither mode has a
/// password. Health and metrics are on, as in the reference.
pub fn environment(database: &Database, mode: &DatabaseMode, xa: bool) -> BTreeMap<String, String> {
    let driver = matches!(mode, DatabaseMode::OwnSigning { .. })
        .then_some(("KC_DB_DRIVER", "software.amazon.jdbc.Driver".to_owned()));
    [
        ("KC_DB", "postgres".to_owned()),
        ("KC_DB_URL", mode.jdbc_url(&database.name)),
        ("KC_DB_USERNAME", database.user.clone()),
        ("KC_TRANSACTION_XA_ENABLED", xa.to_string()),
        ("KC_HEALTH_ENABLED", "true".to_owned()),
        ("KC_METRICS_ENABLED", "true".to_owned()),
    ]
    .into_iter()
    .chain(driver)
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// Returns all variables of a Keycloak.
pub(super) fn all(options: &KeycloakOptions) -> BTreeMap<String, String> {
    let mut variables = environment(&options.database, &options.mode, options.xa);
    variables.extend(options.more.clone());
    variables
}

/// Returns the variables that `kc.sh build` bakes in.
pub(super) fn at_build(options: &KeycloakOptions) -> BTreeMap<String, String> {
    let mut variables = all(options);
    variables.retain(|name, _| !AT_START_ONLY.iter().any(|start| name.starts_with(start)));
    variables
}

/// Returns the variables of a Keycloak that is alone on a machine's loopback.
pub(super) fn alone() -> impl Iterator<Item = (&'static str, &'static str)> {
    ALONE_ON_LOOPBACK.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database() -> Database {
        Database {
            name: "keycloak".to_owned(),
            user: "keycloak".to_owned(),
        }
    }

    fn through_irsa() -> DatabaseMode {
        DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        }
    }

    fn own_signing() -> DatabaseMode {
        DatabaseMode::OwnSigning {
            endpoint: "aurora.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com".to_owned(),
            sign_port: 5432,
            port: 5432,
            ca_file: "/opt/keycloak/conf/rds-global-bundle.pem".into(),
            identity: BTreeMap::new(),
        }
    }

    #[test]
    fn neither_mode_has_a_password() {
        for mode in [through_irsa(), own_signing()] {
            let text = format!("{:?}", environment(&database(), &mode, false)).to_lowercase();
            assert!(!text.contains("password"), "{text}");
        }
    }

    #[test]
    fn a_build_does_not_depend_on_the_database() {
        let variables = at_build(&KeycloakOptions::new(database(), own_signing()));
        assert!(!variables.contains_key("KC_DB_URL"), "{variables:?}");
        assert_eq!(variables["KC_DB_DRIVER"], "software.amazon.jdbc.Driver");
    }
}
