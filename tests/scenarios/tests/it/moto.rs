//! A third party's AWS (moto), whose account is set up by `stage.py`.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use irsa_testing::prepared_client;
use serde_json::{Value, json};

/// The account of moto.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The server, and the pipe through which the account is set up.
pub(crate) struct Moto {
    pub(crate) url: String,
    server: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Moto {
    /// Starts the server; prints the reason if it is not prepared.
    pub(crate) fn start() -> Option<Self> {
        let folder = prepared_client("moto")?;
        let mut server = Command::new(folder.join("venv/bin/python"))
            .arg(folder.join("stage.py"))
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let orders = server.stdin.take().unwrap();
        let answers = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut moto = Self {
            url: String::new(),
            server,
            orders,
            answers,
        };
        let first = moto.answer();
        let url = first["url"].as_str().expect("the server's URL");
        url.clone_into(&mut moto.url);
        Some(moto)
    }

    /// Sets up an account with these resources, and returns the names that AWS assigned.
    pub(crate) fn set(&mut self, account: &Value) -> Value {
        let answer = self.order(account);
        assert!(answer["names"].is_object(), "{answer}");
        answer["names"].clone()
    }

    /// Runs a command of the AWS CLI against the account.
    pub(crate) fn run(&mut self, command: &str) {
        let answer = self.order(&json!({ "run": command }));
        assert_eq!(answer, "ran", "{command}");
    }

    fn order(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }

    fn answer(&mut self) -> Value {
        let line = self.answers.next().expect("the server goes on").unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
