//! Reads from the security plugin's API.

use std::collections::BTreeMap;

use http::StatusCode;
use irsa_chain::untrusted::quoted;
use irsa_opensearch::RequestRefusal;
use irsa_stack::stack::OpenSearchStore;
use serde::de::DeserializeOwned;

use super::api::{Request, Response, SecurityApi};
use super::decide::{MAPPINGS, ROLES};
use super::found::{Caller, Found, FoundMapping, Snapshot};
use crate::ApplyError;

/// Reads who the caller is.
///
/// # Errors
/// There is no response, or the domain has no fine-grained access control.
pub(super) async fn caller<A: SecurityApi>(
    api: &A,
    store: &OpenSearchStore,
) -> Result<Caller, ApplyError> {
    let request = Request::caller();
    let response = api.send(&request).await?;
    match response.status {
        StatusCode::OK => parsed(&request, &response),
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            let message = format!(
                "domain {} has no fine-grained access control, but `opensearch.{}.access` is `fine-grained`: {}",
                quoted(&store.name),
                store.key,
                response.said()
            );
            let remedy = "set `access: domain-policy`, or enable fine-grained access control";
            Err(ApplyError::new(message).with_remedy(remedy))
        }
        _ => Err(refused(&request, &response)),
    }
}

/// Reads all roles and mappings.
///
/// # Errors
/// There is no response, or the caller is no administrator.
pub(super) async fn found<A: SecurityApi>(
    api: &A,
    store: &OpenSearchStore,
    caller: &Caller,
) -> Result<Found, ApplyError> {
    let (roles, mappings) = (Request::list(ROLES), Request::list(MAPPINGS));
    let response = api.send(&roles).await?;
    if response.status == StatusCode::FORBIDDEN {
        let message = format!(
            "{} may not change the roles of domain {}: {}",
            quoted(caller.name()),
            quoted(&store.name),
            response.said()
        );
        let remedy = format!(
            "run this command as the domain's master user, which `opensearch.{}.admin` says is {}; use --role to assume it",
            store.key, store.admin
        );
        return Err(ApplyError::new(message).with_remedy(remedy));
    }
    Ok(Found {
        roles: successful(&roles, &response)?,
        mappings: successful(&mappings, &api.send(&mappings).await?)?,
    })
}

/// Reads a role and its mapping.
///
/// # Errors
/// There is no usable response.
pub(super) async fn snapshot<A: SecurityApi>(api: &A, name: &str) -> Result<Snapshot, ApplyError> {
    Ok(Snapshot {
        role: one(api, Request::get(ROLES, name), name).await?,
        mapping: mapping(api, name).await?,
    })
}

/// Reads a mapping; `None` if it does not exist.
///
/// # Errors
/// There is no usable response.
pub(super) async fn mapping<A: SecurityApi>(
    api: &A,
    name: &str,
) -> Result<Option<FoundMapping>, ApplyError> {
    one(api, Request::get(MAPPINGS, name), name).await
}

/// Reads one object; `None` if it does not exist.
async fn one<A: SecurityApi, T: DeserializeOwned>(
    api: &A,
    request: Request,
    name: &str,
) -> Result<Option<T>, ApplyError> {
    let response = api.send(&request).await?;
    if response.status == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    let mut objects: BTreeMap<String, T> = successful(&request, &response)?;
    Ok(objects.remove(name))
}

fn successful<T: DeserializeOwned>(
    request: &Request,
    response: &Response,
) -> Result<T, ApplyError> {
    if response.status.is_success() {
        parsed(request, response)
    } else {
        Err(refused(request, response))
    }
}

fn parsed<T: DeserializeOwned>(request: &Request, response: &Response) -> Result<T, ApplyError> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let Request { method, path, .. } = request;
        ApplyError::new(format!(
            "cannot read the response to `{method} {path}`: {error}"
        ))
    })
}

/// The error of a request that failed.
pub(super) fn refused(request: &Request, response: &Response) -> ApplyError {
    let Request { method, path, .. } = request;
    let message = format!("`{method} {path}` failed: {}", response.said());
    let refusal = RequestRefusal::classify(response.status, &response.body);
    match refusal.and_then(|refusal| refusal.cause) {
        Some(cause) => ApplyError::new(message).with_remedy(cause.remedy()),
        None => ApplyError::new(message),
    }
}
