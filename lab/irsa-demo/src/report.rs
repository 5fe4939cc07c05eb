//! The demo's results: as data, and as a table.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use irsa_chain::{Cause, Link};
use serde::Serialize;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The results of a demo.
#[derive(Debug, Serialize)]
pub struct DemoReport {
    /// The chain at work, for each workload.
    pub tours: Vec<Tour>,
    /// The attacks on it.
    pub attacks: Vec<Attack>,
    /// Number of requests that `irsa` sent to the instance metadata service; must be 0.
    pub imds_requests: u64,
    /// The reference's applications, if `--full` was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<AppShown>,
}

/// An application that reached its data store.
#[derive(Debug, Serialize)]
pub struct AppShown {
    /// The application.
    pub application: &'static str,
    /// `through irsa`, or `with its own signing`.
    #[serde(rename = "way")]
    pub mode: &'static str,
    /// The action.
    pub shown: String,
    /// Duration of the run.
    pub seconds: f32,
}

/// The chain at work for one workload, link by link.
#[derive(Debug, Serialize)]
pub struct Tour {
    /// The workload.
    pub workload: String,
    /// The data store that it reaches.
    pub store: &'static str,
    /// The evidence for each link.
    pub links: Vec<LinkShown>,
}

/// A link of the chain, and the evidence that it holds.
#[derive(Debug, Serialize)]
pub struct LinkShown {
    /// The link.
    pub link: Link,
    /// The evidence: a name, an expiry, an answer of the server.
    pub shown: String,
}

/// An attack, and where it ended.
#[derive(Debug, Serialize)]
pub struct Attack {
    /// The attempt.
    pub name: &'static str,
    /// The cause that must stop it.
    pub expected: Cause,
    /// The cause that stopped it; `None` if nothing did, or if no reason was given.
    pub stopped_by: Option<Cause>,
    /// The side that must stop it.
    pub by: Guard,
    /// The error that the client received.
    pub said: String,
    /// How to repair what the attack breaks, with the names of the demo's world.
    pub remedy: String,
    /// Whether the expected side stopped it at the expected link.
    pub as_expected: bool,
}

/// The side that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Guard {
    /// AWS, played by the lab.
    Aws,
    /// `irsa` itself, before it asks AWS.
    Irsa,
}

// === impl DemoReport ===

impl DemoReport {
    /// Returns whether every attack was stopped as expected.
    pub fn is_as_expected(&self) -> bool {
        self.attacks.iter().all(|attack| attack.as_expected) && self.imds_requests == 0
    }

    /// The report as text with ANSI colors; the caller's stream removes them if its output is not a terminal.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for tour in &self.tours {
            tour.write(&mut text);
        }
        let _ = writeln!(text, "{HEAD}Attacks on the chain{HEAD:#}");
        for attack in &self.attacks {
            attack.write(&mut text);
        }
        let stopped = self
            .attacks
            .iter()
            .filter(|attack| attack.as_expected)
            .count();
        let _ = writeln!(
            text,
            "\n{stopped} of {} attacks stopped at the right link; \
             requests to the instance metadata service: {}",
            self.attacks.len(),
            self.imds_requests,
        );
        if !self.applications.is_empty() {
            let _ = writeln!(text, "\n{HEAD}Applications{HEAD:#}");
        }
        for application in &self.applications {
            application.write(&mut text);
        }
        text
    }
}

// === impl Tour ===

impl Tour {
    fn write(&self, text: &mut String) {
        let Self {
            workload, store, ..
        } = self;
        let _ = writeln!(
            text,
            "{HEAD}The chain at work: {workload} on {store}{HEAD:#}"
        );
        for LinkShown { link, shown } in &self.links {
            let _ = writeln!(text, "  {GOOD}ok{GOOD:#}  {:<16} {shown}", link.id());
        }
        text.push('\n');
    }
}

// === impl AppShown ===

impl AppShown {
    fn write(&self, text: &mut String) {
        let Self {
            application,
            mode,
            shown,
            seconds,
        } = self;
        let _ = writeln!(
            text,
            "  {GOOD}ok{GOOD:#}  {application:<17} {mode:<20} {shown} {DIM}({seconds:.0} s){DIM:#}"
        );
    }
}

// === impl Attack ===

impl Attack {
    fn write(&self, text: &mut String) {
        let (style, word) = if self.as_expected {
            (GOOD, "stopped")
        } else {
            (BAD, "WRONG")
        };
        let by = match self.by {
            Guard::Aws => "AWS",
            Guard::Irsa => "irsa",
        };
        let (link, cause) = match self.stopped_by {
            Some(cause) => (cause.link().id(), cause.id()),
            None => ("no link", "not stopped"),
        };
        let _ = writeln!(
            text,
            "  {style}{word:<8}{style:#} {:<60} at {HEAD}{link}{HEAD:#} by {by}: {cause}",
            self.name
        );
        let _ = writeln!(text, "           {DIM}client saw:{DIM:#} {}", self.said);
        if !self.as_expected {
            let _ = writeln!(
                text,
                "           {DIM}expected:{DIM:#} {}",
                self.expected.id()
            );
        }
        let _ = writeln!(text, "           {DIM}remedy:{DIM:#} {}", self.remedy);
    }
}
