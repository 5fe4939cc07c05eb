//! The client side of a session.

use bytes::Bytes;
use irsa_net::tls::LocalAuthority;
use irsa_pgwire::backend::{
    BACKEND_KEY_DATA, NEGOTIATE_PROTOCOL_VERSION, NegotiateProtocolVersion, PARAMETER_STATUS,
    ParameterStatus, READY_FOR_QUERY, parse_backend_key_data,
};
use irsa_pgwire::error_response::{ERROR_RESPONSE, ErrorResponse};
use irsa_pgwire::startup::{CancelKey, Startup, Version, ssl_request};

use crate::encryption::{ALPN, Encryption};
use crate::proxy::{Proxy, Setup, trusting};
use crate::server::Server;
use crate::wire::{Message, Wire, encoded};

/// A session that is ready for queries.
pub(crate) struct Session {
    pub(crate) wire: Wire,
    /// All messages up to the first ReadyForQuery.
    pub(crate) greeting: Vec<Message>,
}

/// A session with both ends.
pub(crate) struct Linked {
    pub(crate) proxy: Proxy,
    pub(crate) client: Wire,
    /// The server's end.
    pub(crate) upstream: Wire,
}

/// The startup message of a simple client.
pub(crate) fn startup() -> Startup {
    startup_with_version(Version::V3_0)
}

pub(crate) fn startup_with_version(version: Version) -> Startup {
    Startup::new(version)
        .with("user", "app")
        .with("database", "orders")
}

pub(crate) fn packet(startup: &Startup) -> Bytes {
    encoded(|buf| startup.encode(buf))
}

/// Sends `startup` and waits until the session is ready or refused.
pub(crate) async fn log_in(mut wire: Wire, startup: &Startup) -> Result<Session, ErrorResponse> {
    wire.send(packet(startup)).await;
    greeted(wire).await
}

/// Waits until the session is ready or refused. No bytes may follow a refusal.
pub(crate) async fn greeted(mut wire: Wire) -> Result<Session, ErrorResponse> {
    let mut greeting = Vec::new();
    loop {
        let message = wire
            .message()
            .await
            .expect("the connection ended without a message");
        if message.tag == ERROR_RESPONSE {
            assert_eq!(wire.rest().await, "", "bytes followed {message:?}");
            return Err(message.error());
        }
        let is_ready = message.tag == READY_FOR_QUERY;
        greeting.push(message);
        if is_ready {
            return Ok(Session { wire, greeting });
        }
    }
}

/// Sends SSLRequest and returns the response.
pub(crate) async fn ask_for_tls(wire: &mut Wire) -> u8 {
    wire.send(encoded(ssl_request)).await;
    wire.bytes(1).await[0]
}

/// A session through a proxy to a server that accepts all logins.
pub(crate) async fn linked() -> Linked {
    linked_with(|_| {}).await
}

/// The same with a change to the proxy's setup.
pub(crate) async fn linked_with(change: impl FnOnce(&mut Setup)) -> Linked {
    let server = Server::new().run().await;
    let mut setup = Setup::for_server(&server);
    change(&mut setup);
    let proxy = setup.start().await;
    let client = proxy.log_in().await.unwrap().wire;
    Linked {
        upstream: server.session().await,
        proxy,
        client,
    }
}

/// The same with a kind of encryption.
pub(crate) async fn linked_over(encryption: Encryption) -> Linked {
    if encryption == Encryption::Server {
        return linked().await;
    }
    let authority = LocalAuthority::generate().unwrap();
    let server = Server::new().encrypted_by(encryption).run().await;
    let setup = Setup {
        client_tls: Some(encryption.config(&authority, "localhost")),
        ..Setup::for_server(&server)
    };
    let proxy = setup.start().await;
    let trust = trusting(&authority, &[ALPN]);
    let wire = proxy.connect().await.connect_tls(&trust, "localhost").await;
    let client = log_in(wire.unwrap(), &startup()).await.unwrap().wire;
    Linked {
        upstream: server.session().await,
        proxy,
        client,
    }
}

// === impl Proxy ===

impl Proxy {
    /// Logs in a simple client.
    pub(crate) async fn log_in(&self) -> Result<Session, ErrorResponse> {
        log_in(self.connect().await, &startup()).await
    }

    /// Logs in a simple client, which must fail.
    pub(crate) async fn refusal(&self) -> ErrorResponse {
        match self.log_in().await {
            Ok(session) => panic!("the login succeeded: {:?}", session.greeting),
            Err(error) => error,
        }
    }

    /// Sends a cancel request and waits until it has been processed.
    pub(crate) async fn cancel(&self, key: &CancelKey) {
        let mut wire = self.connect().await;
        wire.send(encoded(|buf| key.encode_request(buf))).await;
        assert_eq!(wire.rest().await, "", "a cancel request has no response");
    }
}

// === impl Session ===

impl Session {
    /// Returns the key that the client received.
    pub(crate) fn key(&self) -> CancelKey {
        parse_backend_key_data(self.one(BACKEND_KEY_DATA).body()).unwrap()
    }

    /// Returns the negotiated version, which must be the first message.
    pub(crate) fn negotiated(&self) -> NegotiateProtocolVersion {
        let first = &self.greeting[0];
        assert_eq!(first.tag, NEGOTIATE_PROTOCOL_VERSION, "{first:?}");
        NegotiateProtocolVersion::parse(first.body()).unwrap()
    }

    pub(crate) fn tags(&self) -> String {
        self.greeting
            .iter()
            .map(|message| char::from(message.tag))
            .collect()
    }

    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let statuses = self
            .greeting
            .iter()
            .filter(|message| message.tag == PARAMETER_STATUS);
        statuses
            .map(|message| {
                let status = ParameterStatus::parse(message.body()).unwrap();
                (text(status.name), text(status.value))
            })
            .collect()
    }

    fn one(&self, tag: u8) -> &Message {
        let mut found = self.greeting.iter().filter(|message| message.tag == tag);
        let message = found.next().expect("it is in the greeting");
        assert!(found.next().is_none(), "it comes once");
        message
    }
}
