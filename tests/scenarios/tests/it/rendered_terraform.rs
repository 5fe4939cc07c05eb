//! What `irsa render terraform` writes, applied by the real Terraform over a stand-in for the AWS provider. Its state
//! answers what `irsa check` asked, and the other commands read its output.
//!
//! Needs Terraform and Go; without them the tests are skipped, unless `IRSA_REQUIRE_CLIENTS=1`.

mod changes;
mod decisions;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use irsa_components::terraform::{RootModule, Terraform, TerraformError};
use irsa_components::{GoError, cache};
use irsa_stack::VersionSet;
use irsa_testing::program::{Finished, finish, irsa};
use irsa_testing::skip;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::decisions::text;

/// A specification: a preset, or a file of this test.
#[derive(Debug, Clone, Copy)]
enum Specification {
    Preset(&'static str),
    Text(&'static str),
}

const POD_IDENTITY: Specification =
    Specification::Text(include_str!("rendered_terraform/pod-identity.yaml"));
const INSTANCE: Specification =
    Specification::Text(include_str!("rendered_terraform/instance.yaml"));
const CROSS_ACCOUNT: Specification =
    Specification::Text(include_str!("rendered_terraform/cross-account.yaml"));

/// A directory with a specification and the Terraform that is rendered from it.
struct SetUp {
    root: RootModule,
    folder: TempDir,
    files: Vec<String>,
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
        let root = terraform.root_module(&folder.path().join("terraform"));
        let mut one = Self {
            root: root.unwrap(),
            folder,
            files: ["-f", "irsa.yaml"].map(str::to_owned).to_vec(),
        };
        if let Some(overlay) = overlay {
            one.lay_over(overlay);
        }
        one.render(versions);
        Some(one)
    }

    /// Lays more over the specification.
    fn lay_over(&mut self, overlay: &str) {
        let name = format!("overlay-{}.yaml", self.files.len() / 2);
        fs::write(self.path(&name), overlay).unwrap();
        self.files.extend(["-f".to_owned(), name]);
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

    /// Plans the changes.
    fn plan(&self) -> Value {
        self.terraform(&["plan", "-out", "plan"]);
        serde_json::from_str(&self.terraform(&["show", "-json", "plan"])).unwrap()
    }

    /// Makes the planned changes. Afterwards, nothing differs from the configuration.
    fn apply_plan(&self) {
        self.terraform(&["apply", "plan"]);
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

    /// The workloads whose roles Terraform creates, sorted.
    fn workloads_with_own_roles(&self) -> BTreeSet<String> {
        let specification = self.irsa(&["show", "--output", "json"]).json();
        let workloads = specification["workloads"].as_object().unwrap().iter();
        let own = workloads.filter(|(_, one)| one["role"]["arn"].is_null());
        own.map(|(key, _)| key.clone()).collect()
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
    for versions in VersionSet::all() {
        let preset = Specification::Preset("camunda-8.3-reference");
        let Some(set_up) = SetUp::new(preset, None, &versions.to_string()) else {
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
    fs::write(set_up.path("plan.json"), set_up.plan().to_string()).unwrap();
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
fn an_instance_with_keys_of_the_user_is_applied_as_it_was_checked() {
    for versions in ["newest", "aws=5", "reference"] {
        let Some(set_up) = SetUp::new(INSTANCE, None, versions) else {
            return;
        };
        check(&set_up);
        let state = set_up.json("state.json");
        let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let instance = resource(&state, "aws_db_instance", ("identifier", "ledger"));
        assert_eq!(instance["kms_key_id"], key);
        assert_eq!(instance["master_user_secret_kms_key_id"], key);
        assert_eq!(instance["multi_az"], true);
        let domain = resource(&state, "aws_opensearch_domain", ("domain_name", "search"));
        assert_eq!(domain["encrypt_at_rest"][0]["kms_key_id"], key);
        let outputs = set_up.json("irsa.outputs.json");
        assert_eq!(
            outputs["postgres"]["ledger"]["endpoint"],
            instance["address"]
        );
        // The setup reads the password, and decrypts it with the key.
        let policy = resource(&state, "aws_iam_policy", ("name", "shop-setup"));
        let policy: Value = serde_json::from_str(text(&policy["policy"])).unwrap();
        let resource_of = |action: &str| {
            let mut statements = policy["Statement"].as_array().unwrap().iter();
            statements.find(|one| one["Action"] == action).unwrap()["Resource"].clone()
        };
        let secret = &instance["master_user_secret"][0]["secret_arn"];
        assert_eq!(resource_of("secretsmanager:GetSecretValue"), *secret);
        assert_eq!(resource_of("kms:Decrypt"), key);
    }
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
    assert_eq!(without_requests(&after), without_requests(&before));
    decisions::compare_state(set_up, &after);
    for target in ["kubernetes", "sql", "opensearch", "lab"] {
        set_up.irsa(&["render", target, "--out", "."]).printed();
    }
    let state = set_up.path("state.json");
    let state = state.to_str().unwrap();
    let linted = finish(&mut irsa(&["policy", "lint", "--plan", state]));
    assert_eq!(linted.code, 0, "{}{}", linted.stdout, linted.stderr);
}

/// The decisions without the requests, whose ARNs are known after apply.
fn without_requests(table: &Value) -> Vec<Value> {
    let mut rows = table["decisions"].as_array().unwrap().clone();
    for row in &mut rows {
        row.as_object_mut().unwrap().remove("request");
    }
    rows
}

#[test]
fn hostile_values_arrive_as_they_are() {
    let tags = json!({"cost center": "4711/\u{e9} = +1", "team": "", "a:b.c_d-e@f": "//"});
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
    let state = set_up.json("state.json");
    let policy = resource(&state, "aws_iam_policy", ("name", "camunda-keycloak"));
    assert_eq!(policy["tags_all"], tags);
    assert_eq!(
        policy["arn"],
        "arn:aws:iam::111122223333:policy/a+b=c,d.e@f-g/%{h}/camunda-keycloak"
    );
    let text: Value = serde_json::from_str(policy["policy"].as_str().unwrap()).unwrap();
    let allowed = text["Statement"][0]["Resource"].as_str().unwrap();
    assert!(allowed.ends_with(&format!("/{user}")), "{allowed}");
}

/// The values of a resource of the root module, by its type and an attribute.
fn resource(state: &Value, kind: &str, (attribute, value): (&str, &str)) -> Value {
    let all = state["values"]["root_module"]["resources"].as_array();
    let is_it = |one: &&Value| one["type"] == kind && one["values"][attribute] == value;
    let found = all.unwrap().iter().find(is_it);
    assert!(found.is_some(), "{kind} {value} is missing: {state}");
    found.unwrap()["values"].clone()
}

#[test]
fn the_external_id_of_another_account_arrives_as_it_is() {
    let Some(set_up) = SetUp::new(CROSS_ACCOUNT, None, "newest") else {
        return;
    };
    set_up.terraform(&["init"]);
    let plan = set_up.plan();
    let provider = &plan["configuration"]["provider_config"]["aws.postgres_ledger"];
    assert_eq!(
        provider["expressions"]["assume_role"][0]["external_id"]["constant_value"],
        r"a=b,c\d@e:f/g",
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
    for versions in ["newest", "reference"] {
        set_up.render(versions);
        set_up.terraform(&["init", "-upgrade"]);
        // Version 5.9 of the provider refuses the log of refused logins.
        assert_eq!(changes::planned(&set_up), ["update aws_rds_cluster.aurora"]);
        set_up.apply_plan();
    }
}
