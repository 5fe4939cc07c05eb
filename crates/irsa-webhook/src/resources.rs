//! The requests and limits of a sidecar.

use irsa_chain::untrusted::quoted;
use irsa_sidecar::Resources;
use irsa_sidecar::names::{CPU_LIMIT, CPU_REQUEST, MEMORY_LIMIT, MEMORY_REQUEST};
use serde_json::Value;

use crate::quantity;
use crate::reason::{Reason, Refusal};
use crate::sources::Sources;

/// A resource with the annotations of its request and its limit.
const RESOURCES: [(&str, &str, &str); 2] = [
    ("cpu", CPU_REQUEST, CPU_LIMIT),
    ("memory", MEMORY_REQUEST, MEMORY_LIMIT),
];

/// The defaults, as changed by annotations, without those that the pod sets for all its containers together.
pub(crate) fn resolve(sources: &Sources<'_>, defaults: &Resources) -> Result<Resources, Refusal> {
    let mut resources = defaults.clone();
    for (name, request, limit) in RESOURCES {
        if let Some(quantity) = quantity(sources, request)? {
            resources.requests.insert(name, quantity);
        }
        if let Some(quantity) = quantity(sources, limit)? {
            resources.limits.insert(name, quantity);
        }
        check(&resources, name)?;
    }
    let pod = sources.pod.spec("resources");
    let is_free = |name: &str| !pod.is_some_and(|pod| sets(pod, name));
    resources.requests.retain(|name, _| is_free(name));
    resources.limits.retain(|name, _| is_free(name));
    Ok(resources)
}

/// Returns whether the resources of the pod set this one. The API server rejects a pod whose containers together exceed
/// them (Kubernetes, "Pod-level resources").
fn sets(pod: &Value, name: &str) -> bool {
    let quantity = |list| pod.get(list)?.get(name);
    let mut quantities = ["requests", "limits"].into_iter().filter_map(quantity);
    quantities.any(|quantity| !quantity.is_null())
}

fn quantity(sources: &Sources<'_>, key: &str) -> Result<Option<String>, Refusal> {
    let Some(value) = sources.value(key) else {
        return Ok(None);
    };
    if quantity::parse(value).is_some() {
        return Ok(Some(value.to_owned()));
    }
    let value = quoted(value).longest(40);
    let detail = format!("`{key}`: {value} is not a quantity such as `20m` or `64Mi`");
    Err(Refusal::new(Reason::AnnotationInvalid, detail))
}

/// The API server rejects a pod with a request above its limit.
fn check(resources: &Resources, name: &'static str) -> Result<(), Refusal> {
    let (request, limit) = (resources.requests.get(name), resources.limits.get(name));
    let exceeds =
        |(request, limit): (&String, &String)| quantity::parse(request) > quantity::parse(limit);
    match request.zip(limit).filter(|pair| exceeds(*pair)) {
        None => Ok(()),
        Some((request, limit)) => Err(Refusal::new(
            Reason::AnnotationInvalid,
            format!(
                "the sidecar's {name} request {request} exceeds its limit {limit}: set both `irsa.dev/{name}-request` and \
                 `irsa.dev/{name}-limit`"
            ),
        )),
    }
}
