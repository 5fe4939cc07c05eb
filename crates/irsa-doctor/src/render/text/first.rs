//! The finding to start with: what was seen, its cause, and its remedy.

use super::Page;
use crate::render::steps::{Layout, layout};
use crate::render::style::Lines;
use crate::render::{documentation, words};
use crate::{Commands, Finding, Remedy, Report, Verdict};

/// The width of the column with the names of the fields.
const NAMES: usize = 8;
/// The maximum number of lines for what was seen.
const MAX_SEEN: usize = 5;

impl Page {
    /// The finding to start with in full, or that everything holds.
    pub(in crate::render) fn verdict(&mut self, report: &Report) {
        let Some(finding) = report.first_problem() else {
            let warnings = report.findings.iter();
            let warnings = warnings.filter(|finding| finding.verdict == Verdict::Warning);
            return self.all_hold(warnings.count());
        };
        let title = finding.check.link.title();
        let sentence = match (finding.verdict, finding.cause) {
            (Verdict::Unsure, _) => {
                format!("No failure found, but some checks could not run, first: {title}")
            }
            (_, Some(cause)) => format!("Broken at the {title}: {}", cause.summary()),
            (_, None) => format!("Broken at the {title}"),
        };
        self.sentence(finding.verdict, &sentence);
        self.in_full(finding);
    }

    /// The sentence for a report without problems.
    pub(in crate::render) fn all_hold(&mut self, warnings: usize) {
        let sentence = match warnings {
            0 => "Every link that was checked holds".to_owned(),
            1 => "Every link that was checked holds, with 1 warning".to_owned(),
            count => format!("Every link that was checked holds, with {count} warnings"),
        };
        self.sentence(Verdict::Holds, &sentence);
    }

    /// A sentence with the verdict's mark and color.
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
            self.named("for", subject);
        }
        self.named("seen", &finding.seen);
        if let Some(cause) = finding.cause {
            self.named("cause", cause.id());
        }
        match &finding.remedy {
            Some(Remedy::Commands(commands)) => self.run(commands),
            Some(Remedy::Advice(advice)) => self.steps("advice", advice),
            None => {}
        }
        self.named("more", &documentation(check));
    }

    /// Each command is on a separate line and is not wrapped, so that it can be copied.
    fn run(&mut self, commands: &Commands) {
        let condition = commands.condition.as_ref();
        let condition = condition.map_or_else(String::new, |condition| format!("{condition}, "));
        let repair = match commands.commands.len() {
            1 => "this command repairs it",
            _ => "these commands repair it",
        };
        self.named("run", &format!("{condition}{repair}:"));
        for command in &commands.commands {
            let command = self.style.clean(command);
            self.line(&format!("{}{command}", " ".repeat(4 + NAMES)));
        }
        if let Some(note) = &commands.note {
            self.steps("", note);
        }
    }

    /// A field: its name, and beside it its value.
    pub(in crate::render) fn named(&mut self, name: &str, value: &str) {
        let indent = 2 + NAMES;
        let value = self.style.clean(value);
        let width = self.style.columns().saturating_sub(indent);
        let mut parts = words::wrap(&value, width);
        if name == "seen" && self.style.lines == Lines::Cut && parts.len() > MAX_SEEN {
            parts.truncate(MAX_SEEN);
            if let Some(last) = parts.last_mut() {
                *last = self.style.encoded(&format!("{last} …"));
            }
        }
        self.field(name, &parts);
    }

    /// A field whose value is a remedy: each step begins a line.
    fn steps(&mut self, name: &str, remedy: &str) {
        let width = self.style.columns().saturating_sub(2 + NAMES);
        let remedy = self.style.clean(remedy);
        let mut lines = Vec::new();
        for Layout { lead, step } in layout(&remedy) {
            let indent = lead.len();
            for (index, part) in words::wrap(step, width.saturating_sub(indent))
                .iter()
                .enumerate()
            {
                let lead = if index == 0 { lead } else { "" };
                lines.push(format!("{lead:indent$}{part}"));
            }
        }
        self.field(name, &lines);
    }

    fn field(&mut self, name: &str, lines: &[String]) {
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let name = self.style.dim(&format!("{name:NAMES$}"));
            self.line(&format!("  {name}{line}"));
        }
    }
}
