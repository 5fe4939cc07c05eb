//! As whom the sidecar acts, and the annotations of EKS.

use serde_json::json;

use super::{Case, ROLE};
use crate::{Outcome, Reason};

const EKS_ROLE: &str = "eks.amazonaws.com/role-arn";
const SKIP: &str = "eks.amazonaws.com/skip-containers";

/// A pod whose role is given by the annotation of EKS.
fn eks() -> Case {
    Case::new()
        .without("irsa.dev/role-arn")
        .account(EKS_ROLE, ROLE)
}

fn skipped(case: &Case) -> Option<String> {
    let response = case.review();
    assert_eq!(
        response.outcome(),
        Outcome::Injected,
        "{}",
        response.reviewed.detail
    );
    let list = &response.pod["metadata"]["annotations"][SKIP];
    list.as_str().map(str::to_owned)
}

#[test]
fn only_the_sidecar_gets_the_role_and_the_token() {
    let response = Case::new().review();
    assert_eq!(response.variable("AWS_ROLE_ARN"), Some(ROLE));
    let file = "/var/run/secrets/irsa/token";
    assert_eq!(response.variable("AWS_WEB_IDENTITY_TOKEN_FILE"), Some(file));
    let expected =
        json!({"audience": "sts.amazonaws.com", "expirationSeconds": 86_400, "path": "token"});
    assert_eq!(*response.token(), expected);
    let application = json!({"name": "app", "image": "app:1"});
    assert_eq!(response.pod["spec"]["containers"], json!([application]));
    assert!(response.warnings().is_empty());
}

#[test]
fn the_role_of_irsa_wins_over_that_of_eks() {
    let other = "arn:aws:iam::111122223333:role/other";
    let response = Case::new().account(EKS_ROLE, other).review();
    assert_eq!(response.variable("AWS_ROLE_ARN"), Some(ROLE));
}

#[test]
fn the_audience_and_the_lifetime_are_those_that_eks_would_use() {
    let case = eks().account("eks.amazonaws.com/audience", "sts.example.com");
    let case = case.account("eks.amazonaws.com/token-expiration", "7200");
    let token = case.review().token().clone();
    assert_eq!(
        (&token["audience"], &token["expirationSeconds"]),
        (&json!("sts.example.com"), &json!(7200))
    );
    let pod = eks()
        .account("eks.amazonaws.com/token-expiration", "7200")
        .annotation("eks.amazonaws.com/token-expiration", "3600");
    assert_eq!(pod.review().token()["expirationSeconds"], 3600);
}

#[test]
fn a_lifetime_that_eks_does_not_accept_is_corrected_with_a_warning() {
    for (text, seconds) in [
        ("60", 600),
        ("100000", 86_400),
        ("1h", 86_400),
        ("-1", 86_400),
    ] {
        let response = Case::new()
            .annotation("eks.amazonaws.com/token-expiration", text)
            .review();
        assert_eq!(response.token()["expirationSeconds"], seconds, "{text}");
        let warnings = response.warnings().join("\n");
        assert!(
            warnings.contains(&format!("valid for {seconds} s")),
            "{warnings}"
        );
    }
}

#[test]
fn warns_that_eks_gives_the_role_to_all_containers_until_it_is_accepted() {
    let response = eks().review();
    let [warning] = response.warnings()[..] else {
        panic!("{:?}", response.warnings());
    };
    assert!(
        warning.contains("EKS gives the role to all containers"),
        "{warning}"
    );
    let accepted = eks()
        .namespace("irsa.dev/application-identity", "keep")
        .review();
    assert!(accepted.warnings().is_empty());
    assert!(eks().annotation(SKIP, "app").review().warnings().is_empty());
    assert!(
        eks()
            .label("eks.amazonaws.com/skip-pod-identity-webhook", "true")
            .review()
            .warnings()
            .is_empty()
    );
}

#[test]
fn keeps_the_role_from_all_containers_but_the_sidecar() {
    let none = || {
        let init = json!([{"name": "migrate"}, {"name": "mesh", "restartPolicy": "Always"}]);
        eks()
            .spec("initContainers", init)
            .annotation("irsa.dev/application-identity", "none")
    };
    assert_eq!(skipped(&none()).unwrap(), "migrate,mesh,app");
    assert_eq!(
        skipped(&none().annotation(SKIP, "app, irsa")).unwrap(),
        "app,migrate,mesh"
    );
    assert_eq!(
        skipped(&none().annotation(SKIP, "app,mesh,migrate")).unwrap(),
        "app,mesh,migrate"
    );
    assert!(none().review().warnings().is_empty());
}

/// The EKS webhook reads CSV and does not trim: it would skip ` app`, and nothing at all after a stray quote.
#[test]
fn a_list_that_eks_reads_differently_is_written_again() {
    for list in [
        " app", "app ", "app,", "app,,", "x\"y,app", "\"app\"", "\napp", "x\napp", "app\r",
        "app,a b", "irsa,app", "app,app",
    ] {
        let none = eks()
            .annotation(SKIP, list)
            .annotation("irsa.dev/application-identity", "none");
        let written = skipped(&none).unwrap();
        assert!(
            ["app", "x,app"].contains(&written.as_str()),
            "{list:?}: {written:?}"
        );
    }
}

