//! The real Terraform over the stand-ins; skipped without Terraform or Go, unless `IRSA_REQUIRE_CLIENTS=1`.

use std::fs;

use irsa_components::GoError;
use irsa_components::terraform::{RootModule, Terraform, TerraformError};
use irsa_testing::skip;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cache_folder;

const EXAMPLE: &str = include_str!("terraform/example.tf");

/// Versions of the provider and of the IAM module that go together, with the module's name, inputs and output.
const OLD: [(&str, &str); 5] = [
    ("AWS_VERSION", "~> 5.9.0"),
    ("MODULE_VERSION", "5.28.0"),
    ("MODULE", "iam-role-for-service-accounts-eks"),
    (
        "ROLE_INPUTS",
        "role_name = \"shop-api\"\n  role_policy_arns = { api = aws_iam_policy.api.arn }",
    ),
    ("ROLE_OUTPUT", "iam_role_arn"),
];
const NEW: [(&str, &str); 5] = [
    ("AWS_VERSION", ">= 6.28"),
    ("MODULE_VERSION", "~> 6.5"),
    ("MODULE", "iam-role-for-service-accounts"),
    (
        "ROLE_INPUTS",
        "name = \"shop-api\"\n  use_name_prefix = false\n  policies = { api = aws_iam_policy.api.arn }",
    ),
    ("ROLE_OUTPUT", "arn"),
];

/// A configuration in a directory.
struct Configuration {
    root: RootModule,
    folder: TempDir,
}

impl Configuration {
    /// Without Terraform, prints why the test is skipped.
    async fn new(text: &str) -> Option<Self> {
        let note = |line: &str| eprintln!("{line}");
        let terraform = match Terraform::locate(&cache_folder(), &note).await {
            Err(
                error @ (TerraformError::Missing | TerraformError::Go(GoError::Missing { .. })),
            ) => {
                skip(error);
                return None;
            }
            located => located.unwrap(),
        };
        let folder = tempfile::tempdir().unwrap();
        let root = terraform.root_module(folder.path()).unwrap();
        let one = Self { root, folder };
        one.write(text);
        Some(one)
    }

