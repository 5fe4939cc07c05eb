//! The reports of all workloads of a setup.

use irsa_chain::Link;

use crate::{Finding, Place, Report, Verdict};

/// The reports of the workloads in `irsa.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupReport {
    /// The name of the setup.
    pub setup: String,
    /// The EKS clusters that were checked.
    pub clusters: Vec<String>,
    /// The places that were checked.
    pub places: Vec<Place>,
    /// The workloads.
    pub workloads: Vec<WorkloadReport>,
    /// The parts of all chains that were not requested.
    pub not_requested: Vec<NotChecked>,
}

/// The report of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadReport {
    /// Its key in the file.
    pub workload: String,
    /// The EKS cluster, if several were checked and it runs in this one.
    pub cluster: Option<String>,
    /// Its chain as the file specifies it, in a few words.
    pub specified: String,
    /// Whether it runs in an EKS cluster that was checked.
    pub runs_here: bool,
    /// The findings.
    pub report: Report,
    /// The parts that were requested and could not be checked.
    pub not_checked: Vec<NotChecked>,
}

/// A part of a chain that was not checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotChecked {
    /// The place from which it is visible.
    pub place: Place,
    /// The reason why it was not checked.
    pub why: String,
    /// The way to check it.
    pub remedy: String,
}

/// The state of a workload's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChainState {
    /// Every check holds.
    Holds,
    /// This is the first broken link.
    Broken(Link),
    /// Nothing is broken, but a check could not run.
    Unsure,
    /// No check was made.
    NotChecked,
}

// === impl SetupReport ===

impl SetupReport {
    /// The workload and the finding to start with: of the first broken link, or else the first unsure finding.
    pub fn first_problem(&self) -> Option<(&WorkloadReport, &Finding)> {
        let problems = self.problems();
        problems.min_by_key(|(_, finding)| (finding.verdict != Verdict::Broken, finding.check.link))
    }

    /// The first problem of each workload.
    pub fn problems(&self) -> impl Iterator<Item = (&WorkloadReport, &Finding)> {
        let workloads = self.workloads.iter();
        workloads.filter_map(|one| Some((one, one.report.first_problem()?)))
    }

    /// The policies that were not evaluated and could still deny; `None` if no policy was evaluated.
    pub fn caveat(&self) -> Option<&'static str> {
        self.workloads.iter().find_map(|one| one.report.caveat())
    }

    /// [`Verdict::Broken`] if a chain is broken, else [`Verdict::Unsure`] if one is unsure or was not checked, else
    /// [`Verdict::Holds`]. Workloads of other clusters do not count, unless there are no others.
    pub fn overall(&self) -> Verdict {
        let here = self.workloads.iter().filter(|one| one.runs_here);
        let states: Vec<_> = here.map(WorkloadReport::state).collect();
        let is_broken = |state: &ChainState| matches!(state, ChainState::Broken(_));
        if states.iter().any(is_broken) {
            Verdict::Broken
        } else if !states.is_empty() && states.iter().all(|state| *state == ChainState::Holds) {
            Verdict::Holds
        } else {
            Verdict::Unsure
        }
    }
}

// === impl WorkloadReport ===

impl WorkloadReport {
    /// Its key, with the EKS cluster if several were checked.
    pub fn label(&self) -> String {
        match &self.cluster {
            Some(cluster) => format!("{} in {cluster}", self.workload),
            None => self.workload.clone(),
        }
    }

    /// The state of the chain.
    pub fn state(&self) -> ChainState {
        if let Some(finding) = self.report.first_broken() {
            ChainState::Broken(finding.check.link)
        } else if self.report.findings.is_empty() {
            ChainState::NotChecked
        } else if self.report.overall() == Verdict::Unsure || !self.not_checked.is_empty() {
            ChainState::Unsure
        } else {
            ChainState::Holds
        }
    }

    /// The findings that should be changed although everything works.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        let findings = self.report.findings.iter();
        findings.filter(|finding| finding.verdict == Verdict::Warning)
    }
}

// === impl ChainState ===

impl ChainState {
    /// The state as a verdict; `None` if no check was made.
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Holds => Some(Verdict::Holds),
            Self::Broken(_) => Some(Verdict::Broken),
            Self::Unsure => Some(Verdict::Unsure),
            Self::NotChecked => None,
        }
    }
}
