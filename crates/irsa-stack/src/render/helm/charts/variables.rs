//! Environment variables of applications that win over what the charts set from their values: the charts put the user's
//! variables after their own, and Kubernetes takes the last one of a name.

use crate::render::helm::chart::Content::{Database, HttpUrl, JdbcUrl, Port, Text, User};
use crate::render::helm::chart::Wins::{IfItHas, Unless, UnlessItPointsTo};
use crate::render::helm::chart::{NOT_FOR_THE_SIDECAR, Override, Wins};

const LOCALHOST: Wins = Unless(Text("localhost"));
const OFF: Wins = Unless(Text("false"));

/// Spring Boot.
pub(super) const DATASOURCE: &[Override] = &[
    Override("SPRING_DATASOURCE_URL", UnlessItPointsTo(JdbcUrl)),
    Override("SPRING_DATASOURCE_USERNAME", Unless(User)),
    Override(
        "SPRING_DATASOURCE_DRIVER_CLASS_NAME",
        Unless(Text("org.postgresql.Driver")),
    ),
    Override(
        "SPRING_DATASOURCE_DRIVERCLASSNAME",
        Unless(Text("org.postgresql.Driver")),
    ),
];

pub(super) const WEB_MODELER: &[Override] = &[
    Override("RESTAPI_DB_HOST", LOCALHOST),
    Override("RESTAPI_DB_PORT", Unless(Port)),
    Override("RESTAPI_DB_NAME", Unless(Database)),
    Override("RESTAPI_DB_USER", Unless(User)),
];

pub(super) const IDENTITY: &[Override] = &[
    Override("IDENTITY_DATABASE_HOST", LOCALHOST),
    Override("IDENTITY_DATABASE_PORT", Unless(Port)),
    Override("IDENTITY_DATABASE_NAME", Unless(Database)),
    Override("IDENTITY_DATABASE_USERNAME", Unless(User)),
];

/// Keycloak itself.
pub(super) const KEYCLOAK: &[Override] = &[
    Override("KC_DB", Unless(Text("postgres"))),
    Override("KC_DB_DRIVER", IfItHas(&["amazon"])),
    Override("KC_DB_URL", UnlessItPointsTo(JdbcUrl)),
    Override("KC_DB_URL_HOST", LOCALHOST),
    Override("KC_DB_URL_PORT", Unless(Port)),
    Override("KC_DB_URL_DATABASE", Unless(Database)),
    Override("KC_DB_URL_PROPERTIES", IfItHas(NOT_FOR_THE_SIDECAR)),
    Override("KC_DB_USERNAME", Unless(User)),
];

/// Bitnami's image of Keycloak.
pub(super) const BITNAMI: &[Override] = &[
    Override("KEYCLOAK_DATABASE_HOST", LOCALHOST),
    Override("KEYCLOAK_DATABASE_PORT", Unless(Port)),
    Override("KEYCLOAK_DATABASE_NAME", Unless(Database)),
    Override("KEYCLOAK_DATABASE_USER", Unless(User)),
    Override("KEYCLOAK_JDBC_DRIVER", Unless(Text("postgresql"))),
    Override("KEYCLOAK_JDBC_PARAMS", IfItHas(NOT_FOR_THE_SIDECAR)),
    Override("KEYCLOAK_EXTRA_ARGS", IfItHas(&["--db"])),
];

/// Arguments of Keycloak win over its variables.
pub(super) const ARGUMENTS: &[Override] = &[
    Override("args", IfItHas(&["--db"])),
    Override("command", IfItHas(&["--db"])),
];

/// Bitnami's chart leaves out what a Secret is to contain.
pub(super) const BITNAMI_KEYS: &[Override] = &[
    Override("args", IfItHas(&["--db"])),
    Override("command", IfItHas(&["--db"])),
    Override("extraStartupArgs", IfItHas(&["--db"])),
    Override("externalDatabase.existingSecretHostKey", Unless(Text(""))),
    Override("externalDatabase.existingSecretPortKey", Unless(Text(""))),
    Override(
        "externalDatabase.existingSecretDatabaseKey",
        Unless(Text("")),
    ),
    Override("externalDatabase.existingSecretUserKey", Unless(Text(""))),
];

