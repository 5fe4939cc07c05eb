//! Answers in the words of the machine contract.

use irsa_policy::{Because, Cited, Decision, Layer, PolicyError, SetError};
use serde_json::{Map, Value, json};

/// The answer where a policy or the request itself is none.
pub(crate) const INVALID: &str = "Invalid";

/// The answer where it depends on what is not known.
pub(crate) const UNSURE: &str = "Unsure";

pub(crate) fn name(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitlyDenied => "ImplicitlyDenied",
        Decision::ExplicitlyDenied => "ExplicitlyDenied",
    }
}

/// What made a decision. Where two layers had to allow, the second stands under `also`.
pub(crate) fn by(because: &Because) -> Map<String, Value> {
    let mut by = match because {
        Because::Allows(all) => {
            let mut all = all.iter().map(cited);
            let mut by = all.next().unwrap_or_default();
            by.extend(all.next().map(|also| ("also".to_owned(), also.into())));
            by
        }
        Because::Denies(one) => cited(one),
        Because::NothingAllows(one) => layer(*one),
        _ => Map::new(),
    };
    by.insert("reason".to_owned(), because.to_string().into());
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

/// Which policy was refused, and where in it.
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

/// The name that a layer has in a request; of an organization's also the level.
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
