//! The reference's applications: fetched or built, and run as a pod would run them.
//!
//! Each goes to its data store in one of two ways: through irsa, as its stock build without a password and without a
//! library that signs; or in its own documented way, with the signing inside. What differs between the two is an
//! environment, and that environment is what the guides under `docs/guides` show.

mod database;
mod error;
pub mod jvm;
pub mod keycloak;
pub mod maven;
pub mod search_clients;
pub mod web_modeler;

pub use database::{Database, DatabaseWay};
pub use error::AppError;
