//! The rendered Terraform. Terraform itself reads and applies it in the scenario `rendered_terraform`.

use super::{BROAD, SMALL, stack};
use crate::{File, Preset, Target, VersionSet, render, set_up_of};

/// Stores in another account, reached by a role.
const VIA: &str = include_str!("via.yaml");
/// What the smallest file lacks.
const NETWORK: &str = "network: {vpc: vpc-1, subnets: [subnet-1, subnet-2]}\n";

fn files(text: &str, versions: VersionSet) -> Result<Vec<File>, String> {
    let mut stack = stack(text);
    stack.digest = "DIGEST".to_owned();
    render(&stack, Target::Terraform(versions), &["irsa.yaml"])
}

fn all(text: &str, versions: VersionSet) -> String {
    let files = files(text, versions).unwrap();
    let file = |file: &File| format!("=== {}\n{}", file.path, file.text);
    files.iter().map(file).collect()
}

/// A file of the newest versions.
fn one(text: &str, path: &str) -> String {
    let files = files(text, VersionSet::NEWEST).unwrap();
    let path = format!("terraform/{path}.tf");
    let found = files.into_iter().find(|file| file.path == path);
    found.unwrap_or_else(|| panic!("{path}")).text
}

/// What can't be rendered of a file.
fn refused(text: &str) -> String {
    files(text, VersionSet::NEWEST).unwrap_err()
}

/// The smallest file with an administrator and a network.
fn creatable() -> String {
    let admin = "    admin: {user: root, password: managed}\n    databases:";
    SMALL.replacen("    databases:", admin, 1) + NETWORK
}

#[test]
fn rendered_files() {
    let (newest, reference) = (VersionSet::NEWEST, VersionSet::REFERENCE);
    for (name, text, versions) in [
        ("camunda-8.3", Preset::Camunda83.text(), newest),
        (
            "camunda-8.3-reference",
            Preset::Camunda83Reference.text(),
            reference,
        ),
        ("broad", BROAD, "aws=5".parse().unwrap()),
        ("via", VIA, newest),
    ] {
        insta::assert_snapshot!(format!("{name}-terraform"), all(text, versions));
    }
}

#[test]
fn the_same_file_gives_the_same_bytes_with_each_set_of_versions() {
    for versions in VersionSet::all().filter(|one| *one != VersionSet::REFERENCE) {
        for text in [Preset::Camunda83.text(), BROAD, VIA] {
            assert_eq!(all(text, versions), all(text, versions));
            for file in files(text, versions).unwrap() {
                let owner = set_up_of(&file.text, Target::Terraform(versions));
                assert!(owner.is_some(), "{}", file.text);
            }
        }
    }
}

#[test]
fn sets_of_versions_go_together() {
    for (text, expected) in [
        ("newest", "aws=6,iam=6,eks=21"),
        ("reference", "aws=5.9,iam=5,eks=19"),
        ("aws=5", "aws=5,iam=5,eks=20"),
        ("aws=5,eks=19", "aws=5,iam=5,eks=19"),
        ("iam=5", "aws=6,iam=5,eks=21"),
        ("eks=20", "aws=5,iam=5,eks=20"),
    ] {
        assert_eq!(text.parse::<VersionSet>().unwrap().to_string(), expected);
    }
    for text in ["aws=5,iam=6", "aws=6,eks=20", "aws=4", "x=1", "aws=5,,"] {
        assert!(text.parse::<VersionSet>().is_err(), "{text}");
    }
    let error = "aws=5,iam=6".parse::<VersionSet>().unwrap_err();
    assert!(error.contains("aws=6,iam=6,eks=21 aws=6"), "{error}");
}

