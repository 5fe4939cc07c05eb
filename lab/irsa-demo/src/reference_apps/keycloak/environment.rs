//! Keycloak's variables: what the guide shows, and what only a test needs.

use std::collections::BTreeMap;

use super::KeycloakOptions;
use crate::reference_apps::{Database, DatabaseWay};

/// Options that change nothing in what was built, and so are left out when it is.
const AT_START_ONLY: [&str; 3] = ["KC_DB_URL", "KC_DB_USERNAME", "KC_DB_POOL"];
/// Free ports on loopback, plain HTTP, one node.
const ALONE_ON_LOOPBACK: [(&str, &str); 6] = [
    ("KC_HTTP_ENABLED", "true"),
    ("KC_HTTP_HOST", "127.0.0.1"),
    ("KC_HTTP_PORT", "0"),
    ("KC_HTTP_MANAGEMENT_PORT", "0"),
    ("KC_HOSTNAME_STRICT", "false"),
    ("KC_CACHE", "local"),
];

/// The variables of Keycloak's container that have to do with its database, exactly as the guide shows them. There is
/// no password in either way. Health and metrics are on, as in the reference.
pub fn environment(database: &Database, way: &DatabaseWay, xa: bool) -> BTreeMap<String, String> {
    let driver = matches!(way, DatabaseWay::ItsOwn { .. })
        .then_some(("KC_DB_DRIVER", "software.amazon.jdbc.Driver".to_owned()));
    [
        ("KC_DB", "postgres".to_owned()),
        ("KC_DB_URL", way.jdbc_url(&database.name)),
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

/// All variables of a Keycloak's options.
pub(super) fn all(options: &KeycloakOptions) -> BTreeMap<String, String> {
    let mut variables = environment(&options.database, &options.way, options.xa);
    variables.extend(options.more.clone());
    variables
}

/// Those of them that `kc.sh build` works in.
pub(super) fn at_build(options: &KeycloakOptions) -> BTreeMap<String, String> {
    let mut variables = all(options);
    variables.retain(|name, _| !AT_START_ONLY.iter().any(|start| name.starts_with(start)));
    variables
}

/// What a Keycloak gets besides when it is alone on a machine's loopback.
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

    fn through_irsa() -> DatabaseWay {
        DatabaseWay::ThroughIrsa {
            host: "localhost".to_owned(),
            port: 5432,
        }
    }

    fn its_own() -> DatabaseWay {
        DatabaseWay::ItsOwn {
            endpoint: "aurora.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com".to_owned(),
            sign_port: 5432,
            port: 5432,
            ca_file: "/opt/keycloak/conf/rds-global-bundle.pem".into(),
            identity: BTreeMap::new(),
        }
    }

    #[test]
    fn there_is_no_password_in_either_way() {
        for way in [through_irsa(), its_own()] {
            let text = format!("{:?}", environment(&database(), &way, false)).to_lowercase();
            assert!(!text.contains("password"), "{text}");
        }
    }

    #[test]
    fn what_is_built_does_not_know_its_database() {
        let variables = at_build(&KeycloakOptions::new(database(), its_own()));
        assert!(!variables.contains_key("KC_DB_URL"), "{variables:?}");
        assert_eq!(variables["KC_DB_DRIVER"], "software.amazon.jdbc.Driver");
    }
}
