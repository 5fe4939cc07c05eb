//! Test suites of other projects, run straight to a PostgreSQL and through irsa: each test must end alike.
//!
//! `cargo xtask suites` runs them, outside CI: they need the project's sources, and some need minutes.
#![expect(
    clippy::print_stderr,
    reason = "what a suite says of a failed test is for the person who runs it"
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

/// A suite, prepared to run.
pub(crate) trait Suite {
    /// Runs the tests of these names, all of them where none is named.
    fn run(&self, target: &Target, tests: &[String]) -> Result<Outcomes, Error>;

    /// Why a test ends differently through irsa by design.
    fn by_design(&self, _test: &str) -> Option<&'static str> {
        None
    }
}

/// The suites, as they are typed.
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
            let ways = servers::Ways::through_the_lab().await?;
            let result = compare(&suite, &ways, tests, progress);
            ways.stop().await;
            result
        }
        "postgres-regress" if !tests.is_empty() => {
            Err("the tests of `postgres-regress` need each other: name none".into())
        }
        "postgres-regress" => {
            let suite = postgres_regress::PostgresRegress::prepare(source, progress)?;
            compare_apart(&suite, &suite.programs(), progress).await
        }
        "libpq-pipeline" => {
            let suite = libpq_pipeline::LibpqPipeline::prepare(source, progress)?;
            let ways = servers::Ways::as_superuser(Some(&suite.programs())).await?;
            let result = compare(&suite, &ways, tests, progress);
            ways.stop().await;
            result
        }
        _ => Err(format!(
            "unknown suite `{name}`; the suites are {}",
            NAMES.join(", ")
        )
        .into()),
    }
}

/// Runs a suite both ways, and its differing tests again.
fn compare(
    suite: &impl Suite,
    ways: &servers::Ways,
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
        "running {} tests again, both ways",
        differing.len()
    ));
    let again = suite.run(ways.straight(), &differing)?;
    let again_through = suite.run(ways.through(), &differing)?;
    let differences = again.differences(&again_through, |test| suite.by_design(test));
    straight.compared(differences)
}

/// Runs a suite both ways that needs a server of its own for each run, since it leaves roles behind.
async fn compare_apart(
    suite: &impl Suite,
    programs: &Path,
    progress: &dyn Fn(&str),
) -> Result<Comparison, Error> {
    progress("running all tests straight");
    let ways = servers::Ways::as_superuser(Some(programs)).await?;
    let straight = suite.run(ways.straight(), &[])?;
    ways.stop().await;
    progress("running all tests through irsa");
    let ways = servers::Ways::as_superuser(Some(programs)).await?;
    let through = suite.run(ways.through(), &[])?;
    ways.stop().await;
    let differences = straight.differences(&through, |test| suite.by_design(test));
    straight.compared(differences)
}
