//! Camunda's chart 8.3, which has no keys for OpenSearch: the applications get environment variables.

use super::camunda::{
    IDENTITY_PASSWORD, IDENTITY_POSTGRES, NO_BUNDLED_POSTGRES, identity, web_modeler,
    with_opensearch,
};
use super::keycloak::KEYCLOAK;
use super::{POD, list, variables};
use crate::render::helm::chart::Content::{Database, Flag, HttpUrl, JdbcUrl, Port, Text, User};
use crate::render::helm::chart::{Environment, List, Own, Pod, Setting};
use crate::stack::Component;

/// No Elasticsearch, and no exporter to one.
const NO_ELASTICSEARCH: &[Setting] = &[
    Setting("global.elasticsearch.disableExporter", Flag(true)),
    Setting("elasticsearch.enabled", Flag(false)),
];

/// The chart refuses both databases.
const NO_IDENTITY_BUNDLED: &[Setting] = &[Setting("identity.postgresql.enabled", Flag(false))];

const IMAGE: &str =
    "Camunda 8.3 has a separate image of Operate for OpenSearch: set it in `operate.image`.";

/// The chart enables it by default.
const OPTIMIZE: &str =
    "Optimize needs Elasticsearch, which these values switch off: set `optimize.enabled: false`.";

pub(super) const PODS_8_3: &[Pod] = &[
    Pod {
        components: &[Component::Zeebe],
        account: "zeebe",
        key: "zeebe",
        init: List {
            others: &["zeebe.extraInitContainers"],
            ..list("initContainers")
        },
        environment: Some(Environment {
            list: List {
                own: Own::Items(ZEEBE_ENV),
                ..list("env")
            },
            variables: ZEEBE,
            signs: None,
        }),
        opensearch: &[NO_ELASTICSEARCH],
        own: with_opensearch(&[variables::ZEEBE]),
        remarks: &[OPTIMIZE],
        ..POD
    },
    Pod {
        components: &[Component::Operate],
        account: "operate",
        key: "operate",
        environment: Some(Environment {
            list: list("env"),
            variables: OPERATE,
            signs: Some("operate"),
        }),
        opensearch: &[NO_ELASTICSEARCH],
        own: with_opensearch(&[variables::OPERATE]),
        remarks: &[OPTIMIZE, IMAGE],
        ..POD
    },
    Pod {
        components: &[Component::Tasklist],
        account: "tasklist",
        key: "tasklist",
        environment: Some(Environment {
            list: list("env"),
            variables: TASKLIST,
            signs: Some("tasklist"),
        }),
        opensearch: &[NO_ELASTICSEARCH],
        own: with_opensearch(&[variables::TASKLIST]),
        remarks: &[OPTIMIZE],
        ..POD
    },
    identity(&[NO_IDENTITY_BUNDLED, IDENTITY_POSTGRES, IDENTITY_PASSWORD]),
    IDENTITY_KEYCLOAK,
    web_modeler(&[NO_BUNDLED_POSTGRES, WEB_MODELER]),
];

const ZEEBE: &[Setting] = &[
    Setting(
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_CLASSNAME",
        Text("io.camunda.zeebe.exporter.opensearch.OpensearchExporter"),
    ),
    Setting("ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL", HttpUrl),
    Setting(
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_AWS_ENABLED",
        Text("false"),
    ),
];
/// `zeebe.env` in the chart's own values.
const ZEEBE_ENV: &str = r#"[
    {"name": "ZEEBE_BROKER_DATA_SNAPSHOTPERIOD", "value": "5m"},
    {"name": "ZEEBE_BROKER_DATA_DISK_FREESPACE_REPLICATION", "value": "2GB"},
    {"name": "ZEEBE_BROKER_DATA_DISK_FREESPACE_PROCESSING", "value": "3GB"}
]"#;

const OPERATE: &[Setting] = &[
    Setting("CAMUNDA_OPERATE_ELASTICSEARCH_URL", HttpUrl),
    Setting("CAMUNDA_OPERATE_ZEEBEELASTICSEARCH_URL", HttpUrl),
    Setting("AWS_EC2_METADATA_DISABLED", Text("true")),
];

const TASKLIST: &[Setting] = &[
    Setting("CAMUNDA_TASKLIST_DATABASE", Text("opensearch")),
    Setting("CAMUNDA_TASKLIST_OPENSEARCH_URL", HttpUrl),
    Setting("CAMUNDA_TASKLIST_ZEEBEOPENSEARCH_URL", HttpUrl),
    Setting("AWS_EC2_METADATA_DISABLED", Text("true")),
];

const IDENTITY_KEYCLOAK: Pod = Pod {
    account: "identity.keycloak",
    key: "identity.keycloak",
    init: List {
        own: Own::InChart,
        ..list("initContainers")
    },
    volumes: &[List {
        own: Own::InChart,
        ..list("extraVolumes")
    }],
    postgres: &[&[
        Setting("identity.keycloak.postgresql.enabled", Flag(false)),
        Setting("identity.keycloak.externalDatabase.host", Text("localhost")),
        Setting("identity.keycloak.externalDatabase.port", Port),
        Setting("identity.keycloak.externalDatabase.database", Database),
        Setting("identity.keycloak.externalDatabase.user", User),
        Setting(
            "identity.keycloak.externalDatabase.password",
            Text("unused"),
        ),
    ]],
    ..KEYCLOAK
};

/// The chart always refers to a Secret with the password, and makes it only if there is one.
const WEB_MODELER: &[Setting] = &[
    Setting("webModeler.restapi.externalDatabase.url", JdbcUrl),
    Setting("webModeler.restapi.externalDatabase.user", User),
    Setting(
        "webModeler.restapi.externalDatabase.password",
        Text("unused"),
    ),
];
