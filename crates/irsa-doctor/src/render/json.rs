//! For programs.

use irsa_chain::untrusted::escape_json;
use irsa_chain::{Cause, Link};
use serde::Serialize;

use super::page_of;
use crate::{Finding, Place, Remedy, Report, Verdict, Workload};

/// The number of the form. It rises when something that a program may read goes away or changes its meaning; what is
/// added does not raise it.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Form<'a> {
    schema: u32,
    overall: Verdict,
    first_broken: Option<Found<'a>>,
    caveat: Option<&'static str>,
    workload: &'a Workload,
    chain: Vec<OfLink>,
    findings: Vec<Found<'a>>,
}

/// A link; `verdict` is null where nothing looked at it.
#[derive(Serialize)]
struct OfLink {
    link: Link,
    verdict: Option<Verdict>,
    checks: usize,
}

#[derive(Serialize)]
struct Found<'a> {
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

/// The report as JSON. What a terminal would obey is written as `\u` escapes, so that the values stay as they are.
pub fn json(report: &Report) -> String {
    let form = Form {
        schema: SCHEMA,
        overall: report.overall(),
        first_broken: report.first_broken().map(Found::of),
        caveat: report.caveat(),
        workload: &report.workload,
        chain: Link::ALL.map(|link| OfLink::of(report, link)).into(),
        findings: report.findings.iter().map(Found::of).collect(),
    };
    // Strings, numbers and lists always have a form.
    let text = serde_json::to_string_pretty(&form).unwrap_or_default();
    escape_json(&text) + "\n"
}

// === impl OfLink ===

impl OfLink {
    fn of(report: &Report, link: Link) -> Self {
        let of_link = report
            .findings
            .iter()
            .filter(|finding| finding.check.link == link);
        Self {
            link,
            verdict: report.verdict_of(link),
            checks: of_link.count(),
        }
    }
}

// === impl Found ===

impl<'a> Found<'a> {
    fn of(finding: &'a Finding) -> Self {
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
            documentation: page_of(check),
            took_ms: u64::try_from(finding.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
