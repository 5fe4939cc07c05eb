//! The pods with which the EKS pod identity webhook is tested (`pkg/handler/testdata` of
//! aws/amazon-eks-pod-identity-webhook). Where both webhooks apply, the sidecar gets the role, the audience and the
//! lifetime of the token that EKS would give it.
//!
//! These files are not part of this repository: `cargo xtask suites golden-pods` passes their directory in
//! `IRSA_EKS_TESTDATA`. Without it, the test checks the pods in `golden/`, which have the same format.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_saphyr::options::DuplicateKeyPolicy;

use super::{Case, DATABASE};
use crate::{Object, Outcome, Reason};

const DIRECTORY: &str = "IRSA_EKS_TESTDATA";
/// The number of pods in the test data, which a copy must not lack.
const EKS_PODS: usize = 24;
/// The pods of this repository: one for each kind of outcome.
const OWN_PODS: usize = 3;
const PREFIX: &str = "testing.eks.amazonaws.com/";
/// The annotations of the tests with those of the service account that they stand for.
const ACCOUNT: [(&str, &str); 6] = [
    ("serviceAccount/roleArn", "eks.amazonaws.com/role-arn"),
    ("serviceAccount/audience", "eks.amazonaws.com/audience"),
    (
        "handler/injectSTS",
        "eks.amazonaws.com/sts-regional-endpoints",
    ),
    (
        "serviceAccount/sts-regional-endpoints",
        "eks.amazonaws.com/sts-regional-endpoints",
    ),
    ("handler/expiration", "eks.amazonaws.com/token-expiration"),
    (
        "serviceAccount/token-expiration",
        "eks.amazonaws.com/token-expiration",
    ),
];

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (directories, pods): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories.iter().flat_map(|directory| files(directory));
    let is_pod = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "yaml")
    };
    pods.into_iter().filter(is_pod).chain(below).collect()
}

fn annotation<'p>(pod: &'p Value, key: &str) -> Option<&'p str> {
    pod["metadata"]["annotations"][format!("{PREFIX}{key}")].as_str()
}

/// The first value of a key anywhere in the patch that the EKS webhook returns.
fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields
            .get(key)
            .or_else(|| fields.values().find_map(|field| find(field, key))),
        Value::Array(items) => items.iter().find_map(|item| find(item, key)),
        _ => None,
    }
}

fn case(pod: &Value, uses_pod_identity: bool) -> Case {
    let annotations = ACCOUNT
        .iter()
        .filter_map(|(test, key)| Some(((*key).to_owned(), annotation(pod, test)?.to_owned())));
    let account = Object {
        annotations: annotations.collect(),
        ..Object::default()
    };
    let case = Case {
        account,
        ..Case::new()
    };
    let case = case.pod(pod.clone()).account("irsa.dev/postgres", DATABASE);
    if uses_pod_identity {
        case.account("irsa.dev/identity", "pod-identity")
    } else {
        case
    }
}

fn check(path: &Path) {
    // One of the files has a key twice.
    let options = serde_saphyr::options! { duplicate_keys: DuplicateKeyPolicy::LastWins };
    let text = fs::read_to_string(path).unwrap();
    let pod: Value = serde_saphyr::from_str_with_options(&text, options).unwrap();
    let uses_pod_identity = annotation(&pod, "containercredentials/uri").is_some();
    let response = case(&pod, uses_pod_identity).review();
    let name = path.display();
    if pod["spec"]["nodeSelector"].to_string().contains("windows") {
        assert_eq!(
            response.outcome(),
            Outcome::NotInjected(Reason::Windows),
            "{name}"
        );
        return;
    }
    assert_eq!(
        response.outcome(),
        Outcome::Injected,
        "{name}: {}",
        response.reviewed.detail
    );
    assert_eq!(
        response.pod["spec"]["containers"], pod["spec"]["containers"],
        "{name}"
    );
    let expected: Value = annotation(&pod, "expectedPatch")
        .map_or(Value::Null, |patch| serde_json::from_str(patch).unwrap());
    if uses_pod_identity {
        assert_eq!(
            response.variable("IRSA_IDENTITY"),
            Some("pod-identity"),
            "{name}"
        );
        return;
    }
    assert_eq!(
        response.variable("AWS_ROLE_ARN"),
        annotation(&pod, "serviceAccount/roleArn"),
        "{name}"
    );
    if let Some(token) = find(&expected, "serviceAccountToken") {
        assert_eq!(response.token(), token, "{name}");
    }
}

#[test]
fn the_sidecar_gets_what_eks_would_give_it() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/golden");
    let given = std::env::var_os(DIRECTORY).map(PathBuf::from);
    let expected = if given.is_some() { EKS_PODS } else { OWN_PODS };
    let files = files(&given.unwrap_or(own));
    assert!(files.len() >= expected, "{} pods", files.len());
    for path in &files {
        check(path);
    }
    println!("{} pods", files.len());
}
