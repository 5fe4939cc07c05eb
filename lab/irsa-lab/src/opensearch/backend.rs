//! Requests to the real OpenSearch, as the role that IAM has accepted.

use std::error::Error;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{HttpConnector, capture_connection};
use hyper_util::rt::TokioExecutor;
use irsa_components::opensearch::identity;

use super::authorize::Caller;

/// The security plugin's user for all callers of a domain without fine-grained access control. It is mapped to
/// `all_access`.
pub(super) const EVERYBODY: &str = "everybody";
const PROXY_USER: HeaderName = HeaderName::from_static(identity::USER);
const PROXY_ROLES: HeaderName = HeaderName::from_static(identity::ROLES);
const FORWARDED_FOR: HeaderName = HeaderName::from_static(identity::FORWARDED_FOR);
/// Hop-by-hop headers (RFC 9110, section 7.6.1).
const OF_A_CONNECTION: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// OpenSearch responds to malformed requests with one of these, and ignores later requests on the connection without
/// closing it.
const MAY_BE_DEAD: [StatusCode; 4] = [
    StatusCode::BAD_REQUEST,
    StatusCode::PAYLOAD_TOO_LARGE,
    StatusCode::URI_TOO_LONG,
    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
];
/// Maximum number of header lines in a response: OpenSearch sends a `Warning` for each deprecated field.
const MAX_HEADER_LINES: usize = 2_000;

/// The errors of [`Backend::send`].
pub(super) type BackendError = Box<dyn Error + Send + Sync>;

/// A pool of connections to the real server.
#[derive(Debug, Clone)]
pub(super) struct Backend {
    client: Client<HttpConnector, Full<Bytes>>,
    authority: Authority,
    fine_grained: bool,
}

impl Backend {
    /// Returns a pool; `authority` is the server's loopback address, without TLS.
    pub(super) fn new(authority: Authority, fine_grained: bool) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new())
                .http1_max_headers(MAX_HEADER_LINES)
                .build_http(),
            authority,
            fine_grained,
        }
    }

    /// Forwards a client's request as `caller`; path, query and body stay unchanged.
    pub(super) async fn forward(
        &self,
        parts: Parts,
        body: Bytes,
        caller: &Caller,
        source: IpAddr,
    ) -> Result<Response<Incoming>, BackendError> {
        let mut headers = parts.headers;
        disown(&mut headers);
        headers.extend(self.identity(caller, source)?);
        let mut request = self.request(without_signature(&parts.uri)?, body)?;
        *request.method_mut() = parts.method;
        *request.headers_mut() = headers;
        self.send(request).await
    }

    /// Returns a request to the server, without headers.
    pub(super) fn request(
        &self,
        target: PathAndQuery,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, BackendError> {
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.authority.clone());
        uri.path_and_query = Some(target);
        let mut request = Request::new(Full::new(body));
        *request.uri_mut() = Uri::from_parts(uri)?;
        Ok(request)
    }

    pub(super) async fn send(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, BackendError> {
        *request.version_mut() = Version::HTTP_11;
        let connection = capture_connection(&mut request);
        let mut response = self.client.request(request).await?;
        if MAY_BE_DEAD.contains(&response.status())
            && let Some(connection) = &*connection.connection_metadata()
        {
            connection.poison();
        }
        drop_connection_headers(response.headers_mut());
        Ok(response)
    }

    /// Returns the headers with the caller's identity for the security plugin, which decides by itself about anonymous
    /// callers.
    fn identity(&self, caller: &Caller, source: IpAddr) -> Result<HeaderMap, BackendError> {
        let name = match (self.fine_grained, caller) {
            (true, Caller::Role(role)) => role.to_string(),
            (true, Caller::Anonymous) => return Ok(HeaderMap::new()),
            (false, _) => EVERYBODY.to_owned(),
        };
        let name = HeaderValue::from_str(&name)?;
        let source = HeaderValue::from_str(&source.to_string())?;
        let identity = [
            (PROXY_USER, name.clone()),
            (PROXY_ROLES, name),
            (FORWARDED_FOR, source),
        ];
        Ok(identity.into_iter().collect())
    }
}

/// Returns the target without the query parameters of a signature: OpenSearch rejects parameters that it does not know.
fn without_signature(uri: &Uri) -> Result<PathAndQuery, BackendError> {
    let target = uri.path_and_query().cloned();
    let target = target.unwrap_or(PathAndQuery::from_static("/"));
    let is_amz = |pair: &&str| pair.starts_with("X-Amz-");
    let Some(query) = target
        .query()
        .filter(|query| query.split('&').any(|pair| is_amz(&pair)))
    else {
        return Ok(target);
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_amz(pair)).collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok(format!("{}{mark}{}", target.path(), kept.join("&")).parse()?)
}

/// Removes headers that only the front may set, headers for AWS, and hop-by-hop headers.
fn disown(headers: &mut HeaderMap) {
    drop_connection_headers(headers);
    let is_foreign = |name: &HeaderName| {
        let prefixes = ["x-proxy-", "x-amz-", "x-forwarded-"];
        [AUTHORIZATION, HOST, CONTENT_LENGTH, EXPECT].contains(name)
            || prefixes
                .iter()
                .any(|prefix| name.as_str().starts_with(prefix))
    };
    let foreign: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_foreign(name))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
}

fn drop_connection_headers(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_A_CONNECTION) {
        headers.remove(name);
    }
}
