//! Decisions about what a real domain returns.

use serde_json::{Value, json};

use super::*;
use crate::opensearch::test_stack::{API, VIEWER, stack};

/// The answers to `GET roles` and `GET rolesmapping` of OpenSearch 2.19, shortened, with a setup that is in place.
fn domain() -> (Value, Value) {
    let index = |pattern: &str, actions: &[&str]| {
        json!({
            "index_patterns": [pattern], "dls": null, "fls": [], "masked_fields": [], "allowed_actions": actions,
        })
    };
    let roles = json!({
        "all_access": {
            "reserved": true, "hidden": false, "static": true, "description": "Allow full access",
            "cluster_permissions": ["*"],
            "index_permissions": [{
                "index_patterns": ["*"], "fls": [], "masked_fields": [], "allowed_actions": ["*"],
            }],
            "tenant_permissions": [{"tenant_patterns": ["*"], "allowed_actions": ["kibana_all_write"]}],
        },
        "readall": {
            "reserved": true, "hidden": false, "static": true, "cluster_permissions": [],
            "index_permissions": [index("*", &["read"])], "tenant_permissions": [],
        },
        "shop-api": {
            "reserved": false, "hidden": false, "static": false, "description": "irsa: shop (111122223333)",
            "cluster_permissions": ["cluster_composite_ops", "cluster_monitor"],
            "index_permissions": [
                index("orders-*", &["indices_monitor", "create_index", "data_access"]),
                index("logs-*", &["read", "indices_monitor"]),
            ],
            "tenant_permissions": [],
        },
    });
    let mapping = |backend_roles: &[&str], description: Option<&str>| {
        json!({
            "hosts": [], "users": [], "reserved": false, "hidden": false, "backend_roles": backend_roles,
            "and_backend_roles": [], "description": description,
        })
    };
    let mappings = json!({
        "all_access": mapping(&["admin"], None),
        "readall": mapping(&["arn:aws:iam::111122223333:role/other", VIEWER], None),
        "shop-api": mapping(&[API], Some("irsa: shop (111122223333)")),
    });
    (roles, mappings)
}

fn found(roles: Value, mappings: Value) -> Found {
    Found {
        roles: serde_json::from_value(roles).unwrap(),
        mappings: serde_json::from_value(mappings).unwrap(),
    }
}

