//! What `irsa render terraform` writes, applied by the real Terraform over a stand-in for the AWS provider. Its state
//! answers what `irsa check` asked, and the other commands read its output.
//!
//! Needs Terraform and Go; without them the tests are skipped, unless `IRSA_REQUIRE_CLIENTS=1`.

mod decisions;

use std::fs;
use std::path::PathBuf;

use irsa_components::terraform::{RootModule, Terraform, TerraformError};
use irsa_components::{GoError, cache};
use irsa_testing::program::{Finished, finish, irsa};
use irsa_testing::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Every set of versions that go together.
const VERSIONS: [&str; 7] = [
    "aws=6,iam=6,eks=21",
    "aws=6,iam=6,eks=19",
    "aws=6,iam=5,eks=21",
    "aws=6,iam=5,eks=19",
    "aws=5,iam=5,eks=20",
    "aws=5,iam=5,eks=19",
    "reference",
];

/// A specification: a preset, or a file of this test.
#[derive(Debug, Clone, Copy)]
enum Specification {
    Preset(&'static str),
    Text(&'static str),
}

const POD_IDENTITY: Specification =
    Specification::Text(include_str!("rendered_terraform/pod-identity.yaml"));
const CROSS_ACCOUNT: Specification =
    Specification::Text(include_str!("rendered_terraform/cross-account.yaml"));

/// A directory with a specification and the Terraform that is rendered from it.
struct SetUp {
    root: RootModule,
    folder: TempDir,
    files: Vec<&'static str>,
}

impl SetUp {
    /// Without Terraform or Go, prints why the test is skipped.
    fn new(specification: Specification, overlay: Option<&str>, versions: &str) -> Option<Self> {
        let terraform = located()?;
        let folder = tempfile::tempdir().unwrap();
        match specification {
            Specification::Preset(name) => {
                finish(irsa(&["init", "--for", name]).current_dir(&folder)).printed();
                let file = folder.path().join("irsa.yaml");
                let text = fs::read_to_string(&file).unwrap();
                fs::write(file, text.replace("  # image: ", "  image: ")).unwrap();
            }
            Specification::Text(text) => fs::write(folder.path().join("irsa.yaml"), text).unwrap(),
        }
        let mut files = vec!["-f", "irsa.yaml"];
        if let Some(overlay) = overlay {
            fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
            files.extend(["-f", "overlay.yaml"]);
        }
        let root = terraform.root_module(&folder.path().join("terraform"));
        let one = Self {
            root: root.unwrap(),
            folder,
            files,
        };
        one.render(versions);
        Some(one)
    }

    fn render(&self, versions: &str) {
        let render = ["render", "terraform", "--out", ".", "--versions", versions];
        self.irsa(&render).printed();
    }

    /// Runs irsa on the specification.
    fn irsa(&self, arguments: &[&str]) -> Finished {
        let mut command = irsa(arguments);
        finish(command.args(&self.files).current_dir(&self.folder))
    }

    fn terraform(&self, arguments: &[&str]) -> String {
        self.root.run(arguments).unwrap()
    }

    /// Adds code of the user to the rendered files.
    fn add_code(&self, code: &Value) {
        fs::write(self.path("terraform/own.tf.json"), code.to_string()).unwrap();
    }

    /// Applies everything. Afterwards, nothing differs from the configuration.
    fn apply(&self) {
        self.terraform(&["fmt", "-check", "-diff"]);
        self.terraform(&["init"]);
        self.terraform(&["validate"]);
        self.terraform(&["apply", "-auto-approve"]);
        self.terraform(&["plan", "-detailed-exitcode"]);
    }

    /// Writes the state, and the output that the other commands read.
    fn export(&self) {
        let write = |name: &str, text: String| fs::write(self.path(name), text).unwrap();
        write("state.json", self.terraform(&["show", "-json"]));
        write(
            "irsa.outputs.json",
            self.terraform(&["output", "-json", "irsa"]),
        );
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path(name)).unwrap()).unwrap()
    }
}

fn located() -> Option<Terraform> {
    let cache = cache::folder(std::env::var_os).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(Terraform::locate(&cache, &|_| {})) {
        Err(error @ (TerraformError::Missing | TerraformError::Go(GoError::Missing { .. }))) => {
            skip(error);
            None
        }
        located => Some(located.unwrap()),
    }
}

