//! Changes of `irsa.yaml` after an apply: the plan has what the change needs and nothing else, and no role and no data
//! store is replaced.

use std::fs;

use super::decisions::text;
use super::{SetUp, Specification};

/// A change of the specification: what it is laid over with, and the actions that Terraform plans.
struct Change {
    does: &'static str,
    overlay: &'static str,
    actions: &'static [&'static str],
}

/// One after the other. Each overlay contains those before it.
const CHANGES: [Change; 7] = [
    Change {
        does: "rename a workload, and keep the name of its role",
        overlay: "workloads:
  operate: null
  console:
    component: operate
    service_account: camunda/operate
    role: {name: camunda-operate}
    opensearch: {store: camunda}
",
        actions: &[],
    },
    Change {
        does: "add a workload",
        overlay: "workloads:
  tasklist: {component: tasklist, service_account: camunda/tasklist, opensearch: {store: camunda}}
",
        actions: &[
            "create aws_iam_policy.camunda_tasklist",
            "create module.camunda_tasklist.aws_iam_role.this[0]",
            "create module.camunda_tasklist.aws_iam_role_policy_attachment.additional[\"policy\"]",
        ],
    },
    Change {
        does: "change the user of a database",
        overlay: "postgres: {aurora: {databases: {webmodeler: {owner: modeler}}}}
",
        actions: &["update aws_iam_policy.camunda_web_modeler"],
    },
    Change {
        does: "switch a workload from IRSA to EKS Pod Identity",
        overlay: "workloads:
  keycloak: {identity: pod-identity}
",
        actions: &[
            "create aws_eks_pod_identity_association.camunda-camunda-keycloak",
            "update aws_iam_role.camunda_keycloak",
        ],
    },
    Change {
        does: "switch it back",
        overlay: "workloads:
  keycloak: {identity: web-identity}
",
        actions: &[
            "delete aws_eks_pod_identity_association.camunda-camunda-keycloak",
            "update module.camunda_keycloak.aws_iam_role.this[0]",
        ],
    },
    Change {
        does: "switch all workloads and the setup to EKS Pod Identity",
        overlay: "workloads:
  console: {identity: pod-identity}
  keycloak: {identity: pod-identity}
  tasklist: {identity: pod-identity}
  web-modeler: {identity: pod-identity}
  zeebe: {identity: pod-identity}
",
        actions: &[
            "create aws_eks_pod_identity_association.camunda-camunda-keycloak",
            "create aws_eks_pod_identity_association.camunda-camunda-operate",
            "create aws_eks_pod_identity_association.camunda-camunda-tasklist",
            "create aws_eks_pod_identity_association.camunda-camunda-web_modeler",
            "create aws_eks_pod_identity_association.camunda-camunda-zeebe",
            "create aws_eks_pod_identity_association.camunda-irsa_setup-irsa_setup",
            "update aws_iam_role.camunda_keycloak",
            "update aws_iam_role.camunda_operate",
            "update aws_iam_role.camunda_setup",
            "update aws_iam_role.camunda_tasklist",
            "update aws_iam_role.camunda_web_modeler",
            "update aws_iam_role.camunda_zeebe",
        ],
    },
    Change {
        does: "remove a workload",
        overlay: "workloads:
  tasklist: null
",
        actions: &[
            "delete aws_eks_pod_identity_association.camunda-camunda-tasklist",
            "delete aws_iam_policy.camunda_tasklist",
            "delete aws_iam_role.camunda_tasklist",
            "delete aws_iam_role_policy_attachment.camunda_tasklist",
        ],
    },
];

