//! What the program tells: a line of JSON for each step and each change of its load, among the lines of its log.

use serde_json::Value;

/// A step, or a change of the load, as the program tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// `step`, or `load` in a steady one.
    pub of: Kind,
    /// What the step is called; `succeeds`, `over` or the failed request for a load.
    pub name: String,
    /// What it saw, or the exception and its causes, the outermost first.
    pub result: Result<Value, Vec<String>>,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A step of the start or of the work.
    Step,
    /// The steady load.
    Load,
}

/// All that was told so far.
pub(super) fn told(log: &str) -> Vec<Told> {
    log.lines().filter_map(read).collect()
}

/// The log without what was told.
pub(super) fn log(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| read(line).is_none()).collect();
    lines.join("\n")
}

fn read(line: &str) -> Option<Told> {
    if !line.starts_with('{') {
        return None;
    }
    let line: Value = serde_json::from_str(line).ok()?;
    let (of, name) = match (line["step"].as_str(), line["load"].as_str()) {
        (Some(step), _) => (Kind::Step, step),
        (None, Some(load)) => (Kind::Load, load),
        (None, None) => return None,
    };
    let result = match line["error"].as_array() {
        Some(causes) => Err(causes.iter().filter_map(text).collect()),
        None => Ok(line.get("saw").unwrap_or(&line).clone()),
    };
    Some(Told {
        of,
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
    fn steps_are_told_apart_from_the_log() {
        let told = told(LOG);
        assert_eq!(told[0].result, Ok(Value::from("healthy")));
        assert_eq!(
            told[1].result,
            Err(vec!["a.B: c".to_owned(), "d.E".to_owned()])
        );
        assert_eq!((told[2].of, told[2].name.as_str()), (Kind::Load, "over"));
        assert_eq!(told[2].result.as_ref().unwrap()["requests"], 10);
        assert_eq!(
            log(LOG),
            "[ERROR] example.Steps - bulk failed\n{\"Message\":\"User: anonymous\"}"
        );
    }
}
