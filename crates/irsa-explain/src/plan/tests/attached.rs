//! Tests of the policies of a role.

use serde_json::{Value, json};

use super::super::unknown;
use super::{POLICY, configured, created, labels, plan, read, refers, role};

#[test]
fn a_policy_belongs_to_the_role_that_its_configuration_refers_to() {
    let inline =
        |address: &str| created(address, &json!({"policy": POLICY}), &json!({"role": true}));
    let exact = r#"aws_iam_role.app["b.c"]"#;
    let changes = [
        role(r#"aws_iam_role.app["a"]"#, "a"),
        role(exact, "bc"),
        inline(r#"aws_iam_role_policy.each["a"]"#),
        inline(r#"aws_iam_role_policy.each["b.c"]"#),
        inline("aws_iam_role_policy.one"),
        inline(r#"aws_iam_role_policy.chained["a"]"#),
    ];
    let mut chained = configured(
        "aws_iam_role_policy",
        "chained",
        "role",
        &["each.value.id", "each.value"],
    );
    chained["for_each_expression"] = refers(&["aws_iam_role.app"]);
    let configuration = json!({"resources": [
        configured("aws_iam_role_policy", "each", "role", &["aws_iam_role.app", "each.key"]),
        configured("aws_iam_role_policy", "one", "role", &[&format!("{exact}.id"), exact, "aws_iam_role.app"]),
        chained,
    ]});
    let inventory = read(&plan(&changes, &configuration));
    let each = |key: &str| format!("aws_iam_role_policy.each[\"{key}\"].policy");
    assert_eq!(
        labels(&inventory.roles[0]),
        [&each("a"), "aws_iam_role_policy.chained[\"a\"].policy"]
    );
    assert_eq!(
        labels(&inventory.roles[1]),
        [&each("b.c"), "aws_iam_role_policy.one.policy"]
    );
}

#[test]
fn references_go_into_modules_and_out_of_them() {
    let attachment = created(
        r#"module.grants["x.y"].aws_iam_role_policy_attachment.this[0]"#,
        &json!({}),
        &json!({"role": true, "policy_arn": true}),
    );
    let policy = created(
        "module.policies[0].aws_iam_policy.this",
        &json!({"policy": POLICY}),
        &json!({"arn": true}),
    );
    let changes = [
        role("aws_iam_role.app", "app"),
        role("aws_iam_role.other", "other"),
        policy,
        attachment,
    ];
    let configuration = json!({
        "resources": [],
        "module_calls": {
            "grants": {
                "expressions": {
                    "role": refers(&["aws_iam_role.app.name", "aws_iam_role.app"]),
                    "policies": refers(&["module.policies[0].arn", "module.policies[0]"]),
                },
                "module": {"resources": [{
                    "mode": "managed", "type": "aws_iam_role_policy_attachment", "name": "this",
                    "expressions": {"role": refers(&["var.role"]), "policy_arn": refers(&["var.policies", "count.index"])},
                }]},
            },
            "policies": {"module": {"outputs": {"arn": {
                "expression": refers(&["aws_iam_policy.this.arn", "aws_iam_policy.this"]),
            }}}},
        },
    });
    let inventory = read(&plan(&changes, &configuration));
    assert_eq!(
        labels(&inventory.roles[0]),
        ["module.policies[0].aws_iam_policy.this.policy"]
    );
    assert_eq!(labels(&inventory.roles[1]), [""; 0]);
}

#[test]
fn an_uncertain_role_makes_all_candidates_unsure() {
    let inline = created(
        "aws_iam_role_policy.db",
        &json!({"policy": POLICY}),
        &json!({"role": true}),
    );
    let changes = [
        role("aws_iam_role.a", "a"),
        role("aws_iam_role.b", "b"),
        inline,
    ];
    let by_local =
        json!({"resources": [configured("aws_iam_role_policy", "db", "role", &["local.role"])]});
    let either = [
        "aws_iam_role.a.id",
        "aws_iam_role.a",
        "aws_iam_role.b.id",
        "aws_iam_role.b",
        "var.which",
    ];
    let either = json!({"resources": [configured("aws_iam_role_policy", "db", "role", &either)]});
    for configuration in [by_local, either, json!({})] {
        let inventory = read(&plan(&changes, &configuration));
        for role in &inventory.roles {
            let doubt = unknown("`aws_iam_role_policy.db.role` (known after apply)");
            assert_eq!(role.permissions, [doubt], "{configuration}");
        }
    }
}

#[test]
fn policies_of_aws_are_in_no_plan() {
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let after = json!({"role": "app", "policy_arn": arn});
    let attachment = created(
        "aws_iam_role_policy_attachment.read",
        &after,
        &json!({"id": true}),
    );
    let inventory = read(&plan(
        &[role("aws_iam_role.app", "app"), attachment],
        &json!({}),
    ));
    let expected = unknown(&format!("`{arn}` (not in the plan)"));
    assert_eq!(inventory.roles[0].permissions, [expected]);
}

#[test]
fn what_the_plan_takes_away_is_gone_and_what_was_attached_by_hand_stays() {
    let arn = "arn:aws:iam::111122223333:policy/db";
    let old = json!({"name": "db", "role": "app", "policy": POLICY});
    let mut removed = created("aws_iam_role_policy.db", &Value::Null, &json!({}));
    removed["change"]["before"] = old;
    let mut existing = role("aws_iam_role.app", "app");
    existing["change"] = json!({"actions": ["no-op"], "before": {}, "after_unknown": {}, "after": {
        "name": "app", "arn": "arn:aws:iam::111122223333:role/app", "assume_role_policy": POLICY,
        "managed_policy_arns": [arn],
        "inline_policy": [{"name": "db", "policy": POLICY}, {"name": "by-hand", "policy": POLICY}],
    }});
    let policy = created(
        "aws_iam_policy.db",
        &json!({"policy": POLICY, "arn": arn}),
        &json!({}),
    );
    let inventory = read(&plan(&[removed, existing, policy], &json!({})));
    let kept = [
        "aws_iam_role.app.inline_policy[by-hand]",
        "aws_iam_policy.db.policy",
    ];
    assert_eq!(labels(&inventory.roles[0]), kept);
}

#[test]
fn blocks_and_exclusive_attachments_count_too() {
    let mut own = role("aws_iam_role.app", "app");
    own["change"]["after"]["inline_policy"] =
        json!([{"name": "x", "policy": POLICY}, {"name": "y"}]);
    own["change"]["after_unknown"]["inline_policy"] = json!([{}, {"policy": true}]);
    own["change"]["after"]["permissions_boundary"] =
        json!("arn:aws:iam::111122223333:policy/limit");
    let limit = json!({"policy": POLICY, "arn": "arn:aws:iam::111122223333:policy/limit"});
    let exclusive = created(
        "aws_iam_role_policy_attachments_exclusive.app",
        &json!({"role_name": "app", "policy_arns": [null]}),
        &json!({"policy_arns": [true]}),
    );
    let changes = [
        own,
        exclusive,
        created("aws_iam_policy.limit", &limit, &json!({})),
        created(
            "aws_iam_policy.db",
            &json!({"policy": POLICY}),
            &json!({"arn": true}),
        ),
    ];
    let mut blocks = configured("aws_iam_role", "app", "name", &[]);
    blocks["expressions"]["inline_policy"] = json!([{"policy": refers(&["data.x.y"])}]);
    let arns = ["aws_iam_policy.db.arn", "aws_iam_policy.db"];
    let configuration = json!({"resources": [
        blocks,
        configured("aws_iam_role_policy_attachments_exclusive", "app", "policy_arns", &arns),
    ]});
    let inventory = read(&plan(&changes, &configuration));
    let expected = [
        "aws_iam_role.app.inline_policy[x]",
        "`aws_iam_role.app.inline_policy[y]` (known after apply)",
        "aws_iam_policy.db.policy",
    ];
    assert_eq!(labels(&inventory.roles[0]), expected);
    assert_eq!(
        inventory.roles[0].boundary[0].label,
        "aws_iam_policy.limit.policy"
    );
}

#[test]
fn variables_that_go_in_circles_end() {
    let inline = created(
        "module.m.aws_iam_role_policy.db",
        &json!({"policy": POLICY}),
        &json!({"role": true}),
    );
    let configuration = json!({"module_calls": {"m": {
        "expressions": {"role": refers(&["module.m.role", "module.m.role"])},
        "module": {
            "resources": [configured("aws_iam_role_policy", "db", "role", &["var.role"])],
            "outputs": {"role": {"expression": refers(&["var.role"])}},
        },
    }}});
    let inventory = read(&plan(
        &[role("aws_iam_role.app", "app"), inline],
        &configuration,
    ));
    assert_eq!(inventory.roles[0].permissions[0].text, None);
}