    fn write(&self, text: &str) {
        fs::write(self.folder.path().join("main.tf"), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> String {
        self.root.run(arguments).unwrap()
    }

    fn refused(&self, arguments: &[&str], text: &str) {
        let error = self.root.run(arguments).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }

    /// The values of a resource or a data source in the state.
    fn values(&self, address: &str) -> Value {
        let state: Value = serde_json::from_str(&self.run(&["show", "-json"])).unwrap();
        let root = &state["values"]["root_module"];
        let modules = root["child_modules"].as_array().unwrap();
        let mut all = modules
            .iter()
            .chain([root])
            .flat_map(|module| module["resources"].as_array().unwrap());
        let found = all.find(|one| one["address"] == address);
        assert!(found.is_some(), "{address} is missing: {state}");
        found.unwrap()["values"].clone()
    }
}

fn example(versions: [(&str, &str); 5]) -> String {
    let replaced = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
    versions.iter().fold(EXAMPLE.to_owned(), replaced)
}

#[tokio::test]
async fn applies_a_configuration_and_plans_no_further_change() {
    for versions in [OLD, NEW] {
        let Some(one) = Configuration::new(&example(versions)).await else {
            return;
        };
        one.run(&["init"]);
        one.run(&["validate"]);
        one.run(&["apply", "-auto-approve"]);
        one.run(&["plan", "-detailed-exitcode"]);
        let cluster = one.values("aws_rds_cluster.orders");
        let resource_id = cluster["cluster_resource_id"].as_str().unwrap();
        assert!(
            resource_id.starts_with("cluster-") && resource_id.len() == 34,
            "{resource_id}"
        );
        let endpoint = cluster["endpoint"].as_str().unwrap();
        assert!(endpoint.starts_with("orders.cluster-"), "{endpoint}");
        assert!(
            endpoint.ends_with(".eu-central-1.rds.amazonaws.com"),
            "{endpoint}"
        );
        let policy = one.values("aws_iam_policy.api");
        assert_eq!(
            policy["arn"],
            "arn:aws:iam::111122223333:policy/shop/shop-api"
        );
        assert!(policy["policy"].as_str().unwrap().contains(resource_id));
        assert_eq!(policy["tags_all"]["team"], "platform");
        let domain = one.values("aws_opensearch_domain.search");
        assert!(
            domain["endpoint"]
                .as_str()
                .unwrap()
                .starts_with("vpc-search-")
        );
        let role = one.values("module.api.aws_iam_role.this[0]");
        assert_eq!(role["arn"], "arn:aws:iam::111122223333:role/shop-api");
        let trust = role["assume_role_policy"].as_str().unwrap();
        assert!(
            trust.contains(r#":sub":["system:serviceaccount:shop:api"]"#),
            "{trust}"
        );
        assert!(trust.contains(r#":aud":"sts.amazonaws.com""#), "{trust}");
        let other = one.values("data.aws_rds_cluster.archive");
        assert_eq!(
            other["arn"],
            "arn:aws:rds:eu-west-1:444455556666:cluster:archive"
        );
    }
}

#[tokio::test]
async fn a_replaced_resource_and_a_changed_one_are_planned() {
    let Some(one) = Configuration::new(&example(NEW)).await else {
        return;
    };
    one.run(&["init"]);
    one.run(&["apply", "-auto-approve"]);
    one.write(
        &example(NEW)
            .replace("\"shop-api\"", "\"shop-web\"")
            .replace("16.4", "16.6"),
    );
    let plan = one
        .root
        .output(&["plan", "-detailed-exitcode", "-no-color"])
        .unwrap();
    assert_eq!(plan.status.code(), Some(2));
    let text = String::from_utf8(plan.stdout).unwrap();
    assert!(
        text.contains("aws_rds_cluster.orders will be updated in-place"),
        "{text}"
    );
    assert!(
        text.contains("module.api.aws_iam_role.this[0] must be replaced"),
        "{text}"
    );
}

#[tokio::test]
async fn refuses_what_the_provider_and_the_modules_refuse() {
    let Some(one) = Configuration::new(&example(NEW)).await else {
        return;
    };
    one.run(&["init"]);
    for (before, after, message) in [
        ("engine_version", "engine_versoin", "Unsupported argument"),
        (
            "  engine  ",
            "  engin_  ",
            "The argument \"engine\" is required",
        ),
        (
            "encrypt_at_rest {",
            "encrypt_at_all {",
            "Unsupported block type",
        ),
        (
            "policies =",
            "policy_arns =",
            "An argument named \"policy_arns\" is not expected",
        ),
        (
            "module.api.arn",
            "module.api.iam_role_arn",
            "Unsupported attribute",
        ),
        ("\"search\"", "\"Search\"", "invalid value \"Search\""),
        ("\"/shop/\"", "\"/shop\"", "invalid value \"/shop\""),
        (
            "output \"account\" {",
            "resource \"aws_iam_policy\" \"bad\" {\n  policy = \"no\"\n}\n\noutput \"account\" {",
            "invalid JSON policy",
        ),
    ] {
        let text = example(NEW);
        assert!(text.contains(before), "{before}");
        one.write(&text.replace(before, after));
        one.refused(&["plan", "-no-color"], message);
    }
}

#[tokio::test]
async fn versions_that_do_not_go_together_are_refused() {
    let Some(one) = Configuration::new(&example(NEW).replace(">= 6.28", "~> 5.9.0")).await else {
        return;
    };
    one.refused(&["init", "-no-color"], "no available releases match");
    one.write(&example(NEW).replace("~> 6.5", "~> 7.0"));
    one.refused(
        &["init", "-no-color"],
        "There is no available version of module",
    );
}
