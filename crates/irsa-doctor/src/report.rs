//! All findings, in the chain's order.

use irsa_chain::Link;
use serde::Serialize;

use crate::{Finding, Verdict, Workload};

/// What the doctor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose chain it is.
    pub workload: Workload,
    /// In the chain's order; of one link in the order in which they were found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Puts the findings in order.
    pub fn new(workload: Workload, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.check.link);
        Self { workload, findings }
    }

    /// The first broken link's first broken check.
    pub fn first_broken(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| finding.verdict == Verdict::Broken)
    }

    /// The worst of a link's verdicts; `None` where nothing looked at it.
    pub fn verdict_of(&self, link: Link) -> Option<Verdict> {
        let of_link = self
            .findings
            .iter()
            .filter(|finding| finding.check.link == link);
        of_link.map(|finding| finding.verdict).max()
    }

    /// [`Verdict::Broken`], else [`Verdict::Unsure`] where something could not be told, else [`Verdict::Holds`].
    pub fn overall(&self) -> Verdict {
        let has = |verdict| {
            self.findings
                .iter()
                .any(|finding| finding.verdict == verdict)
        };
        if has(Verdict::Broken) {
            Verdict::Broken
        } else if has(Verdict::Unsure) {
            Verdict::Unsure
        } else {
            Verdict::Holds
        }
    }
}
