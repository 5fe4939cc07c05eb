//! Stock clients: through a proxy without a password, and straight to the server with whatever an
//! attacker has.

pub(crate) mod opensearch;
pub(crate) mod postgres;
mod tls;

use std::time::Duration;

use irsa_chain::Cause;
use tokio::net::TcpStream;

/// How long a client may wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a client was told instead of what it asked for.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) message: String,
    /// The cause that `irsa` named, if it was `irsa` that refused.
    pub(crate) named: Option<Cause>,
}

impl Refused {
    fn because(reason: &impl ToString) -> Self {
        Self {
            message: reason.to_string(),
            named: None,
        }
    }
}

/// Connects to `HOST:PORT`.
async fn reach(address: &str) -> Result<TcpStream, Refused> {
    let connected = TcpStream::connect(address).await;
    connected.map_err(|error| Refused::because(&error))
}
