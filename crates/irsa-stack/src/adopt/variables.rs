//! The variables in which applications have the addresses of their data stores, as data. A property of a Spring
//! configuration file has the name of its variable ("Binding From Environment Variables" in the Spring Boot
//! documentation).

/// Variables for PostgreSQL that belong together. A URL wins over a host.
#[derive(Debug, Default)]
pub(super) struct PostgresVariables {
    pub(super) url: &'static str,
    pub(super) host: &'static str,
    pub(super) port: &'static str,
    pub(super) database: &'static str,
    pub(super) user: &'static str,
    /// One of these makes it a login by password.
    pub(super) passwords: &'static [&'static str],
    /// Parameters of the JDBC URL.
    pub(super) parameters: &'static str,
}

/// Variables for OpenSearch that belong together.
#[derive(Debug)]
pub(super) struct OpenSearchVariables {
    /// A URL, or a host name.
    pub(super) url: &'static str,
    /// The port, if it is a host name.
    pub(super) port: &'static str,
    /// One of these makes it a login by password.
    pub(super) passwords: &'static [&'static str],
}

const NONE: PostgresVariables = PostgresVariables {
    url: "",
    host: "",
    port: "",
    database: "",
    user: "",
    passwords: &[],
    parameters: "",
};

/// The variables of Keycloak, of Camunda's components, and usual ones of other applications.
pub(super) static POSTGRES: [PostgresVariables; 12] = [
    PostgresVariables {
        url: "KC_DB_URL",
        host: "KC_DB_URL_HOST",
        port: "KC_DB_URL_PORT",
        database: "KC_DB_URL_DATABASE",
        user: "KC_DB_USERNAME",
        passwords: &["KC_DB_PASSWORD"],
        parameters: "KC_DB_URL_PROPERTIES",
    },
    // Bitnami's image of Keycloak.
    PostgresVariables {
        host: "KEYCLOAK_DATABASE_HOST",
        port: "KEYCLOAK_DATABASE_PORT",
        database: "KEYCLOAK_DATABASE_NAME",
        user: "KEYCLOAK_DATABASE_USER",
        passwords: &[
            "KEYCLOAK_DATABASE_PASSWORD",
            "KEYCLOAK_DATABASE_PASSWORD_FILE",
        ],
        parameters: "KEYCLOAK_JDBC_PARAMS",
        ..NONE
    },
    // Camunda's Identity; from 8.7 on, its URL is a property of Spring.
    PostgresVariables {
        host: "IDENTITY_DATABASE_HOST",
        port: "IDENTITY_DATABASE_PORT",
        database: "IDENTITY_DATABASE_NAME",
        user: "IDENTITY_DATABASE_USERNAME",
        passwords: &["IDENTITY_DATABASE_PASSWORD"],
        ..NONE
    },
    // Web Modeler, Identity, and other applications with Spring.
    PostgresVariables {
        url: "SPRING_DATASOURCE_URL",
        user: "SPRING_DATASOURCE_USERNAME",
        passwords: &["SPRING_DATASOURCE_PASSWORD", "IDENTITY_DATABASE_PASSWORD"],
        ..NONE
    },
    PostgresVariables {
        url: "RESTAPI_DB_URL",
        host: "RESTAPI_DB_HOST",
        port: "RESTAPI_DB_PORT",
        database: "RESTAPI_DB_NAME",
        user: "RESTAPI_DB_USER",
        passwords: &["RESTAPI_DB_PASSWORD"],
        ..NONE
    },
    // Camunda from 8.9 on.
    PostgresVariables {
        url: "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_URL",
        user: "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_USERNAME",
        passwords: &[
            "CAMUNDA_DATA_SECONDARYSTORAGE_RDBMS_PASSWORD",
            "VALUES_ORCHESTRATION_DATA_SECONDARYSTORAGE_RDBMS_PASSWORD",
        ],
        ..NONE
    },
    PostgresVariables {
        url: "QUARKUS_DATASOURCE_JDBC_URL",
        user: "QUARKUS_DATASOURCE_USERNAME",
        passwords: &["QUARKUS_DATASOURCE_PASSWORD"],
        ..NONE
    },
    PostgresVariables {
        url: "DATABASE_URL",
        host: "DATABASE_HOST",
        port: "DATABASE_PORT",
        database: "DATABASE_NAME",
        user: "DATABASE_USER",
        passwords: &["DATABASE_PASSWORD"],
        ..NONE
    },
    PostgresVariables {
        host: "PGHOST",
        port: "PGPORT",
        database: "PGDATABASE",
        user: "PGUSER",
        passwords: &["PGPASSWORD", "PGPASSFILE"],
        ..NONE
    },
    PostgresVariables {
        url: "POSTGRES_URL",
        host: "POSTGRES_HOST",
        port: "POSTGRES_PORT",
        database: "POSTGRES_DB",
        user: "POSTGRES_USER",
        passwords: &["POSTGRES_PASSWORD"],
        ..NONE
    },
    PostgresVariables {
        url: "DB_URL",
        host: "DB_HOST",
        port: "DB_PORT",
        database: "DB_NAME",
        user: "DB_USER",
        passwords: &["DB_PASSWORD"],
        ..NONE
    },
    PostgresVariables {
        url: "JDBC_URL",
        user: "JDBC_USER",
        passwords: &["JDBC_PASSWORD"],
        ..NONE
    },
];

