//! Evaluation of the whole chain, from files, a plan or a world.

use serde_json::{Value, json};

use super::{DATABASE, Files, ISSUER, key, policy};
use irsa_testing::program::Finished;

pub(super) const WORLD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../irsa-world/src/camunda-8.3.yaml"
);
const PLAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/policy/plan.json");

/// Evaluates requests of a service account.
pub(super) fn ask(command: &str, service_account: &str, arguments: &[&str]) -> Finished {
    let question = ["--service-account", service_account];
    policy(command, &[&question[..], arguments].concat())
}

/// Returns the last line, which names the broken link.
pub(super) fn end(finished: &Finished) -> &str {
    finished.stdout.lines().last().unwrap_or(&finished.stderr)
}

#[test]
fn policy_files_cover_both_links() {
    let files = Files::new();
    let trust = files.trust("trust.json", &key(), "system:serviceaccount:shop:api");
    let identity = files.identity("identity.json", "Allow", "rds-db:connect", DATABASE);
    let policies = [
        "--trust",
        &trust,
        "--identity",
        &identity,
        "--issuer",
        ISSUER,
    ];
    let connect = |account: &str, access: &str| {
        ask(
            "evaluate",
            account,
            &[&policies[..], &["--connect", access]].concat(),
        )
    };
    let allowed = connect("shop/api", "api@cluster-ABCDEFGHIJKL");
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    let said = format!(
        "trust policy: Allowed by statement `Web` of a resource-based policy ({trust}:4:5)\n\
         permissions: Allowed by statement `One` of an identity-based policy ({identity}:3:5)\n\
         allowed by every link\n"
    );
    assert_eq!(without_columns(&allowed.stdout), without_columns(&said));
    for (account, access, link) in [
        ("shop/web", "api@cluster-ABCDEFGHIJKL", "trust policy"),
        ("shop/api", "admin@cluster-ABCDEFGHIJKL", "permissions"),
        ("shop/api", "api@cluster-ABC", "permissions"),
    ] {
        let denied = connect(account, access);
        assert_eq!(denied.code, 3, "{}", denied.stderr);
        assert_eq!(
            end(&denied),
            format!("denied: the chain breaks at the {link}"),
            "{account}"
        );
    }
    let elsewhere = DATABASE.replace("eu-central-1", "eu-west-1");
    let denied = connect("shop/api", &elsewhere);
    assert_eq!(end(&denied), "denied: the chain breaks at the permissions");
}

