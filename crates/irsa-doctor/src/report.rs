//! All findings, in the chain's order.

use irsa_chain::Link;
use serde::Serialize;

use crate::correlate::correlate;
use crate::placeholders::fill;
use crate::{Finding, Remedy, Verdict, Workload};

/// The checks that decide on policies as IAM would.
const DECIDED: [&str; 3] = ["aws-trust-policy", "aws-connect", "aws-requests"];

/// What the doctor says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose chain it is.
    pub workload: Workload,
    /// In the chain's order; of one link in the order in which they were found.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Puts the findings in order, lets those that name no cause follow from those that explain them, and fills in the
    /// values of the workload where a remedy has placeholders.
    pub fn new(workload: Workload, mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| finding.check.link);
        correlate(&mut findings);
        for finding in &mut findings {
            if let Some(Remedy::Advice(text)) = &mut finding.remedy {
                *text = fill(text, &workload, finding.subject.as_deref());
            }
        }
        Self { workload, findings }
    }

    /// The first broken link's first broken check.
    pub fn first_broken(&self) -> Option<&Finding> {
        self.findings
            .iter()
            .find(|finding| finding.verdict == Verdict::Broken)
    }

    /// The finding to begin with: the first broken one, else the first that could not be told.
    pub fn first_amiss(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        let unsure = || findings.find(|finding| finding.verdict == Verdict::Unsure);
        self.first_broken().or_else(unsure)
    }

    /// The worst of a link's verdicts; `None` where nothing looked at it.
    pub fn verdict_of(&self, link: Link) -> Option<Verdict> {
        let of_link = self
            .findings
            .iter()
            .filter(|finding| finding.check.link == link);
        of_link.map(|finding| finding.verdict).max()
    }

    /// What all that is allowed is allowed but for; `None` where no policy was decided on.
    pub fn caveat(&self) -> Option<&'static str> {
        let mut findings = self.findings.iter();
        let is_allowed = |finding: &Finding| {
            finding.verdict == Verdict::Holds && DECIDED.contains(&finding.check.id)
        };
        findings.any(is_allowed).then_some(
            "Service and resource control policies of an organization can't be read from its accounts: one of them may \
             deny what the policies here allow.",
        )
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
