//! EKS Pod Identity, from files, a plan or a world.

use serde_json::{Value, json};

use super::chain::{WORLD, ask, end};
use super::{DATABASE, Files, policy};

/// Returns a trust policy for EKS Pod Identity with this condition.
fn trust(condition: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": condition,
    }]})
    .to_string()
}

#[test]
fn a_trust_policy_for_pod_identity_is_detected() {
    let files = Files::new();
    let condition = json!({
        "StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:eks:eu-central-1:111122223333:cluster/main"},
    });
    let trust = files.add("trust.json", &trust(&condition));
    let identity = files.identity("identity.json", "Allow", "rds-db:connect", DATABASE);
    let role = "arn:aws:iam::111122223333:role/api";
    let asked = |account: &str, further: &[&str]| {
        let question = [
            "--trust",
            &trust,
            "--identity",
            &identity,
            "--role",
            role,
            "--pod-identity",
            "--connect",
            DATABASE,
        ];
        ask("evaluate", account, &[&question[..], further].concat())
    };
    let cluster = |name: &str| format!("arn:aws:eks:eu-central-1:111122223333:cluster/{name}");
    let allowed = asked("shop/api", &["--cluster", &cluster("main")]);
    assert_eq!(
        (allowed.code, end(&allowed)),
        (0, "allowed by every link"),
        "{}",
        allowed.stderr
    );
    assert_eq!(
        allowed.stdout.matches("trust policy: Allowed").count(),
        2,
        "{}",
        allowed.stdout
    );
    for (account, name) in [("web/api", "main"), ("shop/api", "other")] {
        let denied = asked(account, &["--cluster", &cluster(name)]);
        assert_eq!(
            end(&denied),
            "denied: the chain breaks at the trust policy",
            "{account} {name}"
        );
    }
    let unsure = asked("shop/api", &[]);
    assert_eq!(
        (unsure.code, end(&unsure)),
        (
            4,
            "unsure: the chain depends on unknown values at the trust policy"
        )
    );
    assert!(
        unsure.stdout.contains("depends on aws:SourceArn;"),
        "{}",
        unsure.stdout
    );
}

#[test]
fn a_token_does_not_match_a_trust_policy_for_pod_identity() {
    let files = Files::new();
    let trust = files.add("trust.json", &trust(&json!({})));
    let asked = super::assume("explain", &trust, &[]);
    assert_eq!(asked.code, 3, "{}", asked.stderr);
    let help = "this statement trusts EKS Pod Identity";
    assert!(asked.stdout.contains(help), "{}", asked.stdout);
    // The action is correct for the service that the statement is for.
    let wrong = "did you mean `sts:AssumeRoleWithWebIdentity`?";
    assert!(!asked.stdout.contains(wrong), "{}", asked.stdout);
}

#[test]
fn a_workload_in_a_world_uses_its_association() {
    let access = ["--world", WORLD, "--connect", "keycloak@aurora"];
    let asked = ask("evaluate", "camunda/keycloak-pod-identity", &access);
    assert_eq!(
        (asked.code, end(&asked)),
        (0, "allowed by every link"),
        "{}{}",
        asked.stdout,
        asked.stderr
    );
    let issuer = [
        &access[..],
        &[
            "--issuer",
            "https://oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472",
        ],
    ];
    let token = ask(
        "evaluate",
        "camunda/keycloak-pod-identity",
        &issuer.concat(),
    );
    assert_eq!(end(&token), "denied: the chain breaks at the trust policy");
}

#[test]
fn an_association_in_a_plan_selects_the_role() {
    let files = Files::new();
    let created = |kind: &str, after: Value| {
        json!({
            "address": format!("{kind}.app"), "mode": "managed", "type": kind, "name": "app",
            "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": {}},
        })
    };
    let connect = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "rds-db:connect", "Resource": DATABASE,
    }});
    let role = json!({
        "name": "app", "path": "/", "arn": "arn:aws:iam::111122223333:role/app",
        "assume_role_policy": trust(&json!({"StringEquals": {"aws:SourceAccount": "111122223333"}})),
        "inline_policy": [{"name": "connect", "policy": connect.to_string()}],
    });
    let association = json!({
        "cluster_name": "main", "namespace": "shop", "service_account": "api", "region": "eu-central-1",
        "role_arn": "arn:aws:iam::111122223333:role/app",
    });
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": [
            created("aws_iam_role", role), created("aws_eks_pod_identity_association", association),
        ],
        "configuration": {"root_module": {"resources": [{
            "mode": "managed", "type": "aws_iam_role", "name": "app", "expressions": {"inline_policy": [{}]},
        }]}},
    });
    let plan = files.add("plan.json", &plan.to_string());
    let asked = ask(
        "evaluate",
        "shop/api",
        &["--plan", &plan, "--connect", "api@cluster-ABCDEFGHIJKL"],
    );
    assert_eq!(
        (asked.code, end(&asked)),
        (0, "allowed by every link"),
        "{}{}",
        asked.stdout,
        asked.stderr
    );
    let lint = policy("lint", &["--plan", &plan]);
    assert_eq!(
        (lint.code, lint.printed()),
        (0, "0 findings in 2 files"),
        "{}",
        lint.stderr
    );
}
