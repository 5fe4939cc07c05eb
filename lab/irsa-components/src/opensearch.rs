//! A real OpenSearch with its security plugin on a bare machine: downloaded, assembled, supervised.
//!
//! It trusts the caller's identity in three headers ([`identity`]), as behind a front that authenticates callers: any
//! client that can connect to its port can claim any identity. It therefore listens only on 127.0.0.1, and is meant for
//! machines on which every local user may be its administrator.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use irsa_components::opensearch::{OpenSearch, OpenSearchBinaries, OpenSearchOptions};
//! use irsa_components::run_as;
//!
//! let cache = "/var/cache/irsa".as_ref();
//! let binaries = OpenSearchBinaries::locate(None, cache, &|line| eprintln!("{line}")).await?;
//! let folder = run_as::private_folder(run_as::RunAs::unprivileged().as_ref())?;
//! let opensearch = OpenSearch::start(&binaries, OpenSearchOptions::new(folder.path())).await?;
//! opensearch.call("PUT", "/orders", "").await?;
//! opensearch.stop().await?;
//! # Ok(())
//! # }
//! ```

mod artifacts;
mod binaries;
mod client;
mod command;
mod configuration;
mod error;
mod home;
pub mod identity;
mod java;
mod options;
mod ports;
mod server;

pub use artifacts::VERSION;
pub use binaries::OpenSearchBinaries;
pub use error::OpenSearchError;
pub use options::OpenSearchOptions;
pub use server::{Answer, OpenSearch};
