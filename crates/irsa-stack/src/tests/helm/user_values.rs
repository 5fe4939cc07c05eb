//! The user's own values: their lists follow ours.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{KEYCLOAK_8_3, camunda, keycloak, only, problem, rendered};
use crate::yaml::{Yaml, scalar};
use crate::{Source, UserValues};

/// The items after ours.
fn theirs(values: &Value, path: &str) -> Vec<Value> {
    let list = values.pointer(path).and_then(Value::as_array);
    let items = list.unwrap_or_else(|| panic!("{path}: {values:#}")).iter();
    let ours = |item: &&Value| {
        let name = item["name"].as_str().unwrap_or_default();
        !name.starts_with("irsa") && !name.starts_with("ZEEBE_BROKER_EXPORTERS_OPENSEARCH")
    };
    items.filter(ours).cloned().collect()
}

#[test]
fn lists_of_the_chart_are_repeated() {
    let values = only(&camunda("8.3"), &[KEYCLOAK_8_3]);
    let names: Vec<_> = theirs(&values, "/zeebe/env")
        .iter()
        .map(|item| item["name"].clone())
        .collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&json!("ZEEBE_BROKER_DATA_DISK_FREESPACE_PROCESSING")));
    let theme = json!([{"name": "copy-theme", "image": "{{ .Values.global.image }}"}]);
    assert_eq!(
        json!(theirs(&values, "/identity/keycloak/initContainers")),
        theme
    );
    let values = only(&camunda("8.9"), &[]);
    let data = json!([{"name": "data-tmp", "emptyDir": {}}]);
    assert_eq!(
        json!(theirs(&values, "/identityKeycloak/extraVolumes")),
        data
    );
}

#[test]
fn lists_of_the_user_replace_those_of_the_chart() {
    let own = "zeebe:\n  env: [{name: A, value: \"1\"}]\nidentity: {keycloak: {initContainers: [], extraVolumes: null}}";
    let values = only(&camunda("8.3"), &[KEYCLOAK_8_3, own]);
    assert_eq!(
        json!(theirs(&values, "/zeebe/env")),
        json!([{"name": "A", "value": "1"}])
    );
    assert_eq!(
        theirs(&values, "/identity/keycloak/initContainers"),
        Vec::<Value>::new()
    );
    assert_eq!(
        theirs(&values, "/identity/keycloak/extraVolumes"),
        Vec::<Value>::new()
    );
}

#[test]
fn a_list_that_the_chart_uses_instead_is_repeated() {
    let own = "zeebe: {extraInitContainers: [{name: exporter}]}";
    let values = only(&camunda("8.7"), &[own]);
    assert_eq!(
        json!(theirs(&values, "/zeebe/initContainers")),
        json!([{"name": "exporter"}])
    );
    let own = "webModeler: {restapi: {initContainers: [{name: wait}]}}";
    let values = only(&camunda("8.10"), &[own]);
    assert_eq!(
        json!(theirs(&values, "/camundaHub/restapi/initContainers")),
        json!([{"name": "wait"}])
    );
}

