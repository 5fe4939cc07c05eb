//! Stock clients: through a proxy without a password, or straight to the server with an attacker's credentials.

pub(crate) mod opensearch;
pub(crate) mod postgres;
mod tls;

use std::time::Duration;

use irsa_chain::Cause;
use tokio::net::TcpStream;

/// Time limit for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The refusal that a client received.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) message: String,
    /// The cause that `irsa` names in its error, if the error is irsa's.
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
