//! `cargo xtask suites races`: two runs of `irsa apply` at once, again and again, outside of CI.
//!
//! In each round, one of them must change everything and the other one must find it changed.

mod sql;

use irsa_testing::program::Finished;
use serde_json::Value;

use crate::Error;

/// What happened on one server.
#[derive(Debug)]
pub struct Outcome {
    /// The server.
    pub server: String,
    /// Rounds that were run.
    pub rounds: usize,
    /// Changes in all rounds.
    pub changes: u64,
    /// Rounds that did not end as they should, with what the runs printed.
    pub problems: Vec<String>,
}

/// Races on each server. `progress` gets a line now and then.
///
/// # Errors
/// A server does not start.
pub async fn run(rounds: usize, progress: &dyn Fn(&str)) -> Result<Vec<Outcome>, Error> {
    sql::run(rounds, progress).await
}

// === impl Outcome ===

impl Outcome {
    fn new(server: String) -> Self {
        Self {
            server,
            rounds: 0,
            changes: 0,
            problems: Vec::new(),
        }
    }

    /// Counts a round, in which two runs ended.
    fn add(&mut self, runs: &[Finished; 2]) {
        self.rounds += 1;
        match changes(runs) {
            Ok(changes) => self.changes += changes,
            Err(problem) => {
                let [one, other] = runs;
                self.problems.push(format!(
                    "round {}: {problem}\n{one:?}\n{other:?}",
                    self.rounds
                ));
            }
        }
    }
}

/// Returns the number of changes if one run made them all.
fn changes(runs: &[Finished; 2]) -> Result<u64, String> {
    let totals = [totals(&runs[0])?, totals(&runs[1])?];
    match totals {
        [(_, 0), (_, 0)] => Err("no run changed anything".to_owned()),
        [(held, 0), (found, changed)] | [(found, changed), (held, 0)] => {
            if held >= found {
                Ok(changed)
            } else {
                Err(format!("the second run found {held} of {found} steps"))
            }
        }
        _ => Err("both runs changed something".to_owned()),
    }
}

/// Returns how many steps held, and how many were changed.
fn totals(run: &Finished) -> Result<(u64, u64), String> {
    if run.code != 0 {
        return Err(format!("exit code {}", run.code));
    }
    let last = run.stdout.lines().last().unwrap_or_default();
    let totals: Value = serde_json::from_str(last).map_err(|error| error.to_string())?;
    let count = |name: &str| totals[name].as_u64().ok_or("no totals");
    Ok((count("ok")?, count("changed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(code: i32, held: u64, changed: u64) -> Finished {
        Finished {
            code,
            stdout: format!("{{\"state\": \"ok\"}}\n{{\"ok\": {held}, \"changed\": {changed}}}\n"),
            stderr: String::new(),
        }
    }

    #[test]
    fn only_rounds_in_which_one_run_made_all_changes_are_right() {
        let is_right = |one, other| changes(&[one, other]);
        assert_eq!(is_right(run(0, 0, 9), run(0, 9, 0)), Ok(9));
        assert_eq!(is_right(run(0, 9, 0), run(0, 0, 9)), Ok(9));
        assert!(is_right(run(0, 4, 5), run(0, 5, 4)).is_err());
        assert!(is_right(run(0, 9, 0), run(0, 9, 0)).is_err());
        assert!(is_right(run(1, 0, 9), run(0, 9, 0)).is_err());
        assert!(is_right(run(0, 9, 1), run(0, 5, 0)).is_err());
    }
}
