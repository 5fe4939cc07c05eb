//! Variables of the user that would win over ours are refused, with their places.

use super::{camunda, keycloak, only, problem, rendered};

/// The values of Camunda's own example for IRSA, and a file before it that it replaces.
const BEFORE: &str =
    "webModeler: {restapi: {env: [{name: SPRING_DATASOURCE_USERNAME, value: someone}]}}\n";
const SIGNING: &str = r#"webModeler:
  restapi:
    env:
      - {name: LOGGING_LEVEL, value: debug}
      - name: SPRING_DATASOURCE_URL
        value: jdbc:aws-wrapper:postgresql://aurora.example.com:5432/webmodeler?wrapperPlugins=iam
      - name: SPRING_DATASOURCE_DRIVER_CLASS_NAME
        value: software.amazon.jdbc.Driver
identity:
  env:
    - name: IDENTITY_DATABASE_HOST
      valueFrom: {secretKeyRef: {name: database, key: host}}
identityKeycloak:
  extraStartupArgs: --db-url=jdbc:postgresql://elsewhere/keycloak
  extraEnvVars:
    - {name: KEYCLOAK_EXTRA_ARGS, value: "--db-driver=software.amazon.jdbc.Driver --transaction-xa-enabled=false"}
    - {name: KEYCLOAK_JDBC_PARAMS, value: "wrapperPlugins=iam&ssl=true&sslmode=require"}
    - {name: KEYCLOAK_JDBC_DRIVER, value: "aws-wrapper:postgresql"}
    - {name: KC_DB_URL, value: "{{ .Values.url }}"}
  externalDatabase: {existingSecretHostKey: host}
optimize:
  env: [{name: CAMUNDA_OPTIMIZE_OPENSEARCH_AWS_ENABLED, value: "true"}]
zeebe:
  env: [{name: ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL, value: "http://localhost:9201"}]
"#;

#[test]
fn everything_that_wins_is_listed_with_its_place() {
    let found = problem(&camunda("8.7"), &[BEFORE, SIGNING]);
    assert!(
        !found.contains("example.com"),
        "values are not printed: {found}"
    );
    insta::assert_snapshot!(found);
}

#[test]
fn later_charts_have_their_own_names() {
    let own = "orchestration:\n  env: [{name: CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_URL, value: \"https://x\"}]\n";
    let expected = "chart-values.yaml:2:16: `CAMUNDA_DATA_SECONDARYSTORAGE_OPENSEARCH_URL` in `orchestration.env` wins";
    for version in ["8.8", "8.9", "8.10"] {
        let found = problem(&camunda(version), &[own]);
        assert!(found.starts_with(expected), "{found}");
    }
    // The chart lays `camundaHub` over it.
    let own = "webModeler: {restapi: {env: [{name: SPRING_DATASOURCE_URL, value: x}]}}";
    let found = problem(&camunda("8.10"), &[own]);
    assert!(
        found.contains("in `webModeler.restapi.env` wins"),
        "{found}"
    );
    // A relational secondary storage does not read the names of OpenSearch.
    assert!(
        rendered(
            &camunda("8.9"),
            &["orchestration: {env: [{name: KC_DB_URL, value: x}]}"]
        )
        .is_ok()
    );
}

#[test]
fn a_list_that_is_a_text_is_read_too() {
    let text = keycloak("codecentric", "7");
    let own = "args: [start, --db-url-host=x]\nextraEnv: |\n  - name: KC_HOSTNAME\n    value: x\n  - name: KC_DB_URL\n    value: x\n";
    insta::assert_snapshot!(problem(&text, &[own]));
    let template = "extraEnv: |\n  {{- range .Values.more }}\n  - name: KC_DB_URL_HOST\n    value: {{ . }}\n  {{- end }}\n";
    let found = problem(&text, &[template]);
    assert!(
        found.starts_with("chart-values.yaml:3:11: `KC_DB_URL_HOST` in `extraEnv` wins"),
        "{found}"
    );
}

#[test]
fn what_sends_the_application_to_the_sidecar_is_kept() {
    let own = r#"webModeler:
  restapi:
    env:
      - {name: SPRING_DATASOURCE_URL, value: "jdbc:postgresql://localhost:5432/webmodeler?ApplicationName=modeler"}
      - {name: SPRING_DATASOURCE_USERNAME, value: webmodeler}
identityKeycloak:
  extraStartupArgs: ""
  extraEnvVars:
    - {name: KEYCLOAK_JDBC_PARAMS, value: connectTimeout=30}
    - {name: KEYCLOAK_DATABASE_PORT, value: 5432}
    - {name: KC_LOG_LEVEL, value: info}
optimize:
  env: [{name: CAMUNDA_OPTIMIZE_OPENSEARCH_AWS_ENABLED, value: "false"}]
"#;
    only(&camunda("8.7"), &[own]);
    let tls = own.replace("ApplicationName=modeler", "sslmode=require");
    assert!(problem(&camunda("8.7"), &[&tls]).contains("`SPRING_DATASOURCE_URL`"));
}

#[test]
fn ours_replace_those_of_the_same_name_in_the_same_list() {
    let own = "operate: {env: [{name: CAMUNDA_OPERATE_ELASTICSEARCH_URL, value: x}]}";
    let values = only(&camunda("8.3"), &[super::KEYCLOAK_8_3, own]);
    let names = values["operate"]["env"].as_array().unwrap().iter();
    let number = names
        .filter(|one| one["name"] == "CAMUNDA_OPERATE_ELASTICSEARCH_URL")
        .count();
    assert_eq!(number, 1);
}

#[test]
fn what_is_not_in_the_values_is_mentioned() {
    let own = "identityKeycloak: {extraEnvVarsSecret: more, extraEnvVarsCM: \"\"}\nzeebe: {envFrom: [{configMapRef: {name: more}}]}\n";
    let text = &rendered(&camunda("8.7"), &[own]).unwrap()[0].text;
    for path in ["identityKeycloak.extraEnvVarsSecret", "zeebe.envFrom"] {
        let remark = format!("# `{path}` of your values can win over these.");
        assert!(text.contains(&remark), "{text}");
    }
    assert!(!text.contains("extraEnvVarsCM"), "{text}");
}

/// Helm's YAML has keys of other types, which may have the same text.
#[test]
fn a_file_with_other_keys_than_texts_is_compared_too() {
    let own =
        "1: x\n\"1\": y\nwebModeler: {restapi: {env: [{name: SPRING_DATASOURCE_URL, value: x}]}}\n";
    let found = problem(&camunda("8.7"), &[own]);
    assert!(
        found.starts_with("chart-values.yaml:1:1: `SPRING_DATASOURCE_URL`"),
        "{found}"
    );
}
