//! Scenarios: a chain that is whole, or has one link broken on purpose, and the report that the doctor must make. Each
//! scenario is a file, and a test with the name of that file.

pub(crate) mod coverage;
pub(crate) mod run;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use irsa_doctor::{Finding, Verdict};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A file in `tests/scenarios/PLACE`; `G` describes the stage of that place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario<G> {
    /// A sentence about the fault.
    pub(crate) breaks: Option<String>,
    /// For a chain in which everything holds: a description of the chain.
    pub(crate) whole: Option<String>,
    /// The stage.
    pub(crate) given: G,
    /// The expected report.
    pub(crate) expect: Expect,
}

/// The report that the doctor must make in a scenario.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The only check that does not hold; all others hold or are not applicable.
    pub(crate) check: Option<String>,
    /// The verdict of that check.
    #[serde(default)]
    pub(crate) verdict: Expected,
    /// The cause that it reports.
    pub(crate) cause: Option<String>,
    /// Exactly the checks that are not reached.
    #[serde(default)]
    pub(crate) not_reached: Vec<String>,
    /// Texts that the remedy must contain.
    #[serde(default)]
    pub(crate) remedy_has: Vec<String>,
    /// Texts that the remedy must not contain because they would do harm.
    #[serde(default)]
    pub(crate) remedy_lacks: Vec<String>,
    /// Checks that hold. For a whole chain, all others must be not applicable.
    #[serde(default)]
    pub(crate) holds: Vec<String>,
}

/// The verdicts that a scenario can expect from its check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expected {
    #[default]
    Broken,
    Warning,
    Unsure,
}

impl From<Expected> for Verdict {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Broken => Self::Broken,
            Expected::Warning => Self::Warning,
            Expected::Unsure => Self::Unsure,
        }
    }
}

/// The scenarios in `tests/scenarios/PLACE` with the names of their files, in order.
pub(crate) fn read_all<G: DeserializeOwned>(place: &str) -> Vec<(String, Scenario<G>)> {
    let ids = ids(place).into_iter();
    ids.map(|id| (id.clone(), read(place, &id))).collect()
}

/// The names of the files in `tests/scenarios/PLACE`, in order.
pub(crate) fn ids(place: &str) -> Vec<String> {
    let entries = fs::read_dir(folder(place)).expect("the place has scenarios");
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut ids: Vec<String> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

fn folder(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scenarios")
        .join(place)
}

/// Reads `tests/scenarios/PLACE/ID.yaml`.
pub(crate) fn read<G: DeserializeOwned>(place: &str, id: &str) -> Scenario<G> {
    let path = folder(place).join(format!("{id}.yaml"));
    let text = fs::read_to_string(&path).unwrap();
    let scenario: Scenario<G> =
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let Scenario {
        breaks,
        whole,
        expect,
        ..
    } = &scenario;
    let is_break = breaks.is_some() && expect.check.is_some();
    let is_whole = whole.is_some() && expect.check.is_none() && !expect.holds.is_empty();
    assert!(
        (is_break && whole.is_none()) || (is_whole && breaks.is_none()),
        "{}: give `breaks` with `expect.check`, or `whole` with `expect.holds`",
        path.display()
    );
    scenario
}

/// The difference between the findings and the expected ones, if any.
pub(crate) fn differs(expect: &Expect, findings: &[Finding]) -> Option<String> {
    let as_expected = match &expect.check {
        Some(check) => is_broken_as_expected(check, expect, findings),
        None => is_whole_as_expected(expect, findings),
    };
    if !as_expected {
        return Some(format!("expected {expect:?}, found\n{}", shown(findings)));
    }
    let remedy = found(expect, findings).and_then(|finding| finding.remedy.as_ref());
    let remedy = remedy.map_or_else(String::new, ToString::to_string);
    let has = |text: &String| remedy.contains(text.as_str());
    let is_remedy = expect.remedy_has.iter().all(has) && !expect.remedy_lacks.iter().any(has);
    (!is_remedy).then(|| format!("expected {expect:?}, the remedy is: {remedy}"))
}

/// The finding that the scenario is about.
pub(crate) fn found<'f>(expect: &Expect, findings: &'f [Finding]) -> Option<&'f Finding> {
    let (check, verdict) = (expect.check.as_deref()?, Verdict::from(expect.verdict));
    let mut findings = findings.iter();
    findings.find(|finding| finding.check.id == check && finding.verdict == verdict)
}

/// A message if a finding is still there after its commands were run.
pub(crate) fn not_repaired(finding: &Finding, after: &[Finding]) -> Option<String> {
    let is_same =
        |one: &&Finding| (one.check.id, &one.subject) == (finding.check.id, &finding.subject);
    let holds = after.iter().find(is_same).is_some_and(is_well);
    let is_repaired = holds && after.iter().all(|one| one.verdict != Verdict::Broken);
    let remedy = finding.remedy.as_ref();
    (!is_repaired).then(|| {
        format!(
            "not repaired by: {}\n{}",
            remedy.map_or_else(String::new, ToString::to_string),
            shown(after)
        )
    })
}

/// The words of a command, as split by a shell.
pub(crate) fn words(command: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {command}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split_terminator('\0');
    words.map(str::to_owned).collect()
}

/// Returns whether the check has the expected outcome, exactly the expected checks are not reached, and all others hold
/// or are not applicable.
fn is_broken_as_expected(check: &str, expect: &Expect, findings: &[Finding]) -> bool {
    let verdict = Verdict::from(expect.verdict);
    let says_so = |finding: &Finding| {
        finding.check.id == check
            && finding.verdict == verdict
            && finding.cause.map(irsa_chain::Cause::id) == expect.cause.as_deref()
    };
    let is_not_reached = |finding: &Finding| {
        finding.verdict == Verdict::NotReached
            && expect.not_reached.iter().any(|id| id == finding.check.id)
    };
    let was_not_reached = |id: &String| {
        findings
            .iter()
            .any(|finding| finding.check.id == id && finding.verdict == Verdict::NotReached)
    };
    let holds = |id: &String| {
        let mut found = findings.iter().filter(|finding| finding.check.id == id);
        found.any(|finding| finding.verdict == Verdict::Holds)
    };
    findings.iter().any(says_so)
        && expect.holds.iter().all(holds)
        && expect.not_reached.iter().all(was_not_reached)
        && findings
            .iter()
            .all(|finding| says_so(finding) || is_not_reached(finding) || is_well(finding))
}

/// Returns whether exactly the expected checks hold, and all others are not applicable.
fn is_whole_as_expected(expect: &Expect, findings: &[Finding]) -> bool {
    let holding = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Holds);
    let holding: BTreeSet<_> = holding.map(|finding| finding.check.id).collect();
    let expected: BTreeSet<_> = expect.holds.iter().map(String::as_str).collect();
    findings.iter().all(is_well) && holding == expected
}

fn is_well(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Holds | Verdict::NotApplicable)
}

/// The findings, one per line.
pub(crate) fn shown(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding {
        check,
        subject,
        verdict,
        seen,
        cause,
        ..
    } in findings
    {
        let subject = subject.as_deref().unwrap_or_default();
        let cause = cause.map_or("", irsa_chain::Cause::id);
        _ = writeln!(
            text,
            "{:14} {} {subject} {cause}: {seen}",
            verdict.title(),
            check.id
        );
    }
    text
}