pub(super) const ZEEBE: &[Override] = &[
    Override(
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL",
        UnlessItPointsTo(HttpUrl),
    ),
    Override("ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_AWS_ENABLED", OFF),
];

pub(super) const OPERATE: &[Override] = &[
    Override("CAMUNDA_OPERATE_DATABASE", Unless(Text("opensearch"))),
    Override("CAMUNDA_OPERATE_OPENSEARCH_URL", UnlessItPointsTo(HttpUrl)),
    Override("CAMUNDA_OPERATE_OPENSEARCH_AWSENABLED", OFF),
    Override(
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL",
        UnlessItPointsTo(HttpUrl),
    ),
    Override("CAMUNDA_OPERATE_ZEEBEOPENSEARCH_AWSENABLED", OFF),
];

pub(super) const TASKLIST: &[Override] = &[
    Override("CAMUNDA_TASKLIST_DATABASE", Unless(Text("opensearch"))),
    Override("CAMUNDA_TASKLIST_OPENSEARCH_URL", UnlessItPointsTo(HttpUrl)),
    Override("CAMUNDA_TASKLIST_OPENSEARCH_AWSENABLED", OFF),
    Override(
        "CAMUNDA_TASKLIST_ZEEBEOPENSEARCH_URL",
        UnlessItPointsTo(HttpUrl),
    ),
    Override("CAMUNDA_TASKLIST_ZEEBEOPENSEARCH_AWSENABLED", OFF),
];

pub(super) const OPTIMIZE: &[Override] = &[
    Override("CAMUNDA_OPTIMIZE_DATABASE", Unless(Text("opensearch"))),
    Override("CAMUNDA_OPTIMIZE_OPENSEARCH_HOST", LOCALHOST),
    Override("CAMUNDA_OPTIMIZE_OPENSEARCH_HTTP_PORT", Unless(Port)),
    Override("CAMUNDA_OPTIMIZE_OPENSEARCH_SSL_ENABLED", OFF),
    Override("CAMUNDA_OPTIMIZE_OPENSEARCH_AWS_ENABLED", OFF),
];

/// All components of Camunda 8.6 and 8.7.
pub(super) const DATABASE: &[Override] = &[
    Override("CAMUNDA_DATABASE_TYPE", Unless(Text("opensearch"))),
    Override("CAMUNDA_DATABASE_URL", UnlessItPointsTo(HttpUrl)),
    Override("CAMUNDA_DATABASE_AWSENABLED", OFF),
];

pub(super) const ORCHESTRATION: &[Override] = &[
    Override(
        "CAMUNDA_DATA_SECONDARYSTORAGE_TYPE",
        Unless(Text("opensearch")),
    ),
    Override(
        "CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_URL",
        UnlessItPointsTo(HttpUrl),
    ),
    Override("CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_AWSENABLED", OFF),
    Override(
        "ZEEBE_BROKER_EXPORTERS_CAMUNDAEXPORTER_ARGS_CONNECT_TYPE",
        Unless(Text("opensearch")),
    ),
    Override(
        "ZEEBE_BROKER_EXPORTERS_CAMUNDAEXPORTER_ARGS_CONNECT_URL",
        UnlessItPointsTo(HttpUrl),
    ),
    Override(
        "ZEEBE_BROKER_EXPORTERS_CAMUNDAEXPORTER_ARGS_CONNECT_AWSENABLED",
        OFF,
    ),
];

pub(super) const RELATIONAL: &[Override] = &[
    Override("CAMUNDA_DATA_SECONDARYSTORAGE_TYPE", Unless(Text("rdbms"))),
    Override(
        "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_URL",
        UnlessItPointsTo(JdbcUrl),
    ),
    Override("CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_USERNAME", Unless(User)),
];