/// Removes columns, which depend on how JSON was printed.
fn without_columns(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split(".json").next().unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plan_is_evaluated_as_far_as_it_is_known() {
    let connect = |account: &str, access: &str| {
        ask("evaluate", account, &["--plan", PLAN, "--connect", access])
    };
    for access in [
        "api@orders",
        "api@orders.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com",
        "api@aws_rds_cluster.orders",
        "api@cluster-ABCDEFGHIJKL",
    ] {
        let allowed = connect("shop/api", access);
        assert_eq!(
            allowed.code, 0,
            "{access}: {}{}",
            allowed.stdout, allowed.stderr
        );
    }
    let denied = connect("shop/api", "admin@orders");
    assert_eq!(
        (denied.code, end(&denied)),
        (3, "denied: the chain breaks at the permissions")
    );
    let unsure = connect("shop/billing", "billing@billing");
    assert_eq!(
        (unsure.code, end(&unsure)),
        (
            4,
            "unsure: the chain depends on unknown values at the permissions"
        )
    );
    for part in [
        "`module.app[\"billing\"].aws_iam_role_policy.database.policy` (known after apply)",
        "the resource ID of `aws_rds_cluster.billing`",
    ] {
        assert!(unsure.stdout.contains(part), "{}", unsure.stdout);
    }
    // A denial at another link stands, even if parts of the plan are unknown.
    let denied = ask(
        "evaluate",
        "shop/web",
        &[
            "--plan",
            PLAN,
            "--role",
            "shop-billing",
            "--connect",
            "billing@billing",
        ],
    );
    assert_eq!(
        (denied.code, end(&denied)),
        (3, "denied: the chain breaks at the trust policy")
    );
}

#[test]
fn policies_in_a_plan_are_named_by_address() {
    let explained = ask("explain", "shop/api", &["--plan", PLAN, "--open", "logs"]);
    assert_eq!(explained.code, 3, "{}", explained.stderr);
    let place = "--> module.app[\"api\"].aws_iam_role_policy.database.policy:1:";
    assert!(explained.stdout.contains(place), "{}", explained.stdout);
    let explained = ask(
        "explain",
        "shop/api",
        &["--plan", PLAN, "--open", "logs", "--output", "json"],
    );
    let answer: Value = serde_json::from_str(&explained.stdout).unwrap();
    assert_eq!(
        (&answer["decision"], &answer["link"]),
        (&json!("Denied"), &json!("permissions"))
    );
    let links: Vec<_> = answer["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["link"])
        .collect();
    assert_eq!(links, ["oidc-provider", "trust-policy", "permissions"]);
    let last = &answer["links"][2];
    assert_eq!(
        last["resource"],
        "arn:aws:es:eu-central-1:111122223333:domain/logs/"
    );
    assert_eq!(last["decision"], "ImplicitlyDenied");
    assert!(last["nearMisses"][0]["keptBy"].is_array(), "{last}");
}

#[test]
fn workloads_in_a_world_assume_their_own_roles() {
    for (account, access, end_line) in [
        (
            "camunda/keycloak",
            ["--connect", "keycloak@aurora"],
            "allowed by every link",
        ),
        (
            "camunda/keycloak",
            ["--connect", "webmodeler@aurora"],
            "denied: the chain breaks at the permissions",
        ),
        (
            "camunda/neighbour",
            ["--connect", "keycloak@aurora"],
            "denied: the chain breaks at the trust policy",
        ),
        (
            "camunda/zeebe",
            ["--open", "test-domain"],
            "allowed by every link",
        ),
        (
            "camunda/optimize",
            ["--open", "test-domain"],
            "denied: the chain breaks at the permissions",
        ),
    ] {
        let asked = ask(
            "evaluate",
            account,
            &[&["--world", WORLD][..], &access].concat(),
        );
        assert_eq!(end(&asked), end_line, "{account}: {}", asked.stdout);
    }
    let vault = ask(
        "evaluate",
        "camunda/zeebe",
        &[
            "--world",
            WORLD,
            "--open",
            "test-domain",
            "--audience",
            "vault",
        ],
    );
    assert_eq!(end(&vault), "denied: the chain breaks at the OIDC provider");
    let elsewhere = [
        "--world",
        WORLD,
        "--open",
        "test-domain",
        "--issuer",
        "https://elsewhere.example",
    ];
    let elsewhere = ask("evaluate", "camunda/zeebe", &elsewhere);
    assert_eq!(
        end(&elsewhere),
        "denied: the chain breaks at the OIDC provider"
    );
}

#[test]
fn a_role_can_be_evaluated_without_a_service_account() {
    let connect = [
        "--role",
        "arn:aws:iam::111122223333:role/eks-node-role",
        "--connect",
        "anyone@aurora",
    ];
    let node = policy("evaluate", &[&["--world", WORLD][..], &connect].concat());
    assert_eq!(node.code, 0, "{}", node.stderr);
    assert!(
        node.stdout
            .starts_with("permissions: Allowed by statement 0 "),
        "{}",
        node.stdout
    );
    let action = [
        "--role",
        "shop-api",
        "--action",
        "s3:GetObject",
        "--resource",
        "arn:aws:s3:::b/k",
    ];
    let denied = policy("evaluate", &[&["--plan", PLAN][..], &action].concat());
    assert_eq!(denied.code, 3, "{}", denied.stderr);
}

#[test]
fn missing_arguments_are_reported() {
    let files = Files::new();
    let broken = files.add("broken.json", "{");
    let connect = ["--connect", "api@orders"];
    for (arguments, expected) in [
        (
            &["--plan", PLAN][..],
            "--connect: there is no database `nowhere`",
        ),
        (
            &["--plan", PLAN, "--role", "missing"],
            "--role: role `missing` does not exist; known roles: `module.app[\"api\"].aws_iam_role.this`, `",
        ),
        (
            &["--plan", PLAN, "--service-account", "shop/web"],
            "--role is missing, and no role trusts the service account",
        ),
        (&["--plan", &broken], "--plan: `"),
        (&["--world", PLAN], "--world: `"),
        (
            &["--world", WORLD, "--trust", PLAN],
            "--trust, --identity and --resource-policy cannot be used with --plan",
        ),
        (
            &["--plan", PLAN, "--principal", "anonymous"],
            "--principal cannot be used here",
        ),
        (&[], "--service-account requires the trust policy of a role"),
    ] {
        let mut question = vec!["--service-account", "shop/api", "--issuer", ISSUER];
        if arguments.contains(&"--service-account") {
            question.drain(..2);
        }
        let access = if expected.starts_with("--connect") {
            ["--connect", "api@nowhere"]
        } else {
            connect
        };
        let wrong = policy("evaluate", &[&question[..], arguments, &access].concat());
        assert_eq!(wrong.code, 2, "{arguments:?}: {}", wrong.stdout);
        assert!(
            wrong.errors().iter().any(|line| line.starts_with(expected)),
            "{arguments:?}: {}",
            wrong.stderr
        );
    }
    let nothing = policy("evaluate", &["--plan", PLAN, "--role", "shop-api"]);
    assert!(
        nothing.errors()[0].starts_with("no request given"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn all_policies_in_a_plan_or_world_are_linted() {
    let clean = policy("lint", &["--plan", PLAN]);
    assert_eq!((clean.code, clean.printed()), (0, "0 findings in 3 files"));
    let not = "not checked: `module.app[\"billing\"].aws_iam_role_policy.database.policy` (known after apply)";
    assert!(clean.stderr.contains(not), "{}", clean.stderr);
    let world = policy("lint", &["--world", WORLD]);
    assert_eq!(world.code, 3);
    let place = "--> `optimize-indices` of optimize-role:";
    assert!(
        world.stdout.contains(place) && world.stdout.contains("domain-without-paths"),
        "{}",
        world.stdout
    );
}

#[test]
fn an_unknown_condition_key_is_named() {
    let files = Files::new();
    let by_address = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": action, "Resource": "*",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        }})
        .to_string()
    };
    let request = files.add("request.json", &by_address("es:ESHttpGet"));
    let login = files.add("login.json", &by_address("rds-db:connect"));
    let role = ["--role", "arn:aws:iam::111122223333:role/api"];
    let domain = ["--open", "arn:aws:es:eu-central-1:111122223333:domain/logs"];
    let asked = |identity: &str, access: &[&str]| {
        policy(
            "evaluate",
            &[&role[..], &["--identity", identity], access].concat(),
        )
    };
    let unsure = asked(&request, &domain);
    assert_eq!(unsure.code, 4, "{}{}", unsure.stdout, unsure.stderr);
    assert!(
        unsure.stdout.contains("depends on aws:SourceIp;"),
        "{}",
        unsure.stdout
    );
    let context = ["--context", "aws:SourceIp=10.1.2.3"];
    assert_eq!(asked(&request, &[&domain[..], &context].concat()).code, 0);
    // Logins do not have this key.
    assert_eq!(asked(&login, &["--connect", DATABASE]).code, 3);
}
