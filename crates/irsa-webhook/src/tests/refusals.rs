//! Pods that get no sidecar: each with its reason, and rejected only where the namespace requires the sidecar.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Case, DATABASE, patch};
use crate::{Facts, Lookup, MalformedArn, Outcome, Reason};

/// A reason, a pod, and a part of the warning about it.
type Refused = (Reason, Case, &'static str);

/// A pod for each reason about which the client is warned.
fn refused() -> Vec<Refused> {
    let mut all = refused_for_the_pod();
    all.extend(refused_for_annotations());
    all
}

fn refused_for_the_pod() -> Vec<Refused> {
    let port = json!([{"name": "app", "ports": [{"containerPort": 5432}]}]);
    vec![
        (
            Reason::ExcludedNamespace,
            Case {
                in_namespace: "kube-system",
                ..Case::new()
            },
            "`kube-system` must start without the webhook",
        ),
        (
            Reason::NoDataStore,
            Case::new().without("irsa.dev/postgres"),
            "no data store",
        ),
        (
            Reason::MalformedPod,
            Case::new().spec("initContainers", json!({"name": "x"})),
            "structure of a pod",
        ),
        (
            Reason::HostNetwork,
            Case::new().spec("hostNetwork", json!(true)),
            "remove `hostNetwork`",
        ),
        (
            Reason::Windows,
            Case::new().spec("nodeSelector", json!({"kubernetes.io/os": "windows"})),
            "Windows",
        ),
        (
            Reason::ContainerExists,
            Case::new().spec("initContainers", json!([{"name": "irsa"}])),
            "container named `irsa`",
        ),
        (
            Reason::AlreadyRendered,
            Case::new().spec(
                "initContainers",
                json!([{"name": "irsa", "env": [{"name": "IRSA_UPSTREAMS", "value": "postgres://db"}]}]),
            ),
            "`irsa render kubernetes`",
        ),
        (
            Reason::VolumeExists,
            Case::new().spec("volumes", json!([{"name": "irsa-token", "emptyDir": {}}])),
            "volume named `irsa-token`",
        ),
        (
            Reason::PortInUse,
            Case::new().spec("containers", port),
            "the container `app` uses port 5432, which the sidecar needs: choose another one",
        ),
    ]
}

fn refused_for_annotations() -> Vec<Refused> {
    vec![
        (
            Reason::NoRole,
            Case::new().without("irsa.dev/role-arn"),
            "annotate the service account `api` with `irsa.dev/role-arn`",
        ),
        (
            Reason::RoleArnInvalid,
            Case::new().annotation("irsa.dev/role-arn", "arn:aws:iam::1:role/x"),
            "`irsa.dev/role-arn`: `arn:aws:iam::1:role/x` is not a role ARN",
        ),
        (
            Reason::NoCredentials,
            Case::new()
                .account("irsa.dev/identity", "pod-identity")
                .annotation("eks.amazonaws.com/skip-containers", "irsa"),
            "skip-containers",
        ),
        (
            Reason::DataStoreInvalid,
            Case::new().annotation("irsa.dev/postgres", "my_db"),
            "upstream `postgres://my_db`: invalid host",
        ),
        (
            Reason::AnnotationInvalid,
            Case::new().annotation("irsa.dev/region", "Frankfurt"),
            "`irsa.dev/region`: `Frankfurt` is not a region",
        ),
    ]
}

#[test]
fn every_pod_without_a_sidecar_starts_with_a_warning_that_names_the_reason() {
    for (reason, case, text) in refused() {
        case.review().assert_not_injected(reason, text);
    }
}

#[test]
fn every_reason_has_a_pod_here_or_is_silent_or_is_a_failed_lookup() {
    let shown: BTreeSet<_> = refused().into_iter().map(|(reason, _, _)| reason).collect();
    let all = Reason::ALL.into_iter().filter(|reason| !reason.is_silent());
    let missing: Vec<_> = all.filter(|reason| !shown.contains(reason)).collect();
    assert_eq!(missing, [Reason::LookupFailed]);
}

#[test]
fn a_namespace_that_requires_the_sidecar_rejects_them_with_the_reason() {
    for (reason, case, text) in refused() {
        let response = case.required().review();
        let is_exempt = matches!(
            reason,
            Reason::ExcludedNamespace | Reason::NoDataStore | Reason::AlreadyRendered
        );
        assert_eq!(response.is_allowed(), is_exempt, "{reason:?}");
        if is_exempt {
            continue;
        }
        assert_eq!(response.outcome(), Outcome::Denied(reason));
        let status = &response.reviewed.response["response"]["status"];
        let message = status["message"].as_str().unwrap();
        assert_eq!(status["code"], 403);
        assert!(
            message.contains(reason.as_str()) && message.contains(text),
            "{message}"
        );
        assert!(patch(&response.reviewed).is_none());
    }
}

#[test]
fn pods_that_no_one_expects_to_be_injected_start_everywhere() {
    let bare = || {
        Case::new()
            .without("irsa.dev/postgres")
            .without("irsa.dev/role-arn")
            .required()
    };
    let mirror = || {
        Case::new()
            .required()
            .annotation("kubernetes.io/config.mirror", "d1f2")
    };
    for (reason, case) in [
        (Reason::NotRequested, bare()),
        (Reason::MirrorPod, mirror()),
    ] {
        let response = case.review();
        assert_eq!(response.outcome(), Outcome::NotInjected(reason));
        assert!(response.is_allowed() && response.warnings().is_empty());
    }
}

/// The pods of Kubernetes and of the webhook must start even if the webhook does not work.
#[test]
fn its_own_namespace_and_those_of_kubernetes_are_never_injected() {
    for namespace in [
        "kube-system",
        "kube-node-lease",
        "kube-public",
        "irsa-system",
    ] {
        let case = Case {
            in_namespace: namespace,
            ..Case::new().required()
        };
        let own = case.settings(|settings| settings.own_namespace = Some("irsa-system".to_owned()));
        let response = own.review();
        assert_eq!(
            response.outcome(),
            Outcome::NotInjected(Reason::ExcludedNamespace)
        );
        assert!(response.is_allowed());
    }
}

#[test]
fn an_account_that_cannot_be_read_is_reported_and_rejected_where_required() {
    let failed =
        || Lookup::Failed("cannot read the service account `shop/api`: timed out".to_owned());
    let case = Case::new();
    let facts = Facts {
        service_account: failed(),
        ..case.facts()
    };
    case.review_with(&facts)
        .assert_not_injected(Reason::LookupFailed, "`shop/api`: timed out");
    let required = Case::new().required();
    let facts = Facts {
        service_account: failed(),
        ..required.facts()
    };
    let response = required.review_with(&facts);
    assert_eq!(response.outcome(), Outcome::Denied(Reason::LookupFailed));
    // Whether the namespace requires the sidecar is unknown then, unless the path of the request says so.
    for is_required in [false, true] {
        let facts = Facts {
            namespace: failed(),
            is_required,
            ..required.facts()
        };
        let response = required.review_with(&facts);
        assert_eq!(response.is_allowed(), !is_required);
    }
}

#[test]
fn the_words_of_kubernetes_switch_the_injection_off_and_others_are_reported() {
    let inject = |value| Case::new().annotation("irsa.dev/inject", value);
    for value in ["false", "False", "FALSE", "f", "0"] {
        let outcome = inject(value).review().outcome();
        assert_eq!(outcome, Outcome::NotInjected(Reason::OptedOut), "{value}");
    }
    for value in ["true", "True", "1"] {
        assert_eq!(inject(value).review().outcome(), Outcome::Injected);
    }
    for value in ["no", "off", ""] {
        let text = format!("`irsa.dev/inject`: `{value}` is not `true` or `false`");
        let response = inject(value).review();
        response.assert_not_injected(Reason::AnnotationInvalid, &text);
    }
}

#[test]
fn a_pod_lacks_its_sidecar_if_it_asks_for_one() {
    let lacks = |case: &Case| {
        let facts = case.facts();
        crate::lacks_sidecar(&case.pod, case.in_namespace, &facts, &case.settings)
    };
    assert!(lacks(&Case::new()));
    // The reason why it lacks one does not matter.
    assert!(lacks(&Case::new().spec("hostNetwork", json!(true))));
    let system = Case {
        in_namespace: "kube-system",
        ..Case::new()
    };
    let rendered = json!([{"name": "irsa"}]);
    for case in [
        Case::new().pod(Case::new().review().pod),
        Case::new().spec("initContainers", rendered),
        Case::new().without("irsa.dev/postgres"),
        Case::new().annotation("irsa.dev/inject", "false"),
        Case::new().annotation("kubernetes.io/config.mirror", "d1f2"),
        system,
    ] {
        assert!(!lacks(&case), "{}", case.pod);
    }
}

/// No result of the lookup would change these.
#[test]
fn a_failed_lookup_denies_no_pod_that_gets_no_sidecar_anyway() {
    let opted_out = Case::new().annotation("irsa.dev/inject", " false ");
    let excluded = Case {
        in_namespace: "kube-system",
        ..Case::new()
    };
    for (reason, case) in [
        (Reason::OptedOut, opted_out),
        (Reason::ExcludedNamespace, excluded),
    ] {
        let case = case.required();
        let facts = Facts {
            service_account: Lookup::Failed("timed out".to_owned()),
            ..case.facts()
        };
        let response = case.review_with(&facts);
        assert_eq!(response.outcome(), Outcome::NotInjected(reason));
        assert!(response.is_allowed());
    }
}

#[test]
fn malformed_arns_are_rejected_if_the_settings_say_so() {
    let case = || Case::new().annotation("irsa.dev/role-arn", "role/x");
    assert!(case().review().is_allowed());
    let response = case()
        .settings(|settings| settings.malformed_arn = MalformedArn::Deny)
        .review();
    assert_eq!(response.outcome(), Outcome::Denied(Reason::RoleArnInvalid));
    // An ARN of EKS that only it completes, as with `--compose-role-arn`.
    let bare = Case::new()
        .without("irsa.dev/role-arn")
        .account("eks.amazonaws.com/role-arn", "s3-reader");
    bare.review().assert_not_injected(
        Reason::RoleArnInvalid,
        "`eks.amazonaws.com/role-arn`: `s3-reader`",
    );
}

#[test]
fn windows_is_recognized_in_every_form() {
    let affinity = |values: serde_json::Value| {
        let terms = json!([{"matchExpressions": [{"key": "kubernetes.io/os", "operator": "In", "values": values}]}]);
        json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}})
    };
    for (field, value) in [
        ("os", json!({"name": "windows"})),
        ("nodeSelector", json!({"beta.kubernetes.io/os": "windows"})),
        ("affinity", affinity(json!(["windows"]))),
    ] {
        let response = Case::new().spec(field, value).review();
        assert_eq!(
            response.outcome(),
            Outcome::NotInjected(Reason::Windows),
            "{field}"
        );
    }
    for value in [affinity(json!(["linux", "windows"])), affinity(json!([]))] {
        assert_eq!(
            Case::new().spec("affinity", value).review().outcome(),
            Outcome::Injected
        );
    }
}

