//! The discovery document and the key set of an issuer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Uri};
use irsa_chain::IssuerUrl;
use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::Roots;
use serde::Deserialize;
use serde_json::Value;

use crate::pod::https::{self, Get};
use crate::pod::text::quoted;

/// The settings for requests to an issuer.
#[derive(Debug, Clone)]
pub(in crate::pod) struct IssuerSettings {
    /// The trusted CAs, or why they cannot be read.
    pub(in crate::pod) roots: Result<Roots, String>,
    /// A file of further CAs (`AWS_CA_BUNDLE`).
    pub(in crate::pod) bundle: Option<PathBuf>,
    /// The host and port to connect to, if they differ from those in the issuer's URL.
    pub(in crate::pod) dial: Option<(String, u16)>,
}

/// The result of reading the issuer's discovery document.
#[derive(Debug, Clone)]
pub(in crate::pod) enum Issuer {
    /// The `iss` is not a URL that AWS accepts.
    InvalidUrl,
    /// The document could not be read, for this reason.
    Unavailable(String),
    /// The document names this issuer, which is not the token's.
    Different(String),
    /// The document names the token's issuer.
    Same(Keys),
}

/// The result of reading the key set at the issuer's `jwks_uri`.
#[derive(Debug, Clone)]
pub(in crate::pod) enum Keys {
    /// The key set could not be read, for this reason.
    Unavailable(String),
    /// The published keys.
    Published(Arc<Vec<Key>>),
}

/// A JSON Web Key (RFC 7517), not parsed yet.
#[derive(Debug)]
pub(in crate::pod) struct Key(pub(super) Value);

/// The relevant part of a discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A client of one issuer.
struct Client {
    issuer: Uri,
    dial: Option<(String, u16)>,
    tls: Arc<ClientConfig>,
}

/// The maximum size of a discovery document in bytes.
const MAX_DOCUMENT: usize = 64 * 1024;
/// The maximum size of a key set in bytes; a key has about 500.
const MAX_KEYS: usize = 256 * 1024;
/// The time limit for each of the two documents: both must fit into the time limit of a step.
const TIMEOUT: Duration = Duration::from_millis(2_500);

/// Reads the discovery document and the keys of a token's issuer, `iss`.
pub(in crate::pod) async fn read(iss: String, settings: IssuerSettings) -> Issuer {
    match client(&iss, settings) {
        Ok(client) => client.read(&iss).await,
        Err(issuer) => issuer,
    }
}

fn client(iss: &str, settings: IssuerSettings) -> Result<Client, Issuer> {
    let url: IssuerUrl = iss.parse().map_err(|_| Issuer::InvalidUrl)?;
    let issuer = url.as_str().parse().map_err(|_| Issuer::InvalidUrl)?;
    let roots = settings.roots.map_err(Issuer::Unavailable)?;
    let roots = with_bundle(roots, settings.bundle.as_deref());
    let tls = https::tls(&roots);
    Ok(Client {
        issuer,
        dial: settings.dial,
        tls: tls.map_err(|error| Issuer::Unavailable(error.to_string()))?,
    })
}

/// Adds the CAs of the bundle. A bundle that cannot be read is reported by the checks of STS.
fn with_bundle(roots: Roots, bundle: Option<&Path>) -> Roots {
    let bundle = bundle.and_then(|path| Roots::from_pem_file(path).ok());
    match bundle {
        Some(bundle) => roots.with(bundle),
        None => roots,
    }
}

impl Client {
    async fn read(&self, iss: &str) -> Issuer {
        let url = format!(
            "{}/.well-known/openid-configuration",
            iss.trim_end_matches('/')
        );
        let document: Discovery = match self.json(&url, MAX_DOCUMENT).await {
            Ok(document) => document,
            Err(why) => return Issuer::Unavailable(why),
        };
        if document.issuer != iss {
            return Issuer::Different(document.issuer);
        }
        let set: Result<KeySet, String> = self.json(&document.jwks_uri, MAX_KEYS).await;
        Issuer::Same(match set {
            Ok(set) => Keys::Published(Arc::new(set.keys.into_iter().map(Key).collect())),
            Err(why) => Keys::Unavailable(why),
        })
    }

    async fn json<T: for<'de> Deserialize<'de>>(
        &self,
        url: &str,
        max_body: usize,
    ) -> Result<T, String> {
        let failed = |why: &str| format!("{}: {why}", quoted(url));
        let uri: Uri = url.parse().map_err(|_| failed("not a URL"))?;
        let get = self
            .get(&uri, max_body)
            .ok_or_else(|| failed("not an https URL"))?;
        let answer = get
            .send()
            .await
            .map_err(|error| failed(&error.to_string()))?;
        if answer.status != 200 {
            return Err(failed(&format!("status {}", answer.status.as_u16())));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| failed("the response is not the expected JSON"))
    }

    fn get<'a>(&'a self, uri: &'a Uri, max_body: usize) -> Option<Get<'a>> {
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https"))?;
        let own = uri.authority() == self.issuer.authority();
        let dial = self.dial.as_ref().filter(|_| own);
        let port = uri.port_u16().unwrap_or(443);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        Some(Get {
            dial_host: dial.map_or(host, |(host, _)| host),
            dial_port: dial.map_or(port, |(_, port)| *port),
            http_proxy: None,
            tls_name: ServerName::try_from(bare.to_owned()).ok()?,
            tls: Arc::clone(&self.tls),
            host: uri.authority()?.as_str(),
            target: uri.path_and_query()?.as_str(),
            headers: HeaderMap::new(),
            max_body,
            timeout: TIMEOUT,
        })
    }
}

impl Key {
    pub(in crate::pod) fn kid(&self) -> Option<&str> {
        self.0.get("kid")?.as_str()
    }
}
