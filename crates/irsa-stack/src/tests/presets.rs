//! The presets against the reference, row by row.

use serde_json::{Value, json};

use super::{SMALL, renderable, stack};
use crate::policies;
use crate::stack::{Role, Stack};
use crate::{Preset, Target, render};

fn reference() -> Stack {
    stack(Preset::Camunda83Reference.text())
}

fn role<'s>(stack: &'s Stack, name: &str) -> &'s Role {
    stack
        .roles
        .iter()
        .find(|role| role.arn.name() == name)
        .unwrap()
}

fn statement(policy: &str) -> Value {
    let policy: Value = serde_json::from_str(policy).unwrap();
    policy["Statement"][0].clone()
}

#[test]
fn the_database_role_is_the_documented_one() {
    let stack = reference();
    let role = role(&stack, "aurora-role");
    assert_eq!(role.policy, "rds-policy");
    let trust = statement(&policies::trust(&stack, role));
    let issuer = stack.clusters[0].issuer.host_and_path();
    let provider = format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    assert!(issuer.starts_with("oidc.eks.eu-central-1.amazonaws.com/id/"));
    assert_eq!(trust["Principal"]["Federated"], provider);
    assert_eq!(trust["Action"], "sts:AssumeRoleWithWebIdentity");
    let equals = &trust["Condition"]["StringEquals"];
    assert_eq!(
        equals[format!("{issuer}:sub")],
        "system:serviceaccount:aurora-namespace:aurora-serviceaccount"
    );
    assert_eq!(equals[format!("{issuer}:aud")], "sts.amazonaws.com");
    let permissions = statement(&policies::permissions(&stack, role));
    let id = &stack.postgres[0].resource_id;
    let user = |name| format!("arn:aws:rds-db:eu-central-1:111122223333:dbuser:{id}/{name}");
    assert_eq!(permissions["Action"], "rds-db:connect");
    assert_eq!(
        permissions["Resource"],
        json!([user("keycloak"), user("webmodeler")])
    );
}

#[test]
fn the_opensearch_role_is_the_documented_one() {
    let stack = reference();
    let role = role(&stack, "opensearch-role");
    assert_eq!(role.policy, "opensearch_policy");
    let trust = policies::trust(&stack, role);
    assert!(
        trust.contains("\"system:serviceaccount:opensearch-namespace:opensearch-serviceaccount\""),
        "{trust}"
    );
    let permissions = statement(&policies::permissions(&stack, role));
    assert_eq!(
        permissions["Resource"],
        "arn:aws:es:eu-central-1:111122223333:domain/test-domain/*"
    );
    let actions: Vec<_> = permissions["Action"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    for name in [
        "ESHttpGet",
        "ESHttpHead",
        "ESHttpPost",
        "ESHttpPut",
        "ESHttpDelete",
        "DescribeElasticsearchDomain",
        "DescribeElasticsearchDomains",
        "DescribeElasticsearchDomainConfig",
        "DescribeElasticsearchInstanceTypeLimits",
        "DescribeReservedElasticsearchInstanceOfferings",
        "DescribeReservedElasticsearchInstances",
        "GetCompatibleElasticsearchVersions",
        "ListDomainNames",
        "ListElasticsearchInstanceTypes",
        "ListElasticsearchVersions",
        "GetUpgradeHistory",
        "GetUpgradeStatus",
        "ListTags",
        "AddTags",
        "RemoveTags",
    ] {
        assert!(actions.contains(&format!("es:{name}").as_str()), "{name}");
    }
    assert_eq!(actions.len(), 20);
}

#[test]
fn the_service_accounts_have_the_annotation() {
    let stack = renderable(Preset::Camunda83Reference.text());
    let files = render(&stack, Target::Kubernetes, &["irsa.yaml"]).unwrap();
    let accounts = files
        .iter()
        .find(|file| file.path.ends_with("service-accounts.yaml"))
        .unwrap();
    for line in [
        "  name: aurora-serviceaccount\n  namespace: aurora-namespace\n  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/aurora-role\"\n",
        "  name: opensearch-serviceaccount\n  namespace: opensearch-namespace\n  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::111122223333:role/opensearch-role\"\n",
    ] {
        assert!(accounts.text.contains(line), "{}", accounts.text);
    }
}

#[test]
fn the_database_has_its_users_and_the_domain_its_mapping() {
    let stack = reference();
    let script = &render(&stack, Target::Sql, &["irsa.yaml"]).unwrap()[0].text;
    for user in ["keycloak", "webmodeler"] {
        for statement in [
            format!("CREATE ROLE \"{user}\" LOGIN;"),
            format!("GRANT rds_iam TO \"{user}\";"),
            format!("CREATE DATABASE \"{user}\" "),
            format!("GRANT ALL PRIVILEGES ON DATABASE \"{user}\" TO \"{user}\";"),
        ] {
            assert!(script.contains(&statement), "{statement}\n{script}");
        }
    }
    let script = &render(&stack, Target::OpenSearch, &["irsa.yaml"]).unwrap()[0].text;
    assert!(
        script.contains("add all_access '\"arn:aws:iam::111122223333:role/opensearch-role\"' '[{"),
        "{script}"
    );
    assert!(!script.contains("send PUT roles/"), "{script}");
}

#[test]
fn the_least_privileges_are_one_role_a_workload() {
    let stack = stack(Preset::Camunda83.text());
    assert_eq!(stack.roles.len(), stack.workloads.len());
    let mut accounts: Vec<_> = stack
        .workloads
        .iter()
        .map(|one| &one.service_account)
        .collect();
    accounts.dedup();
    assert_eq!(accounts.len(), 4);
    assert!(
        stack.opensearch[0]
            .mappings
            .iter()
            .all(|mapping| !mapping.is_built_in)
    );
}

#[test]
fn a_service_account_is_trusted_once() {
    let workload = |key: &str, account: &str, identity: &str| {
        format!(
            "  {key}: {{service_account: shop/{account}, identity: {identity}, role: {{name: shared}}, postgres: {{store: orders, \
             database: orders, user: {key}}}}}\n"
        )
    };
    for (identity, expected) in [("web-identity", 1), ("pod-identity", 1)] {
        let workloads = [("a", "one"), ("b", "two"), ("c", "one")]
            .map(|(key, account)| workload(key, account, identity));
        let stack = stack(&format!("{SMALL}{}", workloads.concat()));
        let trust = policies::trust(&stack, role(&stack, "shared"));
        let subject = if identity == "web-identity" {
            "shop:one\""
        } else {
            "service-account\": \"one\""
        };
        assert_eq!(trust.matches(subject).count(), expected, "{trust}");
    }
}