#[test]
fn a_list_is_complete_only_if_eks_reads_the_names() {
    let warns = |list| !eks().annotation(SKIP, list).review().warnings().is_empty();
    for list in ["app", "\"app\",x", "\r\n\napp\r", "a b,app"] {
        assert!(!warns(list), "{list:?}");
    }
    for list in [" app", "x, app", "x\"y,app", "x\napp", "\"app"] {
        assert!(warns(list), "{list:?}");
    }
}

/// If each name were compared with all others, these would take minutes.
#[test]
fn a_list_of_many_names_is_written_in_time() {
    let names: Vec<_> = (0..50_000).map(|number| format!("c{number}")).collect();
    let containers: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let none = eks()
        .spec("containers", json!(containers))
        .annotation(
            SKIP,
            &names.iter().rev().cloned().collect::<Vec<_>>().join(", "),
        )
        .annotation("irsa.dev/application-identity", "none");
    let written = skipped(&none).unwrap();
    assert_eq!(written.split(',').count(), names.len());
}

#[test]
fn by_default_the_application_keeps_its_identity() {
    assert_eq!(skipped(&eks()), None);
    assert_eq!(
        skipped(&eks().annotation("irsa.dev/application-identity", "keep")),
        None
    );
}

#[test]
fn with_pod_identity_eks_adds_the_credentials_and_irsa_no_token() {
    let case = Case::new()
        .without("irsa.dev/role-arn")
        .account("irsa.dev/identity", "pod-identity");
    let response = case
        .annotation("irsa.dev/application-identity", "keep")
        .review();
    assert_eq!(response.outcome(), Outcome::Injected);
    assert_eq!(response.variable("IRSA_IDENTITY"), Some("pod-identity"));
    assert_eq!(response.variable("AWS_ROLE_ARN"), None);
    assert!(response.pod["spec"]["volumes"].is_null());
    assert!(response.sidecar()["volumeMounts"].is_null());
}

#[test]
fn a_pod_that_keeps_pod_identity_from_the_sidecar_is_not_injected() {
    let case = || {
        Case::new()
            .without("irsa.dev/role-arn")
            .account("irsa.dev/identity", "pod-identity")
    };
    let labelled = case()
        .label("eks.amazonaws.com/skip-pod-identity-webhook", "true")
        .review();
    labelled.assert_not_injected(Reason::NoCredentials, "skip-pod-identity-webhook");
    let listed = case().annotation(SKIP, "app,irsa");
    listed
        .review()
        .assert_not_injected(Reason::NoCredentials, "skip-containers");
    let rewritten = listed.annotation("irsa.dev/application-identity", "none");
    assert_eq!(skipped(&rewritten).unwrap(), "app");
    // EKS does not trim: it gives the credentials to a container that is listed with a space.
    assert_eq!(
        skipped(&case().annotation(SKIP, "app, irsa")).unwrap(),
        "app, irsa"
    );
}

/// The opt-out label is for the webhook of EKS. The sidecar has its own token.
#[test]
fn the_sidecar_does_not_need_the_webhook_of_eks() {
    let response = eks()
        .label("eks.amazonaws.com/skip-pod-identity-webhook", "true")
        .review();
    assert_eq!(response.outcome(), Outcome::Injected);
    assert_eq!(response.variable("AWS_ROLE_ARN"), Some(ROLE));
    let listed = eks().annotation(SKIP, "irsa").review();
    assert_eq!(listed.variable("AWS_ROLE_ARN"), Some(ROLE));
}

/// EKS adds neither variable if a container has one of them. irsa sets both in its own.
#[test]
fn warns_of_a_container_in_which_eks_leaves_the_variables_half_set() {
    let containers = json!([{"name": "app", "env": [{"name": "AWS_ROLE_ARN", "value": ROLE}]}]);
    let case = || eks().spec("containers", containers.clone());
    let response = case()
        .annotation("irsa.dev/application-identity", "keep")
        .review();
    let [warning] = response.warnings()[..] else {
        panic!("{:?}", response.warnings());
    };
    let expected = "`app` sets AWS_ROLE_ARN but not AWS_WEB_IDENTITY_TOKEN_FILE";
    assert!(warning.contains(expected), "{warning}");
    let none = case()
        .annotation("irsa.dev/application-identity", "none")
        .review();
    assert!(none.warnings().is_empty());
}

/// EKS ran before irsa, or the user set them. The list of EKS takes nothing away.
#[test]
fn warns_of_credentials_that_another_container_already_has() {
    let warnings = |fields: serde_json::Value| {
        let mut app = json!({"name": "app"});
        app.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        let case = eks().spec("containers", json!([app]));
        let response = case
            .annotation("irsa.dev/application-identity", "none")
            .review();
        assert_eq!(response.outcome(), Outcome::Injected);
        response.warnings().join("\n")
    };
    for fields in [
        json!({"env": [{"name": "AWS_ROLE_ARN"}, {"name": "AWS_WEB_IDENTITY_TOKEN_FILE"}]}),
        json!({"env": [{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI"}]}),
        json!({"volumeMounts": [{"name": "aws-iam-token"}]}),
        json!({"volumeMounts": [{"name": "eks-pod-identity-token"}]}),
    ] {
        let warning = warnings(fields);
        assert!(
            warning.contains("`app` already has AWS credentials"),
            "{warning}"
        );
    }
    let other = json!({"env": [{"name": "AWS_REGION"}], "volumeMounts": [{"name": "data"}]});
    assert_eq!(warnings(other), "");
}
