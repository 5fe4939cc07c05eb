//! The PostgreSQL proxy, session mode: a client's start-up, the login to the database as an IAM
//! role, and the relay between the two.
//!
//! The path of one session:
//!
//! 1. [`serve`] accepts a connection and spawns a task for it;
//! 2. `client` reads what the client wants, with TLS where it asks for it;
//! 3. `client_auth` lets it in (a local listener asks nothing);
//! 4. `login` opens verified TLS to the database and answers its password request with an RDS
//!    token, signed afresh once where the server turns an older one down;
//! 5. `relay` moves bytes both ways, through `transport`, which holds no buffer while it waits.

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
