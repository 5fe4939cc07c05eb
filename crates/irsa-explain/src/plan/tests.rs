//! Tests with plans of new and of existing resources.

mod associations;
mod attached;
mod nodes;
mod regions;

use irsa_policy::Attachment;
use serde_json::{Value, json};

use super::*;
use crate::inventory::Role;

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": []}"#;

/// A resource that the plan creates.
fn created(address: &str, after: &Value, unknown: &Value) -> Value {
    let parts = address::parts(address);
    let (module, own) = parts.split_at(parts.len() - 2);
    let (kind, name) = (own[0], address::without_keys(own[1]));
    json!({
        "address": address, "module_address": (!module.is_empty()).then(|| module.join(".")),
        "mode": "managed", "type": kind, "name": name,
        "change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
    })
}

fn role(address: &str, name: &str) -> Value {
    let after = json!({"name": name, "path": "/", "assume_role_policy": POLICY});
    created(
        address,
        &after,
        &json!({"arn": true, "id": true, "inline_policy": true, "managed_policy_arns": true}),
    )
}

/// An expression with these references.
fn refers(references: &[&str]) -> Value {
    json!({"references": references})
}

/// A resource in the configuration, with one attribute.
fn configured(kind: &str, name: &str, attribute: &str, references: &[&str]) -> Value {
    json!({"mode": "managed", "type": kind, "name": name, "expressions": {attribute: refers(references)}})
}

fn plan(changes: &[Value], root_module: &Value) -> Value {
    json!({
        "format_version": "1.2", "errored": false, "complete": true,
        "resource_changes": changes, "configuration": {"root_module": root_module},
        "prior_state": {"values": {"root_module": {"resources": [{
            "address": "data.aws_caller_identity.this", "mode": "data", "type": "aws_caller_identity", "name": "this",
            "values": {"account_id": "111122223333", "arn": "arn:aws:sts::111122223333:assumed-role/ci/1"},
        }]}}},
    })
}

fn read(json: &Value) -> Inventory {
    super::read(&json.to_string()).unwrap()
}

/// The labels of the permissions policies of a role.
fn labels(role: &Role) -> Vec<&str> {
    let permissions = role.permissions.iter();
    permissions.map(|source| source.label.as_str()).collect()
}

#[test]
fn a_new_role_has_the_arn_that_it_is_going_to_have() {
    let inventory = read(&plan(&[role("aws_iam_role.app", "app")], &json!({})));
    let [role] = inventory.roles.as_slice() else {
        panic!("{inventory:?}")
    };
    assert_eq!(
        role.arn.as_ref().unwrap().as_str(),
        "arn:aws:iam::111122223333:role/app"
    );
    assert_eq!(role.trust[0].label, "aws_iam_role.app.assume_role_policy");
    assert_eq!(role.trust[0].text.as_deref(), Some(POLICY));
    assert_eq!(labels(role), [""; 0]);
    assert!(inventory.role("app").is_some() && inventory.role("aws_iam_role.app").is_some());
}

#[test]
fn what_is_known_after_apply_only_has_no_text_but_its_address() {
    let after = json!({"name": "app", "role": "app"});
    let inline = created("aws_iam_role_policy.db", &after, &json!({"policy": true}));
    let mut late = role("aws_iam_role.app", "app");
    late["change"]["after_unknown"]["assume_role_policy"] = json!(true);
    let inventory = read(&plan(&[late, inline], &json!({})));
    let later = |address: &str| unknown(&format!("`{address}` (known after apply)"));
    assert_eq!(
        inventory.roles[0].permissions,
        [later("aws_iam_role_policy.db.policy").attached(Attachment::Role)]
    );
    assert_eq!(
        inventory.roles[0].trust,
        [later("aws_iam_role.app.assume_role_policy")]
    );
}

#[test]
fn stores_and_providers_are_found_by_whatever_is_known() {
    let cluster = json!({"cluster_identifier": "orders", "region": "eu-central-1"});
    let domain = json!({"domain_name": "logs", "region": "eu-central-1"});
    let policy = json!({"domain_name": "logs", "access_policies": POLICY});
    let provider = json!({"url": "oidc.eks.eu-central-1.amazonaws.com/id/ABC", "client_id_list": ["sts.amazonaws.com"]});
    let changes = [
        created(
            "aws_rds_cluster.orders",
            &cluster,
            &json!({"cluster_resource_id": true, "endpoint": true}),
        ),
        created(
            "module.search.aws_opensearch_domain.logs",
            &domain,
            &json!({"arn": true, "access_policies": true}),
        ),
        created("aws_opensearch_domain_policy.logs", &policy, &json!({})),
        created(
            "aws_iam_openid_connect_provider.eks",
            &provider,
            &json!({"arn": true}),
        ),
    ];
    let inventory = read(&plan(&changes, &json!({})));
    let database = inventory.database("orders").unwrap();
    assert_eq!((&database.resource_id, database.names.len()), (&None, 1));
    let domain = inventory
        .domain("module.search.aws_opensearch_domain.logs")
        .unwrap();
    assert_eq!(
        domain.arn.as_deref(),
        Some("arn:aws:es:eu-central-1:111122223333:domain/logs")
    );
    assert_eq!(
        domain.access_policy[0].label,
        "aws_opensearch_domain_policy.logs.access_policies"
    );
    let issuer = inventory.providers[0].issuer.as_ref().unwrap();
    assert_eq!(
        issuer.as_str(),
        "https://oidc.eks.eu-central-1.amazonaws.com/id/ABC"
    );
}

#[test]
fn a_state_is_read_as_well_and_knows_everything() {
    let state = json!({"format_version": "1.0", "values": {"root_module": {"child_modules": [{
        "address": "module.iam",
        "resources": [{
            "address": "module.iam.aws_iam_role.app", "mode": "managed", "type": "aws_iam_role", "name": "app",
            "values": {"name": "app", "arn": "arn:aws:iam::111122223333:role/app", "assume_role_policy": POLICY},
        }],
    }]}}});
    let inventory = read(&state);
    assert_eq!(inventory.roles[0].label, "module.iam.aws_iam_role.app");
    assert!(inventory.roles[0].trust[0].text.is_some());
}

#[test]
fn texts_that_are_not_plans_are_rejected() {
    let failed = json!({"format_version": "1.2", "errored": true}).to_string();
    for (text, begin) in [
        ("{", "EOF while parsing"),
        ("[]", "not the output of"),
        (
            r#"{"format_version": "2.0"}"#,
            "the format version `2.0` is not supported",
        ),
        (
            &failed,
            "the plan is incomplete, because `terraform plan` failed",
        ),
    ] {
        let error = super::read(text).unwrap_err();
        assert!(error.starts_with(begin), "{error}");
    }
    let odd = plan(&[role("aws_iam_role.app[\"\u{1b}\"]", "app")], &json!({})).to_string();
    assert!(
        super::read(&odd)
            .unwrap_err()
            .contains("contains invisible characters")
    );
    // Members of the wrong type are ignored.
    let odd = json!({"format_version": "1.0", "resource_changes": [1, {"type": []}, {"change": 3}], "configuration": 7});
    assert_eq!(read(&odd).roles, []);
}

#[test]
fn deferred_changes_make_all_roles_unsure() {
    let mut json = plan(&[role("aws_iam_role.app", "app")], &json!({}));
    json["complete"] = json!(false);
    assert_eq!(
        read(&json).roles[0].permissions,
        [unknown("the changes that the plan defers")]
    );
}
