//! The rendering of reports.

mod fixture;
mod hostile;
mod programs;
mod setup;

use irsa_chain::Cause;
use irsa_doctor::render::{self, Lines, Style};
use irsa_doctor::{CheckOutcome, Commands, Progress, Report, Verdict, docs};

use self::fixture::{all_well, finding, one_broken, unsure, workload};

fn drawn(report: &Report, width: usize, unicode: bool) -> String {
    let style = Style {
        unicode,
        width,
        ..Style::default()
    };
    render::text(report, &style)
}

fn in_full(report: &Report) -> String {
    let style = Style {
        verbose: true,
        ..Style::default()
    };
    render::text(report, &style)
}

/// Every check of every place, each with a long text; the eleventh is broken.
fn everything() -> Report {
    let long = "word ".repeat(60);
    let remedy = Commands::new([format!("aws iam put-role-policy {}", "x".repeat(300))]);
    let outcome = |at: usize| match at % 4 {
        _ if at == 10 => {
            CheckOutcome::broken(Cause::TrustSubjectMismatch, long.as_str()).remedy(remedy.clone())
        }
        0 => CheckOutcome::warning(Cause::TrustTooBroad, long.as_str()),
        1 => CheckOutcome::unsure(long.as_str()),
        _ => CheckOutcome::holds(long.as_str()),
    };
    let findings = docs::checks().enumerate();
    let findings = findings.map(|(at, check)| finding(check, None, outcome(at)));
    Report::new(workload(), findings.collect())
}

#[test]
fn a_broken_chain_is_drawn_with_its_break_and_its_remedy() {
    insta::assert_snapshot!(drawn(&one_broken(), 100, true));
}

#[test]
fn every_check_is_shown_on_demand() {
    insta::assert_snapshot!(in_full(&one_broken()));
}

#[test]
fn the_report_fits_on_a_screen_of_45_lines_and_ends_with_what_to_do() {
    let style = Style {
        width: 80,
        lines: Lines::Cut,
        ..Style::default()
    };
    let text = render::text(&everything(), &style);
    // Only commands are wider than the screen; the terminal wraps them.
    let lines: usize = text
        .lines()
        .map(|line| line.chars().count().div_ceil(80).max(1))
        .sum();
    assert!(lines <= 44, "{lines}: {text}");
    let verdict = text.find("Broken at the").unwrap();
    let (_, last) = text.split_at(verdict);
    for words in [
        "cause   trust-subject-mismatch",
        "run     ",
        "aws iam put-role-policy",
    ] {
        assert!(last.contains(words), "{words}: {last}");
    }
    assert!(
        text.contains("more\n"),
        "what is left out is counted: {text}"
    );
}

#[test]
fn a_pipe_gets_every_line_whole() {
    let text = render::text(&everything(), &Style::default());
    assert!(!text.contains("word …"), "{text}");
    let long = "word ".repeat(60);
    assert!(
        text.lines().any(|line| line.contains(long.trim_end())),
        "{text}"
    );
}

#[test]
fn a_command_is_on_a_separate_line() {
    let command = "kubectl -n shop annotate serviceaccount api a=b";
    let remedy = Commands::new([command.to_owned()]).on_condition("if it is meant");
    let seen = CheckOutcome::broken(Cause::RoleUnknown, "no").remedy(remedy);
    let report = Report::new(workload(), vec![finding(&fixture::TRUST, None, seen)]);
    let text = drawn(&report, 40, false);
    assert!(
        text.lines().any(|line| line.trim_start() == command),
        "{text}"
    );
    assert!(text.contains("if it is meant"), "{text}");
}

#[test]
fn a_wide_terminal_has_the_whole_chain_on_one_line() {
    let text = drawn(&one_broken(), 160, true);
    insta::assert_snapshot!(text.lines().take(6).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_narrow_terminal_has_a_vertical_chain_in_ascii() {
    let text = drawn(&one_broken(), 40, false);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_whole_chain_has_a_short_report() {
    insta::assert_snapshot!(drawn(&all_well(), 100, true));
}

#[test]
fn an_unsure_check_is_never_a_tick() {
    let report = unsure();
    assert_eq!(report.overall(), Verdict::Unsure);
    insta::assert_snapshot!(drawn(&report, 100, true));
}

#[test]
fn an_empty_report_says_that_no_check_was_made() {
    let report = Report::new(irsa_doctor::Workload::default(), Vec::new());
    let text = drawn(&report, 100, true);
    assert!(text.ends_with("no check was made\n"), "{text}");
    assert!(!text.contains('✓'), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal_except_commands() {
    for width in [40, 48, 60, 80, 100, 132, 200] {
        for report in [one_broken(), all_well(), unsure()] {
            let style = Style {
                width,
                lines: Lines::Cut,
                ..Style::default()
            };
            let text = render::text(&report, &style);
            let too_wide = |line: &&str| line.chars().count() > width;
            for line in text.lines().filter(too_wide) {
                let words = line.split_whitespace().count();
                assert!(line.contains('`') || words <= 3, "at {width}: {line}");
            }
        }
    }
}

#[test]
fn colors_do_not_change_the_text() {
    let plain = drawn(&one_broken(), 100, true);
    let style = Style {
        color: true,
        ..Style::default()
    };
    let colored = render::text(&one_broken(), &style);
    assert!(colored.contains("\u{1b}[") && !plain.contains('\u{1b}'));
    assert_eq!(fixture::without_colors(&colored), plain);
}

#[test]
fn progress_names_the_link_and_the_question_and_then_the_verdict() {
    let report = one_broken();
    let broken = report.first_broken().unwrap();
    let lines = [Progress::Started(broken.check), Progress::Finished(broken)]
        .map(|progress| render::line(&progress));
    assert_eq!(
        lines,
        [
            "trust policy: Does the role's trust policy admit this service account?",
            "trust-subject: broken"
        ]
    );
}
