//! A client that sends exact bytes.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A connection of a client.
pub(crate) struct Client<S>(pub(crate) S);

/// A response, with its body without chunked encoding.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: Bytes,
    /// The trailers of a chunked body.
    pub(crate) trailers: String,
}

// === impl Client ===

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a request and reads its response.
    pub(crate) async fn ask(&mut self, request: impl AsRef<[u8]>) -> Answer {
        self.send(request).await;
        self.answer().await
    }

    pub(crate) async fn answer(&mut self) -> Answer {
        self.answer_to("GET").await
    }

    /// Reads the response to a request with this method: a response to `HEAD` has no body.
    pub(crate) async fn answer_to(&mut self, method: &str) -> Answer {
        within("an answer", self.read_answer(method))
            .await
            .expect("an answer, not the connection's end")
    }

    /// Reads a response, or returns `None` if the connection is closed before its end.
    pub(crate) async fn read_answer(&mut self, method: &str) -> Option<Answer> {
        let head = self.read_head().await?;
        let mut answer = Answer {
            head,
            body: Bytes::new(),
            trailers: String::new(),
        };
        let is_bodyless = method == "HEAD" || [100, 204, 304].contains(&answer.status());
        if is_bodyless {
            return Some(answer);
        }
        if answer.header("transfer-encoding") == Some("chunked") {
            let (body, trailers) = self.read_chunks().await?;
            answer.body = body;
            answer.trailers = trailers;
        } else {
            let length = answer.header("content-length").unwrap().parse().unwrap();
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.ok()?;
            answer.body = body.into();
        }
        Some(answer)
    }

    /// Reads a head, including the empty line.
    pub(crate) async fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.ok()?);
        }
        Some(String::from_utf8(head).unwrap())
    }

    async fn read_chunks(&mut self) -> Option<(Bytes, String)> {
        let mut body = Vec::new();
        loop {
            let size = self.read_line().await?;
            let size = usize::from_str_radix(&size, 16).unwrap();
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; size + 2];
            self.0.read_exact(&mut chunk).await.ok()?;
            body.extend_from_slice(&chunk[..size]);
        }
        let mut trailers = String::new();
        loop {
            let line = self.read_line().await?;
            if line.is_empty() {
                return Some((body.into(), trailers));
            }
            trailers.push_str(&line);
            trailers.push('\n');
        }
    }

    async fn read_line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.0.read_u8().await.ok()?);
        }
        line.truncate(line.len() - 2);
        Some(String::from_utf8(line).unwrap())
    }

    /// Reads until the connection ends, normally or not.
    pub(crate) async fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        let reading = async { while self.0.read_buf(&mut rest).await.is_ok_and(|n| n > 0) {} };
        within("the connection's end", reading).await;
        String::from_utf8_lossy(&rest).into_owned()
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Returns the first value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Returns the first value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1);
    lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Limits the time of a test step.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"))
}