#[test]
fn ports_of_all_containers_and_of_irsa_itself_count() {
    for (list, port) in [
        ("containers", 9441),
        ("containers", 9440),
        ("initContainers", 5432),
    ] {
        let container = json!([{"name": "other", "ports": [{"containerPort": port}]}]);
        let response = Case::new().spec(list, container).review();
        assert_eq!(
            response.outcome(),
            Outcome::NotInjected(Reason::PortInUse),
            "{port}"
        );
    }
    let twice = Case::new()
        .annotation("irsa.dev/postgres", "a.example.com b.example.com")
        .review();
    twice.assert_not_injected(
        Reason::DataStoreInvalid,
        "port 5432 is already used by the sidecar",
    );
    let moved = Case::new()
        .spec(
            "containers",
            json!([{"name": "app", "ports": [{"containerPort": 5432}]}]),
        )
        .annotation("irsa.dev/postgres", &format!("{DATABASE}?listen=15432"));
    assert_eq!(moved.review().outcome(), Outcome::Injected);
}

#[test]
fn the_number_of_data_stores_is_limited() {
    let many = |number| {
        let many = (0..number).map(|port| format!("db?listen={}", 20_000 + port));
        let many = many.collect::<Vec<_>>().join(" ");
        Case::new().annotation("irsa.dev/postgres", &many).review()
    };
    assert_eq!(many(32).outcome(), Outcome::Injected);
    for number in [33, 100_000] {
        many(number)
            .assert_not_injected(Reason::DataStoreInvalid, "more than 32 data stores are set");
    }
}

#[test]
fn texts_from_the_pod_are_escaped() {
    let hostile = "x\u{1b}[31m\u{202e}";
    let response = Case::new()
        .annotation("irsa.dev/role-arn", hostile)
        .review();
    let text = response.reviewed.response.to_string();
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("\\u001b"),
        "{text}"
    );
}
