//! A real PostgreSQL on a bare machine: downloaded, initialized, supervised.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use irsa_components::postgres::{Postgres, PostgresBinaries, PostgresOptions, StopMode};
//! use irsa_components::run_as;
//!
//! let binaries = PostgresBinaries::locate(None, "/var/cache/irsa".as_ref(), &|line| eprintln!("{line}")).await?;
//! let folder = run_as::private_folder(run_as::RunAs::unprivileged().as_ref())?;
//! let postgres = Postgres::start(&binaries, PostgresOptions::new(folder.path())).await?;
//! postgres.connect("postgres").await?.batch_execute("CREATE DATABASE shop").await?;
//! postgres.stop(StopMode::Fast).await?;
//! # Ok(())
//! # }
//! ```

mod binaries;
mod configuration;
mod error;
mod fetch;
mod initialise;
mod options;
mod program;
mod server;
mod template;

pub use crate::Progress;
pub use binaries::PostgresBinaries;
pub use error::PostgresError;
pub use fetch::VERSION;
pub use options::{Listen, PostgresOptions, TlsFiles};
pub use server::{Postgres, StopMode};
