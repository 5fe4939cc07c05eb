//! Retries of requests to an overloaded API server.

use std::time::{Duration, SystemTime};

use http::response::Parts;
use http::{StatusCode, header};
use irsa_net::retry::{Backoff, retry_after};

const ATTEMPTS: u32 = 3;
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(200), 4, MAX_DELAY);
/// The maximum delay; if the server asks for a longer one, the request fails.
const MAX_DELAY: Duration = Duration::from_secs(3);

/// The delay before the next attempt: the response's `Retry-After`, which the API server sends ("API Priority and
/// Fairness" in the Kubernetes documentation), or else an exponential one. `None` if a retry is useless. `now` is the
/// server's time.
pub(crate) fn after(attempts: u32, answer: &Parts, now: SystemTime) -> Option<Duration> {
    let is_busy = matches!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    let asked = answer.headers.get(header::RETRY_AFTER);
    let asked = asked.and_then(|value| retry_after(value.to_str().ok()?, now));
    let pause = asked.unwrap_or_else(|| BACKOFF.after(attempts));
    (is_busy && attempts < ATTEMPTS && pause <= MAX_DELAY).then_some(pause)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::Response;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::KubeReader;
    use crate::test_server::reader_of;

    const BUSY: &str =
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
    const VERSION: &str =
        "HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{\"gitVersion\": \"v1.35.4\"}";

    /// A reader whose server sends these responses, one after the other, on one connection.
    async fn reader(folder: &std::path::Path, answers: &'static [&str]) -> KubeReader {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            for answer in answers {
                assert!(connection.read(&mut [0; 8192]).await.unwrap() > 0);
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        reader_of(&url, folder).await
    }

    #[tokio::test]
    async fn the_third_attempt_can_succeed() {
        let folder = tempfile::tempdir().unwrap();
        let reader = reader(folder.path(), &[BUSY, BUSY, VERSION]).await;
        assert_eq!(reader.server().await.unwrap().version, "v1.35.4");
    }

    #[tokio::test]
    async fn a_server_that_stays_busy_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let reader = reader(folder.path(), &[BUSY, BUSY, BUSY, VERSION]).await;
        let error = reader.server().await.unwrap_err();
        assert!(error.to_string().contains("429"), "{error}");
    }

    #[test]
    fn a_busy_server_decides_the_delay() {
        let usual = Duration::from_millis(200);
        for (status, asked, expected) in [
            (429, None, Some(usual)),
            (429, Some("soon"), Some(usual)),
            (429, Some("1"), Some(Duration::from_secs(1))),
            (503, Some("600"), None),
            (504, Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
            (
                504,
                Some("Thu, 01 Jan 1970 00:00:02 GMT"),
                Some(Duration::from_secs(2)),
            ),
            (500, Some("1"), None),
            (403, None, None),
        ] {
            let mut response = Response::builder().status(status);
            if let Some(asked) = asked {
                response = response.header(header::RETRY_AFTER, asked);
            }
            let (parts, ()) = response.body(()).unwrap().into_parts();
            assert_eq!(after(1, &parts, UNIX_EPOCH), expected, "{status} {asked:?}");
            assert_eq!(after(3, &parts, UNIX_EPOCH), None, "the last attempt");
        }
    }
}
