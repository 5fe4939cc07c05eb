//! Camunda's chart from 8.7 on.

use super::camunda_8_3::PODS_8_3;
use super::keycloak::KEYCLOAK;
use super::{OWN, POD, list, variables};
use crate::render::helm::chart::Content::{Database, Flag, HttpUrl, JdbcUrl, Port, Text, User};
use crate::render::helm::chart::{
    Chart, List, Overrides, Own, OwnVariables, Pod, Setting, Settings,
};
use crate::stack::Component;

/// By version of Camunda, in ascending order.
pub(in crate::render::helm) static CAMUNDA: [Chart; 5] = [
    chart("8.3", "8.3.26", PODS_8_3),
    chart("8.7", "12.13.3", PODS_8_7),
    chart("8.8", "13.12.7", PODS_8_8),
    chart("8.9", "14.8.4", PODS_8_9),
    chart("8.10", "15.0.0-alpha4", PODS_8_10),
];

/// One URL for all components.
const GLOBAL_OPENSEARCH: &[Setting] = &[
    Setting("global.elasticsearch.enabled", Flag(false)),
    Setting("global.opensearch.enabled", Flag(true)),
    Setting("global.opensearch.aws.enabled", Flag(false)),
    Setting("global.opensearch.url.protocol", Text("http")),
    Setting("global.opensearch.url.host", Text("localhost")),
    Setting("global.opensearch.url.port", Port),
    // Without this, the chart installs an Elasticsearch.
    Setting("elasticsearch.enabled", Flag(false)),
];

/// From 8.9 on: components have their own settings, and these of all components win over them.
const NO_GLOBAL: &[Setting] = &[
    Setting("global.elasticsearch.enabled", Flag(false)),
    Setting("global.opensearch.aws.enabled", Flag(false)),
    Setting("optimize.database.elasticsearch.enabled", Flag(false)),
];
/// Only 8.9: 8.10 refuses the key.
const NO_BUNDLED_ELASTICSEARCH: &[Setting] = &[Setting("elasticsearch.enabled", Flag(false))];

const ORCHESTRATION_OPENSEARCH: &[Setting] = &[
    Setting(
        "orchestration.data.secondaryStorage.type",
        Text("opensearch"),
    ),
    Setting(
        "orchestration.data.secondaryStorage.opensearch.aws.enabled",
        Flag(false),
    ),
    Setting(
        "orchestration.data.secondaryStorage.opensearch.url",
        HttpUrl,
    ),
];

const ORCHESTRATION_POSTGRES: &[Setting] = &[
    Setting("orchestration.exporters.rdbms.enabled", Flag(true)),
    Setting("orchestration.data.secondaryStorage.type", Text("rdbms")),
    Setting(
        "orchestration.data.secondaryStorage.rdbms.aws.enabled",
        Flag(false),
    ),
    Setting("orchestration.data.secondaryStorage.rdbms.url", JdbcUrl),
    Setting("orchestration.data.secondaryStorage.rdbms.username", User),
];

const OPTIMIZE_OPENSEARCH: &[Setting] = &[
    Setting("optimize.database.opensearch.enabled", Flag(true)),
    Setting("optimize.database.opensearch.aws.enabled", Flag(false)),
    Setting("optimize.database.opensearch.url.protocol", Text("http")),
    Setting("optimize.database.opensearch.url.host", Text("localhost")),
    Setting("optimize.database.opensearch.url.port", Port),
];

pub(super) const IDENTITY_POSTGRES: &[Setting] = &[
    Setting("identity.externalDatabase.enabled", Flag(true)),
    Setting("identity.externalDatabase.host", Text("localhost")),
    Setting("identity.externalDatabase.port", Port),
    Setting("identity.externalDatabase.database", Database),
    Setting("identity.externalDatabase.username", User),
];
/// Without it, the chart 8.7 makes a Secret with the text `<no value>`.
pub(super) const IDENTITY_PASSWORD: &[Setting] = &[Setting(
    "identity.externalDatabase.password",
    Text("unused"),
)];
/// From 8.7 to 8.9, the chart refuses both databases.
const NO_IDENTITY_BUNDLED: &[Setting] = &[Setting("identityPostgresql.enabled", Flag(false))];

