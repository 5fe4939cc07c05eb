//! How a lab is started.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use irsa_components::cache;

use crate::deps::Progress;
use crate::world::World;

/// EKS's life of projected tokens in seconds: 24 h.
const TOKEN_SECONDS: u64 = 86_400;

/// How a lab is started. [`LabOptions::new`] has good defaults.
pub struct LabOptions {
    /// What exists.
    pub world: World,
    /// Where `lab.json`, the authority's certificate, tokens and databases are; a temporary folder
    /// when absent.
    pub state_dir: Option<PathBuf>,
    /// Where fetched programs are kept.
    pub cache_dir: PathBuf,
    /// Folder with `initdb` and `postgres`; fetched when absent.
    pub postgres_bin: Option<PathBuf>,
    /// The ports of the services; 0 for free ones.
    pub ports: LabPorts,
    /// Receives a line for each step that takes long.
    pub progress: Progress,
    /// The life of STS sessions in seconds, if it shall be shorter than what is asked for.
    pub session_seconds: Option<u64>,
    /// The life of projected tokens in seconds.
    pub token_seconds: u64,
    /// Whether the world's clusters are started; without them a lab starts at once and needs no
    /// PostgreSQL.
    pub aurora: bool,
    /// Whether the world's OpenSearch domains are started; they need Java.
    pub opensearch: bool,
    /// A Java of version 11 to 21 for OpenSearch; looked for when absent.
    pub java_home: Option<PathBuf>,
}

/// The ports of the services, all on 127.0.0.1; 0 for free ones.
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
    /// The lab's own API.
    pub admin: u16,
}

impl LabOptions {
    /// Everything on free ports, in a temporary folder, with the clusters, without the domains.
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
    let home = std::env::home_dir();
    cache::default_folder(None, home.as_deref().map(Path::as_os_str))
        .unwrap_or_else(|| std::env::temp_dir().join(".cache").join("irsa"))
}
