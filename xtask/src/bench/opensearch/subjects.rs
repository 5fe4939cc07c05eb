//! The server, and `irsa` in front of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::child::Process;
use crate::bench::folder::Folder;
use crate::failure::Failure;
use crate::workspace;

/// The credentials that sign requests; the server knows them.
pub(super) const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ("AWS_REGION", "eu-central-1"),
];

/// The server and the proxy, which end when this value is dropped.
#[derive(Debug)]
pub(super) struct Subjects {
    pub(super) server: Server,
    /// irsa's URL: `http://127.0.0.1:PORT`.
    pub(super) irsa: String,
    pub(super) irsa_process: u32,
    _processes: [Process; 2],
    pub(super) folder: Folder,
}

/// The server with fixed responses.
#[derive(Debug)]
pub(super) struct Server {
    /// The domain's endpoint, which the server's certificate names.
    pub(super) endpoint: String,
    /// The server's address: `127.0.0.1:PORT`.
    pub(super) dial: String,
    pub(super) ca_file: PathBuf,
}

impl Subjects {
    pub(super) fn start(program: &Path) -> Result<Self, Failure> {
        let folder = Folder::create()?;
        let (server_process, server) = start_server()?;
        let mut command = irsa(program, &server);
        command.stdin(Stdio::null()).stderr(folder.log("irsa.log")?);
        let (irsa_process, line) = Process::start_and_listen(&mut command)?;
        let address = line["listening"][0]["address"]
            .as_str()
            .ok_or_else(|| Failure::new(format!("irsa did not print its addresses: {line}")))?;
        Ok(Self {
            irsa: format!("http://{address}"),
            irsa_process: irsa_process.id(),
            server,
            _processes: [irsa_process, server_process],
            folder,
        })
    }
}

fn start_server() -> Result<(Process, Server), Failure> {
    let mut command = Command::new(workspace::target().join("release/fixed-opensearch"));
    command.stdin(Stdio::piped()).stderr(Stdio::inherit());
    command.envs(KEYS);
    let (process, line) = Process::start_and_listen(&mut command)?;
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let server = Server {
        endpoint: text("endpoint"),
        dial: text("dial"),
        ca_file: text("ca_file").into(),
    };
    Ok((process, server))
}

/// Returns the command of `irsa proxy`.
fn irsa(program: &Path, server: &Server) -> Command {
    let mut command = Command::new(program);
    command.args(["proxy", "--output", "json", "--status-address", "off"]);
    // All large bodies together exceed the default limit.
    command.args(["--spill-limit", "2GiB"]);
    command.args(["--identity", "env", "--log-level", "error", "--ca-file"]);
    command.arg(&server.ca_file);
    let Server { endpoint, dial, .. } = server;
    command.arg(format!(
        "opensearch://{endpoint}?dial={dial}&listen=127.0.0.1:0"
    ));
    command.envs(KEYS).env_remove("AWS_SESSION_TOKEN");
    command
}
