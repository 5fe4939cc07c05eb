//! The lab's own JSON API, on loopback only.
//!
//! `GET /` lists the supported requests.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{HOST, ORIGIN};
use http::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::environment::exports;
use crate::facts::LabFacts;
use crate::faults::Faults;
use crate::faults::request::{self, Overview, State};
use crate::ledger::Ledger;
use crate::oidc::{Issuer, TokenSpec};
use crate::opensearch::Health;
use crate::projection::Projections;
use crate::reply;

/// The state that the API shows and changes.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) facts: Arc<LabFacts>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) projections: Arc<Projections>,
    pub(crate) domains: Vec<Health>,
}

/// The body of `POST /rotate-keys`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    /// Also withdraws the old keys.
    #[serde(default)]
    retire: bool,
}

const REQUESTS: [&str; 9] = [
    "GET /",
    "GET /facts",
    "GET /ledger",
    "GET /faults",
    "GET /env?workload=NAME",
    "POST /faults",
    "POST /rotate-keys",
    "POST /renew-tokens",
    "POST /mint",
];

/// A rejected request: status and reason.
type Refused = (StatusCode, String);

impl Admin {
    /// Responds to a request; errors are `{"error": TEXT}`.
    pub(crate) fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let answer = check_caller(request).and_then(|()| self.route(request));
        answer.unwrap_or_else(|(status, error)| {
            reply::json(status, json!({"error": error}).to_string())
        })
    }

    fn route(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Refused> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => document(&self.overview()),
            (&Method::GET, "/facts") => document(self.facts.as_ref()),
            (&Method::GET, "/ledger") => document(&self.ledger.snapshot()),
            (&Method::GET, "/faults") => document(&Overview::new(self.faults.current())),
            (&Method::GET, "/env") => self.env(request.uri().query().unwrap_or("")),
            (&Method::POST, "/faults") => {
                let plan = request::parse(request.body());
                self.faults
                    .set(plan.map_err(|error| (StatusCode::BAD_REQUEST, error))?);
                document(&State::new(self.faults.current()))
            }
            (&Method::POST, "/rotate-keys") => self.rotate_keys(&body(request)?),
            (&Method::POST, "/renew-tokens") => {
                self.projections.renew().map_err(failed)?;
                document(&json!({}))
            }
            (&Method::POST, "/mint") => self.mint(body(request)?),
            _ => Err((StatusCode::NOT_FOUND, "unknown path or method".to_owned())),
        }
    }

    /// Returns the servers behind the fronts, and the supported requests.
    fn overview(&self) -> Value {
        let clusters = self.facts.clusters.iter().map(|cluster| &cluster.name);
        let domain = |health: &Health| match health.ended() {
            None => json!({"name": health.domain(), "running": true}),
            Some(reason) => json!({"name": health.domain(), "running": false, "ended": reason}),
        };
        json!({
            "clusters": clusters.collect::<Vec<_>>(),
            "domains": self.domains.iter().map(domain).collect::<Vec<_>>(),
            "faults": State::new(self.faults.current()),
            "requests": REQUESTS,
        })
    }

    fn env(&self, query: &str) -> Result<Response<Bytes>, Refused> {
        let name = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "workload");
        let name = name.map(|(_, name)| name.into_owned()).unwrap_or_default();
        let workload = self
            .facts
            .workloads
            .iter()
            .find(|workload| workload.name == name);
        let workload = workload.ok_or_else(|| no_workload(&name))?;
        Ok(reply::text(StatusCode::OK, exports(workload)))
    }

    fn rotate_keys(&self, rotation: &Rotation) -> Result<Response<Bytes>, Refused> {
        self.issuer.rotate_keys().map_err(failed)?;
        if rotation.retire {
            self.issuer.retire_old_keys();
        }
        document(&json!({"key_ids": self.issuer.key_ids()}))
    }

    /// Mints a token from a [`TokenSpec`], or from `{"workload": NAME}` and the fields that differ from that workload's
    /// token.
    fn mint(&self, mut wanted: Value) -> Result<Response<Bytes>, Refused> {
        let workload = wanted
            .as_object_mut()
            .and_then(|fields| fields.remove("workload"));
        if let Some(Value::String(name)) = workload {
            let pod = self
                .projections
                .pod(&name)
                .ok_or_else(|| no_workload(&name))?;
            wanted = overlaid(
                serde_json::to_value(&pod.token).map_err(|error| bad(&error))?,
                wanted,
            );
        }
        let spec: TokenSpec = serde_json::from_value(wanted).map_err(|error| bad(&error))?;
        document(&json!({"token": self.issuer.mint(&spec).map_err(failed)?}))
    }
}

/// Rejects web pages in the developer's browser, whether they use scripts or a rebound DNS name.
fn check_caller(request: &Request<Bytes>) -> Result<(), Refused> {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok()?.parse::<http::uri::Authority>().ok());
    let is_local =
        host.is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host.host()));
    if is_local && !request.headers().contains_key(ORIGIN) {
        return Ok(());
    }
    Err((
        StatusCode::FORBIDDEN,
        "only programs on this machine may use this API".to_owned(),
    ))
}

fn overlaid(mut base: Value, over: Value) -> Value {
    if let (Some(base), Value::Object(over)) = (base.as_object_mut(), over) {
        base.extend(over);
    }
    base
}

fn body<T: DeserializeOwned>(request: &Request<Bytes>) -> Result<T, Refused> {
    let bytes: &[u8] = if request.body().is_empty() {
        b"{}"
    } else {
        request.body()
    };
    serde_json::from_slice(bytes).map_err(|error| bad(&error))
}

fn document(value: &impl Serialize) -> Result<Response<Bytes>, Refused> {
    let text = serde_json::to_string_pretty(value).map_err(failed)?;
    Ok(reply::json(StatusCode::OK, text))
}

fn bad(error: &serde_json::Error) -> Refused {
    (StatusCode::BAD_REQUEST, error.to_string())
}

fn failed(error: impl std::fmt::Display) -> Refused {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn no_workload(name: &str) -> Refused {
    (StatusCode::NOT_FOUND, format!("unknown workload `{name}`"))
}
