//! Test suites of other projects, run straight to PostgreSQL and through irsa: each test must have the same outcome.
//!
//! `cargo xtask suites` runs them, outside of CI: they need the project's sources, and some take minutes.
#![expect(
    clippy::print_stderr,
    reason = "the output of failed tests is for the user"
)]

mod libpq_pipeline;
mod outcomes;
mod postgres_regress;
mod psycopg;
mod servers;
mod sources;

use std::path::Path;

pub use self::outcomes::{Comparison, Difference, Outcomes};
use crate::Error;
use crate::target::Target;

/// A suite that is ready to run.
pub(crate) trait Suite {
    /// Runs the tests with these names, or all tests.
    fn run(&self, target: &Target, tests: &[String]) -> Result<Outcomes, Error>;

    /// Returns why a test differs through irsa by design.
    fn by_design(&self, _test: &str) -> Option<&'static str> {
        None
    }
}

/// The names of the suites.
pub const NAMES: [&str; 3] = ["psycopg", "postgres-regress", "libpq-pipeline"];

/// Runs the suite `name`, whose sources are in the folder `source`, or only these of its `tests`. Returns those that
/// end differently through irsa twice in a row. `progress` gets a line before each step that takes long.
///
/// # Errors
/// The suite is unknown, does not build, or has no test that passes without irsa; a server does not start.
pub async fn run(
    name: &str,
    source: &Path,
    tests: &[String],
    progress: &dyn Fn(&str),
) -> Result<Comparison, Error> {
    match name {
        "psycopg" => {
            let suite = psycopg::Psycopg::prepare(source, progress)?;
            let ways = servers::Targets::through_the_lab().await?;
            let result = compare(&suite, &ways, tests, progress);
            ways.stop().await;
            result
        }
        "postgres-regress" if !tests.is_empty() => {
            Err("the tests of `postgres-regress` depend on each other: run all of them".into())
        }
        "postgres-regress" => {
            let suite = postgres_regress::PostgresRegress::prepare(source, progress)?;
            compare_apart(&suite, &suite.programs(), progress).await
        }
        "libpq-pipeline" => {
            let suite = libpq_pipeline::LibpqPipeline::prepare(source, progress)?;
            let ways = servers::Targets::as_superuser(Some(&suite.programs())).await?;
            let result = compare(&suite, &ways, tests, progress);
            ways.stop().await;
            result
        }
        _ => Err(format!("unknown suite `{name}`; valid suites: {}", NAMES.join(", ")).into()),
    }
}

/// Runs a suite in both ways, then its differing tests again.
fn compare(
    suite: &impl Suite,
    ways: &servers::Targets,
    tests: &[String],
    progress: &dyn Fn(&str),
) -> Result<Comparison, Error> {
    progress("running the tests straight");
    let straight = suite.run(ways.straight(), tests)?;
    progress("running the tests through irsa");
    let through = suite.run(ways.through(), tests)?;
    let differing: Vec<String> = straight.names_that_differ(&through);
    if differing.is_empty() {
        return straight.compared(Vec::new());
    }
    progress(&format!(
        "running {} tests again in both ways",
        differing.len()
    ));
    let again = suite.run(ways.straight(), &differing)?;
    let again_through = suite.run(ways.through(), &differing)?;
    let differences = again.differences(&again_through, |test| suite.by_design(test));
    straight.compared(differences)
}

/// Runs a suite that needs a separate server for each run, because it leaves roles behind.
async fn compare_apart(
    suite: &impl Suite,
    programs: &Path,
    progress: &dyn Fn(&str),
) -> Result<Comparison, Error> {
    progress("running all tests straight");
    let ways = servers::Targets::as_superuser(Some(programs)).await?;
    let straight = suite.run(ways.straight(), &[])?;
    ways.stop().await;
    progress("running all tests through irsa");
    let ways = servers::Targets::as_superuser(Some(programs)).await?;
    let through = suite.run(ways.through(), &[])?;
    ways.stop().await;
    let differences = straight.differences(&through, |test| suite.by_design(test));
    straight.compared(differences)
}
