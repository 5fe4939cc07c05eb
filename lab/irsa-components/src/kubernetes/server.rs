//! A running Kubernetes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use reqwest::Client;
use rustix::process::Signal;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::process::{Child, Command};
use tokio::time::{MissedTickBehavior, interval};

use super::certificates::Certificates;
use super::command::{self, Folder, Ports};
use super::{KubernetesBinaries, KubernetesError, KubernetesOptions};
use crate::files::FileError;
use crate::guard::Guard;
use crate::{child, log_file};

/// Number of attempts to find a free port, because other processes may take it meanwhile.
const PORT_ATTEMPTS: usize = 3;
/// Interval between readiness checks.
const POLL: Duration = Duration::from_millis(50);
/// Time limit for a readiness check.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit for the API server to end; it finishes pending requests.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A running Kubernetes. It ends when this value is dropped or this process is killed.
#[derive(Debug)]
pub struct Kubernetes {
    // The API server is dropped first: without etcd it could only log errors.
    api: Server,
    etcd: Server,
    folder: Folder,
    ports: Ports,
    authority: String,
    binaries: KubernetesBinaries,
    options: KubernetesOptions,
}

/// One of the two processes.
#[derive(Debug)]
struct Server {
    name: &'static str,
    child: Child,
    log: PathBuf,
    _guard: Option<Guard>,
}

impl Kubernetes {
    /// Starts both servers and waits until the API server is ready.
    ///
    /// # Errors
    /// The directory cannot be prepared, or a server ends or is not ready within `start_timeout`; the error has the end
    /// of its log.
    pub async fn start(
        binaries: &KubernetesBinaries,
        options: KubernetesOptions,
    ) -> Result<Self, KubernetesError> {
        let folder = Folder::new(&options.folder)?;
        let certificates = Certificates::generate()?;
        folder.prepare(&certificates)?;
        let mut attempt = 1;
        loop {
            let ports =
                Ports::free().map_err(FileError::when("find a free port at", "127.0.0.1"))?;
            match Self::launch(binaries, &options, folder.clone(), ports, &certificates).await {
                Err(KubernetesError::Stopped { .. })
                    if attempt < PORT_ATTEMPTS && ports.are_taken() =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn launch(
        binaries: &KubernetesBinaries,
        options: &KubernetesOptions,
        folder: Folder,
        ports: Ports,
        certificates: &Certificates,
    ) -> Result<Self, KubernetesError> {
        let deadline = Instant::now() + options.start_timeout;
        let client = client(&certificates.authority)?;
        let url = ports.api_url();
        let mut etcd = Server::spawn("etcd", command::etcd(binaries, &folder, ports), &folder)?;
        let health = format!("{}/health", ports.etcd_url());
        etcd.until_ready(&client, &health, deadline).await?;
        let mut api = spawn_api(binaries, options, &folder, ports)?;
        api.until_ready(&client, &format!("{url}/readyz"), deadline)
            .await?;
        folder.write_kubeconfig(&url)?;
        Ok(Self {
            api,
            etcd,
            folder,
            ports,
            authority: certificates.authority.clone(),
            binaries: binaries.clone(),
            options: options.clone(),
        })
    }

    /// The URL: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.ports.api_url()
    }

    /// The path of the administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.file("kubeconfig")
    }

    /// The CA of the API server's certificate, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The file with the API server's output.
    pub fn log_file(&self) -> &Path {
        &self.api.log
    }

    /// The API server's process ID; `None` after it has ended and was waited for.
    pub fn process_id(&self) -> Option<u32> {
        self.api.child.id()
    }

    /// Kills the API server, as when its node fails. etcd keeps its state.
    ///
    /// # Errors
    /// The process cannot be waited for.
    pub async fn kill_api_server(&mut self) -> Result<(), KubernetesError> {
        if child::ends(&mut self.api.child, Signal::KILL, STOP_TIMEOUT).await {
            return Ok(());
        }
        Err(self.api.killed())
    }

    /// Starts the API server again after [`kill_api_server`](Self::kill_api_server), at the same address, and waits until
    /// it is ready.
    ///
    /// # Errors
    /// It ends or is not ready within `start_timeout`; the error has the end of its log.
    pub async fn start_api_server(&mut self) -> Result<(), KubernetesError> {
        let deadline = Instant::now() + self.options.start_timeout;
        self.api = spawn_api(&self.binaries, &self.options, &self.folder, self.ports)?;
        let client = client(&self.authority)?;
        let ready = format!("{}/readyz", self.url());
        self.api.until_ready(&client, &ready, deadline).await
    }

    /// Sends SIGTERM to both servers, the API server first, and waits for them to end. The API server does not end in time
    /// while a client has an open watch.
    ///
    /// # Errors
    /// A server did not end in time and was killed. A server that had already ended is not an error.
    pub async fn stop(mut self) -> Result<(), KubernetesError> {
        let api = self.api.end().await;
        self.etcd.end().await.and(api)
    }
}

fn spawn_api(
    binaries: &KubernetesBinaries,
    options: &KubernetesOptions,
    folder: &Folder,
    ports: Ports,
) -> Result<Server, KubernetesError> {
    let url = ports.api_url();
    let issuer = options.issuer.as_deref().unwrap_or(&url);
    let command = command::api(binaries, folder, ports, issuer);
    Server::spawn("kube-apiserver", command, folder)
}

impl Server {
    fn spawn(
        name: &'static str,
        mut command: Command,
        folder: &Folder,
    ) -> Result<Self, KubernetesError> {
        let log = folder.file(&format!("{name}.log"));
        let failed = || FileError::when("write", &log);
        let output = log_file::open(&log).map_err(failed())?;
        let errors = output.try_clone().map_err(failed())?;
        command.stdout(output).stderr(errors).kill_on_drop(true);
        let child = command.spawn().map_err(|source| KubernetesError::Run {
            program: command.as_std().get_program().into(),
            source,
        })?;
        let guard = Guard::start(child.id(), None, "KILL");
        Ok(Self {
            name,
            child,
            log,
            _guard: guard,
        })
    }

