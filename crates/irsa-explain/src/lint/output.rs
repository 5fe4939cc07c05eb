//! Findings as text, JSON and SARIF.

use std::collections::BTreeSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use irsa_policy::Position;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Finding, Level, Report};
use crate::evaluation::{BAD, HINT};
use crate::snippet::{Mark, printable};

/// The characters that a URI path without a scheme cannot contain.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Formats findings as text.
pub fn text(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        for finding in &report.findings {
            text += &report.drawn(finding);
        }
        if report.more > 0 {
            let _ = writeln!(text, "and {} more in {}\n", report.more, report.file);
        }
    }
    let counts = reports
        .iter()
        .map(|report| report.findings.len() + report.more);
    let findings = counts.sum();
    let files = reports.len();
    let _ = writeln!(
        text,
        "{} in {}",
        count(findings, "finding"),
        count(files, "file")
    );
    text
}

/// Formats findings as JSON.
pub fn json(reports: &[Report]) -> Value {
    let reports = reports.iter().map(|report| {
        let findings = report.findings.iter().map(|finding| report.json(finding));
        json!({
            "file": report.file,
            "kind": report.kind.map(|kind| kind.to_string()),
            "findings": findings.collect::<Vec<_>>(),
            "more": report.more,
        })
    });
    json!({"files": reports.collect::<Vec<_>>()})
}

/// Formats findings for code scanning (OASIS, "Static Analysis Results Interchange Format", 2.1.0).
pub fn sarif(reports: &[Report]) -> Value {
    let findings = || {
        reports
            .iter()
            .flat_map(|report| report.findings.iter().map(move |finding| (report, finding)))
    };
    let rules: BTreeSet<_> = findings().map(|(_, finding)| finding.id).collect();
    let rules: Vec<_> = rules.into_iter().map(|id| json!({"id": id})).collect();
    let results: Vec<_> = findings()
        .map(|(report, finding)| report.sarif(finding))
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "irsa", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

// === impl Report ===

impl Report {
    fn drawn(&self, finding: &Finding) -> String {
        let style = match finding.level {
            Level::Error => BAD,
            Level::Warning => WARNING,
        };
        let mark = Mark {
            file: &self.file,
            text: &self.text,
            span: finding.span.clone(),
            label: "",
            style,
        };
        let location = if self.kind.is_none() && self.text.is_empty() {
            // A finding about several policies together has no text to show.
            format!(" --> {}\n", printable(&self.file))
        } else {
            mark.draw()
        };
        let level = finding.level.name();
        let mut text = format!(
            "{style}{level}[{}]:{style:#} {}\n{location}",
            finding.id,
            printable(&finding.what),
        );
        if let Some(help) = &finding.help {
            let _ = writeln!(text, " {HINT}help:{HINT:#} {}", printable(help));
        }
        text + "\n"
    }

    fn json(&self, finding: &Finding) -> Value {
        let start = self.position(finding.span.start);
        json!({
            "id": finding.id,
            "level": finding.level.name(),
            "line": start.line,
            "column": start.column,
            "what": finding.what,
            "help": finding.help,
        })
    }

    fn sarif(&self, finding: &Finding) -> Value {
        let (start, end) = (
            self.position(finding.span.start),
            self.position(finding.span.end),
        );
        let help = finding.help.as_ref().map(|help| format!(": {help}"));
        json!({
            "ruleId": finding.id,
            "level": finding.level.name(),
            "message": {"text": finding.what.clone() + &help.unwrap_or_default()},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": uri(&self.file)},
                "region": {
                    "startLine": start.line, "startColumn": start.column,
                    "endLine": end.line, "endColumn": end.column,
                },
            }}],
        })
    }

    fn position(&self, at: usize) -> Position {
        Position::from_offset(&self.text, at)
    }
}

// === impl Level ===

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Encodes a file or an address as a URI reference for SARIF (RFC 3986, section 4.2).
fn uri(file: &str) -> String {
    utf8_percent_encode(file, ENCODED).to_string()
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
