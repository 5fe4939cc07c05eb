//! `GET` and `POST /faults` as JSON.

use serde::Serialize;
use serde_json::Value;

use super::{Fault, FaultIdError, FaultPlan, Mechanism, catalogue};

/// The current faults as JSON.
#[derive(Debug, Serialize)]
pub(crate) struct State {
    /// IDs of the catalogue's faults that are on.
    faults: Vec<&'static str>,
    /// Every switch.
    switches: FaultPlan,
}

/// The response to `GET /faults`.
#[derive(Debug, Serialize)]
pub(crate) struct Overview {
    #[serde(flatten)]
    state: State,
    catalogue: Vec<Entry>,
}

/// A fault of the catalogue as JSON.
#[derive(Debug, Serialize)]
struct Entry {
    id: &'static str,
    link: &'static str,
    cause: &'static str,
    broken: &'static str,
    shows: &'static str,
    how: String,
    /// Whether `POST /faults` can switch it on.
    in_lab: bool,
    on: bool,
}

/// Parses the body of `POST /faults`: IDs of the catalogue in `faults`, and single switches beside them.
///
/// # Errors
/// An ID or a switch is unknown; the text lists the valid IDs.
pub(crate) fn parse(body: &[u8]) -> Result<FaultPlan, String> {
    let with_ids = |error: serde_json::Error| {
        let ids = catalogue::lab_ids();
        format!("{error}; ids for `faults`: {ids}")
    };
    let mut body: Value = if body.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        serde_json::from_slice(body).map_err(with_ids)?
    };
    let Some(fields) = body.as_object_mut() else {
        let ids = catalogue::lab_ids();
        return Err(format!(
            "the body is not a JSON object; ids for `faults`: {ids}"
        ));
    };
    let ids = fields.remove("faults").unwrap_or(Value::Array(Vec::new()));
    let ids: Vec<String> = serde_json::from_value(ids).map_err(with_ids)?;
    let mut plan: FaultPlan = serde_json::from_value(body).map_err(with_ids)?;
    for id in &ids {
        let switched = catalogue::find(id).and_then(|fault| fault.break_lab(&mut plan));
        switched.map_err(|error: FaultIdError| error.to_string())?;
    }
    Ok(plan)
}

impl State {
    pub(crate) fn new(switches: FaultPlan) -> Self {
        let faults = switches.faults().map(|fault| fault.id).collect();
        Self { faults, switches }
    }
}

impl Overview {
    pub(crate) fn new(switches: FaultPlan) -> Self {
        let entry = |fault: &Fault| Entry {
            id: fault.id,
            link: fault.cause.link().id(),
            cause: fault.cause.id(),
            broken: fault.broken,
            shows: fault.shows,
            how: fault.mechanism.instruction(),
            in_lab: matches!(fault.mechanism, Mechanism::Lab(_)),
            on: fault.is_on(&switches),
        };
        Self {
            catalogue: Fault::ALL.iter().map(entry).collect(),
            state: State::new(switches),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_switches_go_together() {
        let body = br#"{"faults": ["sts-refused", "aurora-certificate-expired"], "clock_skew_seconds": 5}"#;
        let plan = parse(body).unwrap();
        assert_eq!(plan.clock_skew_seconds, 5);
        assert_eq!(
            State::new(plan).faults,
            ["sts-refused", "aurora-certificate-expired"]
        );
        assert_eq!(parse(b"").unwrap(), FaultPlan::default());
    }

    #[test]
    fn errors_name_the_valid_ids() {
        for body in [
            r#"{"faults": ["sts-down"]}"#,
            r#"{"faults": ["token-expired"]}"#,
            r#"{"faults": "sts-refused"}"#,
            r#"{"sts-refused": true}"#,
            "sts-refused",
            "[]",
        ] {
            let error = parse(body.as_bytes()).unwrap_err();
            assert!(error.contains("opensearch-certificate-expired"), "{error}");
        }
    }
}
