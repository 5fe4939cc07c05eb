//! What a decision depends on and can't be known from here: the network that a call comes through, the moment, the
//! organization.

use irsa_policy::{
    Because, Cited, Decision, Effect, Layer, Mismatch, Outcome, Policy, StatementView, evaluate,
};
use serde_json::{Value, json};

use super::inquiry::{Inquiry, Source};
use super::text::listed;

/// Of the network; logins to databases never have them ("IAM database authentication" in the Aurora user guide).
const OF_THE_NETWORK: [&str; 7] = [
    "aws:referer",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:useragent",
    "aws:vpcsourceip",
];

/// Of the moment and of the organization.
const OF_ELSEWHERE: [&str; 8] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:tokenissuetime",
    "aws:userid",
];

/// The keys that the outcome depends on; nothing where it stands.
pub(super) fn of(inquiry: &Inquiry<'_>, outcome: &Outcome) -> Option<String> {
    let keys: Vec<String> = match &outcome.because {
        Because::Denies(cited) => keys_of(inquiry, cited),
        Because::Allows(all) => {
            let allowing = all.iter().flat_map(|cited| keys_of(inquiry, cited));
            allowing.chain(may_deny(inquiry)).collect()
        }
        Because::NothingAllows(_) => but_for(inquiry, outcome),
        _ => Vec::new(),
    };
    (!keys.is_empty()).then(|| listed(keys.iter().map(String::as_str)))
}

fn is_unknown(key: &str, inquiry: &Inquiry<'_>) -> bool {
    let key = key.to_ascii_lowercase();
    let is_login = inquiry.request.action.starts_with("rds-db:");
    inquiry.unknown.contains(&key.as_str())
        || (!is_login && OF_THE_NETWORK.contains(&key.as_str()))
        || OF_ELSEWHERE.contains(&key.as_str())
        || key.starts_with("aws:resourcetag/")
}

/// The unknown keys of a statement.
fn keys_of(inquiry: &Inquiry<'_>, cited: &Cited) -> Vec<String> {
    let source = inquiry.of(cited.layer).nth(cited.statement.policy);
    let policy = source.and_then(|source| parsed(inquiry, source));
    let Some(policy) = policy else {
        return Vec::new();
    };
    let statement = policy.statements().nth(cited.statement.statement);
    statement.map_or_else(Vec::new, |statement| unknown_keys(statement, inquiry))
}

fn unknown_keys(statement: StatementView<'_>, inquiry: &Inquiry<'_>) -> Vec<String> {
    let keys = statement.conditions().map(|condition| condition.key);
    keys.filter(|key| is_unknown(key, inquiry))
        .map(str::to_owned)
        .collect()
}

/// The keys of each Deny that would match but for its unknown conditions.
fn may_deny(inquiry: &Inquiry<'_>) -> Vec<String> {
    let of_source = |source: &Source<'_>| {
        let policy = parsed(inquiry, source)?;
        let denies = policy
            .statements()
            .filter(|statement| statement.effect() == Effect::Deny);
        let keys = denies.flat_map(|statement| {
            let keys = unknown_keys(statement, inquiry);
            let matters = !keys.is_empty() && denies_without(inquiry, source, statement);
            if matters { keys } else { Vec::new() }
        });
        Some(keys.collect::<Vec<_>>())
    };
    inquiry
        .sources
        .iter()
        .filter_map(of_source)
        .flatten()
        .collect()
}

/// Whether the statement denies once its unknown conditions are taken as met.
fn denies_without(
    inquiry: &Inquiry<'_>,
    source: &Source<'_>,
    statement: StatementView<'_>,
) -> bool {
    let text = source.text.get(statement.span()).unwrap_or_default();
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return true;
    };
    let operators = value.get_mut("Condition").and_then(Value::as_object_mut);
    for keys in operators.into_iter().flat_map(|all| all.values_mut()) {
        if let Some(keys) = keys.as_object_mut() {
            keys.retain(|key, _| !is_unknown(key, inquiry));
        }
    }
    if let Some(operators) = value.get_mut("Condition").and_then(Value::as_object_mut) {
        operators.retain(|_, keys| keys.as_object().is_none_or(|keys| !keys.is_empty()));
        if operators.is_empty() {
            value
                .as_object_mut()
                .and_then(|statement| statement.remove("Condition"));
        }
    }
    let text = json!({"Version": "2012-10-17", "Statement": [value]}).to_string();
    let policy = Policy::parse(source.layer.kind(inquiry.request.action), &text);
    policy.is_ok_and(|policy| evaluate(&[&policy], &inquiry.request) == Decision::ExplicitlyDenied)
}

/// The keys of the nearest statement that only unknown conditions keep from allowing.
fn but_for(inquiry: &Inquiry<'_>, outcome: &Outcome) -> Vec<String> {
    let unknown = |mismatch: &Mismatch| match mismatch {
        Mismatch::Condition { key, was: None, .. } if is_unknown(key, inquiry) => Some(key.clone()),
        _ => None,
    };
    let keys = |(_, miss): &(Layer, irsa_policy::NearMiss)| -> Option<Vec<String>> {
        miss.kept_by.iter().map(unknown).collect()
    };
    outcome
        .near_misses
        .iter()
        .find_map(keys)
        .unwrap_or_default()
}

fn parsed(inquiry: &Inquiry<'_>, source: &Source<'_>) -> Option<Policy> {
    Policy::parse(source.layer.kind(inquiry.request.action), source.text).ok()
}
