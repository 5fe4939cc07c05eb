//! Reports as people and programs see them.

mod fixture;
mod hostile;
mod programs;

use irsa_doctor::render::{self, Style};
use irsa_doctor::{Progress, Report, Verdict};

use self::fixture::{all_well, one_broken, unsure};

fn drawn(report: &Report, width: usize, unicode: bool) -> String {
    let style = Style {
        colour: false,
        unicode,
        width,
    };
    render::text(report, &style)
}

#[test]
fn a_broken_chain_is_drawn_with_its_break_and_its_remedy() {
    insta::assert_snapshot!(drawn(&one_broken(), 100, true));
}

#[test]
fn a_wide_terminal_has_the_whole_chain_on_one_line() {
    let text = drawn(&one_broken(), 160, true);
    insta::assert_snapshot!(text.lines().take(6).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_narrow_terminal_has_it_downwards_in_ascii() {
    let text = drawn(&one_broken(), 40, false);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_whole_chain_is_calm() {
    insta::assert_snapshot!(drawn(&all_well(), 100, true));
}

#[test]
fn what_could_not_be_told_is_never_a_tick() {
    let report = unsure();
    assert_eq!(report.overall(), Verdict::Unsure);
    insta::assert_snapshot!(drawn(&report, 100, true));
}

#[test]
fn an_empty_report_says_that_nothing_was_looked_at() {
    let report = Report::new(irsa_doctor::Workload::default(), Vec::new());
    let text = drawn(&report, 100, true);
    assert!(text.ends_with("nothing was looked at\n"), "{text}");
    assert!(!text.contains('✓'), "{text}");
}

#[test]
fn no_line_is_wider_than_the_terminal_but_for_a_command_that_is_to_be_copied() {
    for width in [40, 48, 60, 80, 100, 132, 200] {
        for report in [one_broken(), all_well(), unsure()] {
            let text = drawn(&report, width, true);
            let too_wide = |line: &&str| line.chars().count() > width;
            for line in text.lines().filter(too_wide) {
                let words = line.split_whitespace().count();
                assert!(line.contains('`') || words <= 3, "at {width}: {line}");
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let plain = drawn(&one_broken(), 100, true);
    let style = Style {
        colour: true,
        ..Style::default()
    };
    let coloured = render::text(&one_broken(), &style);
    assert!(coloured.contains("\u{1b}[") && !plain.contains('\u{1b}'));
    assert_eq!(fixture::without_colour(&coloured), plain);
}

#[test]
fn progress_names_the_link_and_the_question_and_then_what_came_of_it() {
    let report = one_broken();
    let broken = report.first_broken().unwrap();
    let lines =
        [Progress::Looking(broken.check), Progress::Found(broken)].map(|told| render::line(&told));
    assert_eq!(
        lines,
        [
            "trust policy: Does the trust policy let this service account in?",
            "trust-subject: broken"
        ]
    );
}
