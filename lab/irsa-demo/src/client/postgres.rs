//! Stock PostgreSQL clients: through a proxy without a password, or straight to the server with an attacker's token.

use irsa_chain::Cause;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Connection, NoTls};

use super::tls::Tls;
use super::{PATIENCE, Refused, reach};
use crate::DemoError;
use crate::pod::{Pod, Proxy};
use crate::stage::Stage;

/// Connects as an application does: to localhost, without a password.
pub(crate) async fn through(proxy: &Proxy, pod: &Pod) -> Result<Client, Refused> {
    let mut config = configuration(pod);
    config.ssl_mode(SslMode::Disable);
    let stream = reach(&proxy.address()).await?;
    let connecting = config.connect_raw(stream, NoTls);
    let (client, connection) = within(connecting).await?;
    drive(connection);
    Ok(client)
}

/// Connects as an attacker who has `token`: straight to the server, over TLS.
pub(crate) async fn with_token(stage: &Stage, pod: &Pod, token: &str) -> Result<Client, Refused> {
    let mut config = configuration(pod);
    config.ssl_mode(SslMode::Require).password(token);
    let name = &stage
        .cluster()
        .map_err(|error| Refused::because(&error))?
        .endpoint;
    let tls = Tls::for_server(stage, name).map_err(|error| Refused::because(&error))?;
    let stream = reach_server(stage).await?;
    let (client, connection) = within(config.connect_raw(stream, tls)).await?;
    drive(connection);
    Ok(client)
}

/// Connects like [`with_token`], but without TLS.
pub(crate) async fn in_clear_text(
    stage: &Stage,
    pod: &Pod,
    token: &str,
) -> Result<Client, Refused> {
    let mut config = configuration(pod);
    config.ssl_mode(SslMode::Disable).password(token);
    let stream = reach_server(stage).await?;
    let (client, connection) = within(config.connect_raw(stream, NoTls)).await?;
    drive(connection);
    Ok(client)
}

fn configuration(pod: &Pod) -> Config {
    let mut config = Config::new();
    config
        .user(&pod.user)
        .dbname(&pod.database)
        .application_name("irsa demo");
    config
}

async fn reach_server(stage: &Stage) -> Result<TcpStream, Refused> {
    let dial = &stage
        .cluster()
        .map_err(|error| Refused::because(&error))?
        .dial;
    reach(dial).await
}

async fn within<T>(
    connecting: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Refused> {
    match timeout(PATIENCE, connecting).await {
        Ok(outcome) => outcome.map_err(Refused::from),
        Err(_) => Err(Refused::because(&"no answer")),
    }
}

fn drive<S, T>(connection: Connection<S, T>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a demo connection ended");
        }
    });
}

/// Returns the first column of the first row of `query`.
pub(crate) async fn ask(client: &Client, query: &str) -> Result<String, DemoError> {
    let row = client
        .query_one(query, &[])
        .await
        .map_err(|error| DemoError::stage(query, error))?;
    row.try_get(0)
        .map_err(|error| DemoError::stage(query, error))
}

impl From<tokio_postgres::Error> for Refused {
    fn from(error: tokio_postgres::Error) -> Self {
        let refusal = error.as_db_error();
        let message = match refusal {
            Some(refusal) => format!("{}: {}", refusal.code().code(), refusal.message()),
            None => error.to_string(),
        };
        // A server's own error keeps its message; irsa adds link and cause in the DETAIL.
        let detail = refusal.and_then(|refusal| refusal.detail());
        Self {
            named: named_cause(&message).or_else(|| named_cause(detail?)),
            message,
        }
    }
}

/// Returns the cause that `irsa` names at the end of its message: `(link: LINK, cause: CAUSE)`.
fn named_cause(message: &str) -> Option<Cause> {
    let (_, named) = message.rsplit_once("cause: ")?;
    named.strip_suffix(')')?.parse().ok()
}