#[test]
fn every_set_of_versions_is_applied_and_nothing_is_left_to_change() {
    for versions in VERSIONS {
        let preset = Specification::Preset("camunda-8.3-reference");
        let Some(set_up) = SetUp::new(preset, None, versions) else {
            return;
        };
        set_up.apply();
    }
}

#[test]
fn the_reference_is_applied_as_it_was_checked() {
    let preset = Specification::Preset("camunda-8.3-reference");
    if let Some(set_up) = SetUp::new(preset, None, "reference") {
        check(&set_up);
    }
}

#[test]
fn camunda_is_planned_and_applied_as_it_was_checked() {
    let preset = Specification::Preset("camunda-8.3");
    let Some(set_up) = SetUp::new(preset, None, "newest") else {
        return;
    };
    set_up.terraform(&["init"]);
    set_up.terraform(&["plan", "-out", "plan"]);
    let plan = set_up.terraform(&["show", "-json", "plan"]);
    fs::write(set_up.path("plan.json"), plan).unwrap();
    check(&set_up);
    let table = set_up.irsa(&["check", "--output", "json"]).json();
    decisions::compare_plan(&set_up, &table);
}

#[test]
fn existing_stores_and_pod_identity_are_applied_as_they_were_checked() {
    let Some(set_up) = SetUp::new(POD_IDENTITY, None, "newest") else {
        return;
    };
    // The boundary is the user's: without its text, no decision is certain.
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["rds-db:*", "es:*"], "Resource": "*"}],
    });
    set_up.add_code(&json!({"resource": {"aws_iam_policy": {"boundary": {
        "name": "boundary",
        "policy": policy.to_string(),
    }}}}));
    check(&set_up);
}

#[test]
fn a_domain_in_another_account_is_applied_as_it_was_checked() {
    let Some(set_up) = SetUp::new(CROSS_ACCOUNT, None, "newest") else {
        return;
    };
    // The other account's code, with the access policy from the comment.
    let rendered = fs::read_to_string(set_up.path("terraform/opensearch-logs.tf")).unwrap();
    let policy = in_comment(&rendered, "{", "}");
    set_up.add_code(&json!({"resource": {"aws_opensearch_domain": {"logs": {
        "provider": "aws.opensearch_logs",
        "domain_name": "logs",
        "access_policies": policy,
    }}}}));
    check(&set_up);
}

/// The lines of a comment from one line to another, without their marks.
fn in_comment(text: &str, first: &str, last: &str) -> String {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
    let mut lines = lines.skip_while(|line| *line != first);
    let mut found = Vec::new();
    for line in lines.by_ref() {
        found.push(line);
        if line == last {
            return found.join("\n");
        }
    }
    panic!("no comment from `{first}` to `{last}`: {text}");
}

/// Applies a setup, asks its state what `irsa check` asked, and lets the other commands read its output.
fn check(set_up: &SetUp) {
    let before = set_up.irsa(&["check", "--output", "json"]).json();
    set_up.apply();
    set_up.export();
    let after = set_up.irsa(&["check", "--output", "json"]).json();
    assert_eq!(after["placeholders"], json!([]));
    assert_eq!(after["decisions"], before["decisions"]);
    decisions::compare_state(set_up, &after);
    for target in ["kubernetes", "sql", "opensearch", "lab"] {
        set_up.irsa(&["render", target, "--out", "."]).printed();
    }
    let state = set_up.path("state.json");
    let state = state.to_str().unwrap();
    let linted = finish(&mut irsa(&["policy", "lint", "--plan", state]));
    assert_eq!(linted.code, 0, "{}{}", linted.stdout, linted.stderr);
}

#[test]
fn hostile_values_arrive_as_they_are() {
    let tags = json!({
        "a \"key\" of ${path.module}": "$${x} %%{y} %{ if true } \\ \u{e9}",
        "it's\\": "<<EOT {{ .Values }} */ # //",
        "team": "",
    });
    let user = "o'neil\"%{x} \\ ü";
    let overlay = json!({
        "tags": tags,
        "iam": {"path": "/a+b=c,d.e@f-g/%{h}/"},
        "workloads": {"keycloak": {"postgres": {"user": user}}},
        "postgres": {"aurora": {"databases": {"keycloak": {"owner": user}}}},
    });
    let preset = Specification::Preset("camunda-8.3");
    let Some(set_up) = SetUp::new(preset, Some(&overlay.to_string()), "newest") else {
        return;
    };
    set_up.apply();
    set_up.export();
    let policy = resource(
        &set_up.json("state.json"),
        "aws_iam_policy",
        "camunda-keycloak",
    );
    assert_eq!(policy["tags_all"], tags);
    assert_eq!(
        policy["arn"],
        "arn:aws:iam::111122223333:policy/a+b=c,d.e@f-g/%{h}/camunda-keycloak"
    );
    let text: Value = serde_json::from_str(policy["policy"].as_str().unwrap()).unwrap();
    let allowed = text["Statement"][0]["Resource"].as_str().unwrap();
    assert!(allowed.ends_with(&format!("/{user}")), "{allowed}");
}

