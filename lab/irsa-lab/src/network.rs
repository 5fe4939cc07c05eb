//! Listeners that refuse, reset or ignore connections while a fault is on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use irsa_net::listen::{BindError, ListenAddress, ListenOptions, Listener, Stream};
use rustix::net::sockopt::set_socket_linger;
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::faults::{ConnectionFault, FaultPlan};
use crate::ledger::{Ledger, Outcome, Service};

/// Pause before another attempt to bind a port that is temporarily in use.
const BIND_PAUSE: Duration = Duration::from_millis(50);
/// Time limit for the handshake and the request of a connection that will be cut.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Maximum number of bytes that are read of a request whose response will be cut.
const REQUEST: usize = 64 * 1024;
/// A truncated response.
const HALF: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4096\r\n\r\n<Half";

/// A listener and its faults.
#[derive(Debug)]
pub(crate) struct Faulty {
    pub(crate) service: Service,
    pub(crate) address: ListenAddress,
    pub(crate) faults: watch::Receiver<FaultPlan>,
    pub(crate) ledger: Arc<Ledger>,
    /// The TLS configuration for cutting responses, if the service cannot cut its own.
    pub(crate) cuts: Option<Arc<ServerConfig>>,
}

impl Faulty {
    /// Returns when a fault prevents connections to the service.
    pub(crate) async fn breaks(&mut self) {
        self.until(|fault| fault != ConnectionFault::None).await;
    }

    /// Applies the fault to connections until it is off; returns a listener on the same address.
    pub(crate) async fn mistreat(&mut self, listener: impl Into<Option<Listener>>) -> Listener {
        let mut listener = listener.into();
        loop {
            let fault = self.fault();
            if fault == ConnectionFault::Refused {
                // From here on nothing listens.
                drop(listener.take());
                self.until(|now| now != fault).await;
                continue;
            }
            let open = match listener.take() {
                Some(open) => open,
                None => bind_again(&self.address).await,
            };
            if fault == ConnectionFault::None {
                return open;
            }
            let (ledger, service, cuts) =
                (Arc::clone(&self.ledger), self.service, self.cuts.clone());
            tokio::select! {
                () = accept_all(&open, fault, cuts, || ledger.count(service, "connect", Outcome::Fault)) => {}
                () = self.until(|now| now != fault) => {}
            }
            listener = Some(open);
        }
    }

    /// Waits until the faults change; forever if they cannot change.
    async fn until(&mut self, condition: impl Fn(ConnectionFault) -> bool) {
        let (service, cuts) = (self.service, self.cuts.is_some());
        let met = |plan: &FaultPlan| condition(at_accept(plan, service, cuts));
        if self.faults.wait_for(met).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    fn fault(&self) -> ConnectionFault {
        at_accept(&self.faults.borrow(), self.service, self.cuts.is_some())
    }
}

/// Returns the address for binding it again: port 0 would be a different port.
pub(crate) fn same_again(listener: &Listener, address: Option<SocketAddr>) -> ListenAddress {
    let port = listener.port().unwrap_or_default();
    address.map_or(ListenAddress::Loopback { port }, ListenAddress::Tcp)
}

/// Returns the fault of a listener. A service that cuts its own responses also applies `Cut` itself.
fn at_accept(plan: &FaultPlan, service: Service, cuts: bool) -> ConnectionFault {
    match plan.listener(service).connections {
        ConnectionFault::Cut if !cuts => ConnectionFault::None,
        fault => fault,
    }
}

async fn accept_all(
    listener: &Listener,
    fault: ConnectionFault,
    cuts: Option<Arc<ServerConfig>>,
    count: impl Fn(),
) {
    let (mut held, mut cutting) = (Vec::new(), JoinSet::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = cutting.join_next() => continue,
        };
        let stream = match accepted.map(|accepted| accepted.stream) {
            Ok(Stream::Tcp(stream)) => stream,
            Ok(Stream::Unix(_)) => continue,
            Err(error) => {
                tracing::error!(%error, "the listener failed");
                return std::future::pending().await;
            }
        };
        count();
        match (fault, &cuts) {
            (ConnectionFault::Blackhole, _) => held.push(stream),
            (ConnectionFault::Cut, Some(tls)) => {
                cutting.spawn(cut(stream, Arc::clone(tls)));
            }
            _ => reset(stream),
        }
    }
}

/// Sends half of a response.
async fn cut(stream: TcpStream, tls: Arc<ServerConfig>) {
    let answered = async {
        let mut stream = TlsAcceptor::from(tls).accept(stream).await?;
        let mut request = vec![0; REQUEST];
        let _ = stream.read(&mut request).await?;
        stream.write_all(HALF).await?;
        stream.flush().await?;
        io::Result::Ok(())
    };
    if let Ok(Err(error)) = timeout(REQUEST_TIMEOUT, answered).await {
        tracing::debug!(%error, "a connection ended before it could be cut");
    }
}

/// Closes with RST instead of FIN (socket(7), `SO_LINGER` of zero).
fn reset(stream: TcpStream) {
    if let Err(error) = set_socket_linger(&stream, Some(Duration::ZERO)) {
        tracing::debug!(%error, "a connection is closed instead of reset");
    }
    drop(stream);
}

/// Listens on an address.
pub(crate) async fn bind(address: &ListenAddress) -> Result<Listener, BindError> {
    Listener::bind(address, ListenOptions::default()).await
}

async fn bind_again(address: &ListenAddress) -> Listener {
    loop {
        match bind(address).await {
            Ok(listener) => return listener,
            Err(error) => tracing::warn!(%error, "cannot listen again yet; retrying"),
        }
        tokio::time::sleep(BIND_PAUSE).await;
    }
}
