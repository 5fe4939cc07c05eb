//! Fetches the status of a proxy on the same machine or in the same pod.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use irsa_net::listen::ListenAddress;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::Status;

/// The maximum size of a status, in bytes. A proxy with a hundred upstreams sends about 200 kB.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The reason why the status cannot be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Nothing accepts connections at the address.
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    /// The response took too long.
    #[error("no response within {0:?}")]
    TimedOut(Duration),
    /// The server does not speak HTTP.
    #[error("{0}")]
    Protocol(String),
    /// The server returned an error.
    #[error("the server returned {0}; check that this is the status address of a proxy")]
    Refused(StatusCode),
    /// The response is not a status.
    #[error("the response is not the status of a proxy: {0}")]
    NotAStatus(#[from] serde_json::Error),
}

/// Fetches the status of the proxy with the status address `address` within `limit`.
///
/// # Errors
/// See [`FetchError`].
pub async fn fetch(address: &ListenAddress, limit: Duration) -> Result<Status, FetchError> {
    let answer = timeout(limit, read(address)).await;
    let body = answer.unwrap_or(Err(FetchError::TimedOut(limit)))?;
    Ok(serde_json::from_slice(&body)?)
}

async fn read(address: &ListenAddress) -> Result<Vec<u8>, FetchError> {
    match address {
        ListenAddress::Unix(path) => request(UnixStream::connect(path).await?).await,
        ListenAddress::Tcp(address) => {
            request(TcpStream::connect(reachable(*address)).await?).await
        }
        ListenAddress::Loopback { port } => {
            let both = [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into(),
            ];
            let both = both.map(|ip| SocketAddr::new(ip, *port));
            request(TcpStream::connect(&both[..]).await?).await
        }
    }
}

/// Replaces the unspecified address of a family with its loopback address.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn request(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Vec<u8>, FetchError> {
    let protocol = |error: hyper::Error| FetchError::Protocol(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(protocol)?;
    // The connection ends with the request, and so does its error.
    tokio::spawn(connection);
    let request = Request::get("/status?format=json")
        .header(header::HOST, "localhost")
        .body(Empty::<bytes::Bytes>::new())
        .map_err(|error| FetchError::Protocol(error.to_string()))?;
    let response = sender.send_request(request).await.map_err(protocol)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Refused(response.status()));
    }
    let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|error| FetchError::Protocol(error.to_string()))?;
    Ok(body.to_bytes().into())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Fetches a status from a server that responds with `answer` and keeps reading.
    async fn fetched(answer: &'static str) -> Result<Status, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = ListenAddress::Tcp(listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        fetch(&address, Duration::from_millis(500)).await
    }

    #[tokio::test]
    async fn reports_what_is_wrong_with_the_response() {
        for (answer, expected) in [
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "check that this is the status address of a proxy",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "is not the status of a proxy",
            ),
            ("SSH-2.0-OpenSSH_9\r\n", "invalid HTTP version parsed"),
            ("", "no response within 500ms"),
        ] {
            let error = fetched(answer).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{answer}: {error}");
        }
    }

    #[tokio::test]
    async fn reports_that_nothing_listens() {
        let address = "unix:/nowhere/status".parse().unwrap();
        let error = fetch(&address, Duration::from_secs(10)).await.unwrap_err();
        assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    }

    #[test]
    fn an_unspecified_address_is_replaced_with_loopback() {
        for (address, reached) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            assert_eq!(
                reachable(address.parse().unwrap()),
                reached.parse().unwrap()
            );
        }
    }
}
