//! The PostgreSQL proxy in session mode: client startup, login to the database with an IAM role, and relay.
//!
//! A session goes through these steps:
//!
//! 1. [`serve`] accepts a connection and spawns a task for it.
//! 2. `client` receives the client's request and starts TLS if the client requests it.
//! 3. `client_auth` authenticates the client. Local listeners require no authentication by default.
//! 4. `login` connects to the database with verified TLS and answers the password request with an RDS token. If the server
//!    rejects a cached token, irsa retries once with a new one.
//! 5. `relay` copies bytes in both directions through `transport`, which holds no buffer while it waits.

mod cancel;
mod client;
mod client_auth;
mod database;
mod frame_tracker;
mod login;
mod metrics;
mod panic;
mod recent_refusals;
pub mod refusal;
mod relay;
mod request_tracker;
mod server;
mod session;
mod traces;
mod transport;
mod upstream;

pub use self::client_auth::{
    CertificateUsers, CertificateUsersError, ClientAuth, PasswordFileError, ScramUsers,
};
pub use self::database::{Database, DatabaseParts};
pub use self::login::probe::{LoginFailure, LoginProbe, SessionParameters};
pub use self::metrics::PostgresMetrics;
pub use self::server::{serve, serve_client};
pub use self::upstream::{Limits, Upstream};
