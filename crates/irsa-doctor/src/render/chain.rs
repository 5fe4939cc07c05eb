//! The chain as a line of links.

use irsa_chain::Link;

use super::style::Style;
use super::words;
use crate::{Report, Verdict};

/// On fewer columns the line goes downwards.
const NARROW: usize = 48;
/// What a row begins with.
const INDENT: usize = 2;

/// A row of the line, and where the break is in it.
#[derive(Default)]
struct Row {
    text: String,
    columns: usize,
    broken_at: Option<usize>,
}

/// The line, with the first broken link pointed at; what its marks mean follows if every check is shown.
pub(super) fn draw(report: &Report, style: &Style) -> String {
    let lines = if style.columns() < NARROW {
        downwards(report, style)
    } else {
        across(report, style)
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

fn across(report: &Report, style: &Style) -> Vec<String> {
    let broken = first_broken(report);
    let mut rows = vec![Row::begun()];
    for link in Link::ALL {
        let verdict = report.verdict_of(link);
        let length = 2 + link.title().len();
        let is_first = link == Link::ServiceAccount;
        let is_after_break = broken.is_some_and(|broken| broken < link);
        let joint = joint(verdict, is_after_break, style);
        if let Some(row) = rows.last_mut() {
            let needed = row.columns + if is_first { 0 } else { 4 } + length;
            if !is_first && needed > style.columns() {
                let mut next = Row::begun();
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

fn downwards(report: &Report, style: &Style) -> Vec<String> {
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
        let named = named(link, report.verdict_of(link), style);
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

/// Whole to a link that was reached; in pieces to one that was not, and to all after the break.
fn joint(next: Option<Verdict>, is_after_break: bool, style: &Style) -> &'static str {
    match next {
        _ if is_after_break => style.drawn("╌╌", ".."),
        Some(Verdict::NotReached) | None => style.drawn("╌╌", ".."),
        Some(_) => style.drawn("──", "--"),
    }
}

/// The marks that the line has, with their words.
fn legend(report: &Report, style: &Style) -> String {
    let verdicts = Link::ALL.map(|link| report.verdict_of(link));
    let order = [
        Some(Verdict::Holds),
        Some(Verdict::Broken),
        Some(Verdict::NotReached),
        Some(Verdict::Warning),
        Some(Verdict::Unsure),
        Some(Verdict::NotApplicable),
        None,
    ];
    let there = order
        .into_iter()
        .filter(|verdict| verdicts.contains(verdict));
    // Spaces that do not break keep a mark at its word.
    let words = there.map(|verdict| {
        let title = verdict.map_or("not looked at", Verdict::title);
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
    fn begun() -> Self {
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

    /// What points at the break from below.
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
