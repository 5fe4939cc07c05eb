//! The values: which are accepted, and what does not depend on them.

use std::collections::BTreeSet;

use irsa_testing::program::finish;
use serde_json::Value;

use super::{BRANCHES, Helm, REPOSITORY, folder, read};

#[test]
fn the_chart_has_the_version_of_irsa_and_no_remarks_of_helms_linter() {
    let Some(helm) = Helm::start() else { return };
    let chart: Value = serde_saphyr::from_str(&read("Chart.yaml")).unwrap();
    for key in ["version", "appVersion"] {
        assert_eq!(chart[key], env!("CARGO_PKG_VERSION"), "{key}");
    }
    let mut lint = helm.command(&["lint", "--strict", "--set", REPOSITORY]);
    let linted = finish(lint.arg(folder()));
    let printed = linted.printed();
    assert!(printed.contains("0 chart(s) failed"), "{printed}");
    assert!(!printed.contains("[WARNING]"), "{printed}");
}

/// GitOps tools render the chart again and again, and report every difference.
#[test]
fn the_same_values_give_the_same_bytes_without_a_certificate() {
    let Some(helm) = Helm::start() else { return };
    for values in BRANCHES {
        let rendered = helm.template(values);
        assert_eq!(rendered.printed(), helm.template(values).printed());
        for part in ["caBundle", "BEGIN CERTIFICATE", "kind: Secret\n"] {
            assert!(!rendered.stdout.contains(part), "{part}: {values:?}");
        }
    }
}

#[test]
fn values_that_the_templates_do_not_use_are_refused() {
    let Some(helm) = Helm::start() else { return };
    for (value, place) in [
        ("replica=3", "replica"),
        ("webhook.failurePolicy=Fail", "/webhook"),
        ("webhook.timeoutSeconds=31", "/webhook/timeoutSeconds"),
        ("webhook.sweepInterval=5", "/webhook/sweepInterval"),
        (
            "webhook.malformedRoleArn=ignore",
            "/webhook/malformedRoleArn",
        ),
        ("image.digest=0123", "/image/digest"),
        (
            "image.repository=https://registry.example.com/irsa",
            "/image/repository",
        ),
        ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        ("sidecar.region=Frankfurt", "/sidecar/region"),
        ("sidecar.memoryLimit=lots", "/sidecar/memoryLimit"),
        ("sidecar.memoryLimit=", "/sidecar/memoryLimit"),
        // Helm would write a large number as 2.68435456e+08.
        ("sidecar.memoryLimit=268435456", "/sidecar/memoryLimit"),
        ("replicas=0", "/replicas"),
        (
            "networkPolicy.apiServerCidrs={10.0.0.1}",
            "/networkPolicy/apiServerCidrs/0",
        ),
        (
            "certificates.certManager.issuerRef.kind=Issuer",
            "/certificates/certManager/issuerRef",
        ),
        (
            "monitoring.podMonitor.interval=often",
            "/monitoring/podMonitor/interval",
        ),
    ] {
        let refused = helm.template(&[value]);
        assert_ne!(refused.code, 0, "{value}");
        assert!(
            refused.stderr.contains(place),
            "{value}: {}",
            refused.stderr
        );
    }
}

#[test]
fn without_a_repository_the_error_names_the_value() {
    let Some(helm) = Helm::start() else { return };
    let refused = helm.template(&["image.repository="]);
    assert_ne!(refused.code, 0);
    let hint = "set image.repository to the repository of irsa's image";
    assert!(refused.stderr.contains(hint), "{}", refused.stderr);
}

/// Every key of the schema has a default, which `values.yaml` explains, and the reverse.
#[test]
fn the_schema_and_the_defaults_have_the_same_keys() {
    let schema: Value = serde_json::from_str(&read("values.schema.json")).unwrap();
    let defaults: Value = serde_saphyr::from_str(&read("values.yaml")).unwrap();
    let mut described = BTreeSet::new();
    add_keys(&schema, &schema, "", &mut described);
    // Helm passes the values of a parent chart in `global`.
    assert!(described.remove(".global"));
    let optional = ["name", "kind"].map(|key| format!(".certificates.certManager.issuerRef.{key}"));
    assert!(optional.iter().all(|key| described.remove(key)));
    let pointers = described.iter().map(|key| key.replace('.', "/"));
    let missing: Vec<_> = pointers
        .filter(|key| defaults.pointer(key).is_none())
        .collect();
    assert!(missing.is_empty(), "{missing:?} have no default");
    // The schema refuses other keys, as `values_that_the_templates_do_not_use_are_refused` shows.
    let Some(helm) = Helm::start() else { return };
    helm.template(&[]).printed();
}

/// Adds the paths of the properties of a schema.
fn add_keys(root: &Value, schema: &Value, path: &str, keys: &mut BTreeSet<String>) {
    let reference = schema["$ref"]
        .as_str()
        .map(|text| text.trim_start_matches('#'));
    let schema = reference.map_or(schema, |pointer| root.pointer(pointer).unwrap());
    for (key, value) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        add_keys(root, value, &path, keys);
        keys.insert(path);
    }
}
