//! Signed requests to a domain that change nothing.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use irsa_chain::{Cause, Link};
use irsa_identity::{
    HttpRequest, PayloadHash, SessionCredentials, SigningScope, SigningService, sign_http,
};
use irsa_net::tls::Roots;
use irsa_opensearch::RequestRefusal;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;

use crate::pod::endpoint::probe::{Connectivity, Secured, connect, secure};
use crate::pod::fault::Fault;
use crate::pod::https::{self, Get, RequestError, Response, TIMEOUT};
use crate::pod::options::{DomainTarget, Route};

/// The result of the requests to a domain.
#[derive(Debug)]
pub(in crate::pod) enum Reply {
    /// There was no usable response.
    None(Fault),
    /// The domain denied a request, because of this link.
    Denied { link: Link, fault: Fault },
    /// The domain allowed the requests.
    Allowed {
        /// The roles of fine-grained access control; `None` if the domain does not use it.
        roles: Option<Vec<String>>,
        /// The version, if reading it is allowed.
        version: Result<String, Fault>,
    },
}

/// The caller, as the security plugin sees it ("Authentication info" of the security plugin's API).
#[derive(Deserialize)]
struct AuthInfo {
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Root {
    version: RootVersion,
}

#[derive(Deserialize)]
struct RootVersion {
    number: String,
}

const AUTH_INFO: &str = "/_plugins/_security/authinfo";
/// The maximum size of a response in bytes.
const MAX_BODY: usize = 256 * 1024;
/// A role that the security plugin maps all users to, and that grants nothing here.
const DEFAULT_ROLE: &str = "own_index";

/// Connects, up to the first failure.
pub(in crate::pod) async fn connectivity(
    route: Route,
    roots: Result<Roots, String>,
) -> Connectivity {
    let (mut connectivity, stream) = connect(&route).await;
    if let Some(stream) = stream {
        let handshake = start_tls(&route, &roots, stream);
        _ = secure(&route, &mut connectivity, handshake).await;
    }
    connectivity
}

async fn start_tls(
    route: &Route,
    roots: &Result<Roots, String>,
    stream: TcpStream,
) -> Result<Secured<()>, Fault> {
    let invalid = |why: String| Fault::new(Cause::TlsCertificateInvalid, why);
    let roots = roots.as_ref().map_err(|why| invalid(why.clone()))?;
    let tls = https::tls(roots).map_err(|error| invalid(error.to_string()))?;
    let stream = https::start_tls(stream, &tls, route.tls_name.clone()).await;
    let stream = stream.map_err(|error| Fault::new(error.cause(), error))?;
    Ok(Secured {
        connection: (),
        version: stream.get_ref().1.protocol_version(),
    })
}

/// Requests the caller's roles and the version.
pub(in crate::pod) async fn request(
    target: &DomainTarget,
    roots: &Roots,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Reply {
    let first = match target.service {
        SigningService::Es => AUTH_INFO,
        SigningService::Aoss => "/_cat/indices",
    };
    let get = async |path| get(target, roots, credentials, now, path).await;
    let auth_info = match get(first).await {
        Ok(response) => response,
        Err(fault) => return Reply::None(fault),
    };
    if let Some((link, fault)) = denial(&auth_info) {
        return Reply::Denied { link, fault };
    }
    let roles = serde_json::from_slice(&auth_info.body).ok();
    let roles = roles.map(|AuthInfo { mut roles }| {
        roles.retain(|role| role != DEFAULT_ROLE);
        roles
    });
    if target.service == SigningService::Aoss {
        let version = Err(Fault::unclear("a collection does not report its version"));
        return Reply::Allowed {
            roles: None,
            version,
        };
    }
    match get("/").await {
        Ok(response) => version(roles, &response),
        Err(fault) => Reply::None(fault),
    }
}

/// The result of reading the version, which is the only request for a domain without fine-grained access control.
fn version(roles: Option<Vec<String>>, response: &Response) -> Reply {
    match (denial(response), serde_json::from_slice(&response.body)) {
        (Some((Link::Grant, fault)), _) if roles.is_some() => Reply::Allowed {
            roles,
            version: Err(fault),
        },
        (Some((link, fault)), _) => Reply::Denied { link, fault },
        (None, Ok(Root { version })) => Reply::Allowed {
            roles,
            version: Ok(version.number),
        },
        (None, Err(_)) => Reply::None(Fault::new(
            Cause::EndpointFailed,
            format!(
                "`GET /` returned status {} without a version",
                response.status.as_u16()
            ),
        )),
    }
}

async fn get(
    target: &DomainTarget,
    roots: &Roots,
    credentials: &SessionCredentials,
    now: SystemTime,
    path: &str,
) -> Result<Response, Fault> {
    let route = &target.route;
    let host = match route.sign_port {
        443 => route.sign_host.clone(),
        port => format!("{}:{port}", route.sign_host),
    };
    let tls = https::tls(roots);
    let get = Get {
        dial_host: &route.dial_host,
        dial_port: route.dial_port,
        http_proxy: route.http_proxy.as_ref(),
        tls_name: route.tls_name.clone(),
        tls: tls.map_err(|error| Fault::new(Cause::TlsCertificateInvalid, error))?,
        headers: signed(target, credentials, now, &host, path)?,
        host: &host,
        target: path,
        max_body: MAX_BODY,
        timeout: TIMEOUT / 2,
    };
    get.send().await.map_err(no_response)
}

fn signed(
    target: &DomainTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
    host: &str,
    path_and_query: &str,
) -> Result<HeaderMap, Fault> {
    let empty_body: [u8; 32] = Sha256::digest(b"").into();
    let request = HttpRequest {
        method: "GET",
        path_and_query,
        host,
        content_type: None,
        payload: PayloadHash::Sha256(&empty_body),
    };
    let Route { region, .. } = &target.route;
    let scope = SigningScope {
        region: region.clone(),
        service: target.service,
    };
    let mut headers = HeaderMap::new();
    let signature = sign_http(&request, &scope, credentials, now).map_err(Fault::unclear)?;
    signature.apply(&mut headers);
    Ok(headers)
}

fn no_response(error: RequestError) -> Fault {
    let cause = match &error {
        RequestError::Connect(error) => error.cause(),
        RequestError::Handshake(error) => error.cause(),
        RequestError::TimedOut(_) => Cause::EndpointTimeout,
        RequestError::Broken(_) | RequestError::TooLong(_) => Cause::EndpointFailed,
    };
    Fault::new(cause, error)
}

/// The link that caused a denial, and the fault; `None` if the response is not a denial.
fn denial(response: &Response) -> Option<(Link, Fault)> {
    let refusal = RequestRefusal::classify(response.status, &response.body);
    let has_no_plugin =
        response.status == StatusCode::BAD_REQUEST || response.status == StatusCode::NOT_FOUND;
    let said = said(response);
    match refusal {
        Some(refusal) => {
            let fault = match refusal.cause {
                Some(cause) => Fault::new(cause, said),
                None => Fault::unclear(said),
            };
            Some((refusal.link, fault))
        }
        None if response.status.is_success() || has_no_plugin => None,
        None => Some((Link::Endpoint, Fault::new(Cause::EndpointFailed, said))),
    }
}

/// The text of a response, without the canonical request in the response to a wrong signature: it contains the session
/// token.
fn said(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.body);
    let text = text
        .split("The Canonical String")
        .next()
        .unwrap_or_default();
    format!("status {}: {}", response.status.as_u16(), text.trim())
}