/// The values of a resource of the root module, by its type and name in AWS.
fn resource(state: &Value, kind: &str, name: &str) -> Value {
    let all = state["values"]["root_module"]["resources"].as_array();
    let is_it = |one: &&Value| one["type"] == kind && one["values"]["name"] == name;
    let found = all.unwrap().iter().find(is_it);
    assert!(found.is_some(), "{kind} {name} is missing: {state}");
    found.unwrap()["values"].clone()
}

#[test]
fn the_external_id_of_another_account_arrives_as_it_is() {
    let Some(set_up) = SetUp::new(CROSS_ACCOUNT, None, "newest") else {
        return;
    };
    set_up.terraform(&["init"]);
    set_up.terraform(&["plan", "-out", "plan"]);
    let plan: Value = serde_json::from_str(&set_up.terraform(&["show", "-json", "plan"])).unwrap();
    let provider = &plan["configuration"]["provider_config"]["aws.postgres_ledger"];
    assert_eq!(
        provider["expressions"]["assume_role"][0]["external_id"]["constant_value"],
        "it's a \"secret\": ${x} %{y}",
        "{provider}"
    );
}

#[test]
fn the_hop_limit_to_paste_applies_to_the_nodes_of_each_version_of_the_module() {
    for (versions, module) in [
        ("reference", "19.15.3"),
        ("aws=5,iam=5,eks=20", "~> 20.37"),
        ("newest", "~> 21.0"),
    ] {
        let Some(set_up) = SetUp::new(Specification::Preset("camunda-8.3"), None, versions) else {
            return;
        };
        let clusters = fs::read_to_string(set_up.path("terraform/clusters.tf")).unwrap();
        let pasted = if module.starts_with("~> 21") {
            let options = in_comment(&clusters, "  metadata_options = {", "  }");
            format!("eks_managed_node_groups = {{ main = {{\n{options}\n}} }}")
        } else {
            let defaults = "  eks_managed_node_group_defaults = {";
            let defaults = in_comment(&clusters, defaults, "  }");
            format!("{defaults}\n  eks_managed_node_groups = {{ main = {{}} }}")
        };
        let code = format!(
            "module \"nodes\" {{\n  source = \"terraform-aws-modules/eks/aws\"\n  version = \"{module}\"\n{pasted}\n}}\n"
        );
        fs::write(set_up.path("terraform/own.tf"), code).unwrap();
        set_up.terraform(&["init"]);
        set_up.terraform(&["apply", "-auto-approve"]);
        set_up.export();
        let state = set_up.json("state.json");
        let modules = state["values"]["root_module"]["child_modules"].as_array();
        let is_it = |one: &&Value| one["address"] == "module.nodes";
        let nodes = modules.unwrap().iter().find(is_it).unwrap();
        let options = &nodes["resources"][0]["values"]["metadata_options"][0];
        assert_eq!(options["http_put_response_hop_limit"], 1, "{nodes}");
        assert_eq!(options["http_tokens"], "required", "{nodes}");
    }
}

#[test]
fn newer_versions_of_provider_and_module_replace_nothing() {
    let preset = Specification::Preset("camunda-8.3-reference");
    let Some(set_up) = SetUp::new(preset, None, "reference") else {
        return;
    };
    set_up.apply();
    set_up.render("newest");
    set_up.terraform(&["init", "-upgrade"]);
    set_up.terraform(&["plan", "-out", "plan"]);
    let plan: Value = serde_json::from_str(&set_up.terraform(&["show", "-json", "plan"])).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap().iter();
    let changes = changes.filter(|one| one["change"]["actions"] != json!(["no-op"]));
    let changes: Vec<_> = changes
        .map(|one| (one["address"].as_str().unwrap(), &one["change"]["actions"]))
        .collect();
    // Version 5.9 of the provider refuses the log of refused logins.
    assert_eq!(changes, [("aws_rds_cluster.aurora", &json!(["update"]))]);
}