/// The chart 8.8 has Jobs without init containers.
const MIGRATION: &str = "The Jobs of `orchestration.migration` get the same OpenSearch URL but take no init containers, so \
     they cannot use irsa. Run the migration before you switch to irsa.";

const PODS_8_7: &[Pod] = &[
    Pod {
        components: &[Component::Zeebe],
        account: "zeebe",
        key: "zeebe",
        init: List {
            others: &["zeebe.extraInitContainers"],
            ..list("initContainers")
        },
        opensearch: &[GLOBAL_OPENSEARCH],
        own: with_opensearch(&[variables::ZEEBE, variables::DATABASE]),
        ..POD
    },
    Pod {
        components: &[Component::Operate],
        account: "operate",
        key: "operate",
        opensearch: &[GLOBAL_OPENSEARCH],
        own: with_opensearch(&[variables::OPERATE, variables::DATABASE]),
        ..POD
    },
    Pod {
        components: &[Component::Tasklist],
        account: "tasklist",
        key: "tasklist",
        opensearch: &[GLOBAL_OPENSEARCH],
        own: with_opensearch(&[variables::TASKLIST, variables::DATABASE]),
        ..POD
    },
    optimize(&[GLOBAL_OPENSEARCH]),
    identity(&[NO_IDENTITY_BUNDLED, IDENTITY_POSTGRES, IDENTITY_PASSWORD]),
    IDENTITY_KEYCLOAK,
    web_modeler(&[NO_BUNDLED_POSTGRES, MODELER_USER]),
];

const PODS_8_8: &[Pod] = &[
    Pod {
        // The importer of a migration has the same init containers, but different volumes.
        volumes: &[list("extraVolumes"), list("importer.extraVolumes")],
        remarks: &[MIGRATION],
        ..orchestration(&[], &[GLOBAL_OPENSEARCH])
    },
    optimize(&[GLOBAL_OPENSEARCH]),
    identity(&[NO_IDENTITY_BUNDLED, IDENTITY_POSTGRES]),
    IDENTITY_KEYCLOAK,
    web_modeler(&[NO_MODELER_BUNDLED, MODELER_USER]),
];

const PODS_8_9: &[Pod] = &[
    orchestration(
        &[ORCHESTRATION_POSTGRES],
        &[
            NO_GLOBAL,
            NO_BUNDLED_ELASTICSEARCH,
            ORCHESTRATION_OPENSEARCH,
        ],
    ),
    optimize(&[NO_GLOBAL, NO_BUNDLED_ELASTICSEARCH, OPTIMIZE_OPENSEARCH]),
    identity(&[NO_IDENTITY_BUNDLED, IDENTITY_POSTGRES]),
    IDENTITY_KEYCLOAK,
    web_modeler(&[NO_MODELER_BUNDLED, MODELER_USERNAME]),
];

const PODS_8_10: &[Pod] = &[
    orchestration(
        &[ORCHESTRATION_POSTGRES],
        &[NO_GLOBAL, ORCHESTRATION_OPENSEARCH],
    ),
    optimize(&[NO_GLOBAL, OPTIMIZE_OPENSEARCH]),
    identity(&[IDENTITY_POSTGRES]),
    CAMUNDA_HUB,
];

