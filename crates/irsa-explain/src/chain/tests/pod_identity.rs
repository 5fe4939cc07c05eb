//! EKS Pod Identity.

use irsa_chain::ServiceAccount;
use serde_json::json;

use super::{CLUSTER, Fixture, role, source};
use crate::chain::report::Verdict;
use crate::chain::{Access, PodIdentity};

/// A trust policy for EKS Pod Identity with this condition.
fn pod_identity_trust(actions: &[&str], condition: &serde_json::Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": actions, "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Condition": condition,
    }]})
    .to_string()
}

fn pod_identity(trust: String) -> Fixture {
    let mut role = role();
    role.trust = vec![source("trust", Some(trust))];
    let account: &'static ServiceAccount = Box::leak(Box::new("shop/api".parse().unwrap()));
    let cluster = "arn:aws:eks:eu-central-1:111122223333:cluster/main".parse();
    let mut fixture = Fixture::new(role);
    fixture.pod = Some(PodIdentity {
        service_account: account,
        cluster: Some(Box::leak(Box::new(cluster.unwrap()))),
        has_tags: true,
    });
    fixture
}

const BOTH: [&str; 2] = ["sts:AssumeRole", "sts:TagSession"];

// "Create IAM role with trust policy required by EKS Pod Identity" in the EKS user guide.
#[test]
fn pod_identity_assumes_the_role_and_tags_the_session() {
    let access = Access::Connect("app@cluster-ABCDEFGH");
    for (actions, expected) in [
        (&BOTH[..], Verdict::Allowed),
        (&BOTH[..1], Verdict::Denied),
        (&BOTH[1..], Verdict::Denied),
    ] {
        let (verdict, text) = pod_identity(pod_identity_trust(actions, &json!({}))).report(access);
        assert_eq!(verdict, expected, "{actions:?}: {text}");
    }
    let mut untagged = pod_identity(pod_identity_trust(&BOTH[..1], &json!({})));
    untagged.pod = untagged.pod.map(|pod| PodIdentity {
        has_tags: false,
        ..pod
    });
    assert_eq!(untagged.report(access).0, Verdict::Allowed);
}

#[test]
fn conditions_on_pod_identity_are_about_its_cluster_and_its_tags() {
    let access = Access::Connect("app@cluster-ABCDEFGH");
    let arn = "arn:aws:eks:eu-central-1:111122223333:cluster/main";
    for (condition, expected) in [
        (
            json!({"ArnEquals": {"aws:SourceArn": arn}}),
            Verdict::Allowed,
        ),
        (
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:eks:*:*:cluster/other"}}),
            Verdict::Denied,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}),
            Verdict::Allowed,
        ),
        (
            json!({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop"}}),
            Verdict::Allowed,
        ),
        (
            json!({"StringEquals": {"aws:RequestTag/kubernetes-service-account": "web"}}),
            Verdict::Denied,
        ),
        (
            json!({"StringEquals": {"aws:RequestTag/eks-cluster-name": "main"}}),
            Verdict::Allowed,
        ),
        (
            json!({"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "shop"}}),
            Verdict::Denied,
        ),
        (
            json!({"StringLike": {"aws:RequestTag/kubernetes-pod-name": "api-*"}}),
            Verdict::Unsure,
        ),
    ] {
        let trust = pod_identity_trust(&BOTH, &condition);
        let (verdict, text) = pod_identity(trust).report(access);
        assert_eq!(verdict, expected, "{condition}: {text}");
    }
}

#[test]
fn the_session_of_pod_identity_has_the_tags_of_its_pod() {
    let mut fixture = pod_identity(pod_identity_trust(&BOTH, &json!({})));
    for (namespace, expected) in [("shop", Verdict::Allowed), ("web", Verdict::Denied)] {
        let statement = json!({
            "Effect": "Allow", "Action": "rds-db:connect", "Resource": format!("{CLUSTER}/app"),
            "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": namespace}},
        });
        let policy = json!({"Version": "2012-10-17", "Statement": statement});
        fixture.role.permissions = vec![source("connect", Some(policy.to_string()))];
        let (verdict, text) = fixture.report(Access::Connect("app@cluster-ABCDEFGH"));
        assert_eq!(verdict, expected, "{namespace}: {text}");
    }
}
