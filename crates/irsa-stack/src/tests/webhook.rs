//! What is rendered if the webhook injects the sidecar.

use super::helm::camunda;
use super::{BROAD, SMALL, stack};
use crate::{Injection, Preset, Stack, Target, render};

/// A stack without an image: the webhook injects its own.
fn injected(text: &str) -> Stack {
    let mut stack = stack(text);
    stack.injection = Injection::Webhook;
    stack.image = None;
    stack.digest = "DIGEST".to_owned();
    stack
}

fn rendered(stack: &Stack, target: Target) -> String {
    let files = render(stack, target, &["irsa.yaml"]).unwrap();
    let texts = files
        .iter()
        .map(|file| format!("=== {}\n{}", file.path, file.text));
    texts.collect()
}

#[test]
fn service_accounts_have_annotations_and_pods_no_sidecar() {
    for (name, text) in [("camunda-8.3", Preset::Camunda83.text()), ("broad", BROAD)] {
        let files = rendered(&injected(text), Target::Kubernetes);
        assert!(!files.contains("initContainers"), "{files}");
        insta::assert_snapshot!(format!("{name}-kubernetes-webhook"), files);
    }
}

#[test]
fn values_of_charts_have_annotations_and_no_sidecar() {
    for version in ["8.3", "8.8"] {
        let files = rendered(&injected(&camunda(version)), Target::HelmValues);
        assert!(!files.contains("/startupz"), "{files}");
        insta::assert_snapshot!(format!("camunda-{version}-helm-values-webhook"), files);
    }
}

#[test]
fn the_specification_names_the_injection() {
    let text = format!("{SMALL}irsa: {{inject: webhook}}\n");
    assert_eq!(stack(&text).injection, Injection::Webhook);
    assert_eq!(stack(SMALL).injection, Injection::Sidecar);
}

/// The annotations of the account would be those of the first workload.
#[test]
fn workloads_with_one_account_must_use_the_same_data_stores() {
    let second = |listen: &str| {
        format!(
            "{SMALL}  batch:\n    service_account: shop/api\n    role: {{name: shop-api}}\n    \
             postgres: {{store: orders, database: orders, listen: {listen}}}\n"
        )
        .replacen(
            "    service_account: shop/api\n",
            "    service_account: shop/api\n    role: {name: shop-api}\n",
            1,
        )
    };
    assert!(render(&injected(&second("5432")), Target::Kubernetes, &[]).is_ok());
    let error = render(&injected(&second("5433")), Target::Kubernetes, &[]).unwrap_err();
    assert!(
        error.contains("share the service account shop/api"),
        "{error}"
    );
    assert!(error.contains("--inject sidecar"), "{error}");
}
