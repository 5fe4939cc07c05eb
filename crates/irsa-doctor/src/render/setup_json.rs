//! The report of a setup as JSON.

use irsa_chain::Link;
use serde::Serialize;

use super::SCHEMA;
use super::json::{JsonFinding, JsonReport, written};
use crate::{ChainState, NotChecked, Place, SetupReport, Verdict, WorkloadReport};

#[derive(Serialize)]
struct JsonSetup<'a> {
    schema: u32,
    overall: Verdict,
    setup: &'a str,
    /// The first of `clusters`.
    cluster: &'a str,
    clusters: &'a [String],
    places: &'a [Place],
    first_broken: Option<JsonBreak<'a>>,
    caveat: Option<&'static str>,
    workloads: Vec<JsonWorkload<'a>>,
    not_checked: Vec<JsonPart<'a>>,
}

/// The break to start with.
#[derive(Serialize)]
struct JsonBreak<'a> {
    workload: &'a str,
    cluster: Option<&'a str>,
    #[serde(flatten)]
    finding: JsonFinding<'a>,
}

/// A workload; `verdict` is null if no check was made of it. `cluster` is null unless several clusters were checked.
#[derive(Serialize)]
struct JsonWorkload<'a> {
    workload: &'a str,
    cluster: Option<&'a str>,
    specified: &'a str,
    verdict: Option<Verdict>,
    broken_at: Option<Link>,
    not_checked: Vec<JsonPart<'a>>,
    report: JsonReport<'a>,
}

#[derive(Serialize)]
struct JsonPart<'a> {
    place: Place,
    why: &'a str,
    remedy: &'a str,
}

/// The report of a setup as JSON, in which each workload has its own report. Characters that a terminal would obey are
/// written as `\u` escapes, which keep the values.
pub fn setup_json(report: &SetupReport) -> String {
    let first = report.first_problem();
    let first = first.filter(|(_, finding)| finding.verdict == Verdict::Broken);
    written(&JsonSetup {
        schema: SCHEMA,
        overall: report.overall(),
        setup: &report.setup,
        cluster: report.clusters.first().map_or("", String::as_str),
        clusters: &report.clusters,
        places: &report.places,
        first_broken: first.map(|(one, finding)| JsonBreak {
            workload: &one.workload,
            cluster: one.cluster.as_deref(),
            finding: JsonFinding::new(finding),
        }),
        caveat: report.caveat(),
        workloads: report.workloads.iter().map(JsonWorkload::new).collect(),
        not_checked: parts(&report.not_requested),
    })
}

fn parts(parts: &[NotChecked]) -> Vec<JsonPart<'_>> {
    parts.iter().map(JsonPart::new).collect()
}

// === impl JsonWorkload ===

impl<'a> JsonWorkload<'a> {
    fn new(one: &'a WorkloadReport) -> Self {
        let broken_at = match one.state() {
            ChainState::Broken(link) => Some(link),
            _ => None,
        };
        Self {
            workload: &one.workload,
            cluster: one.cluster.as_deref(),
            specified: &one.specified,
            verdict: one.state().verdict(),
            broken_at,
            not_checked: parts(&one.not_checked),
            report: JsonReport::new(&one.report),
        }
    }
}

// === impl JsonPart ===

impl<'a> JsonPart<'a> {
    fn new(part: &'a NotChecked) -> Self {
        Self {
            place: part.place,
            why: &part.why,
            remedy: &part.remedy,
        }
    }
}
