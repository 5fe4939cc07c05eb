//! A client over TLS, HTTP/1.1 or HTTP/2, with one request for each connection.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use irsa_net::tls::{LocalAuthority, Roots, client_config};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::support::HOST;

/// The protocol of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Connects to the front with the domain's name.
pub(super) async fn connect(
    port: u16,
    authority: &LocalAuthority,
    protocol: Protocol,
) -> TlsStream<TcpStream> {
    let alpn: &[u8] = match protocol {
        Protocol::Http1 => b"http/1.1",
        Protocol::Http2 => b"h2",
    };
    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    authority.write_ca(&ca_file).unwrap();
    let config = client_config(&Roots::from_pem_file(&ca_file).unwrap(), &[alpn]).unwrap();
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
        .await
        .unwrap();
    let name = HOST.try_into().unwrap();
    TlsConnector::from(Arc::clone(&config))
        .connect(name, stream)
        .await
        .unwrap()
}

/// Sends a request and returns the response's head.
pub(super) async fn send(
    port: u16,
    authority: &LocalAuthority,
    protocol: Protocol,
    request: Request<String>,
) -> Result<Response<Incoming>, hyper::Error> {
    let stream = TokioIo::new(connect(port, authority, protocol).await);
    let mut request = request.map(|body| Full::new(Bytes::from(body)));
    match protocol {
        Protocol::Http1 => {
            let (mut sender, connection) = http1::handshake(stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
        Protocol::Http2 => {
            let target = format!("https://{HOST}{}", request.uri());
            *request.uri_mut() = target.parse().unwrap();
            request.headers_mut().remove("host");
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
    }
}

/// Returns the response's body as text.
pub(super) async fn text(response: Response<Incoming>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}