#[test]
fn what_can_not_be_created_has_a_remedy() {
    let small = creatable();
    let change = |from: &str, to: &str| {
        assert!(small.contains(from), "{from}");
        small.replacen(from, to, 1)
    };
    let create = "create: {engine_version: \"17.4\"}";
    for (text, expected) in [
        (
            SMALL.to_owned() + NETWORK,
            "`postgres.orders.admin` is missing",
        ),
        (
            change("shop: {}", "shop: {existing: false}"),
            "`clusters.shop`: irsa creates no EKS clusters",
        ),
        (change(NETWORK, ""), "`network` is missing"),
        (
            change(
                create,
                &format!("{create}\n    via: {{role: \"arn:aws:iam::111122223333:role/x\"}}"),
            ),
            "`postgres.orders.via` is for stores that exist",
        ),
        (
            change(create, &format!("{create}\n    region: eu-west-1")),
            "can't be created in account 111122223333, eu-west-1",
        ),
        (
            change(
                create,
                "create: {engine_version: \"17.4\", instance: a, serverless: {min: 1, max: 2}}",
            ),
            "exclude each other",
        ),
        (
            change(
                create,
                "create: {engine_version: \"17.4\", serverless: {min: 4, max: 2}}",
            ),
            "`min` is 4, more than `max`, 2",
        ),
    ] {
        let found = refused(&text);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn an_instance_has_its_own_limits() {
    let with = |create: &str| {
        let create = format!("create: {{kind: instance, engine_version: \"17.4\"{create}}}");
        creatable().replacen("create: {engine_version: \"17.4\"}", &create, 1)
    };
    let instance = one(&with(", instances: 1, volume: 20GiB"), "postgres-orders");
    for expected in [
        "resource \"aws_db_instance\" \"orders\" {",
        "  allocated_storage                   = 20\n",
        "  multi_az                            = false\n",
        "    prevent_destroy = true\n",
    ] {
        assert!(instance.contains(expected), "{instance}");
    }
    for (create, expected) in [
        (", instances: 3", "a DB instance has at most one standby"),
        (
            ", serverless: {min: 1, max: 2}",
            "`postgres.orders.create.serverless` is for Aurora clusters",
        ),
        (", volume: none", "is `none`: expected a number of GiB"),
    ] {
        let found = refused(&with(create));
        assert!(found.contains(expected), "{found}");
    }
    let cluster = with(", volume: 20GiB").replacen("kind: instance", "kind: cluster", 1);
    assert!(refused(&cluster).contains("the storage of an Aurora cluster grows by itself"));
}

/// In each cluster, the setup gets its role in the way of the workloads.
#[test]
fn the_setup_uses_tokens_only_where_a_workload_does() {
    let text = creatable().replacen("  shop: {}", "  blue: {}\n  green: {}", 1)
        + "  job:
    service_account: shop/job
    clusters: [blue]
    identity: pod-identity
    postgres: {store: orders, database: orders, user: job}
setup: {namespace: ops}
";
    let text = text.replacen(NETWORK, "", 1) + NETWORK;
    let text = text.replacen(
        "    service_account: shop/api",
        "    clusters: [green]\n    service_account: shop/api",
        1,
    );
    insta::assert_snapshot!(
        "setup-of-two-clusters",
        one(&text, "setup").split_once("\n\n").unwrap().1
    );
    let clusters = one(&text, "clusters");
    assert_eq!(
        clusters
            .matches("data \"aws_iam_openid_connect_provider\"")
            .count(),
        1,
        "{clusters}"
    );
}

#[test]
fn a_domain_that_aws_would_refuse_is_refused() {
    for (from, to, expected) in [
        (
            "instances: 2}",
            "instances: 3}",
            "AWS requires an even number of data nodes",
        ),
        (
            "instances: 2}",
            "instances: 2, volume: \"100\"}",
            "is `100`: expected a number of GiB",
        ),
    ] {
        assert!(BROAD.contains(from), "{from}");
        let found = refused(&BROAD.replacen(from, to, 1));
        assert!(found.contains(expected), "{found}");
    }
    let disks = BROAD.replacen("instances: 2}", "instances: 1, volume: none}", 1);
    let domain = one(&disks, "opensearch-logs");
    assert!(
        domain.contains("zone_awareness_enabled = false"),
        "{domain}"
    );
    assert!(domain.contains("ebs_enabled = false"), "{domain}");
}

#[test]
fn subnets_that_aws_would_refuse_are_refused() {
    let text = creatable();
    assert!(files(&text, VersionSet::NEWEST).is_ok());
    for (subnets, expected) in [
        ("[subnet-1]", "databases need subnets in at least two"),
        ("[subnet-1, subnet-2, subnet-1]", "has a subnet twice"),
        ("[]", "is empty"),
    ] {
        let found = refused(&text.replacen("[subnet-1, subnet-2]", subnets, 1));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn capacities_beyond_the_limits_of_the_old_provider_are_refused() {
    for (capacity, is_permitted) in [
        ("{min: 0.5, max: 128}", true),
        ("{min: 0, max: 128}", false),
        ("{min: 0.5, max: 256}", false),
    ] {
        let create = format!("create: {{engine_version: \"17.4\", serverless: {capacity}}}");
        let text = creatable().replacen("create: {engine_version: \"17.4\"}", &create, 1);
        assert!(files(&text, VersionSet::NEWEST).is_ok(), "{text}");
        let old = files(&text, VersionSet::REFERENCE);
        assert_eq!(old.is_ok(), is_permitted, "{old:?}");
    }
}

#[test]
fn names_that_are_taken_are_refused() {
    let second = "  other:\n    service_account: shop/other\n    role: {policy: shop-api}\n    postgres: {store: orders, database: orders, user: other}\n";
    let text = SMALL.to_owned() + second + NETWORK;
    assert!(refused(&text).contains("have policies of the same name, `shop-api`"));
    let text = creatable().replacen("  api:", "  setup:", 1) + "setup: {namespace: x}\n";
    assert!(refused(&text).contains("has the name of the role of the setup, `shop-setup`"));
}

#[test]
fn another_account_needs_a_role_there() {
    let via = "\n    via: {role: \"arn:aws:iam::444455556666:role/terraform\"}";
    assert!(VIA.contains(via));
    let found = refused(&VIA.replacen(via, "", 1));
    assert!(
        found.contains("`opensearch.audit` is in account 444455556666: add `via:"),
        "{found}"
    );
}

#[test]
fn pod_identity_needs_a_newer_provider_and_a_role_of_the_account() {
    let found = files(BROAD, VersionSet::REFERENCE).unwrap_err();
    assert!(
        found.contains("`workloads.reports`: version 5.9"),
        "{found}"
    );
    let role = "role: {arn: \"arn:aws:iam::444455556666:role/x\"}\n    postgres: {store: archive, database: archive, user: x}";
    let text = BROAD
        .replacen("    region: eu-west-1\n", "    region: eu-west-1\n    account: \"444455556666\"\n", 1)
        .replacen("  archiver:\n    service_account: bi/archiver\n    postgres: {store: archive, database: archive}", &format!("  archiver:\n    service_account: bi/archiver\n    identity: pod-identity\n    {role}"), 1);
    let found = refused(&text);
    assert!(
        found.contains("`workloads.archiver`: its role is in account 444455556666"),
        "{found}"
    );
}

#[test]
fn names_that_become_the_same_are_told_apart() {
    let text = creatable().replacen("  shop: {}", "  a-b: {}\n  a_b: {}\n  1c: {}", 1);
    let clusters = one(&text, "clusters");
    let names: Vec<_> = clusters
        .lines()
        .filter_map(|line| line.strip_prefix("data \"aws_eks_cluster\" "))
        .collect();
    let [digit, hyphen, underscore] = names[..] else {
        panic!("{clusters}");
    };
    assert!(digit.starts_with("\"_1c_"), "{digit}");
    assert_eq!(hyphen, "\"a_b\" {");
    assert!(underscore.starts_with("\"a_b_"), "{underscore}");
}

#[test]
fn a_role_that_is_added_renames_no_other_block() {
    let other = "  other:\n    service_account: shop/other\n    role: {name: shop_api}\n    postgres: {store: orders, database: orders, user: other}\n";
    let before = one(&creatable(), "iam");
    let after = one(
        &(SMALL.to_owned() + other + NETWORK).replacen(
            "    databases:",
            "    admin: {user: root, password: managed}\n    databases:",
            1,
        ),
        "iam",
    );
    for text in [&before, &after] {
        assert!(text.contains("module \"shop_api\" {"), "{text}");
    }
    assert!(after.contains("module \"shop_api_"), "{after}");
}

#[test]
fn the_role_of_the_setup_reads_passwords_only_for_the_setup() {
    let text = Preset::Camunda83.text();
    assert!(text.contains("\n    admin: setup"), "{text}");
    let requested = "\nsetup: {namespace: irsa-setup}\n";
    assert!(text.contains(requested), "{text}");
    let action = "secretsmanager:GetSecretValue";
    assert!(one(text, "setup").contains(action));
    assert!(!one(&text.replacen(requested, "\n", 1), "setup").contains(action));
}

#[test]
fn hostile_values_stay_texts() {
    let database = BROAD.replacen(
        "postgres: {store: archive, database: archive}",
        "postgres: {store: archive, database: archive, user: \"a\\\"b;c\"}",
        1,
    );
    let iam = one(&database, "iam");
    assert!(iam.contains(r#"/a\"b;c""#), "{iam}");
    let tags = one(VIA, "providers");
    assert!(tags.contains(r#""cost center" = "4711/é @home""#), "{tags}");
    assert!(tags.contains(r#"external_id = "a/b\\c""#), "{tags}");
}

/// Outputs are known only after the files were applied, so they change nothing.
#[test]
fn the_example_of_the_page_is_rendered() {
    let page = include_str!("../../../../docs/set-up.md");
    let mut blocks = page.split("```yaml\n");
    let example = blocks.find(|block| block.contains("version: 1")).unwrap();
    let example = example.split("```").next().unwrap();
    assert!(files(example, VersionSet::NEWEST).is_ok());
}