fn rules(stack: &Stack, roles: &[&str]) -> Rules {
    let caller = Caller {
        user_name: Some("admin".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    Rules::new(stack, caller)
}

/// What a change of the domain leads to, as text.
fn decisions(change: impl FnOnce(&mut Value, &mut Value)) -> Vec<String> {
    let (mut roles, mut mappings) = domain();
    change(&mut roles, &mut mappings);
    let (stack, found) = (stack(), found(roles, mappings));
    let decider = rules(&stack, &["all_access"]);
    let store = &stack.opensearch[0];
    let left = leftovers(&found, &stack, &decider.mark);
    let removals = left.into_iter().map(|role| Item::Removal { role });
    let all: Vec<_> = items(&stack, store).into_iter().chain(removals).collect();
    let texts =
        all.iter().flat_map(
            |item| match decider.decide(item, &found.snapshot(item.name())) {
                Decision::Held => Vec::new(),
                Decision::Refused(error) => vec![format!("refused: {error}")],
                Decision::Write(requests) => requests.iter().map(ToString::to_string).collect(),
            },
        );
    texts.collect()
}

#[test]
fn a_set_up_in_place_is_left_alone() {
    assert_eq!(decisions(|_, _| {}), Vec::<String>::new());
    // Other versions return no `null`, no `description` and an empty `dls`.
    let decided = decisions(|roles, mappings| {
        roles["shop-api"]["index_permissions"][0]["dls"] = json!("");
        roles["shop-api"].as_object_mut().unwrap().remove("static");
        mappings["shop-api"]["users"] = Value::Null;
    });
    assert_eq!(decided, Vec::<String>::new());
}

#[test]
fn everything_is_created_on_a_new_domain() {
    let decided = decisions(|roles, mappings| {
        roles.as_object_mut().unwrap().remove("shop-api");
        *mappings = json!({"all_access": mappings["all_access"]});
    });
    assert_eq!(
        decided,
        [
            "PUT /_plugins/_security/api/roles/shop-api {\"cluster_permissions\":[\"cluster_monitor\",\
             \"cluster_composite_ops\"],\"description\":\"irsa: shop (111122223333)\",\"index_permissions\":\
             [{\"allowed_actions\":[\"read\",\"indices_monitor\"],\"index_patterns\":[\"logs-*\"]},\
             {\"allowed_actions\":[\"data_access\",\"create_index\",\"indices_monitor\"],\
             \"index_patterns\":[\"orders-*\"]}]}",
            &format!(
                "PUT /_plugins/_security/api/rolesmapping/shop-api {{\"backend_roles\":[\"{API}\"],\
                 \"description\":\"irsa: shop (111122223333)\"}}"
            ),
            &format!(
                "PUT /_plugins/_security/api/rolesmapping/readall {{\"backend_roles\":[\"{VIEWER}\"]}}"
            ),
        ]
    );
}

#[test]
fn a_changed_role_is_put_back() {
    let edits: [fn(&mut Value); 6] = [
        |role| role["cluster_permissions"] = json!([]),
        |role| role["index_permissions"][0]["allowed_actions"] = json!(["*"]),
        |role| role["index_permissions"][0]["index_patterns"] = json!(["*"]),
        |role| role["index_permissions"][0]["dls"] = json!("{\"match_none\": {}}"),
        |role| role["index_permissions"][1]["fls"] = json!(["~secret"]),
        |role| role["tenant_permissions"] = json!([{"tenant_patterns": ["*"]}]),
    ];
    for edit in edits {
        let decided = decisions(|roles, _| edit(&mut roles["shop-api"]));
        assert_eq!(decided.len(), 1, "{decided:?}");
        let put = "PUT /_plugins/_security/api/roles/shop-api {";
        assert!(decided[0].starts_with(put), "{decided:?}");
    }
}

#[test]
fn only_missing_backend_roles_are_added_to_a_mapping() {
    let decided = decisions(|_, mappings| {
        mappings["readall"]["backend_roles"] = json!(["someone"]);
        mappings["shop-api"]["backend_roles"] = json!(["someone"]);
    });
    let patch = |role: &str, arn: &str| {
        format!(
            "PATCH /_plugins/_security/api/rolesmapping/{role} \
             [{{\"op\":\"add\",\"path\":\"/backend_roles/-\",\"value\":\"{arn}\"}}]"
        )
    };
    assert_eq!(decided, [patch("shop-api", API), patch("readall", VIEWER)]);
}

#[test]
fn a_role_without_the_mark_is_neither_replaced_nor_mapped() {
    for description in [
        Value::Null,
        json!("by hand"),
        json!("irsa: shop2 (111122223333)"),
        json!("irsa: SHOP (111122223333)"),
        json!("irsa: shop (444455556666)"),
    ] {
        let decided = decisions(|roles, mappings| {
            roles["shop-api"]["description"] = description;
            mappings.as_object_mut().unwrap().remove("shop-api");
        });
        assert_eq!(decided.len(), 2, "{decided:?}");
        for refusal in decided {
            let text = "refused: role `shop-api` exists, and this setup did not create it";
            assert!(refusal.starts_with(text), "{refusal}");
        }
    }
    let decided = decisions(|roles, _| roles["shop-api"]["reserved"] = json!(true));
    assert_eq!(decided[0], "refused: role `shop-api` belongs to OpenSearch");
}

#[test]
fn an_unknown_built_in_role_is_refused() {
    let decided = decisions(|roles, _| _ = roles.as_object_mut().unwrap().remove("readall"));
    assert_eq!(decided, ["refused: the domain has no role `readall`"]);
}

#[test]
fn only_what_carries_the_mark_is_removed() {
    let decided = decisions(|roles, mappings| {
        for (name, mark) in [
            ("shop-old", "irsa: shop (111122223333)"),
            ("old", "irsa: shop2 (111122223333)"),
            ("older", ""),
        ] {
            roles[name] = json!({"description": mark});
            mappings[name] = json!({"description": mark, "backend_roles": [API]});
        }
        // Cut between the two requests of a removal, and a mapping that someone else made.
        roles["shop-cut"] = json!({"description": "irsa: shop (111122223333)"});
        roles["shop-used"] = json!({"description": "irsa: shop (111122223333)"});
        mappings["shop-used"] = json!({"backend_roles": ["someone"]});
        mappings["a/b"] = json!({"description": "irsa: shop (111122223333)"});
    });
    assert_eq!(
        decided,
        [
            "DELETE /_plugins/_security/api/rolesmapping/a%2Fb",
            "DELETE /_plugins/_security/api/roles/shop-cut",
            "DELETE /_plugins/_security/api/rolesmapping/shop-old",
            "DELETE /_plugins/_security/api/roles/shop-old",
            "refused: role `shop-used` is not removed: its mapping is not this setup's",
        ]
    );
}

#[test]
fn administrators_are_never_removed() {
    let (mut roles, mut mappings) = domain();
    for name in ["all_access", "security_manager", "shop-old"] {
        roles[name] = json!({"description": "irsa: shop (111122223333)"});
        mappings[name] =
            json!({"description": "irsa: shop (111122223333)", "backend_roles": ["admin"]});
    }
    let (stack, found) = (stack(), found(roles, mappings));
    let removal = |name: &str, caller: &[&str]| {
        let item = Item::Removal {
            role: name.to_owned(),
        };
        let decision = rules(&stack, caller).decide(&item, &found.snapshot(name));
        matches!(decision, Decision::Write(_))
    };
    assert!(!removal("all_access", &["all_access"]));
    assert!(!removal("security_manager", &["all_access"]));
    // It may be the role by which the caller is an administrator.
    assert!(!removal("shop-old", &["shop-old", "own_index"]));
    assert!(removal("shop-old", &["shop-old", "all_access"]));
    assert!(removal("shop-old", &["own_index"]));
    // Nor is such a role replaced.
    let role = Item::Role {
        name: "shop-old".to_owned(),
        wanted: RoleBody::new(&stack, &stack.opensearch[0].roles[0]),
    };
    let decide = |caller: &[&str]| rules(&stack, caller).decide(&role, &found.snapshot("shop-old"));
    assert!(matches!(decide(&["shop-old"]), Decision::Refused(_)));
    assert!(matches!(decide(&["all_access"]), Decision::Write(_)));
}

#[test]
fn others_of_a_mapping_are_named() {
    let (roles, mut mappings) = domain();
    mappings["shop-api"]["backend_roles"] = json!([API, "someone"]);
    mappings["shop-api"]["and_backend_roles"] = json!(["a", "b"]);
    mappings["shop-api"]["users"] = json!(["root"]);
    mappings["shop-api"]["hosts"] = json!(["*"]);
    let snapshot = found(roles, mappings).snapshot("shop-api");
    let others = snapshot.mapping.unwrap().others(&[API.to_owned()]);
    assert_eq!(
        others,
        [
            "backend role someone",
            "everyone with the backend roles a and b",
            "user root",
            "host *",
        ]
    );
}
