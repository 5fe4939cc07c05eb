//! Findings with untrusted text.

use irsa_chain::Cause;
use irsa_doctor::render::{self, Style};
use irsa_doctor::{CheckOutcome, Progress, Report};

use super::fixture::{LOGIN, TRUST, finding, workload};

const EVIL: &str = "a\u{1b}]0;title\u{7}\u{1b}[2J\r\nb\u{202e}\u{2066}c\u{9b}31m\0d\u{200b}]]></failure><x y='\"'>&amp;\u{ffff}\u{b}é";

fn report() -> Report {
    let novel = format!("{EVIL}{}", "word ".repeat(200_000));
    let findings = vec![
        finding(
            &TRUST,
            Some(EVIL),
            CheckOutcome::broken(Cause::TrustDenied, novel.clone()).remedy(novel.clone()),
        ),
        finding(&LOGIN, Some(EVIL), CheckOutcome::unsure(novel.clone())),
        finding(
            &LOGIN,
            Some(EVIL),
            CheckOutcome::warning(Cause::RoleNotFound, EVIL),
        ),
        finding(&LOGIN, Some(EVIL), CheckOutcome::holds(novel)),
        finding(&LOGIN, Some(EVIL), CheckOutcome::not_applicable(EVIL)),
    ];
    Report::new(workload(), findings)
}

fn acts(char: char) -> bool {
    char != '\n' && (char.is_control() || "\u{202e}\u{2066}\u{200b}\u{ffff}".contains(char))
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let report = report();
    let lines = report
        .findings
        .iter()
        .map(|finding| render::line(&Progress::Finished(finding)));
    let lines: Vec<_> = lines.collect();
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
    let rendered = [
        render::text(&report, &Style::default()),
        render::text(
            &report,
            &Style {
                verbose: true,
                ..Style::default()
            },
        ),
        render::text(
            &report,
            &Style {
                unicode: false,
                ..Style::default()
            },
        ),
        render::json(&report),
        render::junit(&report),
        lines.join(""),
    ];
    for text in rendered {
        let found = text.find(acts);
        assert_eq!(
            found,
            None,
            "{:?}",
            found.map(|at| &text[at.saturating_sub(40)..])
        );
    }
}

#[test]
fn untrusted_text_starts_no_line_and_is_truncated() {
    let text = render::text(&report(), &Style::default());
    assert!(!text.lines().any(|line| line.starts_with('b')), "{text}");
    assert!(text.len() < 40_000, "{}", text.len());
    let xml = render::junit(&report());
    assert!(xml.len() < 80_000, "{}", xml.len());
}

#[test]
fn json_keeps_the_text_unchanged() {
    let json: serde_json::Value = serde_json::from_str(&render::json(&report())).unwrap();
    assert_eq!(json["findings"][0]["subject"], EVIL);
}
