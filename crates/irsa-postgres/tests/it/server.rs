//! A PostgreSQL server that does as its script says.

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

/// The name on the server's certificate, unless told otherwise.
pub(crate) const HOST: &str = "orders.cluster-c1a2b3d4e5f6.eu-central-1.rds.amazonaws.com";
/// What its settings are, as it reports them after a login.
pub(crate) const PARAMETERS: [(&str, &str); 2] =
    [("server_version", "17.5"), ("client_encoding", "UTF8")];

/// What a server is to be like.
pub(crate) struct Server {
    name: &'static str,
    first_words: FirstWords,
    encryption: Encryption,
    takes_cancels: bool,
    resets: bool,
    key: Option<CancelKey>,
    script: Arc<dyn Fn(usize) -> Vec<Step> + Send + Sync>,
}

/// What it says to SSLRequest.
#[derive(Clone, Copy)]
enum FirstWords {
    /// `S`, and goes on with TLS.
    Tls,
    /// These bytes, and then listens to what comes.
    Instead(&'static [u8]),
    /// These bytes, and then nothing more.
    Last(&'static [u8]),
    /// `S`, and these bytes in answer to the beginning of a handshake.
    InHandshake(&'static [u8]),
}

/// A server that runs, until the test's runtime ends.
pub(crate) struct RunningServer {
    pub(crate) address: SocketAddr,
    pub(crate) authority: LocalAuthority,
    records: Arc<Records>,
}

// === impl Server ===

impl Server {
    /// A server that asks for a password over TLS and lets everybody in.
    pub(crate) fn new() -> Self {
        Self {
            name: HOST,
            first_words: FirstWords::Tls,
            encryption: Encryption::Server,
            takes_cancels: true,
            resets: false,
            key: Some(CancelKey::new(4711, vec![9; 4])),
            script: Arc::new(|_| vec![Step::ask_for_password(), Step::Welcome]),
        }
    }

    /// What to do in the `n`th login, from 0; at the script's end the connection is closed.
    pub(crate) fn on_login(
        mut self,
        script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        self.script = Arc::new(script);
        self
    }

    /// What to do in each login.
    pub(crate) fn on_each_login(self, script: impl Into<Vec<Step>>) -> Self {
        let script = script.into();
        self.on_login(move |_| script.clone())
    }

    /// The name on its certificate.
    pub(crate) fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// How its TLS is to be.
    pub(crate) fn encrypted_by(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Reads cancel requests, and then does nothing.
    pub(crate) fn hangs_on_cancels(mut self) -> Self {
        self.takes_cancels = false;
        self
    }

    /// Resets connections where others close them.
    pub(crate) fn that_resets(mut self) -> Self {
        self.resets = true;
        self
    }

    /// What clients are to cancel with.
    pub(crate) fn with_key(mut self, key: CancelKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sends no BackendKeyData, so that its sessions can't be canceled.
    pub(crate) fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// What it answers to SSLRequest, to listen then to what comes.
    pub(crate) fn answers_tls_with(mut self, words: &'static [u8]) -> Self {
        self.first_words = FirstWords::Instead(words);
        self
    }

    /// What it answers to SSLRequest, to close the connection then.
    pub(crate) fn closes_after(mut self, words: &'static [u8]) -> Self {
        self.first_words = FirstWords::Last(words);
        self
    }

    /// What it answers to the beginning of a TLS handshake, and then listens to what comes.
    pub(crate) fn answers_the_handshake_with(mut self, words: &'static [u8]) -> Self {
        self.first_words = FirstWords::InHandshake(words);
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
            other => panic!("{other:?} is not what a proxy begins with"),
        }
        match self.first_words {
            FirstWords::Tls => wire.send(b"S").await,
            FirstWords::Last(words) => return wire.send(words).await,
            FirstWords::InHandshake(words) => {
                wire.send(b"S").await;
                wire.bytes(1).await;
                wire.send(words).await;
                wire.rest().await;
                return;
            }
            FirstWords::Instead(words) => {
                wire.send(words).await;
                return records.overheard.put(wire.rest().await);
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
                if self.takes_cancels {
                    wire.shut_down().await;
                }
                records.clean_ends.put(wire.ends_cleanly().await);
            }
            other => panic!("{other:?} is not what a session begins with"),
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
                    // A proxy that has heard enough may be gone.
                    let _ = wire.try_send(bytes).await;
                }
                Step::QuotePassword => {
                    let error = quoting(&records.last_password(number));
                    wire.send(encoded(|buf| error.encode(buf))).await;
                }
                Step::Hang => records.clean_ends.put(wire.ends_cleanly().await),
                Step::Welcome => {
                    wire.send(self.welcome()).await;
                    return records.sessions.put(wire);
                }
            }
        }
        wire.shut_down().await;
    }

    fn welcome(&self) -> Bytes {
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
    /// The next session's end of the server, after its first ReadyForQuery.
    pub(crate) async fn session(&self) -> Wire {
        within("a session at the server", self.records.sessions.next()).await
    }

    /// The next cancel request.
    pub(crate) async fn cancel(&self) -> CancelKey {
        within(
            "a cancel request at the server",
            self.records.cancels.next(),
        )
        .await
    }

    /// What was said on a connection that is over, after an answer to SSLRequest other than `S`.
    pub(crate) async fn overheard(&self) -> Bytes {
        within("the end of a connection", self.records.overheard.next()).await
    }

    /// Returns whether TLS was closed on the next connection that ends, of those that a script hangs on and of cancel
    /// requests.
    pub(crate) async fn ends_cleanly(&self) -> bool {
        within("the end of a connection", self.records.clean_ends.next()).await
    }

    /// Why the next TLS handshake failed.
    pub(crate) async fn tls_failure(&self) -> String {
        within("a failed handshake", self.records.tls_failures.next()).await
    }

    /// How many connections were made to the server.
    pub(crate) fn connections(&self) -> usize {
        self.records.connections()
    }

    /// All logins that were begun.
    pub(crate) fn logins(&self) -> Vec<Login> {
        self.records.logins()
    }

    /// The only login that was begun.
    pub(crate) fn login(&self) -> Login {
        let [login] = self.logins().try_into().expect("one login");
        login
    }
}
