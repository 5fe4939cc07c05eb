//! Fetching discovery document and key set.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Uri};
use irsa_chain::IssuerUrl;
use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{Roots, client_config};
use serde::Deserialize;
use serde_json::Value;

use super::super::background::Background;
use super::super::https::Get;
use super::super::state::Pod;
use super::super::text::quoted;

/// What the issuer came to.
pub(in super::super) type IssuerLook = Found;

/// What was found at the issuer's address.
#[derive(Debug, Clone)]
pub(in super::super) enum Found {
    /// The `iss` is no URL that AWS takes.
    NoUrl,
    /// Nothing usable, and why.
    Silent(String),
    /// A discovery document that names another issuer.
    Another(String),
    /// The issuer.
    Same(Keys),
}

/// What was found at its `jwks_uri`.
#[derive(Debug, Clone)]
pub(in super::super) enum Keys {
    /// Nothing usable, and why.
    Silent(String),
    /// A key set.
    Published(Arc<Vec<Key>>),
}

/// A JSON Web Key (RFC 7517) that nobody has looked into yet.
#[derive(Debug)]
pub(in super::super) struct Key(pub(super) Value);

/// The part of a discovery document that matters (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// Where and how to ask.
struct Asker {
    issuer: Uri,
    dial: Option<(String, u16)>,
    tls: Arc<ClientConfig>,
}

/// More than any discovery document has, in bytes.
const MOST: usize = 64 * 1024;
/// A key takes half a kilobyte.
const MOST_KEYS: usize = 256 * 1024;
/// For one of the two documents: both must fit into a step.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// Begins to ask the issuer of a token.
pub(in super::super) fn look(pod: &Pod, iss: &str) -> Background<Found> {
    let asker = asker(pod, iss);
    let issuer = iss.to_owned();
    Background::start(async move {
        match asker {
            Ok(asker) => asker.look(&issuer).await,
            Err(found) => found,
        }
    })
}

fn asker(pod: &Pod, iss: &str) -> Result<Asker, Found> {
    let url: IssuerUrl = iss.parse().map_err(|_| Found::NoUrl)?;
    let issuer = url.as_str().parse().map_err(|_| Found::NoUrl)?;
    let roots = pod.roots.clone().map_err(Found::Silent)?;
    let roots = with_bundle(roots, pod.variable("AWS_CA_BUNDLE"));
    let tls = client_config(&roots, &[b"http/1.1"]);
    Ok(Asker {
        issuer,
        dial: pod.options.issuer_dial.clone(),
        tls: tls.map_err(|error| Found::Silent(error.to_string()))?,
    })
}

/// A bundle that can't be read is told of where STS is asked.
fn with_bundle(roots: Roots, bundle: Option<&str>) -> Roots {
    let bundle = bundle.and_then(|path| Roots::from_pem_file(Path::new(path)).ok());
    match bundle {
        Some(bundle) => roots.with(bundle),
        None => roots,
    }
}

impl Asker {
    async fn look(&self, iss: &str) -> Found {
        let url = format!(
            "{}/.well-known/openid-configuration",
            iss.trim_end_matches('/')
        );
        let document: Discovery = match self.json(&url, MOST).await {
            Ok(document) => document,
            Err(why) => return Found::Silent(why),
        };
        if document.issuer != iss {
            return Found::Another(document.issuer);
        }
        let set: Result<KeySet, String> = self.json(&document.jwks_uri, MOST_KEYS).await;
        Found::Same(match set {
            Ok(set) => Keys::Published(Arc::new(set.keys.into_iter().map(Key).collect())),
            Err(why) => Keys::Silent(why),
        })
    }

    async fn json<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        most: usize,
    ) -> Result<T, String> {
        let failed = |why: &str| format!("{}: {why}", quoted(url));
        let uri: Uri = url.parse().map_err(|_| failed("no URL"))?;
        let get = self.get(&uri, most).ok_or_else(|| failed("no https URL"))?;
        let answer = get
            .send()
            .await
            .map_err(|error| failed(&error.to_string()))?;
        if answer.status != 200 {
            return Err(failed(&format!(
                "it answered with status {}",
                answer.status.as_u16()
            )));
        }
        serde_json::from_slice(&answer.body).map_err(|_| failed("not the JSON that belongs there"))
    }

    fn get<'a>(&'a self, uri: &'a Uri, most: usize) -> Option<Get<'a>> {
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https"))?;
        let own = uri.authority() == self.issuer.authority();
        let dial = self.dial.as_ref().filter(|_| own);
        let port = uri.port_u16().unwrap_or(443);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        Some(Get {
            dial_host: dial.map_or(host, |(host, _)| host),
            dial_port: dial.map_or(port, |(_, port)| *port),
            tls_name: ServerName::try_from(bare.to_owned()).ok()?,
            tls: Arc::clone(&self.tls),
            host: uri.authority()?.as_str(),
            target: uri.path_and_query()?.as_str(),
            headers: HeaderMap::new(),
            most,
            patience: PATIENCE,
        })
    }
}

impl Key {
    pub(in super::super) fn kid(&self) -> Option<&str> {
        self.0.get("kid")?.as_str()
    }
}
