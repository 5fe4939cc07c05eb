//! The outcomes of a suite's tests, and their differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Error;

/// The outcome of each test by name, in the suite's terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes(BTreeMap<String, String>);

/// A test with a different outcome through irsa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub test: String,
    /// Its outcome without irsa; `None` if it did not run.
    pub straight: Option<String>,
    /// Its outcome through irsa; `None` if it did not run.
    pub through: Option<String>,
    /// The reason, if the difference is by design.
    pub by_design: Option<&'static str>,
}

/// A suite's outcomes straight and through irsa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The number of tests.
    pub tests: usize,
    /// The number of tests that pass without irsa.
    pub passed: usize,
    /// The tests that end differently.
    pub differences: Vec<Difference>,
}

/// The outcomes of passing tests, in the suites' terms.
const PASSED: [&str; 2] = ["ok", "passed"];

// === impl Outcomes ===

impl Outcomes {
    /// Parses lines with an outcome and a test's name.
    pub fn from_lines(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(outcome, test)| (test, outcome)).collect()
    }

    /// Returns the result of the suite with these differences.
    ///
    /// # Errors
    /// No test passes, so that the comparison shows nothing.
    pub(super) fn compared(&self, differences: Vec<Difference>) -> Result<Comparison, Error> {
        let passed = self
            .0
            .values()
            .filter(|outcome| PASSED.contains(&outcome.as_str()))
            .count();
        if passed == 0 {
            return Err(
                "no test passes without irsa: check that the server has the version of the sources"
                    .into(),
            );
        }
        Ok(Comparison {
            tests: self.len(),
            passed,
            differences,
        })
    }

    /// The number of tests.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no test ran.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of tests whose outcome in `through` differs or is missing on one side.
    pub fn names_that_differ(&self, through: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(through.0.keys()).collect();
        let differs = |name: &&String| self.0.get(*name) != through.0.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }

    /// Returns the tests whose outcome differs in `through`.
    pub fn differences(
        &self,
        through: &Self,
        by_design: impl Fn(&str) -> Option<&'static str>,
    ) -> Vec<Difference> {
        let names = self.names_that_differ(through).into_iter();
        names
            .map(|test| Difference {
                straight: self.0.get(&test).cloned(),
                through: through.0.get(&test).cloned(),
                by_design: by_design(&test),
                test,
            })
            .collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Outcomes {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(outcomes: T) -> Self {
        let owned = |(test, outcome): (&str, &str)| (test.to_owned(), outcome.to_owned());
        Self(outcomes.into_iter().map(owned).collect())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |outcome: &Option<String>| outcome.clone().unwrap_or("not run".to_owned());
        let (straight, through) = (shown(&self.straight), shown(&self.through));
        write!(
            f,
            "{}: {straight} straight, {through} through irsa",
            self.test
        )?;
        match self.by_design {
            Some(reason) => write!(f, " (by design: {reason})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_tests_with_different_or_missing_outcomes() {
        let straight = Outcomes::from_lines("passed a\npassed b[x y]\nskipped c\npassed d\n");
        let through = Outcomes::from_lines("passed a\nfailed b[x y]\nskipped c\npassed e\n");
        let reason = |test: &str| (test == "d").then_some("it is so");
        let differences = straight.differences(&through, reason);
        let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "b[x y]: passed straight, failed through irsa",
                "d: passed straight, not run through irsa (by design: it is so)",
                "e: not run straight, passed through irsa",
            ]
        );
    }
}
