//! Scenarios: one link broken on purpose, as data, one file each, with what the doctor must say.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use irsa_doctor::{Finding, Verdict};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A file of `tests/scenarios/PLACE`; `G` is the place's own way to say how its stage is set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario<G> {
    /// What is broken, in words.
    pub(crate) breaks: String,
    /// How the stage is set.
    pub(crate) given: G,
    /// What the doctor must say.
    pub(crate) expect: Expect,
}

/// What the doctor must say of a scenario: this, and that all else holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The one check that does not hold.
    pub(crate) check: String,
    /// What it says.
    #[serde(default)]
    pub(crate) verdict: Expected,
    /// The cause that it names.
    pub(crate) cause: Option<String>,
    /// Exactly the checks that are not reached.
    #[serde(default)]
    pub(crate) not_reached: Vec<String>,
}

/// The verdicts that a scenario can expect of its check.
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

/// The scenarios of `tests/scenarios/PLACE` with the names of their files, in order.
pub(crate) fn read_all<G: DeserializeOwned>(place: &str) -> Vec<(String, Scenario<G>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(place))
        .expect("the place has scenarios")
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files.iter().map(|path| (id(path), read(path))).collect()
}

fn folder(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scenarios")
        .join(place)
}

fn id(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn read<G: DeserializeOwned>(path: &Path) -> Scenario<G> {
    let text = fs::read_to_string(path).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Panics unless the findings are those expected; see [`differs`].
pub(crate) fn assert_as_expected(expect: &Expect, findings: &[Finding]) {
    if let Some(difference) = differs(expect, findings) {
        panic!("{difference}");
    }
}

/// Panics unless nothing is broken, unsure or warned of.
pub(crate) fn assert_the_whole_chain_holds(findings: &[Finding]) {
    assert!(!findings.is_empty(), "nothing was looked at");
    let amiss: Vec<_> = findings
        .iter()
        .filter(|finding| !is_well(finding))
        .collect();
    assert!(amiss.is_empty(), "{}", shown(findings));
}

/// In what the findings are not those expected: exactly the one check says what it must, exactly those are not
/// reached, and all others hold or are not applicable.
pub(crate) fn differs(expect: &Expect, findings: &[Finding]) -> Option<String> {
    let verdict = Verdict::from(expect.verdict);
    let says_so = |finding: &Finding| {
        finding.check.id == expect.check
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
    let as_expected = findings.iter().any(says_so)
        && expect.not_reached.iter().all(was_not_reached)
        && findings
            .iter()
            .all(|finding| says_so(finding) || is_not_reached(finding) || is_well(finding));
    (!as_expected).then(|| format!("expected {expect:?}, found\n{}", shown(findings)))
}

fn is_well(finding: &Finding) -> bool {
    matches!(finding.verdict, Verdict::Holds | Verdict::NotApplicable)
}

/// The findings, one a line.
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
