//! A PostgreSQL server that follows a script.

mod records;
mod script;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use irsa_net::tls::LocalAuthority;
use irsa_pgwire::backend::{self, Authentication, TransactionStatus};
use irsa_pgwire::startup::{CancelKey, Initial, Startup};
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

pub(crate) use self::records::Login;
use self::records::Records;
use self::script::quoting;
pub(crate) use self::script::{Step, refusal};
use crate::encryption::Encryption;
use crate::wire::{Wire, encoded, within};

/// The default name in the server's certificate.
pub(crate) const HOST: &str = "orders.cluster-c1a2b3d4e5f6.eu-central-1.rds.amazonaws.com";
/// The parameters that the server reports after a login.
pub(crate) const PARAMETERS: [(&str, &str); 2] =
    [("server_version", "17.5"), ("client_encoding", "UTF8")];

/// The configuration of a server.
pub(crate) struct Server {
    name: &'static str,
    tls_response: TlsResponse,
    encryption: Encryption,
    answers_cancels: bool,
    resets: bool,
    key: Option<CancelKey>,
    script: Arc<dyn Fn(usize) -> Vec<Step> + Send + Sync>,
}

/// The response to SSLRequest.
#[derive(Clone, Copy)]
enum TlsResponse {
    /// `S`, followed by TLS.
    Tls,
    /// These bytes; the server then reads to the end.
    Instead(&'static [u8]),
    /// These bytes; the server then closes the connection.
    Last(&'static [u8]),
    /// `S`, and these bytes after the start of the handshake.
    InHandshake(&'static [u8]),
}

/// A running server, until the test's runtime ends.
pub(crate) struct RunningServer {
    pub(crate) address: SocketAddr,
    pub(crate) authority: LocalAuthority,
    records: Arc<Records>,
}

// === impl Server ===

impl Server {
    /// A server that requires TLS, requests a password and accepts all logins.
    pub(crate) fn new() -> Self {
        Self {
            name: HOST,
            tls_response: TlsResponse::Tls,
            encryption: Encryption::Server,
            answers_cancels: true,
            resets: false,
            key: Some(CancelKey::new(4711, vec![9; 4])),
            script: Arc::new(|_| vec![Step::ask_for_password(), Step::AcceptLogin]),
        }
    }

    /// Sets the script for the `n`th login, from 0. The server closes the connection at the end of the script.
    pub(crate) fn on_login(
        mut self,
        script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        self.script = Arc::new(script);
        self
    }

    /// Sets the script for all logins.
    pub(crate) fn on_each_login(self, script: impl Into<Vec<Step>>) -> Self {
        let script = script.into();
        self.on_login(move |_| script.clone())
    }

    /// Sets the name in the certificate.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Sets the kind of encryption.
    pub(crate) fn encrypted_by(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Reads cancel requests and does not close their connections.
    pub(crate) fn hangs_on_cancels(mut self) -> Self {
        self.answers_cancels = false;
        self
    }

    /// Resets connections instead of closing them.
    pub(crate) fn that_resets(mut self) -> Self {
        self.resets = true;
        self
    }

    /// Sets the cancel key.
    pub(crate) fn with_key(mut self, key: CancelKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sends no BackendKeyData, so that sessions cannot be canceled.
    pub(crate) fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// Sets the response to SSLRequest, after which the server reads to the end.
    pub(crate) fn answers_tls_with(mut self, bytes: &'static [u8]) -> Self {
        self.tls_response = TlsResponse::Instead(bytes);
        self
    }

    /// Sets the response to SSLRequest, after which the server closes the connection.
    pub(crate) fn closes_after(mut self, bytes: &'static [u8]) -> Self {
        self.tls_response = TlsResponse::Last(bytes);
        self
    }

    /// Sets the response to the start of a TLS handshake, after which the server reads to the end.
    pub(crate) fn answers_the_handshake_with(mut self, bytes: &'static [u8]) -> Self {
        self.tls_response = TlsResponse::InHandshake(bytes);
        self
    }

    pub(crate) async fn run(self) -> RunningServer {
        self.run_at(([127, 0, 0, 1], 0).into()).await
    }

    pub(crate) async fn run_at(self, address: SocketAddr) -> RunningServer {
        let authority = LocalAuthority::generate().unwrap();
        let tls = self.encryption.config(&authority, self.name);
        let listener = TcpListener::bind(address).await.unwrap();
        let running = RunningServer {
            address: listener.local_addr().unwrap(),
            authority,
            records: Arc::default(),
        };
        let (server, records) = (Arc::new(self), Arc::clone(&running.records));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                records.count_connection();
                let (server, tls, records) =
                    (Arc::clone(&server), Arc::clone(&tls), Arc::clone(&records));
                tokio::spawn(async move { server.serve(stream, &tls, &records).await });
            }
        });
        running
    }

    async fn serve(&self, stream: TcpStream, tls: &Arc<ServerConfig>, records: &Records) {
        stream.set_nodelay(true).unwrap();
        if self.resets {
            let lingering = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            lingering.unwrap();
        }
        let mut wire = Wire::new(stream);
        match wire.packet().await {
            Some((Initial::Ssl, _)) => {}
            None => return,
            other => panic!("unexpected first packet {other:?}"),
        }
        match self.tls_response {
            TlsResponse::Tls => wire.send(b"S").await,
            TlsResponse::Last(bytes) => return wire.send(bytes).await,
            TlsResponse::InHandshake(bytes) => {
                wire.send(b"S").await;
                wire.bytes(1).await;
                wire.send(bytes).await;
                wire.rest().await;
                return;
            }
            TlsResponse::Instead(bytes) => {
                wire.send(bytes).await;
                return records.unencrypted.put(wire.rest().await);
            }
        }
        let mut wire = match wire.accept_tls(tls).await {
            Ok(wire) => wire,
            Err(error) => return records.tls_failures.put(error.to_string()),
        };
        match wire.packet().await {
            Some((Initial::Startup(startup), packet)) => {
                self.log_in(wire, startup, packet, records).await;
            }
            Some((Initial::Cancel(key), _)) => {
                records.cancels.put(key);
                if self.answers_cancels {
                    wire.shut_down().await;
                }
                records.clean_ends.put(wire.ends_cleanly().await);
            }
            other => panic!("unexpected packet {other:?}"),
        }
    }

    async fn log_in(&self, mut wire: Wire, startup: Startup, packet: Bytes, records: &Records) {
        let number = records.begin_login(startup, packet);
        for step in (self.script)(number) {
            match step {
                Step::Ask(request) => {
                    wire.send(encoded(|buf| request.encode(buf))).await;
                    let Some(answer) = wire.message().await else {
                        return;
                    };
                    records.add_answer(number, &answer);
                }
                Step::Send(bytes) => {
                    // The proxy may have closed the connection already.
                    let _ = wire.try_send(bytes).await;
                }
                Step::QuotePassword => {
                    let error = quoting(&records.last_password(number));
                    wire.send(encoded(|buf| error.encode(buf))).await;
                }
                Step::Hang => records.clean_ends.put(wire.ends_cleanly().await),
                Step::AcceptLogin => {
                    wire.send(self.greeting()).await;
                    return records.sessions.put(wire);
                }
            }
        }
        wire.shut_down().await;
    }

    fn greeting(&self) -> Bytes {
        encoded(|buf| {
            Authentication::Ok.encode(buf);
            for (name, value) in PARAMETERS {
                backend::parameter_status(name, value, buf);
            }
            if let Some(key) = &self.key {
                backend::backend_key_data(key, buf);
            }
            backend::ready_for_query(TransactionStatus::Idle, buf);
        })
    }
}

// === impl RunningServer ===

impl RunningServer {
    /// Returns the server's end of the next session, after its first ReadyForQuery.
    pub(crate) async fn session(&self) -> Wire {
        within("a session at the server", self.records.sessions.next()).await
    }

    /// Returns the key of the next cancel request.
    pub(crate) async fn cancel(&self) -> CancelKey {
        within(
            "a cancel request at the server",
            self.records.cancels.next(),
        )
        .await
    }

    /// Returns the bytes that followed a response to SSLRequest other than `S`, after the end of the connection.
    pub(crate) async fn unencrypted(&self) -> Bytes {
        within("the end of a connection", self.records.unencrypted.next()).await
    }

    /// Returns whether the next connection ended with close_notify. Only connections of [`Step::Hang`] and of cancel
    /// requests are recorded.
    pub(crate) async fn ends_cleanly(&self) -> bool {
        within("the end of a connection", self.records.clean_ends.next()).await
    }

    /// Returns the error of the next failed TLS handshake.
    pub(crate) async fn tls_failure(&self) -> String {
        within("a failed handshake", self.records.tls_failures.next()).await
    }

    /// Returns the number of connections to the server.
    pub(crate) fn connections(&self) -> usize {
        self.records.connections()
    }

    /// Returns all logins that were started.
    pub(crate) fn logins(&self) -> Vec<Login> {
        self.records.logins()
    }

    /// Returns the only login that was started.
    pub(crate) fn login(&self) -> Login {
        let [login] = self.logins().try_into().expect("one login");
        login
    }
}
