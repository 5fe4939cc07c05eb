//! For people: the chain, its first break, then every check.

use std::fmt::Write;
use std::time::Duration;

use irsa_chain::Link;

use super::style::Style;
use super::{chain, page_of, words};
use crate::{Finding, Report, Verdict, Workload};

/// What a group's lines begin with: the indent, the mark and a space.
const LEAD: usize = 4;
/// The column of the names in the paragraph on the break.
const NAMES: usize = 8;

/// The report as text, for a terminal or a file.
pub fn text(report: &Report, style: &Style) -> String {
    let mut page = Page {
        text: String::new(),
        style: *style,
    };
    for line in words::wrap(&style.clean(&heading(&report.workload)), style.columns()) {
        page.line(&style.bold(&line));
    }
    page.line("");
    page.text.push_str(&chain::draw(report, style));
    page.line("");
    page.verdict(report);
    if let Some(caveat) = report.caveat() {
        page.line("");
        for line in words::wrap(caveat, style.columns()) {
            page.line(&style.dim(&line));
        }
    }
    for link in Link::ALL {
        page.group(report, link);
    }
    page.line("");
    for line in words::wrap(&counts(report), style.columns()) {
        page.line(&line);
    }
    page.text
}

struct Page {
    text: String,
    style: Style,
}

/// Whose chain it is.
fn heading(workload: &Workload) -> String {
    let mut heading = "The chain".to_owned();
    // Writing to a String does not fail.
    if let Some(account) = &workload.service_account {
        let _ = write!(heading, " of {}/{}", account.namespace(), account.name());
    }
    if let Some(role) = &workload.role {
        let _ = write!(heading, " to {role}");
    }
    heading
}

/// How many checks came to what.
fn counts(report: &Report) -> String {
    let all = report.findings.len();
    let order = [
        (Verdict::Broken, "broken"),
        (Verdict::NotReached, "not reached"),
        (Verdict::Unsure, "unsure"),
        (Verdict::Warning, "to be improved"),
        (Verdict::Holds, "hold"),
        (Verdict::NotApplicable, "of no concern"),
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
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let took: Duration = report.findings.iter().map(|finding| finding.took).sum();
    let checks = if all == 1 { "check" } else { "checks" };
    match parts.as_slice() {
        [] => "nothing was looked at".to_owned(),
        parts => format!(
            "{all} {checks} in {:.1} s: {}",
            took.as_secs_f32(),
            parts.join(", ")
        ),
    }
}

// === impl Page ===

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    /// The first broken link in full, or what could not be told, or that there is neither.
    fn verdict(&mut self, report: &Report) {
        match report.first_amiss() {
            _ if report.findings.is_empty() => {}
            None => self.sentence(Verdict::Holds, "Every link that was looked at holds"),
            Some(finding) if finding.verdict == Verdict::Unsure => {
                let title = finding.check.link.title();
                let sentence = format!(
                    "Nothing broken was seen, but not all could be told: first the {title}"
                );
                self.sentence(Verdict::Unsure, &sentence);
                self.in_full(finding);
            }
            Some(finding) => {
                let summary = finding.cause.map_or("", irsa_chain::Cause::summary);
                let colon = if summary.is_empty() { "" } else { ": " };
                let title = finding.check.link.title();
                self.sentence(
                    Verdict::Broken,
                    &format!("Broken at the {title}{colon}{summary}"),
                );
                self.in_full(finding);
            }
        }
    }

    /// A marked sentence in the verdict's colour.
    fn sentence(&mut self, verdict: Verdict, sentence: &str) {
        let sentence = format!("{} {sentence}", self.style.mark(Some(verdict)));
        for line in words::wrap(&self.style.encoded(&sentence), self.style.columns()) {
            self.line(&self.style.tint(Some(verdict), &line));
        }
    }

    fn in_full(&mut self, finding: &Finding) {
        let check = finding.check;
        self.named(
            "check",
            &format!("{} ({}): {}", check.id, check.place, check.question),
        );
        if let Some(subject) = &finding.subject {
            self.named("of", subject);
        }
        self.named("seen", &finding.seen);
        if let Some(cause) = finding.cause {
            self.named("cause", cause.id());
        }
        if let Some(remedy) = &finding.remedy {
            self.named("remedy", remedy);
        }
        self.named("more", &page_of(check));
    }

    /// A name, and what it stands for beside it.
    fn named(&mut self, name: &str, value: &str) {
        let indent = 2 + NAMES;
        let value = self.style.clean(value);
        let width = self.style.columns().saturating_sub(indent);
        for (index, part) in words::wrap(&value, width).iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = self.style.dim(&format!("{name:NAMES$}"));
            self.line(&format!("  {name}{part}"));
        }
    }

    /// The checks of a link; those that hold take a line each.
    fn group(&mut self, report: &Report, link: Link) {
        let of_link = || {
            report
                .findings
                .iter()
                .filter(|finding| finding.check.link == link)
        };
        let Some(verdict) = report.verdict_of(link) else {
            return;
        };
        let ids = of_link()
            .map(|finding| finding.check.id.len())
            .max()
            .unwrap_or_default();
        self.line("");
        let title = format!("{}: {}", self.style.bold(link.title()), verdict.title());
        self.line(&title);
        for finding in of_link() {
            let first = report.first_amiss();
            let is_first = first.is_some_and(|first| std::ptr::eq(first, finding));
            let of_check = report.findings.iter();
            let of_check = of_check.filter(|one| one.check.id == finding.check.id);
            self.finding(finding, ids, is_first, of_check.count() > 1);
        }
    }

    fn finding(&mut self, finding: &Finding, ids: usize, is_shown_above: bool, has_others: bool) {
        let verdict = finding.verdict;
        let indent = LEAD + ids + 2;
        let width = self.style.columns().saturating_sub(indent).max(LEAD * 4);
        // What there is one of need not be told from others.
        let seen = |subject_width| match &finding.subject {
            Some(subject) if has_others => {
                let subject = words::cut(&self.style.clean(subject), subject_width);
                format!("{subject}: {}", self.style.clean(&finding.seen))
            }
            _ => self.style.clean(&finding.seen),
        };
        let lines = match verdict {
            _ if is_shown_above => vec!["see above".to_owned()],
            Verdict::Holds | Verdict::NotApplicable | Verdict::NotReached => {
                vec![words::cut(&seen(width / 2), width)]
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
        if !is_shown_above {
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
