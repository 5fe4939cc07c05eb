//! The status as text for a terminal.

use std::fmt::Write;

use irsa_chain::duration::ago;
use irsa_chain::timestamp::rfc3339;
use irsa_chain::untrusted::{Printable, printable};

use super::page::verdict;
use super::{LinkStatus, Status};

/// The maximum number of characters that are shown of a value.
const LONGEST: usize = 2_000;

/// Returns the status as text without colors: a line for each link, then the facts, and then the verdict with its cause
/// and remedy.
pub fn text(status: &Status) -> String {
    let mut text = format!(
        "{} {}, as of {}\n\n",
        shown(&status.program),
        shown(&status.version),
        rfc3339(status.at)
    );
    for link in &status.links {
        let _ = writeln!(text, "{}", line(link, status));
    }
    if !status.facts.is_empty() {
        text.push('\n');
    }
    for fact in &status.facts {
        let _ = writeln!(
            text,
            "{:17} {}",
            shown(&fact.name).to_string(),
            shown(&fact.value)
        );
    }
    let _ = write!(text, "\nThe chain: {}", verdict(status));
    if let Some(link) = status.first_broken() {
        text.push_str(&trouble(link));
    }
    text
}

fn line(link: &LinkStatus, status: &Status) -> String {
    let (title, state) = (link.link.title(), link.state.as_str());
    let subject = link.subject.as_ref();
    let subject = subject.map_or_else(String::new, |subject| format!("{}: ", shown(subject)));
    let held = link.held_at.map_or_else(String::new, |at| {
        format!(" (last held {})", ago(at, status.at))
    });
    let detail = shown(&link.detail);
    format!("{title:17} {state:9} {subject}{detail}{held}")
}

/// Returns the observation, the cause and the remedy of a failed link.
fn trouble(link: &LinkStatus) -> String {
    let mut text = String::new();
    if let Some(subject) = &link.subject {
        let _ = write!(text, "\n  of      {}", shown(subject));
    }
    let _ = write!(text, "\n  seen    {}", shown(&link.detail));
    if let Some(cause) = link.cause {
        let _ = write!(text, "\n  cause   {cause}: {}", cause.summary());
    }
    if let Some(remedy) = &link.remedy {
        let _ = write!(text, "\n  remedy  {}", shown(remedy));
    }
    text
}

fn shown(text: &str) -> Printable<'_> {
    printable(text).longest(LONGEST)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use irsa_chain::{Cause, Link};

    use super::super::Fact;
    use super::*;

    fn status(links: Vec<LinkStatus>) -> Status {
        Status {
            program: "irsa proxy".to_owned(),
            version: "1.2.3".to_owned(),
            at: UNIX_EPOCH + Duration::from_mins(10),
            links,
            facts: vec![Fact::new("identity source", "web-identity")],
        }
    }

    #[test]
    fn the_text_ends_with_the_broken_link_its_cause_and_its_remedy() {
        let held = Some(UNIX_EPOCH + Duration::from_mins(7));
        let cause = Cause::RdsIamNotGranted;
        let shown = text(&status(vec![
            LinkStatus::ok(Link::Endpoint, "the last use succeeded").held_at(held),
            LinkStatus::broken(Link::Grant, "server asked for SCRAM", Some(cause))
                .for_subject("db.example"),
        ]));
        let expected = format!(
            "irsa proxy 1.2.3, as of 1970-01-01T00:10:00Z\n\n\
             endpoint          ok        the last use succeeded (last held 3m ago)\n\
             grant             broken    db.example: server asked for SCRAM\n\n\
             identity source   web-identity\n\n\
             The chain: broken at the grant\n  of      db.example\n  seen    server asked for SCRAM\n  \
             cause   rds-iam-not-granted: {}\n  remedy  {}",
            cause.summary(),
            cause.remedy()
        );
        assert_eq!(shown, expected);
    }

    #[test]
    fn server_text_cannot_forge_a_line() {
        let shown = text(&status(vec![LinkStatus::ok(
            Link::Grant,
            "\x1b[2J\ngrant ok",
        )]));
        assert!(
            !shown.contains('\x1b') && !shown.contains("\ngrant ok"),
            "{shown}"
        );
    }
}
