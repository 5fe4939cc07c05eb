//! A third-party simulation of an AWS account (moto).

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use irsa_testing::prepared_client;
use serde_json::{Value, json};

/// An account with a database and a domain, and with the role of Zeebe.
pub(super) struct Account {
    server: Child,
    url: String,
    pub(super) database: String,
    pub(super) resource_id: String,
    pub(super) domain: String,
}

impl Account {
    /// Starts the simulation. If it is missing, prints why the test is skipped.
    pub(super) fn start() -> Option<Self> {
        let folder = prepared_client("moto")?;
        let mut server = Command::new(folder.join("venv/bin/python"))
            .arg(folder.join("stage.py"))
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut orders = server.stdin.take().unwrap();
        let mut answers = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut answer =
            || serde_json::from_str::<Value>(&answers.next().unwrap().unwrap()).unwrap();
        let url = answer()["url"].as_str().unwrap().to_owned();
        let role = json!({"name": "app", "path": "/team/", "max_session": 3600, "trust": {}, "boundary": null,
                          "inline": {}, "attached": {}});
        let given = json!({
            "providers": [],
            "role": role,
            "cluster": {"name": "orders", "iam": false, "stopped": false},
            "domain": {"name": "logs", "access_policy": null, "fine_grained": true, "https": true, "deleted": false},
            "associations": {},
            "denied": [],
        });
        writeln!(orders, "{given}").unwrap();
        let names = answer();
        let name = |key: &str| {
            names["names"][key]
                .as_str()
                .unwrap_or_else(|| panic!("{names}"))
                .to_owned()
        };
        let (database, resource_id, domain) =
            (name("CLUSTER"), name("RESOURCE_ID"), name("DOMAIN"));
        // The server ends with its input.
        server.stdin = Some(orders);
        Some(Self {
            server,
            url,
            database,
            resource_id,
            domain,
        })
    }

    /// The environment of a program that reads the account.
    pub(super) fn environment(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            (
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_ENDPOINT_URL_STS", &self.url),
        ]
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}
