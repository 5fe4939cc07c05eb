//! The servers of a run: PostgreSQL, PgBouncer and irsa, each in a separate process.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::child::{Process, free_port};
use crate::bench::folder::Folder;
use crate::failure::Failure;
use crate::workspace;

const PATIENCE: Duration = Duration::from_secs(20);
/// The number in the names of Unix sockets.
const SOCKET_PORT: u16 = 5432;

/// A path to the database.
#[derive(Debug)]
pub(super) struct Subject {
    /// `direct`; `plain-relay`, `pgbouncer` and `irsa`, each also with `-unix`.
    pub(super) name: &'static str,
    /// Address or socket directory.
    pub(super) host: String,
    pub(super) port: u16,
    /// CA of the server's certificate, if the client uses TLS.
    pub(super) ca_file: Option<PathBuf>,
    /// Process ID of the proxy, if any.
    pub(super) process_id: Option<u32>,
}

/// All paths to one PostgreSQL, and their processes, which end when this value is dropped.
#[derive(Debug)]
pub(super) struct Subjects {
    pub(super) all: Vec<Subject>,
    pub(super) upstream: Upstream,
    // Dropped before the directory with their sockets and logs.
    _processes: Vec<Process>,
    pub(super) folder: Folder,
}

/// The PostgreSQL that all paths lead to.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) port: u16,
    pub(super) user: String,
    /// An Aurora endpoint that its certificate names.
    endpoint: String,
    ca_file: PathBuf,
    /// The `irsa` to measure.
    irsa: PathBuf,
}

impl Subjects {
    pub(super) fn start(irsa: &Path) -> Result<Self, Failure> {
        let folder = Folder::create()?;
        let (postgres, upstream) = start_postgres(&folder, irsa)?;
        let pgbouncer = start_pgbouncer(&folder, &upstream)?;
        let relay = start_plain_relay(&folder, &upstream)?;
        let irsa = start_irsa(&folder, &upstream)?;
        let direct = Subject {
            name: "direct",
            host: "localhost".to_owned(),
            port: upstream.port,
            ca_file: Some(upstream.ca_file.clone()),
            process_id: None,
        };
        let mut all = vec![direct];
        all.extend(pgbouncer.1);
        all.extend(relay.1);
        all.extend(irsa.1);
        Ok(Self {
            all,
            upstream,
            _processes: vec![irsa.0, relay.0, pgbouncer.0, postgres],
            folder,
        })
    }

    /// Returns the subjects with a proxy.
    pub(super) fn proxies(&self) -> impl Iterator<Item = (&Subject, u32)> {
        self.all
            .iter()
            .filter_map(|subject| Some((subject, subject.process_id?)))
    }
}

impl Subject {
    /// Configures a program of libpq for this subject.
    pub(super) fn point(&self, upstream: &Upstream, command: &mut Command) {
        command
            .env("PGHOST", &self.host)
            .env("PGPORT", self.port.to_string());
        command
            .env("PGUSER", &upstream.user)
            .env("PGDATABASE", &upstream.user)
            .env("PGPASSFILE", "/nonexistent/pgpass");
        match &self.ca_file {
            Some(file) => command
                .env("PGSSLMODE", "verify-full")
                .env("PGSSLROOTCERT", file),
            None => command.env("PGSSLMODE", "disable"),
        };
    }
}

