//! Reads the status of a proxy that runs on the same machine or in the same pod.

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

/// The largest status that is read, in bytes: a proxy with a hundred upstreams sends about 200 kB.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The status cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// Nothing accepts connections there.
    #[error("{0}")]
    Unreachable(#[from] io::Error),
    /// The answer took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// What answers does not speak HTTP.
    #[error("{0}")]
    Protocol(String),
    /// The server answered with an error.
    #[error("the server answered with {0}: is this the address of a status page?")]
    Refused(StatusCode),
    /// The answer is not a status.
    #[error("the answer is not the status of a proxy: {0}")]
    NotAStatus(#[from] serde_json::Error),
}

/// Returns the status that the proxy with the status address `address` reports within `limit`.
///
/// # Errors
/// A [`FetchError`] that says what went wrong.
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

/// An address that stands for all of its family is reached by its loopback address.
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
    // It ends with the request; its error is the request's as well.
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

    /// Reads a status from a server that answers with `answer` and reads on.
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
    async fn says_what_answers_if_it_is_not_a_status_page() {
        for (answer, expected) in [
            (
                "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                "is this the address of a status page?",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "is not the status of a proxy",
            ),
            ("SSH-2.0-OpenSSH_9\r\n", "invalid HTTP version parsed"),
            ("", "no answer within 500ms"),
        ] {
            let error = fetched(answer).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{answer}: {error}");
        }
    }

    #[tokio::test]
    async fn says_that_nothing_listens() {
        let address = "unix:/nowhere/status".parse().unwrap();
        let error = fetch(&address, Duration::from_secs(10)).await.unwrap_err();
        assert!(matches!(error, FetchError::Unreachable(_)), "{error}");
    }

    #[test]
    fn an_address_for_all_of_its_family_is_reached_by_loopback() {
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
