//! `irsa webhook` as the API server calls it: reviews of pods over TLS, with service accounts from a real API server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::child::{Process, free_port};
use super::folder::Folder;
use super::options::Options;
use super::procfs;
use super::report::{Bench, Report};
use super::statistics::median;
use super::wrk::{self, Load};
use crate::failure::Failure;
use crate::{prepare, process, progress, workspace};

/// The program that starts the API server.
const STARTER: &str = "kubernetes";
const NAMESPACE: &str = "shop";
/// The pods' service account.
const ACCOUNT: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api
  namespace: shop
  annotations:
    irsa.dev/postgres: orders.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com
    irsa.dev/role-arn: arn:aws:iam::111122223333:role/api
";
/// The number of large reviews at once, and the size of each. The API server accepts objects of up to 1.5 MiB.
const LARGE: usize = 64;
const LARGE_SIZE: usize = 1 << 20;

/// The API server and the webhook, which end when this value is dropped.
struct Servers {
    url: String,
    webhook: u32,
    folder: Folder,
    _processes: [Process; 2],
}

/// Runs all benchmarks of the webhook.
pub(super) fn run(options: &Options) -> Result<Report, Failure> {
    for program in ["curl", "wrk"] {
        prepare::program(program)?;
    }
    if process::find("kubectl").is_none() {
        return Err(Failure::new("`kubectl` is missing").remedy("install kubectl"));
    }
    if options.build {
        super::build_irsa(&[])?;
    }
    super::build_starter("--example", STARTER)?;
    let servers = progress::timed("start the API server and the webhook", || {
        Servers::start(&options.irsa)
    })?;
    let mut report = Report::default();
    for connections in [1, 4, 16] {
        reviews(&servers, connections, options, &mut report)?;
    }
    // Last, because the kernel keeps the peak for the whole life of the process.
    memory(&servers, &mut report)?;
    Ok(report)
}

fn reviews(
    servers: &Servers,
    connections: u32,
    options: &Options,
    report: &mut Report,
) -> Result<(), Failure> {
    let body = review(0);
    let script = format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [==[{body}]==]\n"
    );
    let script = servers.folder.write("review.lua", &script)?;
    let case = format!("{connections} connections");
    let mut times = Vec::new();
    let loads = progress::timed(&case, || {
        let round = |_| {
            let before = procfs::processor_time(servers.webhook)?;
            let load = wrk::run(&servers.url, connections, options.seconds, Some(&script))?;
            let used = procfs::processor_time(servers.webhook)? - before;
            times.push(used / (load.requests_per_second * f64::from(options.seconds)));
            Ok(load)
        };
        (0..options.rounds)
            .map(round)
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let mut row = |name, unit, values: Vec<f64>| {
        let bench = Bench {
            name,
            case: case.clone(),
            unit,
        };
        report.add(&bench, "irsa", median(&values), None);
    };
    let values = |value: fn(&Load) -> f64| loads.iter().map(value).collect();
    row(
        "reviews",
        "reviews/s",
        values(|load| load.requests_per_second),
    );
    row("p50", "ms", values(|load| load.p50));
    row("p99", "ms", values(|load| load.p99));
    row("cpu", "us/review", times);
    Ok(())
}

/// Sends large reviews at once, and reports the peak of the webhook's memory.
fn memory(servers: &Servers, report: &mut Report) -> Result<(), Failure> {
    let body = servers.folder.write("large.json", &review(LARGE_SIZE))?;
    progress::timed(&format!("{LARGE} reviews of 1 MiB at once"), || {
        let posts: Result<Vec<Child>, Failure> = (0..LARGE)
            .map(|number| post(servers, &body, number))
            .collect();
        posts?
            .into_iter()
            .enumerate()
            .try_for_each(|(number, post)| {
                let output = post.wait_with_output();
                let output = output.map_err(|error| Failure::new(error.to_string()))?;
                // The webhook may refuse some instead of using more memory.
                match String::from_utf8_lossy(&output.stdout).trim() {
                    "200" | "429" | "503" => Ok(()),
                    other => Err(Failure::new(format!("review {number}: status `{other}`"))),
                }
            })
    })?;
    let bench = Bench {
        name: "peak-memory",
        case: format!("{LARGE} reviews of 1 MiB"),
        unit: "MiB",
    };
    let peak = procfs::peak_memory(servers.webhook)?;
    report.add(&bench, "irsa", peak / 1024.0, None);
    Ok(())
}

fn post(servers: &Servers, body: &Path, number: usize) -> Result<Child, Failure> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--insecure", "--write-out", "%{http_code}"]);
    curl.args([
        "--header",
        "Content-Type: application/json",
        "--data-binary",
    ]);
    curl.arg(format!("@{}", body.display()));
    curl.arg("--output")
        .arg(servers.folder.path().join(format!("answer-{number}")));
    curl.arg(&servers.url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    curl.spawn()
        .map_err(|error| Failure::new(format!("cannot run `curl`: {error}")))
}

/// A review of a pod as the API server sends it, with an annotation of this size.
fn review(padding: usize) -> String {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "generateName": "api-6f7d9c-", "namespace": NAMESPACE,
            "annotations": {"padding": "x".repeat(padding)},
            "labels": {"app": "api", "pod-template-hash": "6f7d9c"},
        },
        "spec": {
            "serviceAccountName": "api",
            "containers": [{
                "name": "api", "image": "registry.example.com/api:1", "ports": [{"containerPort": 8080}],
                "env": [{"name": "DATABASE_URL", "value": "postgres://localhost:5432/orders"}],
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}},
            }],
        },
    });
    let kind = |version: &str, kind: &str| json!({"group": "", "version": version, "kind": kind});
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind("v1", "Pod"),
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": NAMESPACE, "operation": "CREATE", "dryRun": true, "object": pod,
            "oldObject": Value::Null, "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
        },
    })
    .to_string()
}

