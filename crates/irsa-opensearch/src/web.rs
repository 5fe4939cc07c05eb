//! Requests from web pages.
//!
//! Any web page in a browser on this machine can send requests to loopback addresses, with forms and scripts, and the
//! proxy would sign them. Browsers send the page's origin in `Origin` (RFC 6454) and `Sec-Fetch-Site` (Fetch Metadata),
//! so requests from pages of other origins are blocked.

use std::fmt;
use std::str::FromStr;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Response, StatusCode};

use crate::headers::single;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
/// Header of a preflight request from a page whose address is less private than the listener's.
const REQUEST_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// The time in seconds for which browsers may cache the response to a preflight request.
const MAX_AGE: &str = "600";

/// The maximum length of an origin in a message, in bytes.
const LONGEST_SHOWN: usize = 100;

/// The origin of web pages (RFC 6454), such as `http://localhost:8080`, in lower case and without the default port of
/// its scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin(String);

/// Error for a text that is not a valid [`WebOrigin`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an origin; expected SCHEME://HOST[:PORT] without a path")]
pub struct WebOriginError(String);

/// A request from a web page of a different origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForeignPage {
    origin: Option<String>,
}

/// Returns the `Origin` of a request if it is an allowed one.
pub(crate) fn allowed_origin(allowed: &[WebOrigin], headers: &HeaderMap) -> Option<HeaderValue> {
    if allowed.is_empty() {
        return None;
    }
    let value = single(headers, &ORIGIN)?;
    let origin: WebOrigin = value.to_str().ok()?.parse().ok()?;
    allowed.contains(&origin).then(|| value.clone())
}

/// Removes the headers that identify the page, so that the domain does not check them again.
pub(crate) fn forget_origin(headers: &mut HeaderMap) {
    for name in [ORIGIN, SEC_FETCH_SITE, SEC_FETCH_MODE] {
        headers.remove(name);
    }
}

/// Rejects a request from a page of a different origin. Following a link is allowed, because the page cannot read the
/// result.
pub(crate) fn check(parts: &Parts) -> Result<(), ForeignPage> {
    let headers = &parts.headers;
    if !headers.contains_key(ORIGIN) && !headers.contains_key(SEC_FETCH_SITE) {
        return Ok(());
    }
    let is = |name: &HeaderName, values: &[&str]| {
        let mut found = headers.get_all(name).iter();
        found.any(|value| values.iter().any(|known| value == known))
    };
    let reads = parts.method == Method::GET || parts.method == Method::HEAD;
    if reads && is(&SEC_FETCH_MODE, &["navigate"]) {
        return Ok(());
    }
    let is_foreign = is(&SEC_FETCH_SITE, &["cross-site", "same-site"])
        || (headers.contains_key(ORIGIN) && !is_own_origin(parts));
    if is_foreign {
        return Err(ForeignPage::new(headers));
    }
    Ok(())
}

/// Returns whether this is a preflight request.
pub(crate) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Returns the response to a preflight request from an allowed page. [`allow`] adds the remaining headers.
pub(crate) fn preflight<B: Default>(headers: &HeaderMap) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    if let Some(wanted) = single(headers, &ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    if headers.contains_key(REQUEST_PRIVATE_NETWORK) {
        answer.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    response
}

/// Allows a page to read a response.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    let all = HeaderValue::from_static("*");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, all);
    headers.append(VARY, HeaderValue::from_static("origin"));
}

/// Returns whether `Origin` has the same host and port as `Host`.
fn is_own_origin(parts: &Parts) -> bool {
    let origin = single(&parts.headers, &ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = single(&parts.headers, &HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(Authority::as_str));
    let (Some(Ok(origin)), Some(host)) = (origin.map(str::parse::<WebOrigin>), host) else {
        return false;
    };
    let Some((scheme, of_origin)) = origin.0.split_once("://") else {
        return false;
    };
    WebOrigin::new(scheme, host).is_some_and(|own| own.0.ends_with(&format!("://{of_origin}")))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

// === impl WebOrigin ===

impl WebOrigin {
    /// Creates an origin from a scheme in lower case and a host with an optional port.
    fn new(scheme: &str, authority: &str) -> Option<Self> {
        let authority: Authority = authority.parse().ok()?;
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16();
        let is_whole = !authority.as_str().contains('@')
            && !host.is_empty()
            && (port.is_some() || !authority.as_str().ends_with(':'));
        let port = port.filter(|port| default_port(scheme) != Some(*port));
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        is_whole.then(|| Self(format!("{scheme}://{host}{port}")))
    }
}

impl FromStr for WebOrigin {
    type Err = WebOriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || WebOriginError(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(malformed)?;
        let scheme = scheme.to_ascii_lowercase();
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let origin = Self::new(&scheme, authority).filter(|_| is_scheme);
        origin.ok_or_else(malformed)
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl ForeignPage ===

impl ForeignPage {
    fn new(headers: &HeaderMap) -> Self {
        let origin = headers.get(ORIGIN).and_then(|value| value.to_str().ok());
        Self {
            origin: origin
                .filter(|origin| origin.len() <= LONGEST_SHOWN)
                .map(str::to_owned),
        }
    }

    /// Returns the remedy for the client.
    pub(crate) fn remedy(&self) -> String {
        let origin = self.origin.as_deref().filter(|origin| *origin != "null");
        let origin = origin.unwrap_or("ORIGIN");
        format!(
            "if you trust the page, add `allow-origin={origin}` to the upstream; \
             otherwise, find out which page sent the request"
        )
    }
}

impl fmt::Display for ForeignPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request comes from a web page of a different origin")?;
        match &self.origin {
            Some(origin) => write!(f, " (`{origin}`)"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
