//! For any pod: the patch applies, it keeps everything that it did not add, and a second call changes nothing.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::{Case, ROLE};
use crate::Outcome;

/// Any JSON value of limited size.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z~/]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// An object with some of these fields, or any value in place of the object.
fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| {
            let value = prop_oneof![49 => value, 1 => json_value()];
            proptest::option::weighted(0.7, value).prop_map(move |value| (name, value))
        })
        .collect();
    let object = (fields, json_value()).prop_map(|(fields, unknown)| {
        let set = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut object: Map<String, Value> = set.collect();
        object.insert("x-unknown".to_owned(), unknown);
        Value::Object(object)
    });
    prop_oneof![99 => object, 1 => json_value()].boxed()
}

fn list(item: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    vec(item, 0..4).prop_map(Value::from).boxed()
}

fn words(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    proptest::sample::select(words)
        .prop_map(Value::from)
        .boxed()
}

fn container() -> BoxedStrategy<Value> {
    let variable = object(vec![(
        "name",
        words(&["AWS_ROLE_ARN", "IRSA_UPSTREAMS", "PATH"]),
    )]);
    let port = object(vec![(
        "containerPort",
        proptest::sample::select(&[80, 81, 82, 9441][..])
            .prop_map(Value::from)
            .boxed(),
    )]);
    let mount = object(vec![("mountPath", words(&["/tmp", "/data"]))]);
    object(vec![
        ("name", words(&["irsa", "irsa", "app", "a,b", ""])),
        ("image", words(&["app:1"])),
        ("restartPolicy", words(&["Always", "Never"])),
        ("env", list(variable)),
        ("ports", list(port)),
        ("volumeMounts", list(mount)),
        ("resources", json_value().boxed()),
        (
            "securityContext",
            object(vec![("runAsNonRoot", words(&["true"]))]),
        ),
    ])
}

fn pod() -> BoxedStrategy<Value> {
    let annotations = object(vec![
        ("irsa.dev/version", words(&["0.1.0", "0.2.0"])),
        (
            "irsa.dev/postgres",
            words(&["db.example.com", "db.example.com", "none", "a_b"]),
        ),
        ("irsa.dev/application-identity", words(&["none", "keep"])),
        (
            "irsa.dev/identity",
            words(&["pod-identity", "web-identity"]),
        ),
        (
            "eks.amazonaws.com/skip-containers",
            words(&["app", "irsa,app", ",,", "a b"]),
        ),
    ]);
    let volume = object(vec![("name", words(&["irsa-token", "irsa-spill", "data"]))]);
    let spec = object(vec![
        ("containers", list(container())),
        ("initContainers", list(container())),
        ("volumes", list(volume.clone())),
        ("imagePullSecrets", list(volume)),
        (
            "terminationGracePeriodSeconds",
            any::<u64>().prop_map(Value::from).boxed(),
        ),
        ("hostNetwork", words(&["true"])),
    ]);
    let metadata = object(vec![
        ("annotations", annotations),
        ("labels", json_value().boxed()),
    ]);
    object(vec![("metadata", metadata), ("spec", spec)])
}

fn case(pod: Value, native_sidecars: bool) -> Case {
    let case = Case::new()
        .account("irsa.dev/opensearch", "search.example.com")
        .account("eks.amazonaws.com/role-arn", ROLE);
    let case = case.settings(|settings| {
        settings.native_sidecars = native_sidecars;
        settings.pull_secrets = vec!["registry".to_owned()];
    });
    case.pod(pod)
}

/// The fields whose value the webhook may change.
fn may_change(key: &str) -> bool {
    matches!(
        key,
        "restartPolicy" | "irsa.dev/version" | "eks.amazonaws.com/skip-containers"
    )
}

/// Asserts that `after` has everything of `before`, in the same order and with the same bytes.
fn assert_keeps(before: &Value, after: &Value) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, value) in before.iter().filter(|(key, _)| !may_change(key)) {
                assert_keeps(
                    value,
                    after.get(key).unwrap_or_else(|| panic!("lost `{key}`")),
                );
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            let mut rest = after
                .iter()
                .skip_while(|one| before.first().is_some_and(|first| !keeps(first, one)));
            for item in before {
                assert_keeps(item, rest.next().expect("an item was lost"));
            }
        }
        (Value::Null, _) => {}
        (before, after) => assert_eq!(before.to_string(), after.to_string()),
    }
}

/// Returns whether an item of a list can be `before` after the patch: only the sidecar itself changes.
fn keeps(before: &Value, after: &Value) -> bool {
    before == after || (before["name"] == "irsa" && after["name"] == "irsa")
}

/// The containers except the sidecar.
fn others(pod: &Value) -> Vec<&Value> {
    let lists = ["initContainers", "containers"].into_iter();
    let containers = lists.flat_map(|list| pod["spec"][list].as_array().into_iter().flatten());
    containers.filter(|one| one["name"] != "irsa").collect()
}

#[test]
fn a_variable_that_is_added_to_another_container_is_noticed() {
    let containers = json!([{"name": "app"}, {"name": "exporter"}]);
    let before = Case::new().spec("containers", containers).review().pod;
    let mut after = before.clone();
    after["spec"]["containers"][1]["env"] = json!([{"name": "AWS_ROLE_ARN"}]);
    assert_keeps(&before, &after);
    assert_ne!(others(&before), others(&after));
}

/// Otherwise the property would say little.
#[test]
fn the_pods_are_injected_restored_and_refused() {
    let mut runner = TestRunner::deterministic();
    let mut outcomes = [0; 3];
    for _ in 0..200 {
        let pod = pod().new_tree(&mut runner).unwrap().current();
        match case(pod, true).review().outcome() {
            Outcome::Injected => outcomes[0] += 1,
            Outcome::Restored => outcomes[1] += 1,
            _ => outcomes[2] += 1,
        }
    }
    assert!(outcomes.iter().all(|number| *number >= 10), "{outcomes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_patch_applies_keeps_what_was_there_and_is_idempotent(pod in pod(), native in any::<bool>()) {
        let before = pod.clone();
        let first = case(pod, native).review();
        assert_keeps(&before, &first.pod);
        prop_assert_eq!(others(&before), others(&first.pod));
        match first.outcome() {
            Outcome::Injected | Outcome::Restored | Outcome::Unchanged => {
                let second = case(first.pod.clone(), native).review();
                prop_assert_eq!(second.outcome(), Outcome::Unchanged);
                prop_assert_eq!(second.pod, first.pod);
            }
            Outcome::Kept(_) => {
                let second = case(first.pod.clone(), native).review();
                prop_assert_eq!(second.pod, first.pod);
            }
            Outcome::NotInjected(_) | Outcome::Denied(_) => prop_assert_eq!(first.pod, before),
        }
    }

    #[test]
    fn any_value_in_place_of_a_pod_is_answered(pod in json_value()) {
        let response = case(pod.clone(), true).review();
        prop_assert!(response.is_allowed());
        prop_assert_eq!(response.reviewed.response["response"]["uid"].clone(), json!("705ab4f5"));
    }
}
