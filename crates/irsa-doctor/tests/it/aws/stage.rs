//! A third-party simulation of AWS (moto), with an account that is set up for each scenario.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use irsa_aws::AwsReader;
use irsa_doctor::aws::Aws;
use irsa_doctor::{
    Database, Domain, EksCluster, IdentityKind, Specified, SpecifiedLines, Workload,
};
use irsa_identity::{Environment, Identity, IdentitySettings, SourceChoice, SystemClock};
use irsa_testing::prepared_client;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::given::Given;
use crate::scenario::words;

/// The server, and the pipe through which it is set up.
pub(crate) struct Stage {
    url: String,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    /// The names that AWS assigned.
    names: BTreeMap<String, String>,
    _server: Child,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Url(String),
    Names(BTreeMap<String, String>),
    Ran,
    Error(String),
}

impl Stage {
    /// Starts the server; without its files the reason is printed.
    ///
    /// # Panics
    /// If `IRSA_REQUIRE_CLIENTS` is set, missing files fail the test.
    pub(crate) async fn start() -> Option<Self> {
        let folder = prepared_client("moto")?;
        let mut server = Command::new(folder.join("venv/bin/python"))
            .arg(folder.join("stage.py"))
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = server.stdin.take().unwrap();
        let answers = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut stage = Self {
            url: String::new(),
            orders,
            answers,
            names: BTreeMap::new(),
            _server: server,
        };
        match stage.answer().await {
            Answer::Url(url) => stage.url = url,
            Answer::Names(_) | Answer::Ran => panic!("the first line is the server's URL"),
            Answer::Error(error) => panic!("{error}"),
        }
        Some(stage)
    }

    /// Sets up the account, and the inputs of the checks.
    pub(crate) async fn set(&mut self, given: &Given) -> Aws {
        self.names = match self.order(given).await {
            Answer::Names(names) => names,
            Answer::Url(_) | Answer::Ran => panic!("the response has the assigned names"),
            Answer::Error(error) => panic!("{error}"),
        };
        self.look(given)
    }

    /// The inputs of the checks, for the account in its current state.
    pub(crate) fn look(&self, given: &Given) -> Aws {
        let session = Duration::from_secs(given.workload.session);
        let state = Aws::new(workload(&given.workload, &self.names), reader(&self.url));
        let state = state.with_session(session);
        match specified(&given.workload) {
            Some(specified) => state.with_specified(specified),
            None => state,
        }
    }

    /// Runs a command of a remedy: `aws` commands change the account, `kubectl` commands the workload.
    pub(crate) async fn run(&mut self, command: &str, given: &mut Given) -> Result<(), String> {
        if command.starts_with("aws ") {
            return match self.order(&json!({ "run": command })).await {
                Answer::Ran => Ok(()),
                Answer::Error(error) => Err(error),
                Answer::Url(_) | Answer::Names(_) => panic!("the response confirms the command"),
            };
        }
        let words = words(command);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let account = given.workload.service_account.split_once('/').unwrap();
        match words[..] {
            [
                "kubectl",
                "-n",
                namespace,
                "annotate",
                "--overwrite",
                "serviceaccount",
                name,
                role,
            ] if (namespace, name) == account => {
                let role = role.strip_prefix("eks.amazonaws.com/role-arn=");
                role.ok_or("a different annotation")?
                    .clone_into(&mut given.workload.role);
                Ok(())
            }
            _ => Err("no stage can run it".to_owned()),
        }
    }

    async fn order(&mut self, order: &impl Serialize) -> Answer {
        let order = serde_json::to_string(order).unwrap() + "\n";
        self.orders.write_all(order.as_bytes()).await.unwrap();
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let line = self.answers.next_line().await.unwrap();
        serde_json::from_str(&line.expect("the server goes on")).unwrap()
    }
}

/// What an irsa.yaml says about the workload.
fn specified(given: &super::given::Workload) -> Option<Specified> {
    let name = given.specified_in.clone()?;
    let cluster = EksCluster {
        arn: format!("arn:aws:eks:eu-central-1:123456789012:cluster/{name}")
            .parse()
            .unwrap(),
        name,
        region: "eu-central-1".parse().unwrap(),
    };
    let line = |number| format!("irsa.yaml:{number}");
    Some(Specified {
        role: given.role.parse().unwrap(),
        identity: identity(given.pod_identity.unwrap()),
        is_annotated: false,
        cluster,
        lines: SpecifiedLines {
            service_account: line(2),
            role: line(3),
            identity: line(4),
        },
    })
}

fn identity(is_by_agent: bool) -> IdentityKind {
    if is_by_agent {
        IdentityKind::PodIdentity
    } else {
        IdentityKind::WebIdentity
    }
}

/// A reader whose server simulates all APIs.
pub(super) fn reader(url: &str) -> AwsReader {
    let environment = Environment::from_pairs([
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ENDPOINT_URL_STS", url),
    ]);
    let settings = IdentitySettings::new(SourceChoice::Env, environment.clone());
    let identity = Identity::start(settings, Arc::new(SystemClock)).unwrap();
    AwsReader::new(identity, &environment)
}

/// The workload, with the names that AWS assigned.
pub(super) fn workload(
    given: &super::given::Workload,
    names: &BTreeMap<String, String>,
) -> Workload {
    let filled = |text: &str| {
        let fill = |text: String, (name, value): (&String, &String)| {
            text.replace(&format!("{{{name}}}"), value)
        };
        names.iter().fold(text.to_owned(), fill)
    };
    let database = Database {
        host: filled(&given.database),
        port: given.port,
        user: given.user.clone(),
        name: None,
        role: given
            .database_role
            .as_ref()
            .map(|role| role.parse().unwrap()),
    };
    let domain = Domain {
        endpoint: filled(&given.domain).parse().unwrap(),
        role: None,
    };
    Workload {
        service_account: Some(given.service_account.parse().unwrap()),
        role: Some(given.role.parse().unwrap()),
        issuer: given.issuer.as_ref().map(|issuer| issuer.parse().unwrap()),
        audience: Some(given.audience.clone()),
        identity: given.pod_identity.map(identity),
        databases: vec![database],
        domains: vec![domain],
    }
}
