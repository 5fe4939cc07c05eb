//! The report of a setup for a terminal: a line for each workload, the first break in full, and what was not checked.

use std::collections::BTreeMap;

use super::style::Style;
use super::text::{Page, text};
use super::words;
use crate::{ChainState, Finding, NotChecked, SetupReport, Verdict, WorkloadReport};

/// The maximum width of the column with the workloads' keys.
const MAX_KEYS: usize = 24;
/// The maximum number of problems that are listed besides the first.
const MAX_PROBLEMS: usize = 12;

/// The report of a setup as text.
pub fn setup_text(report: &SetupReport, style: &Style) -> String {
    let mut page = Page::new(style);
    page.heading(&heading(report));
    page.line("");
    workloads(&mut page, report);
    if style.verbose {
        for one in &report.workloads {
            page.line("");
            page.heading(&format!("Workload {}", one.label()));
            page.text.push_str(&text(&one.report, style));
        }
    }
    problems(&mut page, report);
    warnings(&mut page, report);
    first(&mut page, report);
    not_checked(&mut page, report);
    page.text
}

fn heading(report: &SetupReport) -> String {
    let places: Vec<_> = report.places.iter().map(|place| place.id()).collect();
    let noun = if report.clusters.len() > 1 {
        "EKS clusters"
    } else {
        "EKS cluster"
    };
    format!(
        "Setup {}, {noun} {}, checked from: {}",
        report.setup,
        report.clusters.join(", "),
        places.join(", ")
    )
}

fn workloads(page: &mut Page, report: &SetupReport) {
    let style = page.style;
    let states: Vec<_> = report.workloads.iter().map(state).collect();
    let keys = report
        .workloads
        .iter()
        .map(|one| one.label().chars().count());
    let keys = keys.max().unwrap_or_default().min(MAX_KEYS);
    let states_width = states.iter().map(String::len).max().unwrap_or_default();
    for (one, state) in report.workloads.iter().zip(&states) {
        let verdict = one.state().verdict();
        let mark = style.tint(verdict, style.mark(verdict));
        let key = words::cut(&style.clean(&one.label()), keys);
        let state = style.tint(verdict, &format!("{state:states_width$}"));
        let width = style.columns().saturating_sub(keys + states_width + 8);
        let specified = style.cut(&style.clean(&one.specified), width);
        page.line(&format!("  {mark} {key:keys$}  {state}  {specified}"));
    }
}

/// The state in words, such as `broken at trust policy`.
fn state(one: &WorkloadReport) -> String {
    match one.state() {
        ChainState::Holds => match one.warnings().count() {
            0 => "ok".to_owned(),
            1 => "ok, 1 warning".to_owned(),
            count => format!("ok, {count} warnings"),
        },
        ChainState::Broken(link) => format!("broken at {}", link.title()),
        ChainState::Unsure => match one.report.first_problem() {
            Some(finding) => format!("unsure: {}", finding.check.link.title()),
            None => "unsure: partly checked".to_owned(),
        },
        ChainState::NotChecked => "not checked".to_owned(),
    }
}

/// A line for each problem that differs from the first.
fn problems(page: &mut Page, report: &SetupReport) {
    let Some((_, first)) = report.first_problem() else {
        return;
    };
    let others = report
        .problems()
        .filter(|(_, finding)| !is_same(finding, first));
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return;
    }
    page.line("");
    page.line("Other problems (`--workload NAME` explains one in full):");
    for (one, finding) in others.iter().take(MAX_PROBLEMS) {
        let text = format!("{}: {}: {}", one.label(), finding.check.id, finding.seen);
        item(page, finding.verdict, &text);
    }
    if others.len() > MAX_PROBLEMS {
        let more = format!("  … and {} more", others.len() - MAX_PROBLEMS);
        let more = page.style.encoded(&more);
        page.line(&more);
    }
}

/// A line for each warning, with the workloads that have it.
fn warnings(page: &mut Page, report: &SetupReport) {
    let mut warnings: Vec<(&Finding, Vec<String>)> = Vec::new();
    for one in &report.workloads {
        for finding in one.warnings() {
            let mut known = warnings.iter_mut();
            match known.find(|(known, _)| is_same(known, finding)) {
                Some((_, names)) => names.push(one.label()),
                None => warnings.push((finding, vec![one.label()])),
            }
        }
    }
    if warnings.is_empty() {
        return;
    }
    page.line("");
    page.line("Warnings:");
    for (finding, names) in warnings {
        let names = names.join(", ");
        item(
            page,
            Verdict::Warning,
            &format!("{names}: {}: {}", finding.check.id, finding.seen),
        );
        if let Some(remedy) = &finding.remedy {
            page.wrapped(6, &format!("→ {remedy}"));
        }
    }
}

fn item(page: &mut Page, verdict: Verdict, text: &str) {
    let style = page.style;
    let mark = style.tint(Some(verdict), style.mark(Some(verdict)));
    let width = style.columns().saturating_sub(4);
    let text = style.cut(&style.clean(text), width);
    page.line(&format!("  {mark} {text}"));
}

/// The first problem in full, with the other workloads that have it.
fn first(page: &mut Page, report: &SetupReport) {
    page.line("");
    let Some((one, finding)) = report.first_problem() else {
        let workloads = report.workloads.iter();
        let warnings = workloads.clone().map(|one| one.warnings().count());
        return if workloads.clone().all(|one| one.report.findings.is_empty()) {
            page.line("No chain was checked.");
        } else {
            page.all_hold(warnings.sum());
        };
    };
    page.heading(&one.label());
    page.verdict(&one.report);
    let same = report.problems().filter(|(other, other_finding)| {
        other.label() != one.label() && is_same(other_finding, finding)
    });
    let same: Vec<_> = same.map(|(other, _)| other.label()).collect();
    if !same.is_empty() {
        page.named("also", &format!("the same for {}", same.join(", ")));
    }
}

/// Returns whether two workloads have the same problem: of what they share, such as a provider or a data store.
fn is_same(one: &Finding, other: &Finding) -> bool {
    (one.check.id, one.verdict, &one.subject, &one.seen)
        == (other.check.id, other.verdict, &other.subject, &other.seen)
}

/// The parts that were not checked, each with its reason, the workloads and the way to check it.
fn not_checked(page: &mut Page, report: &SetupReport) {
    let mut parts: BTreeMap<&NotChecked, Vec<String>> = BTreeMap::new();
    for part in &report.not_requested {
        parts.entry(part).or_default();
    }
    for one in &report.workloads {
        for part in &one.not_checked {
            parts.entry(part).or_default().push(one.label());
        }
    }
    let caveat = report.caveat();
    if parts.is_empty() && caveat.is_none() {
        return;
    }
    page.line("");
    page.line("Not checked:");
    for (part, names) in parts {
        let of = if names.is_empty() || names.len() == report.workloads.len() {
            String::new()
        } else {
            format!("{}: ", names.join(", "))
        };
        page.wrapped(2, &format!("- {of}{}: {}", part.why, part.remedy));
    }
    if let Some(caveat) = caveat {
        page.wrapped(2, &format!("- {caveat}"));
    }
}
