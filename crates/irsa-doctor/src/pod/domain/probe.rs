//! Signed requests that change nothing.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode};
use irsa_chain::{Cause, Link};
use irsa_identity::{
    HttpRequest, PayloadHash, SessionCredentials, SigningScope, SigningService, sign_http,
};
use irsa_net::tls::Roots;
use irsa_opensearch::Refusal;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;

use crate::pod::endpoint::probe::{Connectivity, Secured, connect, secure};
use crate::pod::fault::Fault;
use crate::pod::https::{self, Answer, Get, NoAnswer, PATIENCE};
use crate::pod::options::{DomainTarget, Route};

/// A domain's answer.
#[derive(Debug)]
pub(in crate::pod) enum Reply {
    /// Nothing.
    None(Fault),
    /// No, and at which link.
    Refused { link: Link, fault: Fault },
    /// Yes.
    Let {
        /// The roles of fine-grained access control; `None` where there is none.
        roles: Option<Vec<String>>,
        /// The version, if it may be asked for.
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
/// The most of an answer that is read, in bytes.
const MOST: usize = 256 * 1024;
/// A role that the security plugin maps everybody to, and that gives nothing.
const EVERYBODYS: &str = "own_index";

/// Connects as far as possible.
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

/// Asks who we are, and for the version.
pub(in crate::pod) async fn ask(
    target: &DomainTarget,
    roots: &Roots,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Reply {
    let first = match target.service {
        SigningService::Es => AUTH_INFO,
        SigningService::Aoss => "/_cat/indices",
    };
    let get = async |path| answer(target, roots, credentials, now, path).await;
    let identity = match get(first).await {
        Ok(answer) => answer,
        Err(fault) => return Reply::None(fault),
    };
    if let Some((link, fault)) = refusal(&identity) {
        return Reply::Refused { link, fault };
    }
    let roles = serde_json::from_slice(&identity.body).ok();
    let roles = roles.map(|AuthInfo { mut roles }| {
        roles.retain(|role| role != EVERYBODYS);
        roles
    });
    if target.service == SigningService::Aoss {
        let version = Err(Fault::unclear("a collection tells none"));
        return Reply::Let {
            roles: None,
            version,
        };
    }
    match get("/").await {
        Ok(answer) => version(roles, &answer),
        Err(fault) => Reply::None(fault),
    }
}

/// Without fine-grained access control the version is all there is to ask for.
fn version(roles: Option<Vec<String>>, answer: &Answer) -> Reply {
    match (refusal(answer), serde_json::from_slice(&answer.body)) {
        (Some((Link::Grant, fault)), _) if roles.is_some() => Reply::Let {
            roles,
            version: Err(fault),
        },
        (Some((link, fault)), _) => Reply::Refused { link, fault },
        (None, Ok(Root { version })) => Reply::Let {
            roles,
            version: Ok(version.number),
        },
        (None, Err(_)) => Reply::None(Fault::new(
            Cause::EndpointFailed,
            format!(
                "`GET /` was answered with status {} and no version",
                answer.status.as_u16()
            ),
        )),
    }
}

async fn answer(
    target: &DomainTarget,
    roots: &Roots,
    credentials: &SessionCredentials,
    now: SystemTime,
    path: &str,
) -> Result<Answer, Fault> {
    let route = &target.route;
    let host = match route.sign_port {
        443 => route.sign_host.clone(),
        port => format!("{}:{port}", route.sign_host),
    };
    let tls = https::tls(roots);
    let get = Get {
        dial_host: &route.dial_host,
        dial_port: route.dial_port,
        tls_name: route.tls_name.clone(),
        tls: tls.map_err(|error| Fault::new(Cause::TlsCertificateInvalid, error))?,
        headers: signed(target, credentials, now, &host, path)?,
        host: &host,
        target: path,
        most: MOST,
        patience: PATIENCE / 2,
    };
    get.send().await.map_err(unanswered)
}

fn signed(
    target: &DomainTarget,
    credentials: &SessionCredentials,
    now: SystemTime,
    host: &str,
    path_and_query: &str,
) -> Result<HeaderMap, Fault> {
    let nothing: [u8; 32] = Sha256::digest(b"").into();
    let request = HttpRequest {
        method: "GET",
        path_and_query,
        host,
        content_type: None,
        payload: PayloadHash::Sha256(&nothing),
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

fn unanswered(error: NoAnswer) -> Fault {
    let cause = match &error {
        NoAnswer::Connect(error) => error.cause(),
        NoAnswer::Handshake(error) => error.cause(),
        NoAnswer::TimedOut(_) => Cause::EndpointTimeout,
        NoAnswer::Broken(_) | NoAnswer::TooLong(_) => Cause::EndpointFailed,
    };
    Fault::new(cause, error)
}

/// The link that a refusal is about; `None` if the answer is not a refusal.
fn refusal(answer: &Answer) -> Option<(Link, Fault)> {
    let refusal = Refusal::classify(answer.status, &answer.body);
    let is_no_plugin =
        answer.status == StatusCode::BAD_REQUEST || answer.status == StatusCode::NOT_FOUND;
    let said = said(answer);
    match refusal {
        Some(refusal) => {
            let fault = match refusal.cause {
                Some(cause) => Fault::new(cause, said),
                None => Fault::unclear(said),
            };
            Some((refusal.link, fault))
        }
        None if answer.status.is_success() || is_no_plugin => None,
        None => Some((Link::Endpoint, Fault::new(Cause::EndpointFailed, said))),
    }
}

/// The words of an answer, as far as they are shown; a wrong signature's canonical request is left out, since it holds
/// the session token.
fn said(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text
        .split("The Canonical String")
        .next()
        .unwrap_or_default();
    format!("status {}: {}", answer.status.as_u16(), text.trim())
}
