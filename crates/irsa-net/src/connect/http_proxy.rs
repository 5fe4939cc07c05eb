//! Connections through an HTTP proxy.

use std::fmt::{self, Display, Formatter};
use std::future::{Ready, ready};
use std::io;
use std::task::{Context, Poll};

use http::{HeaderValue, Uri};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

/// The default port of a proxy without a port in its URL, as for any `http` URL (RFC 9110, section 4.2.1).
const DEFAULT_PORT: u16 = 80;

/// An HTTP proxy that opens connections to other hosts (`CONNECT`, RFC 9110, section 9.3.6).
///
/// The connection to the proxy itself is not encrypted. TLS to the destination passes through it.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpProxy {
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

/// The error of [`HttpProxy::parse`]. It does not contain the URL, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the URL of an HTTP proxy; expected `http://[USER:PASSWORD@]HOST:PORT`")]
pub struct InvalidHttpProxy;

/// The rules of `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Debug)]
pub struct ProxyRules {
    proxy: HttpProxy,
    /// Intercepts the hosts that `NO_PROXY` does not list, with a stand-in for the proxy.
    hosts: Matcher,
}

/// A connector for [`Tunnel`] that returns a connection that is already open.
struct Opened(Option<TokioIo<TcpStream>>);

// === impl HttpProxy ===

impl HttpProxy {
    /// Parses the URL of a proxy, `http://[USER:PASSWORD@]HOST[:PORT]`. The scheme may be omitted.
    ///
    /// # Errors
    /// The text is not such a URL, or has a different scheme: proxies with TLS or SOCKS are not supported.
    pub fn parse(url: &str) -> Result<Self, InvalidHttpProxy> {
        let any_host = Uri::from_static("https://host.invalid");
        let matcher = Matcher::builder().https(url).build();
        let intercept = matcher.intercept(&any_host).ok_or(InvalidHttpProxy)?;
        let uri = intercept.uri();
        if uri.scheme_str() != Some("http") {
            return Err(InvalidHttpProxy);
        }
        let host = uri.host().filter(|host| !host.is_empty());
        Ok(Self {
            host: host.ok_or(InvalidHttpProxy)?.to_owned(),
            port: uri.port_u16().unwrap_or(DEFAULT_PORT),
            authorization: intercept.basic_auth().cloned(),
        })
    }

    /// Returns the host name or address of the proxy.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Opens a connection to `host`, over a connection to the proxy.
    ///
    /// # Errors
    /// The proxy refuses, asks for a password, or closes the connection.
    pub(super) async fn tunnel(
        &self,
        to_proxy: TcpStream,
        host: &str,
        port: u16,
    ) -> io::Result<TcpStream> {
        let opened = Opened(Some(TokioIo::new(to_proxy)));
        let mut tunnel = Tunnel::new(Uri::from_static("http://proxy.invalid"), opened);
        if let Some(authorization) = &self.authorization {
            tunnel = tunnel.with_auth(authorization.clone());
        }
        let stream = tunnel.call(destination(host, port)?).await;
        stream.map(TokioIo::into_inner).map_err(io::Error::other)
    }
}

impl Display for HttpProxy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "HttpProxy({self})")
    }
}

// === impl ProxyRules ===

impl ProxyRules {
    /// Parses the values of the variables. `no_proxy` lists the hosts, domains and networks that are connected to
    /// directly, separated by commas; `*` is every host.
    ///
    /// # Errors
    /// See [`HttpProxy::parse`].
    pub fn parse(https_proxy: &str, no_proxy: &str) -> Result<Self, InvalidHttpProxy> {
        let hosts = Matcher::builder().https("http://proxy.invalid");
        Ok(Self {
            proxy: HttpProxy::parse(https_proxy)?,
            hosts: hosts.no(no_proxy).build(),
        })
    }

    /// Returns the proxy for a host, or `None` for a direct connection.
    pub fn select(&self, host: &str) -> Option<&HttpProxy> {
        let is_exempt =
            destination(host, 443).is_ok_and(|uri| self.hosts.intercept(&uri).is_none());
        (!is_exempt).then_some(&self.proxy)
    }
}

fn destination(host: &str, port: u16) -> io::Result<Uri> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let authority = if bare.contains(':') {
        format!("[{bare}]:{port}")
    } else {
        format!("{bare}:{port}")
    };
    let uri = Uri::builder().scheme("https").authority(authority);
    uri.path_and_query("/").build().map_err(io::Error::other)
}

// === impl Opened ===

impl Service<Uri> for Opened {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(
            self.0
                .take()
                .ok_or_else(|| io::ErrorKind::NotConnected.into()),
        )
    }
}

#[cfg(test)]
mod tests;
