//! The report as JSON.

use irsa_chain::untrusted::escape_json;
use irsa_chain::{Cause, Link};
use serde::Serialize;

use super::documentation;
use crate::{Finding, Place, Remedy, Report, Verdict, Workload};

/// The schema version. It increases when a field is removed or changes its meaning, not when a field is added.
pub const SCHEMA: u32 = 1;

/// A report, for serialization.
#[derive(Serialize)]
pub(super) struct JsonReport<'a> {
    schema: u32,
    overall: Verdict,
    first_broken: Option<JsonFinding<'a>>,
    caveat: Option<&'static str>,
    workload: &'a Workload,
    chain: Vec<JsonLink>,
    findings: Vec<JsonFinding<'a>>,
}

/// A link; `verdict` is null if no check was made of it.
#[derive(Serialize)]
struct JsonLink {
    link: Link,
    verdict: Option<Verdict>,
    checks: usize,
}

/// A finding, for serialization.
#[derive(Serialize)]
pub(super) struct JsonFinding<'a> {
    check: &'static str,
    place: Place,
    link: Link,
    question: &'static str,
    subject: Option<&'a str>,
    verdict: Verdict,
    seen: &'a str,
    cause: Option<Cause>,
    remedy: Option<&'a Remedy>,
    remedy_kind: Option<&'static str>,
    commands: &'a [String],
    documentation: String,
    took_ms: u64,
}

/// The report as JSON. Characters that a terminal would obey are written as `\u` escapes, which keep the values.
pub fn json(report: &Report) -> String {
    written(&JsonReport::new(report))
}

pub(super) fn written(document: &impl Serialize) -> String {
    // Strings, numbers and lists can always be serialized.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    escape_json(&text) + "\n"
}

// === impl JsonReport ===

impl<'a> JsonReport<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self {
            schema: SCHEMA,
            overall: report.overall(),
            first_broken: report.first_broken().map(JsonFinding::new),
            caveat: report.caveat(),
            workload: &report.workload,
            chain: Link::ALL.map(|link| JsonLink::new(report, link)).into(),
            findings: report.findings.iter().map(JsonFinding::new).collect(),
        }
    }
}

// === impl JsonLink ===

impl JsonLink {
    fn new(report: &Report, link: Link) -> Self {
        let findings = report
            .findings
            .iter()
            .filter(|finding| finding.check.link == link);
        Self {
            link,
            verdict: report.verdict_for(link),
            checks: findings.count(),
        }
    }
}

// === impl JsonFinding ===

impl<'a> JsonFinding<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        let check = finding.check;
        Self {
            check: check.id,
            place: check.place,
            link: check.link,
            question: check.question,
            subject: finding.subject.as_deref(),
            verdict: finding.verdict,
            seen: &finding.seen,
            cause: finding.cause,
            remedy: finding.remedy.as_ref(),
            remedy_kind: finding.remedy.as_ref().map(Remedy::kind),
            commands: finding.remedy.as_ref().map_or(&[][..], Remedy::commands),
            documentation: documentation(check),
            took_ms: u64::try_from(finding.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
