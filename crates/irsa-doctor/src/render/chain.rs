//! The drawing of the chain.

use irsa_chain::Link;

use super::style::Style;
use super::words;
use crate::{Report, Verdict};

/// The width below which the chain is drawn vertically.
const NARROW: usize = 48;
/// The indent of a row.
const INDENT: usize = 2;

/// A row of the drawing, and the column of the break.
#[derive(Default)]
struct Row {
    text: String,
    columns: usize,
    broken_at: Option<usize>,
}

/// The chain with a pointer to the first broken link, followed by a legend if all checks are shown.
pub(super) fn draw(report: &Report, style: &Style) -> String {
    let lines = if style.columns() < NARROW {
        vertical(report, style)
    } else {
        horizontal(report, style)
    };
    let mut drawn = lines.join("\n");
    drawn.push('\n');
    if style.verbose {
        drawn.push('\n');
        drawn.push_str(&legend(report, style));
        drawn.push('\n');
    }
    drawn
}

fn horizontal(report: &Report, style: &Style) -> Vec<String> {
    let broken = first_broken(report);
    let mut rows = vec![Row::new()];
    for link in Link::ALL {
        let verdict = report.verdict_for(link);
        let length = 2 + link.title().len();
        let is_first = link == Link::ServiceAccount;
        let is_after_break = broken.is_some_and(|broken| broken < link);
        let joint = joint(verdict, is_after_break, style);
        if let Some(row) = rows.last_mut() {
            let needed = row.columns + if is_first { 0 } else { 4 } + length;
            if !is_first && needed > style.columns() {
                let mut next = Row::new();
                next.add(&format!("{joint} "), 3);
                rows.push(next);
            } else if !is_first {
                row.add(&format!(" {joint} "), 4);
            }
        }
        if let Some(row) = rows.last_mut() {
            row.broken_at = row
                .broken_at
                .or((broken == Some(link)).then_some(row.columns));
            row.add(&named(link, verdict, style), length);
        }
    }
    let lines = rows
        .iter()
        .flat_map(|row| [Some(row.text.clone()), row.pointer(style)]);
    lines.flatten().collect()
}

fn vertical(report: &Report, style: &Style) -> Vec<String> {
    let broken = first_broken(report);
    let line = |link: Link| {
        let pointer = if broken == Some(link) {
            style.tint(
                Some(Verdict::Broken),
                style.drawn(" ◀ broken here", " < broken here"),
            )
        } else {
            String::new()
        };
        let named = named(link, report.verdict_for(link), style);
        format!("{}{named}{pointer}", " ".repeat(INDENT))
    };
    Link::ALL.map(line).to_vec()
}

fn first_broken(report: &Report) -> Option<Link> {
    report.first_broken().map(|finding| finding.check.link)
}

fn named(link: Link, verdict: Option<Verdict>, style: &Style) -> String {
    style.tint(
        verdict,
        &format!("{} {}", style.mark(verdict), link.title()),
    )
}

/// The line before a link: solid if the link was reached, dashed if it was not, and dashed after the break.
fn joint(next: Option<Verdict>, is_after_break: bool, style: &Style) -> &'static str {
    match next {
        _ if is_after_break => style.drawn("╌╌", ".."),
        Some(Verdict::NotReached) | None => style.drawn("╌╌", ".."),
        Some(_) => style.drawn("──", "--"),
    }
}

/// The marks in the drawing, with their meaning.
fn legend(report: &Report, style: &Style) -> String {
    let verdicts = Link::ALL.map(|link| report.verdict_for(link));
    let order = [
        Some(Verdict::Holds),
        Some(Verdict::Broken),
        Some(Verdict::NotReached),
        Some(Verdict::Warning),
        Some(Verdict::Unsure),
        Some(Verdict::NotApplicable),
        None,
    ];
    let present = order
        .into_iter()
        .filter(|verdict| verdicts.contains(verdict));
    // No-break spaces keep a mark and its title on the same line.
    let words = present.map(|verdict| {
        let title = verdict.map_or("not checked", Verdict::title);
        format!("{} {title}", style.mark(verdict)).replace(' ', "\u{a0}")
    });
    let words: Vec<_> = words.collect();
    let lines = words::wrap(&words.join(", "), style.columns().saturating_sub(INDENT));
    let lines = lines.iter().map(|line| {
        let line = line.replace('\u{a0}', " ");
        style.dim(&format!("{}{line}", " ".repeat(INDENT)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

// === impl Row ===

impl Row {
    fn new() -> Self {
        Self {
            text: " ".repeat(INDENT),
            columns: INDENT,
            broken_at: None,
        }
    }

    fn add(&mut self, text: &str, columns: usize) {
        self.text.push_str(text);
        self.columns += columns;
    }

    /// The line below the row that points at the break.
    fn pointer(&self, style: &Style) -> Option<String> {
        let at = self.broken_at?;
        let (arrow, words) = (style.drawn("▲", "^"), "broken here");
        let fits = at + 2 + words.len() <= style.columns();
        let (before, text) = if fits {
            (at, format!("{arrow} {words}"))
        } else {
            (
                at.saturating_sub(words.len() + 1),
                format!("{words} {arrow}"),
            )
        };
        Some(format!(
            "{}{}",
            " ".repeat(before),
            style.tint(Some(Verdict::Broken), &text)
        ))
    }
}
