//! The front of a cluster: accepts connections as RDS does, and passes authenticated ones to the real server.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::BytesMut;
use irsa_chain::Cause;
use irsa_net::listen::{Listener, Stream};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::startup::{Startup, Version};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::answers::{self, Encryption};
use super::directory::Directory;
use super::faults::{FrontFaults, TlsFault};
use super::login::{self, AUTHENTICATION_TIMEOUT, Denial, Method};
use super::opening::{self, CancelConnection, Client, Opening};
use super::wire::Wire;
use super::{relay, server};
use crate::deps::FrontDeps;
use crate::ledger::{Outcome, RefusalEntry, Service};
use crate::network::{self, Faulty};
use crate::world::Cluster;

/// The ledger's operation for IAM logins, and for all rejected logins.
const LOGIN: &str = "login";

/// The state of a cluster's front.
#[derive(Debug)]
pub(super) struct Front {
    pub(super) cluster: Cluster,
    pub(super) deps: FrontDeps,
    /// TLS and network faults.
    pub(super) network: Arc<FrontFaults>,
    /// The host names and ports that tokens may be signed for.
    pub(super) endpoints: Vec<(String, u16)>,
    pub(super) tls: Arc<ServerConfig>,
    pub(super) directory: Directory,
    /// Path of the real server's Unix socket.
    pub(super) socket: PathBuf,
    /// The newest protocol version that the real server supports.
    pub(super) newest_protocol: Version,
}

impl Front {
    /// Accepts connections until the listener fails or this future is dropped, which closes all sessions.
    pub(super) async fn serve(self: Arc<Self>, mut listener: Listener) {
        let mut sessions = JoinSet::new();
        let mut faulty = Faulty {
            service: Service::Aurora,
            address: network::same_again(&listener, None),
            faults: self.deps.faults.watch(),
            ledger: Arc::clone(&self.deps.ledger),
            cuts: None,
        };
        loop {
            tokio::select! {
                biased;
                () = faulty.breaks() => listener = faulty.mistreat(listener).await,
                accepted = listener.accept() => match accepted.map(|accepted| accepted.stream) {
                    Ok(Stream::Tcp(stream)) if !self.deps.faults.aurora().unreachable => {
                        sessions.spawn(Arc::clone(&self).connection(stream));
                    }
                    Ok(_) => self.count("connect", Outcome::Fault),
                    Err(error) => return tracing::error!(%error, "the front stopped accepting connections"),
                },
                Some(_) = sessions.join_next() => {}
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let cuts = self.network.cuts();
        if let Err(error) = self.converse(stream, cuts).await {
            tracing::debug!(%error, cluster = self.cluster.name, "a connection ended early");
        }
    }

    async fn converse(&self, stream: TcpStream, cuts: watch::Receiver<u64>) -> io::Result<()> {
        let host = stream.peer_addr()?.ip().to_string();
        let fault = self.network.current().tls;
        if fault != TlsFault::None {
            self.count("tls", Outcome::Fault);
        }
        let tls = (fault != TlsFault::Refused).then(|| Arc::clone(&self.tls));
        let opening = opening::open(stream, tls);
        match timeout(AUTHENTICATION_TIMEOUT, opening)
            .await
            .map_err(io::Error::other)??
        {
            Opening::Session(client, startup) => self.session(*client, startup, &host, cuts).await,
            Opening::ClearText(client, startup) => self.clear_text(client, &startup, &host).await,
            Opening::Cancel(key, client) => {
                self.count("cancel", Outcome::Served);
                let cancelled = server::cancel(&self.socket, &key).await;
                client.close().await;
                cancelled
            }
            Opening::Over => Ok(()),
        }
    }

    async fn session(
        &self,
        mut client: Client,
        startup: Startup,
        host: &str,
        cuts: watch::Receiver<u64>,
    ) -> io::Result<()> {
        match login::log_in(self, &mut client, &startup, host).await {
            Ok((server, method)) => {
                self.count(method.operation(), Outcome::Served);
                relay::relay(client, server, &self.network, cuts).await;
                Ok(())
            }
            Err(Denial::Refused { response, refusal }) => {
                self.enter(&response, refusal.cause, refusal.server_log_text);
                client.refuse(&response).await
            }
            Err(Denial::Fault(response)) => {
                self.count(LOGIN, Outcome::Fault);
                client.refuse(&response).await
            }
            Err(Denial::Answered(response)) => client.refuse(&response).await,
            Err(Denial::Gone(error)) => Err(error),
        }
    }

    async fn clear_text(
        &self,
        mut client: Wire<TcpStream>,
        startup: &Startup,
        host: &str,
    ) -> io::Result<()> {
        let user = startup.user().unwrap_or_default();
        let response =
            answers::host_rejected(host, user, login::database(startup), Encryption::None);
        self.enter(
            &response,
            Cause::ClearTextRefused,
            format!("user \"{user}\" connected without TLS"),
        );
        client.refuse(&response).await
    }

    fn count(&self, operation: &str, outcome: Outcome) {
        self.deps.ledger.count(Service::Aurora, operation, outcome);
    }

    /// Records the true cause in the ledger.
    fn enter(&self, response: &ErrorResponse, cause: Cause, message: String) {
        let (operation, code) = (LOGIN.to_owned(), response.code.to_string());
        self.deps.ledger.refuse(RefusalEntry {
            service: Service::Aurora,
            operation,
            cause,
            code,
            message,
        });
    }
}

impl Method {
    /// The operation's name in the ledger.
    fn operation(self) -> &'static str {
        match self {
            Self::Iam => LOGIN,
            Self::Password => "password-login",
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// Sends the error response and closes the connection.
    pub(super) async fn refuse(&mut self, response: &ErrorResponse) -> io::Result<()> {
        let mut message = BytesMut::new();
        response.encode(&mut message);
        self.send(&message).await?;
        self.stream.shutdown().await?;
        relay::drain(&mut self.stream).await;
        Ok(())
    }
}

impl CancelConnection {
    /// Closes the connection without a response, as PostgreSQL does.
    async fn close(self) {
        let closed = match self {
            Self::Tls(mut client) => client.stream.shutdown().await,
            Self::ClearText(mut client) => client.stream.shutdown().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "the client of a cancel request disconnected early");
        }
    }
}