/// The variables of Camunda's components, and usual ones of other applications. Camunda 8.3 has the address of
/// OpenSearch in variables for Elasticsearch.
pub(super) static OPENSEARCH: [OpenSearchVariables; 19] = [
    opensearch(
        "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL",
        &["ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_AUTHENTICATION_PASSWORD"],
    ),
    opensearch("ZEEBE_BROKER_EXPORTERS_ELASTICSEARCH_ARGS_URL", &[]),
    opensearch(
        "CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_URL",
        &[
            "CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_PASSWORD",
            "VALUES_OPENSEARCH_PASSWORD",
        ],
    ),
    opensearch(
        "ZEEBE_BROKER_EXPORTERS_CAMUNDAEXPORTER_ARGS_CONNECT_URL",
        &[
            "ZEEBE_BROKER_EXPORTERS_CAMUNDAEXPORTER_ARGS_CONNECT_PASSWORD",
            "VALUES_OPENSEARCH_PASSWORD",
        ],
    ),
    opensearch("CAMUNDA_DATABASE_URL", &["CAMUNDA_DATABASE_PASSWORD"]),
    opensearch(
        "CAMUNDA_OPERATE_OPENSEARCH_URL",
        &["CAMUNDA_OPERATE_OPENSEARCH_PASSWORD"],
    ),
    opensearch(
        "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL",
        &["CAMUNDA_OPERATE_ZEEBEOPENSEARCH_PASSWORD"],
    ),
    opensearch(
        "CAMUNDA_OPERATE_ELASTICSEARCH_URL",
        &["CAMUNDA_OPERATE_ELASTICSEARCH_PASSWORD"],
    ),
    opensearch("CAMUNDA_OPERATE_ZEEBEELASTICSEARCH_URL", &[]),
    opensearch(
        "CAMUNDA_TASKLIST_OPENSEARCH_URL",
        &["CAMUNDA_TASKLIST_OPENSEARCH_PASSWORD"],
    ),
    opensearch(
        "CAMUNDA_TASKLIST_ZEEBEOPENSEARCH_URL",
        &["CAMUNDA_TASKLIST_ZEEBEOPENSEARCH_PASSWORD"],
    ),
    opensearch(
        "CAMUNDA_TASKLIST_ELASTICSEARCH_URL",
        &["CAMUNDA_TASKLIST_ELASTICSEARCH_PASSWORD"],
    ),
    opensearch("CAMUNDA_TASKLIST_ZEEBEELASTICSEARCH_URL", &[]),
    OpenSearchVariables {
        port: "CAMUNDA_OPTIMIZE_OPENSEARCH_HTTP_PORT",
        ..opensearch(
            "CAMUNDA_OPTIMIZE_OPENSEARCH_HOST",
            &["CAMUNDA_OPTIMIZE_OPENSEARCH_SECURITY_PASSWORD"],
        )
    },
    OpenSearchVariables {
        port: "OPENSEARCH_CONNECTION_NODES_0_HTTPPORT",
        ..opensearch(
            "OPENSEARCH_CONNECTION_NODES_0_HOST",
            &["OPENSEARCH_SECURITY_PASSWORD"],
        )
    },
    opensearch("OPENSEARCH_URL", &["OPENSEARCH_PASSWORD"]),
    OpenSearchVariables {
        port: "OPENSEARCH_PORT",
        ..opensearch("OPENSEARCH_HOST", &["OPENSEARCH_PASSWORD"])
    },
    opensearch("OPENSEARCH_HOSTS", &["OPENSEARCH_PASSWORD"]),
    opensearch("ELASTICSEARCH_URL", &["ELASTICSEARCH_PASSWORD"]),
];

/// The variables of irsa's own sidecar.
pub(super) const UPSTREAMS: &str = "IRSA_UPSTREAMS";
pub(super) const IDENTITY: &str = "IRSA_IDENTITY";
pub(super) const ROLE: &str = "AWS_ROLE_ARN";
/// EKS sets this variable in pods that get credentials from the agent of EKS Pod Identity.
pub const POD_IDENTITY: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// Returns whether the value of a variable says something about data stores or roles. Of passwords it is enough that
/// they are set.
pub fn is_needed(name: &str) -> bool {
    let is_own = [UPSTREAMS, IDENTITY, ROLE].contains(&name);
    let is_postgres = POSTGRES.iter().any(|one| one.values().contains(&name));
    let is_opensearch = OPENSEARCH
        .iter()
        .any(|one| [one.url, one.port].contains(&name));
    !name.is_empty() && (is_own || is_postgres || is_opensearch)
}

/// Returns whether it is the name of a variable with a password.
pub(super) fn is_password(name: &str) -> bool {
    let mut postgres = POSTGRES.iter().flat_map(|one| one.passwords);
    let mut opensearch = OPENSEARCH.iter().flat_map(|one| one.passwords);
    postgres.any(|one| *one == name) || opensearch.any(|one| *one == name)
}

impl PostgresVariables {
    fn values(&self) -> [&'static str; 6] {
        let Self {
            url,
            host,
            port,
            database,
            user,
            parameters,
            ..
        } = self;
        [url, host, port, database, user, parameters]
    }
}

const fn opensearch(url: &'static str, passwords: &'static [&'static str]) -> OpenSearchVariables {
    OpenSearchVariables {
        url,
        port: "",
        passwords,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_passwords_are_not_asked_for() {
        let all = POSTGRES.iter().flat_map(|one| one.passwords);
        let all = all.chain(OPENSEARCH.iter().flat_map(|one| one.passwords));
        for name in all {
            assert!(is_password(name) && !is_needed(name), "{name}");
        }
        assert!(is_needed("KC_DB_URL") && !is_needed("") && !is_needed("API_KEY"));
    }
}
