//! An HTTP server that responds with a function and records requests.

use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The reaction to a request.
pub(crate) enum Reply {
    Answer(u16, String),
    /// A response with a `Date`.
    Dated(&'static str, u16, String),
    /// A body that never ends.
    Endless(u16),
    /// Accept the request without a response.
    Silence,
}

/// A server on its own port, which stops with the test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Responds to the `n`th request, from 0, with `reply(n, request)`.
    pub(crate) async fn start<F>(reply: F) -> Self
    where
        F: Fn(usize, &Request) -> Reply + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self {
            url,
            requests: Arc::default(),
        };
        let (shared, reply) = (server.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, reply) = (shared.clone(), reply.clone());
                tokio::spawn(async move { server.serve(stream, &*reply).await });
            }
        });
        server
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Serves one request and closes the connection.
    pub(crate) async fn serve<S, F>(&self, stream: S, reply: &F)
    where
        S: AsyncRead + AsyncWrite + Unpin,
        F: Fn(usize, &Request) -> Reply,
    {
        let mut stream = BufReader::new(stream);
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        let answer = {
            let mut requests = self.requests.lock().unwrap();
            let answer = reply(requests.len(), &request);
            requests.push(request);
            answer
        };
        let (date, status, body) = match answer {
            Reply::Answer(status, body) => (String::new(), status, body),
            Reply::Dated(date, status, body) => (format!("date: {date}\r\n"), status, body),
            Reply::Endless(status) => return never_expiring(&mut stream, status).await,
            Reply::Silence => return std::future::pending().await,
        };
        let length = body.len();
        let head = format!(
            "HTTP/1.1 {status} Status\r\n{date}content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        let _ = stream.write_all((head + &body).as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns a field of the form in the body.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        Some(
            percent_decode_str(value)
                .decode_utf8()
                .unwrap()
                .into_owned(),
        )
    }
}

/// Writes for as long as the client reads.
async fn never_expiring<S: AsyncWrite + Unpin>(stream: &mut S, status: u16) {
    let head = format!("HTTP/1.1 {status} Status\r\nconnection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    while stream.write_all(&bytes).await.is_ok() {
        bytes = vec![b' '; 64 * 1024];
    }
}

async fn read_request<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<Request> {
    let line = read_line(stream).await?;
    let mut headers = Vec::new();
    loop {
        let header = read_line(stream).await?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        line,
        headers,
        body: String::new(),
    };
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}
