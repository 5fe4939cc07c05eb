//! The report for a terminal: the chain, the problems or all checks, and at the end the first break with its cause and
//! remedy.

mod first;
mod links;

use std::fmt::Write;
use std::time::Duration;

use irsa_chain::Link;

use super::style::Style;
use super::{chain, words};
use crate::{Finding, Report, Verdict, Workload};

/// The columns before the text of a line: the indent, the mark and a space.
const LEAD: usize = 4;

/// The report as text, for a terminal or a file: the chain, the problems (one line each) or all checks, and at the end,
/// where a terminal shows it above the prompt, the finding to start with.
pub fn text(report: &Report, style: &Style) -> String {
    let mut page = Page::new(style);
    page.heading(&heading(&report.workload));
    page.line("");
    page.text.push_str(&chain::draw(report, style));
    if style.verbose {
        for link in Link::ALL {
            page.group(report, link);
        }
    } else {
        page.links(report);
    }
    if let Some(caveat) = report.caveat() {
        page.line("");
        for line in words::wrap(caveat, style.columns()) {
            page.line(&style.dim(&line));
        }
    }
    page.line("");
    for line in words::wrap(&counts(report, style), style.columns()) {
        page.line(&line);
    }
    if !report.findings.is_empty() {
        page.line("");
        page.verdict(report);
    }
    page.text
}

/// The text so far, and its style.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) style: Style,
}

/// The first line: the workload whose chain it is.
fn heading(workload: &Workload) -> String {
    let mut heading = "The chain".to_owned();
    // Writing to a String does not fail.
    if let Some(account) = &workload.service_account {
        let _ = write!(heading, " from {}/{}", account.namespace(), account.name());
    }
    if let Some(role) = &workload.role {
        let _ = write!(heading, " to {role}");
    }
    heading
}

/// The number of checks by verdict.
fn counts(report: &Report, style: &Style) -> String {
    let all = report.findings.len();
    let order = [
        (Verdict::Broken, "broken"),
        (Verdict::NotReached, "not reached"),
        (Verdict::Unsure, "unsure"),
        (Verdict::Warning, "warnings"),
        (Verdict::Holds, "hold"),
        (Verdict::NotApplicable, "not applicable"),
    ];
    let count = |verdict| {
        report
            .findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .count()
    };
    let parts = order.map(|(verdict, word)| (count(verdict), word));
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(count, word)| match (count, *word) {
            (1, "warnings") => "1 warning".to_owned(),
            (1, "hold") => "1 holds".to_owned(),
            (count, word) => format!("{count} {word}"),
        })
        .collect();
    let took: Duration = report.findings.iter().map(|finding| finding.took).sum();
    let checks = if all == 1 { "check" } else { "checks" };
    match parts.as_slice() {
        [] => "no check was made".to_owned(),
        parts => format!(
            "{all} {checks} in {:.1} s: {}{}",
            took.as_secs_f32(),
            parts.join(", "),
            if style.verbose {
                ""
            } else {
                " (`--verbose` shows each)"
            }
        ),
    }
}

// === impl Page ===

impl Page {
    pub(super) fn new(style: &Style) -> Self {
        Self {
            text: String::new(),
            style: *style,
        }
    }

    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        for line in words::wrap(&self.style.clean(text), self.style.columns()) {
            self.line(&self.style.bold(&line));
        }
    }

    /// A text that may contain untrusted parts, wrapped and indented.
    pub(super) fn wrapped(&mut self, indent: usize, text: &str) {
        let text = self.style.clean(text);
        let width = self.style.columns().saturating_sub(indent);
        for (index, part) in words::wrap(&text, width).iter().enumerate() {
            // The lines after the first are below its text, not its bullet.
            let indent = indent + if index == 0 { 0 } else { 2 };
            self.line(&format!("{}{part}", " ".repeat(indent)));
        }
    }

    /// The checks of a link; those that hold have one line each.
    fn group(&mut self, report: &Report, link: Link) {
        let findings = || {
            report
                .findings
                .iter()
                .filter(|finding| finding.check.link == link)
        };
        let Some(verdict) = report.verdict_for(link) else {
            return;
        };
        let ids = findings()
            .map(|finding| finding.check.id.len())
            .max()
            .unwrap_or_default();
        self.line("");
        let title = format!("{}: {}", self.style.bold(link.title()), verdict.title());
        self.line(&title);
        for finding in findings() {
            let first = report.first_problem();
            let is_first = first.is_some_and(|first| std::ptr::eq(first, finding));
            let same_check = report.findings.iter();
            let same_check = same_check.filter(|one| one.check.id == finding.check.id);
            self.finding(finding, ids, is_first, same_check.count() > 1);
        }
    }

    fn finding(&mut self, finding: &Finding, ids: usize, is_shown_below: bool, has_others: bool) {
        let verdict = finding.verdict;
        let indent = LEAD + ids + 2;
        let width = self.style.columns().saturating_sub(indent).max(LEAD * 4);
        // The subject is shown only if the check was made for several.
        let seen = |subject_width| match &finding.subject {
            Some(subject) if has_others => {
                let subject = self.style.cut(&self.style.clean(subject), subject_width);
                format!("{subject}: {}", self.style.clean(&finding.seen))
            }
            _ => self.style.clean(&finding.seen),
        };
        let lines = match verdict {
            _ if is_shown_below => vec!["see below".to_owned()],
            Verdict::Holds | Verdict::NotApplicable | Verdict::NotReached => {
                vec![self.style.cut(&seen(width / 2), width)]
            }
            Verdict::Broken | Verdict::Warning | Verdict::Unsure => {
                words::wrap(&seen(usize::MAX), width)
            }
        };
        let lines: Vec<_> = lines.iter().map(|line| self.style.encoded(line)).collect();
        let mark = self
            .style
            .tint(Some(verdict), self.style.mark(Some(verdict)));
        for (index, part) in lines.iter().enumerate() {
            if index == 0 {
                self.line(&format!("  {mark} {:ids$}  {part}", finding.check.id));
            } else {
                self.line(&format!("{}{part}", " ".repeat(indent)));
            }
        }
        if !is_shown_below {
            self.remedy(finding, indent, width);
        }
    }

    fn remedy(&mut self, finding: &Finding, indent: usize, width: usize) {
        let Some(remedy) = &finding.remedy else {
            return;
        };
        let remedy = self.style.clean(&format!("→ {remedy}"));
        for part in words::wrap(&remedy, width) {
            self.line(&format!("{}{part}", " ".repeat(indent)));
        }
    }
}
