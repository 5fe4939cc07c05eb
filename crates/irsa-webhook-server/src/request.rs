//! What a request asks for, from its head.

use std::time::Duration;

use irsa_ops::http::{Method, Request, StatusCode, header};

/// The maximum time for a review. It is below the 3 s after which the API server gives up.
const LONGEST: Duration = Duration::from_millis(2500);
/// The time between the response and the time limit of the API server.
const MARGIN: Duration = Duration::from_millis(300);
/// The minimum time for a review, whatever the API server's time limit is.
const SHORTEST: Duration = Duration::from_millis(200);

/// A request for a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReviewRequest {
    /// The path is that of the webhook for namespaces that require the sidecar.
    pub(crate) is_required: bool,
    /// The time until the response must be on its way.
    pub(crate) time: Duration,
}

/// The reason why a request is not answered with a review. The names are labels of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// An unknown path.
    NotFound,
    /// A method other than POST.
    Method,
    /// A body that is not JSON.
    ContentType,
    /// A body that exceeds the limit.
    TooLarge,
    /// A body that did not arrive as a whole.
    Incomplete,
    /// A body that is not a review.
    Malformed,
    /// A review that was not answered in time.
    Timeout,
    /// An internal error.
    Internal,
}

impl ReviewRequest {
    pub(crate) fn read<B>(request: &Request<B>) -> Result<Self, Rejection> {
        let is_required = match request.uri().path() {
            "/mutate" => false,
            "/mutate-required" => true,
            _ => return Err(Rejection::NotFound),
        };
        if request.method() != Method::POST {
            return Err(Rejection::Method);
        }
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Rejection::ContentType);
        }
        Ok(Self {
            is_required,
            time: time(request.uri().query().unwrap_or_default()),
        })
    }
}

/// The time for a review. The API server adds its time limit to the URL, such as `timeout=3s`.
fn time(query: &str) -> Duration {
    let limit = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("timeout="));
    let seconds = limit.and_then(|limit| limit.strip_suffix('s')?.parse::<u64>().ok());
    let Some(seconds) = seconds else {
        return LONGEST;
    };
    let limit = Duration::from_secs(seconds);
    limit.saturating_sub(MARGIN).clamp(SHORTEST, LONGEST)
}

impl Rejection {
    pub(crate) const ALL: [Self; 8] = [
        Self::NotFound,
        Self::Method,
        Self::ContentType,
        Self::TooLarge,
        Self::Incomplete,
        Self::Malformed,
        Self::Timeout,
        Self::Internal,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Method => "method",
            Self::ContentType => "content-type",
            Self::TooLarge => "too-large",
            Self::Incomplete => "incomplete",
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete | Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The text for the client: the API server shows it in its log.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::NotFound => "unknown path; expected /mutate or /mutate-required",
            Self::Method => "expected POST",
            Self::ContentType => "expected a body of type application/json",
            Self::TooLarge => "the review exceeds the limit of 4 MiB",
            Self::Incomplete => "the review is incomplete",
            Self::Malformed => "expected an AdmissionReview of admission.k8s.io/v1 or v1beta1",
            Self::Timeout => "the review was not answered in time",
            Self::Internal => "internal error; see the log",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str, kind: &str) -> Result<ReviewRequest, Rejection> {
        let request = Request::builder().method(method).uri(uri);
        let request = request.header("content-type", kind).body(()).unwrap();
        ReviewRequest::read(&request)
    }

    #[test]
    fn the_path_tells_whether_the_sidecar_is_required() {
        let json = "application/json";
        assert!(
            !read("POST", "/mutate?timeout=3s", json)
                .unwrap()
                .is_required
        );
        let kind = "Application/JSON; charset=utf-8";
        assert!(read("POST", "/mutate-required", kind).unwrap().is_required);
        assert_eq!(read("POST", "/mutate/", json), Err(Rejection::NotFound));
        assert_eq!(read("GET", "/mutate", json), Err(Rejection::Method));
        let yaml = read("POST", "/mutate", "application/yaml");
        assert_eq!(yaml, Err(Rejection::ContentType));
    }

    #[test]
    fn the_time_is_below_the_limit_of_the_api_server() {
        for (query, milliseconds) in [
            ("", 2500),
            ("timeout=3s", 2500),
            ("timeout=30s", 2500),
            ("timeout=1s", 700),
            ("a=b&timeout=2s", 1700),
            ("timeout=0s", 200),
            ("timeout=x", 2500),
        ] {
            assert_eq!(time(query).as_millis(), milliseconds, "{query}");
        }
    }
}
