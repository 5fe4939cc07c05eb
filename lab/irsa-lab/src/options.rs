//! The options of a lab.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use irsa_components::cache;

use crate::deps::Progress;
use crate::world::World;

/// The lifetime of projected tokens on EKS in seconds: 24 h.
const TOKEN_SECONDS: u64 = 86_400;

/// The options of a lab. [`LabOptions::new`] has defaults.
pub struct LabOptions {
    /// The AWS environment to play.
    pub world: World,
    /// Directory for `lab.json`, the CA's certificate, tokens and databases; a temporary one by default.
    pub state_dir: Option<PathBuf>,
    /// Directory for downloaded programs.
    pub cache_dir: PathBuf,
    /// Directory with `initdb` and `postgres`; without it they are downloaded.
    pub postgres_bin: Option<PathBuf>,
    /// The ports of the services; 0 for free ones.
    pub ports: LabPorts,
    /// Receives a line for each step that takes long.
    pub progress: Progress,
    /// The maximum lifetime of STS sessions in seconds; clients may request less.
    pub session_seconds: Option<u64>,
    /// The lifetime of projected tokens in seconds.
    pub token_seconds: u64,
    /// Whether to start the world's clusters; without them a lab starts immediately and needs no PostgreSQL.
    pub aurora: bool,
    /// Whether to start the world's OpenSearch domains, which need Java.
    pub opensearch: bool,
    /// A Java of version 11 to 21 for OpenSearch; without it, one is looked for.
    pub java_home: Option<PathBuf>,
}

/// The ports of the services on 127.0.0.1; 0 selects a free one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LabPorts {
    /// The OIDC issuer.
    pub oidc: u16,
    /// STS.
    pub sts: u16,
    /// Instance metadata.
    pub imds: u16,
    /// The Pod Identity agent.
    pub pod_identity: u16,
    /// Secrets Manager.
    pub secrets_manager: u16,
    /// The lab's own API.
    pub admin: u16,
}

impl LabOptions {
    /// Returns options with free ports and a temporary directory, with clusters, without domains.
    pub fn new(world: World) -> Self {
        Self {
            world,
            state_dir: None,
            cache_dir: default_cache_dir(),
            postgres_bin: None,
            ports: LabPorts::default(),
            progress: Arc::new(|_| {}),
            session_seconds: None,
            token_seconds: TOKEN_SECONDS,
            aurora: true,
            opensearch: false,
            java_home: None,
        }
    }
}

impl fmt::Debug for LabOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabOptions")
            .field("state_dir", &self.state_dir)
            .field("cache_dir", &self.cache_dir)
            .field("postgres_bin", &self.postgres_bin)
            .field("ports", &self.ports)
            .field("session_seconds", &self.session_seconds)
            .field("token_seconds", &self.token_seconds)
            .field("aurora", &self.aurora)
            .field("opensearch", &self.opensearch)
            .field("java_home", &self.java_home)
            .finish_non_exhaustive()
    }
}

fn default_cache_dir() -> PathBuf {
    cache::folder(std::env::var_os)
        .unwrap_or_else(|| std::env::temp_dir().join(".cache").join("irsa"))
}