#[test]
fn a_change_of_the_specification_changes_what_it_is_about_and_nothing_else() {
    let preset = Specification::Preset("camunda-8.3");
    let Some(mut set_up) = SetUp::new(preset, None, "newest") else {
        return;
    };
    set_up.apply();
    for change in CHANGES {
        set_up.lay_over(change.overlay);
        set_up.render("newest");
        set_up.terraform(&["init"]);
        assert_eq!(planned(&set_up), change.actions, "{}", change.does);
        set_up.apply_plan();
    }
    // Without identity tokens, no OIDC provider is read.
    let clusters = fs::read_to_string(set_up.path("terraform/clusters.tf")).unwrap();
    assert!(
        !clusters.contains("aws_iam_openid_connect_provider"),
        "{clusters}"
    );
}

#[test]
fn a_renamed_workload_whose_role_would_be_replaced_is_reported() {
    let preset = Specification::Preset("camunda-8.3");
    let Some(mut set_up) = SetUp::new(preset, None, "newest") else {
        return;
    };
    set_up.apply();
    set_up.lay_over(
        "workloads:
  operate: null
  console: {component: operate, service_account: camunda/operate, opensearch: {store: camunda}}
",
    );
    let rendered = set_up.irsa(&["render", "terraform", "--out", "."]);
    let note = "note: the role `camunda-console` takes the place of `camunda-operate`, for the same service accounts. \
                If `camunda-operate` exists and you renamed its workload, `role: {name: camunda-operate}` keeps the role";
    assert!(rendered.printed().contains(note), "{}", rendered.stdout);
    // What the note says is what happens, and the remedy prevents it.
    set_up.terraform(&["init"]);
    let replaced = planned(&set_up);
    for action in ["create", "delete"] {
        let mut replaced = replaced.iter().filter(|one| one.starts_with(action));
        assert!(
            replaced.any(|one| one.contains(".aws_iam_role.")),
            "{action}"
        );
    }
    set_up.lay_over("workloads: {console: {role: {name: camunda-operate}}}");
    set_up.render("newest");
    assert_eq!(planned(&set_up), [""; 0]);
}

#[test]
fn roles_that_were_made_by_hand_are_imported() {
    let overlay = "workloads:
  keycloak: {role: {name: aurora-role, policy: rds-policy, import: role-and-policy}}
  operate: {role: {name: opensearch-role, import: role}, identity: pod-identity}
";
    let preset = Specification::Preset("camunda-8.3");
    let Some(mut set_up) = SetUp::new(preset, Some(overlay), "newest") else {
        return;
    };
    set_up.terraform(&["init"]);
    let plan = set_up.plan();
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let imports = changes.filter(|one| one["change"]["importing"].is_object());
    let imports: Vec<_> = imports
        .map(|one| {
            (
                text(&one["address"]),
                text(&one["change"]["importing"]["id"]),
            )
        })
        .collect();
    assert_eq!(
        imports,
        [
            (
                "aws_iam_policy.aurora_role",
                "arn:aws:iam::111122223333:policy/rds-policy"
            ),
            ("aws_iam_role.opensearch_role", "opensearch-role"),
            ("module.aurora_role.aws_iam_role.this[0]", "aurora-role"),
        ]
    );
    for (address, _) in imports {
        assert!(
            planned(&set_up).contains(&format!("update {address}")),
            "{address}"
        );
    }
    set_up.apply_plan();
    // The blocks may stay, and may be removed.
    set_up
        .lay_over("workloads: {keycloak: {role: {import: null}}, operate: {role: {import: null}}}");
    set_up.render("newest");
    assert_eq!(planned(&set_up), [""; 0]);
}

/// The planned actions, as `ACTION ADDRESS`, sorted. A move without a change is not an action.
pub(super) fn planned(set_up: &SetUp) -> Vec<String> {
    let plan = set_up.plan();
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let mut planned = Vec::new();
    for change in changes {
        let actions = change["change"]["actions"].as_array().unwrap().iter();
        let actions: Vec<_> = actions.map(text).collect();
        if !matches!(actions[..], ["no-op" | "read"]) {
            planned.push(format!(
                "{} {}",
                actions.join(" and "),
                text(&change["address"])
            ));
        }
    }
    planned.sort();
    planned
}