#[test]
fn values_of_the_user_are_read_as_helm_reads_them() {
    let own = "x: &volume {name: a, configMap: {name: c, defaultMode: 0644, optional: yes}}
zeebe:
  initContainers:
    - name: a
      args: [\"{{ .Release.Name }}\", \"yes\", \"1\"]
      command:
        - sh
        - -c
        - |
          echo a
            echo b
      extra: [null, 1.5, -3, 1e3, true]
  extraVolumes: [*volume]
";
    let values = only(&camunda("8.7"), &[own]);
    let container = json!([{
        "name": "a",
        "args": ["{{ .Release.Name }}", "yes", "1"],
        "command": ["sh", "-c", "echo a\n  echo b\n"],
        "extra": [null, 1.5, -3, 1000.0, true],
    }]);
    assert_eq!(json!(theirs(&values, "/zeebe/initContainers")), container);
    let volume =
        json!([{"name": "a", "configMap": {"name": "c", "defaultMode": 420, "optional": true}}]);
    assert_eq!(json!(theirs(&values, "/zeebe/extraVolumes")), volume);
}

#[test]
fn what_ours_replaces_is_said() {
    let own = "zeebe: {initContainers: [{name: irsa, image: old}, {name: mine}]}";
    let text = &rendered(&camunda("8.7"), &[own]).unwrap()[0].text;
    assert!(
        text.contains("# `irsa` of `zeebe.initContainers` replaces yours.\n"),
        "{text}"
    );
    assert!(
        text.contains("from irsa.yaml, chart-values.yaml, SHA-256 "),
        "{text}"
    );
    assert!(!text.contains("image: old"), "{text}");
    assert!(
        !text.contains("Lists in your own values are lost"),
        "{text}"
    );
}

#[test]
fn a_text_of_the_user_follows_ours() {
    let own = "extraInitContainers: |\n  - name: theme\n    image: \"{{ .Values.theme }}\"\n";
    let values = only(&keycloak("codecentric", "7"), &[own]);
    let text = values["extraInitContainers"].as_str().unwrap();
    let list: Value = serde_saphyr::from_str(text).unwrap();
    assert_eq!(list[0]["name"], "irsa");
    assert_eq!(
        list[1],
        json!({"name": "theme", "image": "{{ .Values.theme }}"})
    );
}

#[test]
fn values_of_another_type_are_refused() {
    for (own, expected) in [
        (
            "zeebe: {initContainers: text}",
            "`chart-values.yaml`: `zeebe.initContainers` must be a list",
        ),
        ("zeebe: {initContainers: {a: b}}", "must be a list"),
    ] {
        let found = problem(&camunda("8.7"), &[own]);
        assert!(found.contains(expected), "{found}");
    }
    let found = problem(&keycloak("codecentric", "7"), &["extraInitContainers: []"]);
    assert!(found.contains("must be a text"), "{found}");
    for (text, expected) in [
        ("- a", "must be a map"),
        ("a: [", "not valid YAML"),
        ("a: 1\na: 2", "not valid YAML"),
    ] {
        let source = Source {
            name: "values.yaml".to_owned(),
            text: text.to_owned(),
        };
        let found = UserValues::read(vec![source]).unwrap_err();
        assert!(
            found.starts_with("`values.yaml`: ") && found.contains(expected),
            "{found}"
        );
    }
}

/// What gives `text` when it is executed: the only action that we write is the one for two braces.
fn executed(template: &str) -> String {
    template
        .replace("{{`{{`}}", "\u{1}")
        .replace("{{", "ACTION")
        .replace('\u{1}', "{{")
}

proptest! {
    /// A user is one text in the values, and in Keycloak's, which are executed, there is no action of the user's.
    #[test]
    fn an_accepted_user_arrives(name in "[ -~]{1,20}|\\PC{1,20}|[{}`\"'\\\\.| -]{1,20}") {
        let user = |database: &str| format!("database: {database}, user: {}}}", scalar(&name));
        let text = camunda("8.7")
            .replacen("database: keycloak}", &user("keycloak"), 1)
            .replacen("database: webmodeler, user: webmodeler}", &user("webmodeler"), 1);
        if super::super::mistakes(&text).is_empty() {
            let values = only(&text, &[]);
            prop_assert_eq!(&values["webModeler"]["restapi"]["externalDatabase"]["user"], &json!(name));
            let template = values["identityKeycloak"]["externalDatabase"]["user"].as_str().unwrap();
            prop_assert_eq!(executed(template), name);
        }
    }

    /// The user's texts come back as they were.
    #[test]
    fn texts_of_the_user_are_repeated(text in any::<String>(), key in any::<String>()) {
        let item = Yaml::map([("name", Yaml::text("mine")), ("text", Yaml::text(&text))]);
        let nested = Yaml::map([(key.clone(), Yaml::texts([text.clone()]))]);
        let list = Yaml::List(vec![item, nested]);
        let own = Yaml::map([("zeebe", Yaml::map([("initContainers", list)]))]).write();
        let values = only(&camunda("8.7"), &[&own]);
        let mut expected = serde_json::Map::new();
        expected.insert(key, json!([text]));
        let list = &values["zeebe"]["initContainers"];
        prop_assert_eq!(&list[1], &json!({"name": "mine", "text": text}));
        prop_assert_eq!(&list[2], &Value::Object(expected));
    }
}
