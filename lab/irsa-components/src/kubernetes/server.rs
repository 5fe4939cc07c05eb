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

/// How often a free port is looked for again, because somebody else took it meanwhile.
const PORT_ATTEMPTS: usize = 3;
/// How often a server is asked whether it is ready.
const POLL: Duration = Duration::from_millis(50);
/// How long it may take to say so.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the API server may take to end; it waits for what it has begun.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A Kubernetes that ends with this value, and also when this process is killed.
#[derive(Debug)]
pub struct Kubernetes {
    // The API server is dropped first: without etcd it could only complain.
    api: Server,
    etcd: Server,
    folder: Folder,
    ports: Ports,
    authority: String,
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
    /// The folder can't be prepared, or a server stops or is not ready within `start_timeout`; the error carries the
    /// end of its log.
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
        let issuer = options.issuer.as_deref().unwrap_or(&url);
        let mut etcd = Server::spawn("etcd", command::etcd(binaries, &folder, ports), &folder)?;
        let health = format!("{}/health", ports.etcd_url());
        etcd.until_ready(&client, &health, deadline).await?;
        let command = command::api(binaries, &folder, ports, issuer);
        let mut api = Server::spawn("kube-apiserver", command, &folder)?;
        api.until_ready(&client, &format!("{url}/readyz"), deadline)
            .await?;
        folder.write_kubeconfig(&url)?;
        Ok(Self {
            api,
            etcd,
            folder,
            ports,
            authority: certificates.authority.clone(),
        })
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.ports.api_url()
    }

    /// The kubeconfig of an administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.file("kubeconfig")
    }

    /// The authority that vouches for the API server, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Receives what the API server writes.
    pub fn log_file(&self) -> &Path {
        &self.api.log
    }

    /// The API server's process id; `None` once it has ended and that was noticed.
    pub fn process_id(&self) -> Option<u32> {
        self.api.child.id()
    }

    /// Stops both (SIGTERM), the API server first, and waits for their end.
    ///
    /// # Errors
    /// One did not end in time and was killed. One that had ended by itself is no error.
    pub async fn stop(mut self) -> Result<(), KubernetesError> {
        let api = self.api.end().await;
        self.etcd.end().await.and(api)
    }
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
        Err(KubernetesError::Killed {
            server: self.name,
            waited: STOP_TIMEOUT,
        })
    }
}

impl Drop for Server {
    /// Waits for the end, so that the folder can be removed.
    fn drop(&mut self) {
        child::end_at_drop(&mut self.child, Signal::KILL, STOP_TIMEOUT);
    }
}

/// Trusts the servers of this folder, and goes through no proxy, whatever the environment says.
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
