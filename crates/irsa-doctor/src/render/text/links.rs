//! The short report: one line for each link, and one for each problem.

use irsa_chain::Link;

use super::{LEAD, Page};
use crate::{Finding, Report, Verdict};

/// The width of the column with the links' titles.
const TITLES: usize = 15;
/// The maximum number of problems that are shown, besides the first.
const MAX_PROBLEMS: usize = 6;

impl Page {
    /// One line for each link without problems, and one for each problem.
    pub(super) fn links(&mut self, report: &Report) {
        self.line("");
        let first = report.first_problem();
        let mut shown = 0;
        for link in Link::ALL {
            let Some(verdict) = report.verdict_for(link) else {
                continue;
            };
            let all = report.findings.iter();
            let all: Vec<_> = all.filter(|one| one.check.link == link).collect();
            if !all.iter().any(|one| is_problem(one.verdict)) {
                self.item(verdict, link.title(), &summary(&all));
            }
            for finding in all.into_iter().filter(|one| is_problem(one.verdict)) {
                if first.is_some_and(|first| std::ptr::eq(first, finding)) {
                    let text = format!("{}: see below", finding.check.id);
                    self.item(finding.verdict, link.title(), &text);
                    continue;
                }
                shown += 1;
                if shown <= MAX_PROBLEMS {
                    let text = format!("{}: {}", named_check(report, finding), finding.seen);
                    self.item(finding.verdict, link.title(), &text);
                }
            }
        }
        if shown > MAX_PROBLEMS {
            let more = self
                .style
                .encoded(&format!("  … and {} more", shown - MAX_PROBLEMS));
            self.line(&more);
        }
    }

    fn item(&mut self, verdict: Verdict, title: &str, text: &str) {
        let mark = self.style.mark(Some(verdict));
        let mark = self.style.tint(Some(verdict), mark);
        let indent = LEAD + TITLES + 2;
        let width = self.style.columns().saturating_sub(indent).max(LEAD * 4);
        let text = self.style.cut(&self.style.clean(text), width);
        let text = self.style.encoded(&text);
        self.line(&format!("  {mark} {title:TITLES$}  {text}"));
    }
}

/// The check's id, with the subject if the check was made for several.
fn named_check(report: &Report, finding: &Finding) -> String {
    let id = finding.check.id;
    let same_check = report.findings.iter().filter(|one| one.check.id == id);
    match &finding.subject {
        Some(subject) if same_check.count() > 1 => format!("{id} ({subject})"),
        _ => id.to_owned(),
    }
}

const fn is_problem(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Broken | Verdict::Unsure | Verdict::Warning
    )
}

/// The verdicts of a link without problems: one verdict, or the number of checks for each.
fn summary(findings: &[&Finding]) -> String {
    let count = |verdict| {
        let all = findings.iter();
        all.filter(|finding| finding.verdict == verdict).count()
    };
    let order = [Verdict::Holds, Verdict::NotReached, Verdict::NotApplicable];
    let counted = order.map(|verdict| (count(verdict), verdict));
    let present: Vec<_> = counted.iter().filter(|(count, _)| *count > 0).collect();
    match present.as_slice() {
        [(_, Verdict::Holds)] => "holds".to_owned(),
        [(_, verdict)] => verdict.title().to_owned(),
        several => {
            let several = several
                .iter()
                .filter(|(_, verdict)| *verdict != Verdict::NotApplicable);
            let parts: Vec<_> = several
                .map(|(count, verdict)| match verdict {
                    Verdict::Holds if *count == 1 => "1 holds".to_owned(),
                    Verdict::Holds => format!("{count} hold"),
                    other => format!("{count} {}", other.title()),
                })
                .collect();
            parts.join(", ")
        }
    }
}
