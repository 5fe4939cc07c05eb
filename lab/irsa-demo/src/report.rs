//! What the demo found: as data, and as a table for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use irsa_chain::{Cause, Link};
use serde::Serialize;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// The whole demo.
#[derive(Debug, Serialize)]
pub struct DemoReport {
    /// The chain at work.
    pub tours: Vec<Tour>,
    /// The attacks on it.
    pub attacks: Vec<Attack>,
    /// How often anything of `irsa` asked the instance metadata service.
    pub imds_requests: u64,
    /// The reference's applications, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<AppShown>,
}

/// An application that reached its data store.
#[derive(Debug, Serialize)]
pub struct AppShown {
    /// The application.
    pub application: &'static str,
    /// `through irsa`, or `in its own way`.
    pub way: &'static str,
    /// What it did.
    pub shown: String,
    /// How long that took.
    pub seconds: f32,
}

/// The chain at work for one workload, link by link.
#[derive(Debug, Serialize)]
pub struct Tour {
    /// The workload.
    pub workload: String,
    /// The data store that it reaches.
    pub store: &'static str,
    /// What each link showed.
    pub links: Vec<LinkShown>,
}

/// A link of the chain, and what showed that it holds.
#[derive(Debug, Serialize)]
pub struct LinkShown {
    /// The link.
    pub link: Link,
    /// What was seen.
    pub shown: String,
}

/// An attack, and where it ended.
#[derive(Debug, Serialize)]
pub struct Attack {
    /// What was tried.
    pub name: &'static str,
    /// What must stop it.
    pub expected: Cause,
    /// What stopped it; `None` if nothing did, or if nobody said why.
    pub stopped_by: Option<Cause>,
    /// Who stopped it.
    pub by: Guard,
    /// What the client was told.
    pub said: String,
    /// Whether it was stopped where it must be.
    pub as_expected: bool,
}

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Guard {
    /// AWS's side, as the lab plays it.
    Aws,
    /// `irsa` itself, before AWS was asked.
    Irsa,
}

// === impl DemoReport ===

impl DemoReport {
    /// Whether every line is as expected.
    pub fn is_as_expected(&self) -> bool {
        self.attacks.iter().all(|attack| attack.as_expected) && self.imds_requests == 0
    }

    /// The report for people, with colour; the caller's stream strips it where there is none.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for tour in &self.tours {
            tour.write(&mut text);
        }
        let _ = writeln!(text, "{HEAD}The chain attacked{HEAD:#}");
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
            let _ = writeln!(text, "\n{HEAD}The applications{HEAD:#}");
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
            way,
            shown,
            seconds,
        } = self;
        let _ = writeln!(
            text,
            "  {GOOD}ok{GOOD:#}  {application:<17} {way:<14} {shown} {DIM}({seconds:.0} s){DIM:#}"
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
            None => ("nothing", "none"),
        };
        let _ = writeln!(
            text,
            "  {style}{word:<8}{style:#} {:<52} at {HEAD}{link}{HEAD:#} by {by}: {cause}",
            self.name
        );
        let _ = writeln!(text, "           {DIM}the client saw:{DIM:#} {}", self.said);
        if !self.as_expected {
            let _ = writeln!(text, "           expected: {}", self.expected.id());
        }
        let remedy = self.stopped_by.unwrap_or(self.expected).remedy();
        let _ = writeln!(text, "           {DIM}remedy:{DIM:#} {remedy}");
    }
}
