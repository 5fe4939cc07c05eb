//! The questions of `irsa check`, answered by `irsa policy` from what Terraform created.

use irsa_testing::program::{finish, irsa};
use serde_json::Value;

use super::SetUp;

/// The rows about the role of the setup.
const SETUP: &str = "(setup)";

/// What the arguments are made from.
struct Facts {
    /// The specification, each value with its origin.
    specification: Value,
    /// The output of Terraform.
    outputs: Value,
    /// The plan or the state.
    source: String,
}

/// Asks the state each question that IAM decides, and fails where its answer differs or is unsure.
pub(super) fn compare_state(set_up: &SetUp, table: &Value) {
    compare(set_up, table, "state.json", |row, code| {
        code == if row["decision"] == "allowed" { 0 } else { 3 }
    });
}

/// Asks a plan. Its answer may be unsure, since resource IDs are known after apply, but not different.
pub(super) fn compare_plan(set_up: &SetUp, table: &Value) {
    compare(set_up, table, "plan.json", |row, code| {
        code == 4 || code == if row["decision"] == "allowed" { 0 } else { 3 }
    });
}

fn compare(set_up: &SetUp, table: &Value, source: &str, agrees: impl Fn(&Value, i32) -> bool) {
    let facts = Facts {
        specification: set_up.irsa(&["show", "--output", "json"]).json(),
        outputs: set_up.json("irsa.outputs.json"),
        source: set_up.path(source).display().to_string(),
    };
    let mut number = 0;
    for row in table["decisions"].as_array().unwrap() {
        let (workload, question) = (text(&row["workload"]), text(&row["question"]));
        let Some(arguments) = facts.arguments(workload, question) else {
            continue;
        };
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let answer = finish(irsa(&["policy", "evaluate"]).args(&arguments));
        assert!(
            agrees(row, answer.code),
            "{row} {arguments:?}\n{}{}",
            answer.stdout,
            answer.stderr
        );
        number += 1;
    }
    assert!(number >= 30, "{number} decisions of {table}");
}

impl Facts {
    /// The arguments for a question; `None` if the security plugin of OpenSearch decides it.
    fn arguments(&self, workload: &str, question: &str) -> Option<Vec<String>> {
        let (question, cluster) = match question.rsplit_once(", from cluster ") {
            Some((question, cluster)) => (question, cluster.to_owned()),
            None => (question, self.first_cluster(workload)),
        };
        if let Some(rest) = question.strip_prefix("assume ") {
            let (_, account) = rest.split_once(" as ").unwrap();
            return Some(self.caller(workload, account, &cluster));
        }
        let access = if workload == SETUP {
            self.setup_access(question)
        } else if let Some(rest) = question.strip_prefix("connect to ") {
            let (store, user) = rest.split_once(" as ").unwrap();
            vec!["--connect".to_owned(), self.user(store, user)]
        } else {
            let (action, store) = question.split_once(" on ")?;
            let action = ["--action", action].map(str::to_owned);
            let mut access = vec!["--open".to_owned(), self.domain(store)];
            access.extend(action);
            access
        };
        let account = match workload {
            SETUP => self.setup_account(),
            workload => {
                let account = self.text(&["workloads", workload, "service_account"]);
                account.unwrap().to_owned()
            }
        };
        let mut arguments = self.caller(workload, &account, &cluster);
        arguments.extend(access);
        Some(arguments)
    }

    fn setup_account(&self) -> String {
        let namespace = self.text(&["setup", "namespace"]);
        format!("{}/irsa-setup", namespace.unwrap_or("irsa-setup"))
    }

    /// The access of the setup to a secret, its key or a domain.
    fn setup_access(&self, question: &str) -> Vec<String> {
        let (action, resource) = question.split_once(" on ").unwrap();
        let mut access = vec!["--action".to_owned(), action.to_owned()];
        let Some((what, store)) = resource.rsplit_once(" of ") else {
            access.extend(["--open".to_owned(), self.domain(resource)]);
            return access;
        };
        let secret = &self.outputs["postgres"][store]["admin_secret"];
        let key = if what == "the secret" {
            "arn"
        } else {
            "kms_key"
        };
        let (_, region) = self.home("postgres", store);
        let via = format!("kms:ViaService=secretsmanager.{region}.amazonaws.com");
        let resource = ["--resource", text(&secret[key]), "--context", &via];
        access.extend(resource.map(str::to_owned));
        access
    }

    /// A service account of a cluster that assumes the workload's role.
    fn caller(&self, workload: &str, account: &str, cluster: &str) -> Vec<String> {
        let name = match workload {
            SETUP => format!("{}-setup", self.text(&["name"]).unwrap()),
            workload => {
                // In a plan, its ARN is not known yet.
                let role = text(&self.outputs["roles"][workload]);
                role.rsplit('/').next().unwrap().to_owned()
            }
        };
        let mut arguments: Vec<_> = ["--plan", &self.source, "--role", &name]
            .map(str::to_owned)
            .into();
        arguments.extend(["--service-account".to_owned(), account.to_owned()]);
        let identity = self.text(&["workloads", workload, "identity"]);
        if identity == Some("pod-identity") {
            let (home, region) = self.home("", "");
            let arn = format!("arn:aws:eks:{region}:{home}:cluster/{cluster}");
            arguments.extend(["--pod-identity".to_owned(), "--cluster".to_owned(), arn]);
        } else {
            let issuer = text(&self.outputs["clusters"][cluster]["issuer"]);
            arguments.extend(["--issuer".to_owned(), issuer.to_owned()]);
        }
        arguments
    }

    fn user(&self, store: &str, user: &str) -> String {
        let (account, region) = self.home("postgres", store);
        let known = text(&self.outputs["postgres"][store]["resource_id"]);
        format!("arn:aws:rds-db:{region}:{account}:dbuser:{known}/{user}")
    }

    /// A domain of the specification, or another one in the same place.
    fn domain(&self, store: &str) -> String {
        let (account, region) = self.home("opensearch", store);
        let name = self
            .text(&["opensearch", store, "existing"])
            .unwrap_or(store);
        format!("arn:aws:es:{region}:{account}:domain/{name}")
    }

    /// The account and the region of a store.
    fn home(&self, kind: &str, store: &str) -> (&str, &str) {
        let of = |key: &str| {
            self.text(&[kind, store, key])
                .or_else(|| self.text(&["aws", key]))
                .unwrap()
        };
        (of("account"), of("region"))
    }

    fn first_cluster(&self, workload: &str) -> String {
        let own = &self.specification["workloads"][workload]["clusters"]["value"];
        let named = own.as_array().and_then(|names| names.first());
        if let Some(name) = named {
            return text(name).to_owned();
        }
        let clusters = self.specification["clusters"].as_object().unwrap();
        clusters.keys().next().unwrap().clone()
    }

    /// A value of the specification.
    fn text(&self, path: &[&str]) -> Option<&str> {
        let found = path
            .iter()
            .fold(&self.specification, |value, key| &value[key]);
        found["value"].as_str()
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is not a text"))
}
