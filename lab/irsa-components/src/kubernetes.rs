//! A real kube-apiserver with a real etcd on loopback, for tests: built from their sources, supervised.
//!
//! No registry ships the programs, so Go builds both as one from Kubernetes' own modules (once, in three to four
//! minutes on two cores). There is no kubelet, no scheduler and no controller manager: pods stay pending, and a
//! namespace has no service account `default` until it is created.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use irsa_components::kubernetes::{Kubernetes, KubernetesBinaries, KubernetesOptions};
//!
//! let cache = "/var/cache/irsa".as_ref();
//! let binaries = KubernetesBinaries::locate(cache, &|line| eprintln!("{line}")).await?;
//! let folder = tempfile::tempdir()?;
//! let kubernetes = Kubernetes::start(&binaries, KubernetesOptions::new(folder.path())).await?;
//! println!("KUBECONFIG={}", kubernetes.kubeconfig().display());
//! kubernetes.stop().await?;
//! # Ok(())
//! # }
//! ```

mod binaries;
mod certificates;
mod command;
mod error;
mod options;
mod server;

pub use binaries::{KubernetesBinaries, VERSION};
pub use error::KubernetesError;
pub use options::KubernetesOptions;
pub use server::Kubernetes;