    async fn until_ready(
        &mut self,
        client: &Client,
        url: &str,
        deadline: Instant,
    ) -> Result<(), KubernetesError> {
        let started = Instant::now();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < deadline {
            tokio::select! {
                ended = self.child.wait() => return Err(self.stopped(ended)),
                _ = poll.tick() => {}
            }
            let answer = client.get(url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
        }
        Err(KubernetesError::NotReady {
            server: self.name,
            waited: started.elapsed(),
            log: log_file::tail(&self.log),
        })
    }

    fn stopped(&self, ended: io::Result<ExitStatus>) -> KubernetesError {
        match ended {
            Ok(status) => KubernetesError::Stopped {
                server: self.name,
                status,
                log: log_file::tail(&self.log),
            },
            Err(source) => FileError::when("wait for", self.name)(source).into(),
        }
    }

    async fn end(&mut self) -> Result<(), KubernetesError> {
        if child::ends(&mut self.child, Signal::TERM, STOP_TIMEOUT).await {
            return Ok(());
        }
        Err(self.killed())
    }

    fn killed(&self) -> KubernetesError {
        KubernetesError::Killed {
            server: self.name,
            waited: STOP_TIMEOUT,
        }
    }
}

impl Drop for Server {
    /// Waits for the end, so that the directory can be removed.
    fn drop(&mut self) {
        child::end_at_drop(&mut self.child, Signal::KILL, STOP_TIMEOUT);
    }
}

/// Returns a client that trusts the servers of this directory, and ignores the proxy of the environment.
fn client(authority: &str) -> Result<Client, KubernetesError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(
        CertificateDer::pem_slice_iter(authority.as_bytes()).filter_map(Result::ok),
    );
    let provider = rustls::crypto::ring::default_provider().into();
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(KubernetesError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .no_proxy()
        .timeout(ANSWER_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(KubernetesError::Client)
}