// === impl Servers ===

impl Servers {
    fn start(irsa: &Path) -> Result<Self, Failure> {
        let folder = Folder::create()?;
        let mut starter = Command::new(workspace::target().join("debug/examples").join(STARTER));
        starter
            .arg("serve")
            .env("IRSA_CACHE_DIR", workspace::cache()?);
        starter.stdin(Stdio::piped()).stderr(Stdio::inherit());
        let (api_server, line) = Process::start_and_listen(&mut starter)?;
        let kubeconfig = PathBuf::from(line["kubeconfig"].as_str().unwrap_or_default());
        let manifest = folder.write("account.yaml", &manifest())?;
        let mut kubectl = Command::new("kubectl");
        kubectl.args(["apply", "--filename"]).arg(manifest);
        process::quietly(kubectl.env("KUBECONFIG", &kubeconfig))?;

        let address = format!("127.0.0.1:{}", free_port()?);
        let mut command = Command::new(irsa);
        command.args(["webhook", "--listen", &address, "--admin-address", "off"]);
        command.args([
            "--namespace",
            "irsa",
            "--image",
            "registry.example.com/irsa:1",
        ]);
        command
            .args(["--log-level", "error", "--kubeconfig"])
            .arg(&kubeconfig);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let webhook = Process::spawn(command.stderr(folder.log("webhook.log")?))?;
        let servers = Self {
            url: format!("https://{address}/mutate"),
            webhook: webhook.id(),
            folder,
            _processes: [webhook, api_server],
        };
        servers.until_injecting()?;
        Ok(servers)
    }

    /// Waits for the first review, and fails unless its response has a patch.
    fn until_injecting(&self) -> Result<(), Failure> {
        let body = self.folder.write("review.json", &review(0))?;
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--insecure"]);
        curl.args([
            "--retry",
            "20",
            "--retry-connrefused",
            "--retry-max-time",
            "20",
        ]);
        curl.args([
            "--header",
            "Content-Type: application/json",
            "--data-binary",
        ]);
        curl.arg(format!("@{}", body.display())).arg(&self.url);
        let answer = process::capture(&mut curl)?;
        if answer.contains("\"patch\"") {
            return Ok(());
        }
        Err(Failure::new(format!(
            "the webhook does not inject: {answer}"
        )))
    }
}

/// The namespaces and the service account. The webhook keeps its CA in the first namespace.
fn manifest() -> String {
    let mut manifest = String::new();
    for name in ["irsa", NAMESPACE] {
        let _ = write!(
            manifest,
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n---\n"
        );
    }
    manifest + ACCOUNT
}
