//! `irsa apply`: makes stores what the specification says.

mod admin;
mod opensearch;
mod sql;

use std::process::ExitCode;

use irsa_apply::{ApplyError, Mode, Step, Totals};
use irsa_chain::untrusted::escape_json;
use irsa_cli::CHAIN_BROKEN;
use serde_json::{Value, json};

use crate::cli::{ApplyAction, ApplyArgs, ApplyRunArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: ApplyArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    match args.action {
        ApplyAction::Sql(args) => sql::run(args, mistakes),
        ApplyAction::OpenSearch(args) => opensearch::run(args, mistakes),
    }
}

/// Prints steps as they happen.
struct Printer {
    output: Output,
    failure: Option<Failure>,
}

// === impl Printer ===

impl Printer {
    fn new(output: Output) -> Self {
        Self {
            output,
            failure: None,
        }
    }

    /// The first failure to print is kept for the end: the store is more important than the report.
    fn print(&mut self, step: &Step) {
        let line = match self.output {
            Output::Text => step.text(),
            Output::Json => escape_json(&step.json().to_string()),
        };
        if let Err(failure) = output::line(&line) {
            self.failure.get_or_insert(failure);
        }
    }

    /// Prints the totals, also of a run that failed, and returns the exit code.
    fn finish(
        self,
        args: &ApplyRunArgs,
        outcome: Result<(), ApplyError>,
        totals: Totals,
    ) -> Result<ExitCode, Failure> {
        let printed = output::line(&match self.output {
            Output::Text => totals.to_string(),
            Output::Json => escape_json(&summary(totals, outcome.as_ref().err()).to_string()),
        });
        outcome.map_err(failed)?;
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        printed?;
        Ok(if args.exit_code && totals.has_differences() {
            ExitCode::from(CHAIN_BROKEN)
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// The last JSON object of a run, which has the same fields whether it failed or not.
fn summary(totals: Totals, error: Option<&ApplyError>) -> Value {
    json!({
        "ok": totals.held,
        "changed": totals.changed,
        "differs": totals.would_change,
        "failed": totals.failed,
        "error": error.map(|error| json!({"message": error.message, "remedy": error.remedy})),
    })
}

// === impl ApplyRunArgs ===

impl ApplyRunArgs {
    fn mode(&self) -> Mode {
        if self.dry_run {
            Mode::DryRun
        } else {
            Mode::Apply
        }
    }
}

fn failed(error: ApplyError) -> Failure {
    Failure::Other {
        message: error.message,
        remedy: error.remedy,
    }
}
