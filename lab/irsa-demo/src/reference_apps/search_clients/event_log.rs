//! The program's events: JSON lines in its log, one for each step and each change of its load.

use serde_json::Value;

/// A step, or a change of the load.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The subject of the event.
    pub kind: EventKind,
    /// The step's name; for a load `succeeds`, `over` or the name of the failed request.
    pub name: String,
    /// The step's result, or the exception and its causes, the outermost first.
    pub result: Result<Value, Vec<String>>,
}

/// The subject of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A step of the start or of the work: `step` in the log.
    Step,
    /// The steady load: `load` in the log.
    Load,
}

/// Returns all events in a log.
pub(super) fn events(log: &str) -> Vec<Event> {
    log.lines().filter_map(read).collect()
}

/// Returns the lines of a log that are not events.
pub(super) fn other_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| read(line).is_none()).collect();
    lines.join("\n")
}

fn read(line: &str) -> Option<Event> {
    if !line.starts_with('{') {
        return None;
    }
    let line: Value = serde_json::from_str(line).ok()?;
    let (kind, name) = match (line["step"].as_str(), line["load"].as_str()) {
        (Some(step), _) => (EventKind::Step, step),
        (None, Some(load)) => (EventKind::Load, load),
        (None, None) => return None,
    };
    let result = match line["error"].as_array() {
        Some(causes) => Err(causes.iter().filter_map(text).collect()),
        None => Ok(line.get("saw").unwrap_or(&line).clone()),
    };
    Some(Event {
        kind,
        name: name.to_owned(),
        result,
    })
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{"step":"health","saw":"healthy"}
[ERROR] example.Steps - bulk failed
{"Message":"User: anonymous"}
{"step":"bulk","error":["a.B: c","d.E"]}
{"load":"over","requests":10,"errors":0}"#;

    #[test]
    fn events_are_separated_from_other_lines() {
        let events = events(LOG);
        assert_eq!(events[0].result, Ok(Value::from("healthy")));
        assert_eq!(
            events[1].result,
            Err(vec!["a.B: c".to_owned(), "d.E".to_owned()])
        );
        assert_eq!(
            (events[2].kind, events[2].name.as_str()),
            (EventKind::Load, "over")
        );
        assert_eq!(events[2].result.as_ref().unwrap()["requests"], 10);
        assert_eq!(
            other_lines(LOG),
            "[ERROR] example.Steps - bulk failed\n{\"Message\":\"User: anonymous\"}"
        );
    }
}
