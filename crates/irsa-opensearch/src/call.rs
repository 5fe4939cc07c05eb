//! Requests of irsa itself to a domain, such as those of `irsa apply`. They are signed, sent and retried like those of
//! clients; guards do not apply.

use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;

use crate::body::BodyReader;
use crate::domain::Domain;
use crate::exchange::exchange;
use crate::failure::Failure;
use crate::outbound::{Outbound, Payload};
use crate::upstream_error::UpstreamError;

/// The maximum size of a response, in bytes.
const MAX_RESPONSE: usize = 8 * 1024 * 1024;

/// A complete response of a domain, with any status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResponse {
    /// The status.
    pub status: StatusCode,
    /// The body, at most 8 MiB.
    pub body: Bytes,
}

/// The reason why there is no response. Contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The failure, with the broken link of the identity chain.
    pub message: String,
    /// The remedy.
    pub remedy: Option<String>,
}

// === impl Domain ===

impl Domain {
    /// Sends a request with an optional JSON body. The complete response must arrive within `limit`.
    ///
    /// # Errors
    /// There are no credentials, or there is no complete response. An error response is returned as a response.
    pub async fn call(
        &self,
        method: Method,
        target: &str,
        json: Option<Bytes>,
        limit: Duration,
    ) -> Result<CallResponse, CallError> {
        let call = timeout(limit, Box::pin(self.complete(method, target, json)));
        let outcome = call.await.unwrap_or_else(|_| {
            let late = UpstreamError::TimedOut(limit);
            Err(Failure::Upstream(late))
        });
        outcome.map_err(|failure| CallError {
            message: failure.reason(&self.facts()),
            remedy: failure.remedy(),
        })
    }

    async fn complete(
        &self,
        method: Method,
        target: &str,
        json: Option<Bytes>,
    ) -> Result<CallResponse, Failure> {
        let mut request = Request::builder().method(method).uri(target);
        if json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(());
        let request = request.map_err(|_| Failure::Target("the request target is invalid"))?;
        let reader = BodyReader {
            store: &self.bodies,
            metrics: &self.metrics.bodies,
            max_body: self.limits.max_body,
            idle: self.limits.body_timeout,
        };
        let mut body = Full::new(json.unwrap_or_default());
        let payload = Payload::Stored(reader.receive(&mut body).await?);
        let outbound = Outbound::new(request.into_parts().0, payload);
        let (head, mut incoming) = exchange(self, outbound).await?.into_parts();
        let mut body = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| incoming.poll_frame(cx)).await {
            let frame = frame.map_err(|error| unreadable(&error.to_string()))?;
            if let Some(data) = frame.data_ref() {
                body.extend_from_slice(data);
            }
            if body.len() > MAX_RESPONSE {
                let text = format!("it is larger than {MAX_RESPONSE} bytes");
                return Err(unreadable(&text));
            }
        }
        Ok(CallResponse {
            status: head.status,
            body: body.freeze(),
        })
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::Upstream(UpstreamError::Unreadable(why.to_owned()))
}