const IDENTITY_KEYCLOAK: Pod = Pod {
    account: "identityKeycloak",
    key: "identityKeycloak",
    volumes: &[List {
        own: Own::Items(r#"[{"name": "data-tmp", "emptyDir": {}}]"#),
        ..list("extraVolumes")
    }],
    postgres: &[&[
        Setting("identityKeycloak.postgresql.enabled", Flag(false)),
        Setting("identityKeycloak.externalDatabase.host", Text("localhost")),
        Setting("identityKeycloak.externalDatabase.port", Port),
        Setting("identityKeycloak.externalDatabase.database", Database),
        Setting("identityKeycloak.externalDatabase.user", User),
        Setting("identityKeycloak.externalDatabase.password", Text("unused")),
    ]],
    ..KEYCLOAK
};

/// The chart prefers its own PostgreSQL: up to 8.7 by this key, then by one with Web Modeler's name.
pub(super) const NO_BUNDLED_POSTGRES: &[Setting] = &[Setting("postgresql.enabled", Flag(false))];
const NO_MODELER_BUNDLED: &[Setting] = &[Setting("webModelerPostgresql.enabled", Flag(false))];

const MODELER_USER: &[Setting] = &[
    Setting("webModeler.restapi.externalDatabase.url", JdbcUrl),
    Setting("webModeler.restapi.externalDatabase.user", User),
];
const MODELER_USERNAME: &[Setting] = &[
    Setting("webModeler.restapi.externalDatabase.url", JdbcUrl),
    Setting("webModeler.restapi.externalDatabase.username", User),
];

/// Web Modeler's name from 8.10 on. The chart lays this key over `webModeler`.
const CAMUNDA_HUB: Pod = Pod {
    components: &[Component::WebModeler],
    account: "camundaHub",
    key: "camundaHub.restapi",
    own: OwnVariables {
        others: &["webModeler.restapi.env"],
        ..MODELER_OWN
    },
    init: List {
        others: &["webModeler.restapi.initContainers"],
        ..list("initContainers")
    },
    volumes: &[List {
        others: &["webModeler.restapi.extraVolumes"],
        ..list("extraVolumes")
    }],
    postgres: &[&[
        Setting("camundaHub.restapi.externalDatabase.url", JdbcUrl),
        Setting("camundaHub.restapi.externalDatabase.username", User),
    ]],
    ..POD
};

const MODELER_OWN: OwnVariables = OwnVariables {
    postgres: &[variables::DATASOURCE, variables::WEB_MODELER],
    ..OWN
};

pub(super) const fn with_opensearch(opensearch: Overrides) -> OwnVariables {
    OwnVariables { opensearch, ..OWN }
}

const fn chart(line: &'static str, version: &'static str, pods: &'static [Pod]) -> Chart {
    Chart {
        name: "camunda-platform",
        source: "camunda/camunda-platform",
        line,
        version,
        pods,
    }
}

const fn orchestration(postgres: Settings, opensearch: Settings) -> Pod {
    Pod {
        components: &[
            Component::Orchestration,
            Component::Zeebe,
            Component::Operate,
            Component::Tasklist,
        ],
        account: "orchestration",
        key: "orchestration",
        init: List {
            others: &["orchestration.extraInitContainers"],
            ..list("initContainers")
        },
        postgres,
        opensearch,
        own: OwnVariables {
            postgres: &[variables::RELATIONAL],
            ..with_opensearch(&[
                variables::ORCHESTRATION,
                variables::DATABASE,
                variables::ZEEBE,
                variables::OPERATE,
                variables::TASKLIST,
            ])
        },
        ..POD
    }
}

const fn optimize(opensearch: Settings) -> Pod {
    Pod {
        components: &[Component::Optimize],
        account: "optimize",
        key: "optimize",
        opensearch,
        own: with_opensearch(&[variables::OPTIMIZE, variables::DATABASE]),
        ..POD
    }
}

pub(super) const fn identity(postgres: Settings) -> Pod {
    Pod {
        components: &[Component::Identity],
        account: "identity",
        key: "identity",
        postgres,
        own: OwnVariables {
            postgres: &[variables::DATASOURCE, variables::IDENTITY],
            ..OWN
        },
        ..POD
    }
}

pub(super) const fn web_modeler(postgres: Settings) -> Pod {
    Pod {
        components: &[Component::WebModeler],
        account: "webModeler",
        key: "webModeler.restapi",
        postgres,
        own: MODELER_OWN,
        ..POD
    }
}
