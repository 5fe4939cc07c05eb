//! The reference's applications, downloaded or built, and run as in a pod.
//!
//! Each reaches its data store in one of two modes: through irsa, as the stock build without a password and without a
//! signing library; or with its own signing, as its vendor documents. The two modes differ only in the environment, and
//! the guides in `docs/guides` show that environment.

mod database;
mod error;
pub mod jvm;
pub mod keycloak;
pub mod maven;
pub mod search_clients;
pub mod web_modeler;

pub use database::{Database, DatabaseMode};
pub use error::AppError;
