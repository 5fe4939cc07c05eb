//! Responses of limited size, so that no endpoint can fill the memory.

use std::mem::replace;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::time::timeout;

use crate::error::chain_of;

/// The maximum size of a response to the SDK, in bytes. Responses of STS and of IAM Identity Center have a few kB.
const MAX_BODY: usize = 1024 * 1024;

/// A connector that reads complete responses, within limits of size and time.
#[derive(Debug, Clone)]
struct Bounded {
    connector: SharedHttpConnector,
    limit: Duration,
}

/// Creates a client whose requests take at most `limit`, including their responses.
pub(super) fn client(connector: &SharedHttpConnector, limit: Duration) -> SharedHttpClient {
    let bounded = SharedHttpConnector::new(Bounded {
        connector: connector.clone(),
        limit,
    });
    http_client_fn(move |_, _| bounded.clone())
}

/// Reads a body of at most `most` bytes.
///
/// # Errors
/// A message that the body is too long or cannot be read.
pub(super) async fn collect(body: SdkBody, most: usize) -> Result<Vec<u8>, String> {
    let mut stream = ByteStream::new(body);
    let mut collected = Vec::new();
    while let Some(chunk) = stream.try_next().await.map_err(|error| chain_of(&error))? {
        if collected.len() + chunk.len() > most {
            return Err(format!("the response is larger than {most} bytes"));
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected)
}

impl HttpConnector for Bounded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (answer, limit) = (self.connector.call(request), self.limit);
        let whole = async move {
            let mut answer = answer.await?;
            let body = replace(answer.body_mut(), SdkBody::taken());
            let body = collect(body, MAX_BODY).await;
            let body = body.map_err(|why| ConnectorError::other(why.into(), None))?;
            *answer.body_mut() = SdkBody::from(body);
            Ok(answer)
        };
        HttpConnectorFuture::new(async move {
            let late = |_| ConnectorError::timeout(format!("no response within {limit:?}").into());
            timeout(limit, whole).await.map_err(late)?
        })
    }
}