fn start_postgres(folder: &Folder, irsa: &Path) -> Result<(Process, Upstream), Failure> {
    let mut command = Command::new(workspace::target().join("debug/tls-postgres"));
    let (process, line) =
        Process::start_and_listen(command.stdin(Stdio::piped()).stderr(Stdio::inherit()))?;
    let ca_file = folder.path().join("ca.pem");
    let original = PathBuf::from(line["ca_file"].as_str().unwrap_or_default());
    fs::copy(&original, &ca_file).map_err(Failure::file(&original))?;
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let port = line["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or_default();
    Ok((
        process,
        Upstream {
            port,
            user: text("user"),
            endpoint: text("endpoint"),
            ca_file,
            irsa: irsa.to_owned(),
        },
    ))
}

fn start_pgbouncer(
    folder: &Folder,
    upstream: &Upstream,
) -> Result<(Process, [Subject; 2]), Failure> {
    let port = free_port()?;
    let socket_dir = folder.subfolder("pgbouncer")?;
    let users = folder.write("users.txt", &format!("\"{}\" \"\"\n", upstream.user))?;
    let configuration = folder.write(
        "pgbouncer.ini",
        &format!(
            "[databases]\n* = host=localhost port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {}\nauth_type = trust\nauth_file = {}\npool_mode = session\n\
             server_tls_sslmode = verify-full\nserver_tls_ca_file = {}\nmax_client_conn = 1000\n\
             default_pool_size = 400\nignore_startup_parameters = extra_float_digits\n",
            upstream.port,
            socket_dir.display(),
            users.display(),
            upstream.ca_file.display(),
        ),
    )?;
    let mut command = Command::new("pgbouncer");
    if workspace::is_root() {
        command.args(["-u", "nobody"]);
    }
    let log = folder.log("pgbouncer.log")?;
    command
        .arg(configuration)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    let process = Process::spawn(&mut command)?;
    until_it_answers(port)?;
    let subject = |name, host: String| Subject {
        name,
        host,
        port,
        ca_file: None,
        process_id: Some(process.id()),
    };
    let subjects = [
        subject("pgbouncer", "127.0.0.1".to_owned()),
        subject("pgbouncer-unix", socket_dir.display().to_string()),
    ];
    Ok((process, subjects))
}

fn start_irsa(folder: &Folder, upstream: &Upstream) -> Result<(Process, [Subject; 2]), Failure> {
    let socket_dir = folder.subfolder("irsa")?;
    let more = format!("&listen=unix:{}", socket_in(&socket_dir).display());
    listening(
        folder,
        ["irsa", "irsa-unix"],
        &socket_dir,
        &mut irsa(upstream, &more),
    )
}

/// Starts a minimal relay: its overhead is the price of any process in between.
fn start_plain_relay(
    folder: &Folder,
    upstream: &Upstream,
) -> Result<(Process, [Subject; 2]), Failure> {
    let socket_dir = folder.subfolder("plain-relay")?;
    let mut command = Command::new(workspace::target().join("release/examples/plain-relay"));
    command
        .arg(upstream.port.to_string())
        .arg(&upstream.ca_file)
        .arg(socket_in(&socket_dir));
    let names = ["plain-relay", "plain-relay-unix"];
    listening(folder, names, &socket_dir, &mut command)
}

/// Starts a relay that prints the port on which it listens in addition to its socket.
fn listening(
    folder: &Folder,
    [tcp, unix]: [&'static str; 2],
    socket_dir: &Path,
    command: &mut Command,
) -> Result<(Process, [Subject; 2]), Failure> {
    let log = folder.log(&format!("{tcp}.log"))?;
    let (process, line) = Process::start_and_listen(command.stdin(Stdio::null()).stderr(log))?;
    let process_id = Some(process.id());
    let port = port(&line)
        .ok_or_else(|| Failure::new(format!("{tcp} did not print its addresses: {line}")))?;
    let subject = |name, host: String, port| Subject {
        name,
        host,
        port,
        ca_file: None,
        process_id,
    };
    let subjects = [
        subject(tcp, "127.0.0.1".to_owned(), port),
        subject(unix, socket_dir.display().to_string(), SOCKET_PORT),
    ];
    Ok((process, subjects))
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{SOCKET_PORT}"))
}

/// Returns the command of `irsa proxy` on a free port. The database does not check its credentials.
pub(super) fn irsa(upstream: &Upstream, more: &str) -> Command {
    let mut command = Command::new(&upstream.irsa);
    let Upstream { port, endpoint, .. } = upstream;
    command
        .args([
            "proxy",
            "--output",
            "json",
            "--status-address",
            "off",
            "--identity",
            "env",
            "--ca-file",
        ])
        .arg(&upstream.ca_file);
    command.arg(format!(
        "postgres://{endpoint}:{port}?dial=127.0.0.1:{port}&listen=127.0.0.1:0{more}"
    ));
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    command.env_remove("AWS_SESSION_TOKEN");
    command
}

/// Returns the TCP port in `{"listening":[{"address":"127.0.0.1:PORT"}, ..]}`.
fn port(line: &Value) -> Option<u16> {
    let mut addresses = line["listening"]
        .as_array()?
        .iter()
        .filter_map(|each| each["address"].as_str());
    addresses.find_map(|address| address.strip_prefix("127.0.0.1:")?.parse().ok())
}

fn until_it_answers(port: u16) -> Result<(), Failure> {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if started.elapsed() > PATIENCE {
            return Err(Failure::new("PgBouncer did not start to listen"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
