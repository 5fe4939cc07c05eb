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
    /// The host and port to connect to, if not those of the issuer's URL.
    pub(in crate::pod) dial: Option<(String, u16)>,
}

/// The issuer's discovery document.
#[derive(Debug, Clone)]
pub(in crate::pod) enum Found {
    /// The `iss` is not a URL that AWS accepts.
    NoUrl,
    /// Nothing usable, and why.
    Silent(String),
    /// A discovery document that names another issuer.
    Another(String),
    /// The issuer.
    Same(Keys),
}

/// The key set at its `jwks_uri`.
#[derive(Debug, Clone)]
pub(in crate::pod) enum Keys {
    /// Nothing usable, and why.
    Silent(String),
    /// A key set.
    Published(Arc<Vec<Key>>),
}

/// A JSON Web Key (RFC 7517), not parsed yet.
#[derive(Debug)]
pub(in crate::pod) struct Key(pub(super) Value);

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

/// A client of one issuer.
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

/// Asks the issuer `iss` of a token.
pub(in crate::pod) async fn ask(iss: String, settings: IssuerSettings) -> Found {
    match asker(&iss, settings) {
        Ok(asker) => asker.ask(&iss).await,
        Err(found) => found,
    }
}

fn asker(iss: &str, settings: IssuerSettings) -> Result<Asker, Found> {
    let url: IssuerUrl = iss.parse().map_err(|_| Found::NoUrl)?;
    let issuer = url.as_str().parse().map_err(|_| Found::NoUrl)?;
    let roots = settings.roots.map_err(Found::Silent)?;
    let roots = with_bundle(roots, settings.bundle.as_deref());
    let tls = https::tls(&roots);
    Ok(Asker {
        issuer,
        dial: settings.dial,
        tls: tls.map_err(|error| Found::Silent(error.to_string()))?,
    })
}

/// A bundle that cannot be read is reported where STS is asked.
fn with_bundle(roots: Roots, bundle: Option<&Path>) -> Roots {
    let bundle = bundle.and_then(|path| Roots::from_pem_file(path).ok());
    match bundle {
        Some(bundle) => roots.with(bundle),
        None => roots,
    }
}

impl Asker {
    async fn ask(&self, iss: &str) -> Found {
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
        let uri: Uri = url.parse().map_err(|_| failed("not a URL"))?;
        let get = self
            .get(&uri, most)
            .ok_or_else(|| failed("not an https URL"))?;
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
    pub(in crate::pod) fn kid(&self) -> Option<&str> {
        self.0.get("kid")?.as_str()
    }
}
