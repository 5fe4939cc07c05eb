//! Charts of Keycloak: Bitnami's, which Camunda's charts up to 8.9 contain, and codecentric's `keycloakx`.

use super::{POD, list, variables};
use crate::render::helm::chart::Content::{Database, Flag, Port, Text, User};
use crate::render::helm::chart::{Chart, OwnVariables, Pod, Setting};
use crate::stack::Component;

/// Bitnami's chart executes every text of a pod as a template.
pub(super) const KEYCLOAK: Pod = Pod {
    components: &[Component::Keycloak],
    creates: "create",
    templated: &[
        ("initContainers", 1),
        ("extraVolumes", 1),
        // Rendered when they are merged with annotations of all objects, and again.
        ("annotations", 2),
        ("externalDatabase", 1),
    ],
    own: OwnVariables {
        lists: &["extraEnvVars"],
        others: &[],
        keys: variables::BITNAMI_KEYS,
        unseen: &[
            "extraEnvVarsCM",
            "extraEnvVarsSecret",
            "configuration",
            "existingConfigmap",
        ],
        postgres: &[variables::KEYCLOAK, variables::BITNAMI],
        opensearch: &[],
    },
    ..POD
};

/// By major version.
pub(in crate::render::helm) static BITNAMI: [Chart; 1] = [Chart {
    name: "keycloak",
    source: "bitnami/keycloak",
    line: "24",
    version: "24.9.1",
    pods: &[Pod {
        postgres: &[&[
            Setting("postgresql.enabled", Flag(false)),
            Setting("externalDatabase.host", Text("localhost")),
            Setting("externalDatabase.port", Port),
            Setting("externalDatabase.database", Database),
            Setting("externalDatabase.user", User),
            // Without it, the chart generates one at each render.
            Setting("externalDatabase.password", Text("unused")),
        ]],
        ..KEYCLOAK
    }],
}];

/// By major version.
pub(in crate::render::helm) static CODECENTRIC: [Chart; 1] = [Chart {
    name: "keycloakx",
    source: "codecentric/keycloakx",
    line: "7",
    version: "7.1.11",
    pods: &[Pod {
        init: list("extraInitContainers"),
        templated: &[
            ("extraInitContainers", 1),
            ("extraVolumes", 1),
            ("annotations", 1),
        ],
        unquoted: &["name", "database"],
        has_texts: true,
        own: OwnVariables {
            lists: &["extraEnv"],
            others: &[],
            keys: variables::ARGUMENTS,
            unseen: &["extraEnvFrom"],
            postgres: &[variables::KEYCLOAK],
            opensearch: &[],
        },
        postgres: &[&[
            Setting("database.vendor", Text("postgres")),
            Setting("database.hostname", Text("localhost")),
            Setting("database.port", Port),
            Setting("database.database", Database),
            Setting("database.username", User),
            // It runs before the sidecar, and would wait for it.
            Setting("dbchecker.enabled", Flag(false)),
        ]],
        ..KEYCLOAK
    }],
}];
