//! The steps of an examination: one check after the other, each with a time limit.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::{Check, CheckOutcome, Finding, Verdict};

/// The time limit of a check, unless its step sets a different one.
const DEADLINE: Duration = Duration::from_secs(6);

/// The future that a check returns.
pub type Work<'a> = Pin<Box<dyn Future<Output = CheckOutcome> + Send + 'a>>;

/// A check and the function that makes it, for a place whose state is a `C`.
pub struct Step<C> {
    /// The check.
    pub check: &'static Check,
    /// The subjects of the check: upstreams by host, containers by name. [`Step::once`] has a single, empty one.
    pub subjects: fn(&C) -> Vec<String>,
    /// Makes the check for a subject, and keeps in the state what later steps need.
    pub run: for<'a> fn(&'a mut C, &'a str) -> Work<'a>,
    /// The time limit of one subject.
    pub deadline: Duration,
}

/// The progress that [`examine`] reports.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'a> {
    /// This check starts.
    Started(&'static Check),
    /// A check has ended with this finding.
    Finished(&'a Finding),
}

impl<C> Step<C> {
    /// A check that is made once.
    pub const fn once(
        check: &'static Check,
        run: for<'a> fn(&'a mut C, &'a str) -> Work<'a>,
    ) -> Self {
        Self {
            check,
            subjects: |_| vec![String::new()],
            run,
            deadline: DEADLINE,
        }
    }

    /// A check that is made for each of `subjects`, and is left out without any.
    pub const fn each(
        check: &'static Check,
        subjects: fn(&C) -> Vec<String>,
        run: for<'a> fn(&'a mut C, &'a str) -> Work<'a>,
    ) -> Self {
        Self {
            check,
            subjects,
            run,
            deadline: DEADLINE,
        }
    }
}

impl<C> fmt::Debug for Step<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Step").field(&self.check.id).finish()
    }
}

/// Makes all checks within `limit`. A check is not reached if one that it needs does not hold, and unsure if its time
/// runs out.
pub async fn examine<C>(
    steps: &[Step<C>],
    state: &mut C,
    limit: Duration,
    report: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Vec<Finding> {
    let started = Instant::now();
    let mut findings: Vec<Finding> = Vec::new();
    for step in steps {
        for subject in (step.subjects)(state) {
            report(Progress::Started(step.check));
            let check_started = Instant::now();
            let seen = match missing_need(step.check, &subject, &findings) {
                Some(need) => CheckOutcome::not_reached(need),
                None => {
                    run(
                        step,
                        state,
                        &subject,
                        limit.saturating_sub(started.elapsed()),
                    )
                    .await
                }
            };
            let name = (!subject.is_empty()).then_some(subject);
            let finding = Finding::new(step.check, name, seen, check_started.elapsed());
            report(Progress::Finished(&finding));
            findings.push(finding);
        }
    }
    findings
}

async fn run<C>(step: &Step<C>, state: &mut C, subject: &str, left: Duration) -> CheckOutcome {
    let deadline = step.deadline.min(left);
    let seen = timeout(deadline, (step.run)(state, subject)).await;
    seen.unwrap_or_else(|_| {
        if left <= step.deadline {
            return CheckOutcome::unsure("the time limit for all checks was reached")
                .remedy("raise it with `--timeout`, or check from one place only (`--from`)");
        }
        let seconds = deadline.as_secs_f32().ceil();
        CheckOutcome::unsure(format!("no response within {seconds} s"))
    })
}

/// The findings of a place that is unavailable: the first check has the reason, and no other check is reached.
pub(crate) fn unavailable<C>(steps: &[Step<C>], why: CheckOutcome, took: Duration) -> Vec<Finding> {
    let Some(first) = steps.first().map(|step| step.check) else {
        return Vec::new();
    };
    let not_reached = || CheckOutcome::not_reached(first.id);
    let rest = steps.iter().skip(1);
    let rest = rest.map(|step| Finding::new(step.check, None, not_reached(), Duration::ZERO));
    std::iter::once(Finding::new(first, None, why, took))
        .chain(rest)
        .collect()
}

/// The first needed check that does not hold for this subject, or for all subjects.
fn missing_need(check: &Check, subject: &str, findings: &[Finding]) -> Option<&'static str> {
    let mut needs = check.needs.iter().copied();
    needs.find(|need| {
        let mut needed = findings.iter().filter(|finding| {
            let name = finding.subject.as_deref();
            finding.check.id == *need
                && name.is_none_or(|name| subject.is_empty() || name == subject)
        });
        needed.any(|finding| {
            matches!(
                finding.verdict,
                Verdict::Broken | Verdict::NotReached | Verdict::Unsure
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use irsa_chain::Link;

    use super::*;
    use crate::Place;

    const FIRST: Check = Check {
        id: "first",
        place: Place::Pod,
        link: Link::Endpoint,
        question: "?",
        description: ".",
        causes: &[],
        needs: &[],
    };
    const SECOND: Check = Check {
        id: "second",
        needs: &["first"],
        ..FIRST
    };
    const STEPS: &[Step<()>] = &[
        Step::once(&FIRST, |(), _| Box::pin(std::future::pending())),
        Step::once(&SECOND, |(), _| {
            Box::pin(std::future::ready(CheckOutcome::holds("")))
        }),
    ];

    #[tokio::test]
    async fn the_limit_of_the_examination_is_distinguished_from_the_limit_of_a_check() {
        let limit = Duration::from_millis(1);
        let findings = examine(STEPS, &mut (), limit, &mut |_| ()).await;
        assert_eq!(findings[0].verdict, Verdict::Unsure);
        assert!(findings[0].seen.contains("all checks"), "{:?}", findings[0]);
        let remedy = findings[0].remedy.as_ref().unwrap().to_string();
        assert!(remedy.contains("--timeout"), "{remedy}");
        assert_eq!(findings[1].verdict, Verdict::NotReached);
    }

    #[test]
    fn a_place_that_is_unavailable_never_holds() {
        let findings = unavailable(STEPS, CheckOutcome::unsure("locked"), Duration::ZERO);
        let verdicts: Vec<_> = findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unsure, Verdict::NotReached]);
    }
}
