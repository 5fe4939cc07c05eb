//! Names and values of any form: the file can always be read, and says no more than it should.

use proptest::prelude::*;
use serde_json::Value;

use super::facts::{AURORA, DOMAIN, account, facts, object};
use super::{Survey, aws};
use crate::adopt::{Adoption, AwsFacts};

fn read(adoption: &Adoption) -> (Value, Value) {
    let specification = serde_saphyr::from_str(&adoption.specification);
    let specification =
        specification.unwrap_or_else(|error| panic!("{error}\n{}", adoption.specification));
    (
        specification,
        serde_json::from_str(&adoption.outputs).unwrap(),
    )
}

/// Texts that mean something to YAML, templates or terminals, and any other.
fn text() -> impl Strategy<Value = String> {
    let known = [
        "{{ .x }}",
        "${x}",
        "a: b",
        "- a",
        "a #b",
        "'\"",
        "yes",
        "1e3",
        "\u{202e}a",
        "a\nb: c",
        "\0",
        "*a",
        "%TAG",
    ];
    prop_oneof![3 => any::<String>(), 2 => prop::sample::select(known.to_vec()).prop_map(str::to_owned)]
}

proptest! {
    #[test]
    fn the_file_has_the_values_that_were_found(
        reference in text(), database in text(), user in text(), image in text(), label in text(), namespace in text(),
        role in text(), secret in text(), version in text(),
    ) {
        let pod = object(&format!("pod/{reference}"), "app")
            .label("app.kubernetes.io/component", &label)
            .label("app.kubernetes.io/instance", &label)
            .label("helm.sh/chart", &format!("keycloak-{image}"))
            .label("irsa.dev/workload", &label)
            .env("PGHOST", AURORA)
            .env("PGDATABASE", &database)
            .env("PGUSER", &user)
            .secret("PGPASSWORD", &secret, &secret)
            .env("OPENSEARCH_URL", &format!("https://{DOMAIN}/{image}"));
        let mut facts = facts(vec![pod]);
        facts.kubeconfig_name = Some(namespace.clone());
        facts.issuer = Some(format!("https://{namespace}"));
        account(&mut facts, "app", &role);
        let mut aws = aws();
        for database in aws.databases.values_mut() {
            database.engine_version = Some(version.clone());
            database.identifier.clone_from(&label);
        }
        for domain in aws.domains.values_mut() {
            domain.name.clone_from(&label);
        }
        let adoption = Survey::new(facts).adopt(&aws);
        let (file, outputs) = read(&adoption);
        prop_assert_eq!(&file["version"], 1);
        prop_assert_eq!(&outputs["version"], 1);
        let workloads = file["workloads"].as_object().unwrap();
        prop_assert_eq!(workloads.len(), 1);
        let used = &workloads.values().next().unwrap()["postgres"];
        if !database.is_empty() {
            prop_assert_eq!(&used["database"], &database);
        }
        if !user.is_empty() {
            prop_assert_eq!(&used["acts_as"], &user);
        }
        let is_deceptive = |char| char != '\n' && irsa_chain::untrusted::is_deceptive(char);
        prop_assert!(!adoption.specification.contains(is_deceptive), "{}", adoption.specification);
        for line in adoption.left_out.iter().chain(&adoption.changes) {
            prop_assert!(!line.contains(irsa_chain::untrusted::is_deceptive), "{line:?}");
        }
    }

    #[test]
    fn addresses_of_any_form_are_read_or_left_out(
        url in text(), host in text(), upstreams in text(), config in text(),
    ) {
        let mut facts = facts(vec![
            object("deployment/a", "a").env("DATABASE_URL", &url),
            object("deployment/b", "b").env("KC_DB_URL_HOST", &host).env("IRSA_UPSTREAMS", &upstreams),
            object("deployment/c", "c").mount("c"),
        ]);
        super::config_map(&mut facts, "c", &[("application.yaml", &config), ("a.properties", &config)]);
        read(&Survey::new(facts).adopt(&AwsFacts::default()));
    }
}

#[test]
fn long_values_and_secrets_are_left_out() {
    let long = "x".repeat(100_000);
    let key = "AKIAIOSFODNN7EXAMPLE";
    let facts = facts(vec![
        object("deployment/long", "a")
            .env("PGHOST", AURORA)
            .env("PGDATABASE", &long)
            .env("PGUSER", "a"),
        object("deployment/secret", "b")
            .env("PGHOST", AURORA)
            .env("PGDATABASE", "b")
            .env("PGUSER", key)
            .env("PGPASSWORD", "unused"),
    ]);
    let adoption = Survey::new(facts).adopt(&aws());
    let (file, _) = read(&adoption);
    assert_eq!(file["workloads"]["long"]["postgres"]["database"], "");
    assert_eq!(file["workloads"]["secret"]["postgres"]["user"], "");
    let shown = format!("{adoption:?}");
    assert!(!shown.contains(key), "{shown}");
    assert!(
        adoption.specification.len() < 10_000,
        "{}",
        adoption.specification.len()
    );
}

#[test]
fn variables_that_expand_one_another_are_bounded() {
    let mut chain = object("deployment/bomb", "a").env("PGHOST", &"h".repeat(1_000));
    for (name, of) in [
        ("PGPORT", "PGHOST"),
        ("PGDATABASE", "PGPORT"),
        ("PGUSER", "PGDATABASE"),
    ] {
        chain = chain.env(name, &format!("$({of})").repeat(10_000));
    }
    let adoption = Survey::new(facts(vec![chain])).adopt(&aws());
    let length = format!("{adoption:?}").len();
    assert!(length < 100_000, "{length}");
}

#[test]
fn many_objects_make_a_file_that_can_be_read() {
    let objects = (0..10_000).map(|number| {
        object(&format!("pod/app-{number}"), &format!("app-{number}")).env(
            "DATABASE_URL",
            &format!("postgres://app{number}@{AURORA}/app{number}"),
        )
    });
    let adoption = Survey::new(facts(objects.collect())).adopt(&aws());
    assert!(
        adoption.specification.len() < crate::MAX_FILE_BYTES,
        "{}",
        adoption.specification.len()
    );
    let (file, _) = read(&adoption);
    let workloads = file["workloads"].as_object().unwrap().len();
    assert_eq!(workloads, crate::adopt::MAX_WORKLOADS);
    let left_out = adoption.left_out.last().unwrap();
    assert!(left_out.contains("9000 more"), "{left_out}");
}
