//! The report as JUnit XML for continuous integration, with a suite for each link.
//!
//! There is no standard. These are the elements that Jenkins, GitLab and GitHub Actions read: `failure` for broken checks,
//! `skipped` for checks that did not run, with the reason, and `system-out` for warnings.

use std::fmt::{self, Display, Formatter, Write};
use std::time::Duration;

use irsa_chain::Link;

use super::documentation;
use super::words::printable;
use crate::{Finding, Report, SetupReport, Verdict, WorkloadReport};

/// The report as JUnit XML.
pub fn junit(report: &Report) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String does not fail.
    let _ = write_suites(&mut xml, report);
    xml
}

/// The report of a setup as JUnit XML, with a suite for each workload. A part that was requested and could not be checked
/// is a skipped case.
pub fn setup_junit(report: &SetupReport) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String does not fail.
    let _ = write_setup(&mut xml, report);
    xml
}

/// A text that is escaped for an element or a quoted attribute (XML 1.0, section 2.4), without characters that XML
/// forbids.
struct Escaped<'a>(&'a str);

/// The totals of a suite, or of all suites.
struct Totals {
    tests: usize,
    failures: usize,
    skipped: usize,
    took: Duration,
}

fn write_suites(xml: &mut String, report: &Report) -> fmt::Result {
    writeln!(
        xml,
        "<testsuites name=\"irsa doctor\" {}>",
        Totals::new(report.findings.iter())
    )?;
    for link in Link::ALL {
        let findings = || {
            report
                .findings
                .iter()
                .filter(move |finding| finding.check.link == link)
        };
        if findings().next().is_none() {
            continue;
        }
        let totals = Totals::new(findings());
        writeln!(
            xml,
            "  <testsuite name=\"{}\" {totals}>",
            Escaped(link.title())
        )?;
        for finding in findings() {
            write_case(xml, finding)?;
        }
        writeln!(xml, "  </testsuite>")?;
    }
    writeln!(xml, "</testsuites>")
}

fn write_setup(xml: &mut String, report: &SetupReport) -> fmt::Result {
    let all = report.workloads.iter();
    let mut totals = Totals::new(all.flat_map(|one| &one.report.findings));
    let parts: usize = report
        .workloads
        .iter()
        .map(|one| one.not_checked.len())
        .sum();
    totals.add_skipped(parts);
    writeln!(xml, "<testsuites name=\"irsa doctor\" {totals}>")?;
    for one in &report.workloads {
        write_workload(xml, one)?;
    }
    writeln!(xml, "</testsuites>")
}

fn write_workload(xml: &mut String, one: &WorkloadReport) -> fmt::Result {
    let mut totals = Totals::new(one.report.findings.iter());
    totals.add_skipped(one.not_checked.len());
    let label = one.label();
    let name = Escaped(&label);
    writeln!(xml, "  <testsuite name=\"{name}\" {totals}>")?;
    for finding in &one.report.findings {
        write_case(xml, finding)?;
    }
    for part in &one.not_checked {
        let (place, why) = (part.place, Escaped(&part.why));
        writeln!(
            xml,
            "    <testcase classname=\"irsa.doctor.{place}\" name=\"{place}\" time=\"0.000\">"
        )?;
        writeln!(xml, "      <skipped message=\"not checked: {why}\"/>")?;
        writeln!(xml, "    </testcase>")?;
    }
    writeln!(xml, "  </testsuite>")
}

fn write_case(xml: &mut String, finding: &Finding) -> fmt::Result {
    let check = finding.check;
    let name = match &finding.subject {
        Some(subject) => format!("{} ({subject})", check.id),
        None => check.id.to_owned(),
    };
    writeln!(
        xml,
        "    <testcase classname=\"irsa.doctor.{}.{}\" name=\"{}\" time=\"{:.3}\">",
        check.place,
        check.link,
        Escaped(&name),
        finding.took.as_secs_f64(),
    )?;
    write_outcome(xml, finding)?;
    writeln!(xml, "    </testcase>")
}

fn write_outcome(xml: &mut String, finding: &Finding) -> fmt::Result {
    let seen = Escaped(&finding.seen);
    match finding.verdict {
        Verdict::Holds => Ok(()),
        Verdict::NotApplicable | Verdict::Unsure | Verdict::NotReached => {
            let title = finding.verdict.title();
            writeln!(xml, "      <skipped message=\"{title}: {seen}\"/>")
        }
        Verdict::Broken => {
            let kind = finding.cause.map_or("broken", irsa_chain::Cause::id);
            let advice = advice(finding);
            let advice = Escaped(&advice);
            writeln!(
                xml,
                "      <failure type=\"{kind}\" message=\"{seen}\">{advice}</failure>"
            )
        }
        Verdict::Warning => {
            let advice = advice(finding);
            writeln!(
                xml,
                "      <system-out>warning: {seen}. {}</system-out>",
                Escaped(&advice)
            )
        }
    }
}

fn advice(finding: &Finding) -> String {
    let page = documentation(finding.check);
    match &finding.remedy {
        Some(remedy) => format!("Remedy: {remedy}. See {page}"),
        None => format!("No remedy is known. See {page}"),
    }
}

// === impl Escaped ===

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for char in printable(self.0).chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

// === impl Totals ===

impl Totals {
    fn new<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> Self {
        let count = |verdicts: &[Verdict]| {
            findings
                .clone()
                .filter(|one| verdicts.contains(&one.verdict))
                .count()
        };
        Self {
            failures: count(&[Verdict::Broken]),
            skipped: count(&[Verdict::NotApplicable, Verdict::Unsure, Verdict::NotReached]),
            took: findings.clone().map(|finding| finding.took).sum(),
            tests: findings.count(),
        }
    }
}

impl Totals {
    fn add_skipped(&mut self, count: usize) {
        self.tests += count;
        self.skipped += count;
    }
}

impl Display for Totals {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            tests,
            failures,
            skipped,
            took,
        } = self;
        let seconds = took.as_secs_f64();
        write!(
            f,
            "tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds:.3}\""
        )
    }
}
