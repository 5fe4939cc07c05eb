//! The vocabulary of JSON output.

use irsa_policy::{Cited, Decision, Layer, PolicyError, Reason, SetError};
use serde_json::{Map, Value, json};

/// The decision for a policy or request that is invalid.
pub(crate) const INVALID: &str = "Invalid";

/// The decision if it depends on unknown values.
pub(crate) const UNSURE: &str = "Unsure";

pub(crate) fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitlyDenied => "ImplicitlyDenied",
        Decision::ExplicitlyDenied => "ExplicitlyDenied",
    }
}

/// The reason for a decision. If two layers had to allow the request, the second is under `also`.
pub(crate) fn by(reason: &Reason) -> Map<String, Value> {
    let mut by = match reason {
        Reason::Allows(all) => {
            let mut all = all.iter().map(cited);
            let mut by = all.next().unwrap_or_default();
            by.extend(all.next().map(|also| ("also".to_owned(), also.into())));
            by
        }
        Reason::Denies(one) => cited(one),
        Reason::NothingAllows(one) => layer(*one),
        _ => Map::new(),
    };
    by.insert("reason".to_owned(), reason.to_string().into());
    by
}

pub(crate) fn cited(cited: &Cited) -> Map<String, Value> {
    let mut by = layer(cited.layer);
    by.insert("policy".to_owned(), cited.statement.policy.into());
    by.insert("statement".to_owned(), cited.statement.statement.into());
    let sid = cited.statement.sid.clone();
    by.extend(sid.map(|sid| ("sid".to_owned(), sid.into())));
    by
}

/// The policy that was rejected, and the position of the error.
pub(crate) fn refused(error: &SetError) -> Map<String, Value> {
    let mut by = layer(error.layer);
    by.insert("policy".to_owned(), error.policy.into());
    by.extend(problem(&error.error));
    by
}

pub(crate) fn problem(error: &PolicyError) -> Map<String, Value> {
    let mut by = Map::new();
    let statement = error.statement();
    by.extend(statement.map(|number| ("statement".to_owned(), number.into())));
    by.insert("error".to_owned(), error.to_string().into());
    if let Some(position) = error.position() {
        by.insert("line".to_owned(), position.line.into());
        by.insert("column".to_owned(), position.column.into());
    }
    by.extend(error.hint().map(|hint| ("help".to_owned(), hint.into())));
    by
}

/// The name of a layer as in a request and, for the policies of an organization, the level.
fn layer(layer: Layer) -> Map<String, Value> {
    let (name, level) = match layer {
        Layer::Identity => ("identity", None),
        Layer::Resource => ("resource", None),
        Layer::Boundary => ("boundary", None),
        Layer::Session => ("session", None),
        Layer::ServiceControl(level) => ("serviceControl", Some(level)),
        Layer::ResourceControl(level) => ("resourceControl", Some(level)),
        _ => ("other", None),
    };
    let mut by = Map::new();
    by.insert("layer".to_owned(), name.into());
    by.extend(level.map(|level| ("level".to_owned(), json!(level))));
    by
}
