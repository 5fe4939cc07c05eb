//! When an API server that has too much to do is asked again.

use std::time::Duration;

use http::response::Parts;
use http::{StatusCode, header};

/// How long to wait before each further attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];
/// Whoever is to wait longer is told at once.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The pauses between attempts, as long as nobody says otherwise.
pub(crate) fn pauses() -> impl Iterator<Item = Duration> {
    PAUSES.into_iter()
}

/// How long to wait after this answer, of which nothing came: `Retry-After` in seconds, as the API server writes it
/// ("API Priority and Fairness" in Kubernetes' documentation), else `usual`. `None`: another attempt is no use.
pub(crate) fn after(answer: &Parts, usual: Duration) -> Option<Duration> {
    let is_busy = matches!(
        answer.status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    let asked = answer.headers.get(header::RETRY_AFTER);
    let asked = asked.and_then(|value| value.to_str().ok()?.parse().ok());
    let pause = asked.map_or(usual, Duration::from_secs);
    (is_busy && pause <= LONGEST_PAUSE).then_some(pause)
}

#[cfg(test)]
mod tests {
    use http::Response;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::KubeReader;

    const BUSY: &str =
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n";
    const VERSION: &str =
        "HTTP/1.1 200 OK\r\ncontent-length: 25\r\n\r\n{\"gitVersion\": \"v1.35.4\"}";

    /// Gives these answers, one after the other, on one connection.
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
        let file = folder.join("kubeconfig");
        let text = format!(
            "clusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
             contexts: [{{name: x, context: {{cluster: c}}}}]\ncurrent-context: x\n"
        );
        std::fs::write(&file, text).unwrap();
        KubeReader::connect(Some(&file), None).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_may_come_at_the_third_attempt() {
        let folder = tempfile::tempdir().unwrap();
        let reader = reader(folder.path(), &[BUSY, BUSY, VERSION]).await;
        assert_eq!(reader.server().await.unwrap().version, "v1.35.4");
    }

    #[tokio::test]
    async fn a_server_that_stays_busy_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let reader = reader(folder.path(), &[BUSY, BUSY, BUSY, VERSION]).await;
        let error = reader.server().await.unwrap_err();
        assert!(error.to_string().contains("429"), "{error}");
    }

    #[test]
    fn a_busy_server_is_asked_again_when_it_says_so() {
        let usual = Duration::from_millis(200);
        for (status, asked, expected) in [
            (429, None, Some(usual)),
            (429, Some("1"), Some(Duration::from_secs(1))),
            (503, Some("600"), None),
            (504, Some("Wed, 21 Oct 2026 07:28:00 GMT"), Some(usual)),
            (500, Some("1"), None),
            (403, None, None),
        ] {
            let mut response = Response::builder().status(status);
            if let Some(asked) = asked {
                response = response.header(header::RETRY_AFTER, asked);
            }
            let (parts, ()) = response.body(()).unwrap().into_parts();
            assert_eq!(after(&parts, usual), expected, "{status} {asked:?}");
        }
    }
}
