//! All findings, in the chain's order.

use irsa_chain::Link;
use serde::Serialize;

use crate::correlate::correlate;
use crate::placeholders::fill;
use crate::{Finding, Remedy, Verdict, Workload};

/// The checks that evaluate policies as IAM does.
const POLICY_CHECKS: [&str; 3] = ["aws-trust-policy", "aws-connect", "aws-requests"];

/// The result of all checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The workload whose chain was checked.
    pub workload: Workload,
    /// The findings in the chain's order, and for each link in the order in which the checks were made.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Sorts the findings, attributes those without a cause to the findings that explain them, and replaces the
    /// placeholders in remedies with the workload's values.
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

    /// The finding to start with: the first broken one, or else the first unsure one.
    pub fn first_problem(&self) -> Option<&Finding> {
        let mut findings = self.findings.iter();
        let unsure = || findings.find(|finding| finding.verdict == Verdict::Unsure);
        self.first_broken().or_else(unsure)
    }

    /// The worst verdict of a link; `None` if no check was made of it.
    pub fn verdict_for(&self, link: Link) -> Option<Verdict> {
        let findings = self
            .findings
            .iter()
            .filter(|finding| finding.check.link == link);
        findings.map(|finding| finding.verdict).max()
    }

    /// The policies that were not evaluated and could still deny; `None` if no policy was evaluated.
    pub fn caveat(&self) -> Option<&'static str> {
        let mut findings = self.findings.iter();
        let is_allowed = |finding: &Finding| {
            finding.verdict == Verdict::Holds && POLICY_CHECKS.contains(&finding.check.id)
        };
        findings.any(is_allowed).then_some(
            "Service and resource control policies (SCPs, RCPs) cannot be read from a member account. They could still \
             deny what the policies here allow.",
        )
    }

    /// [`Verdict::Broken`] if anything is broken, else [`Verdict::Unsure`] if anything is unsure, else
    /// [`Verdict::Holds`].
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
