//! `irsa policy`: evaluates, explains and lints IAM policies offline.

mod inventory;
mod question;
mod requests;

use std::process::ExitCode;

use irsa_explain::chain::report::{self, ChainReport, Detail, Verdict};
use irsa_explain::lint::{self as linted, Level};
use irsa_policy::{Policy, PolicyDocuments, PolicyKind};
use serde_json::Value;

use self::inventory::Origin;
use crate::cli::{
    Deny, EvaluateArgs, ExplainArgs, Kind, LintArgs, LintOutput, Output, PolicyAction, PolicyArgs,
    QuestionArgs,
};
use crate::exit::Failure;
use crate::output;
use crate::settings::{Mistakes, shown};

/// The request is denied, or there are findings.
const NO: u8 = 3;

/// The result depends on facts that the input does not contain.
const UNSURE: u8 = 4;

pub(crate) fn run(args: PolicyArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    match args.action {
        PolicyAction::Evaluate(args) => evaluate(args, mistakes),
        PolicyAction::Explain(args) => explain(args, mistakes),
        PolicyAction::Lint(args) => lint(&args, mistakes),
    }
}

fn evaluate(args: EvaluateArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    if let Some(file) = &args.requests {
        requests::answer_file(file, mistakes)?;
        return Ok(ExitCode::SUCCESS);
    }
    answer(args.question, args.output, Detail::Decision, mistakes)
}

fn explain(args: ExplainArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    answer(args.question, args.output, Detail::Statements, mistakes)
}

fn answer(
    question: QuestionArgs,
    output: Output,
    detail: Detail,
    mistakes: Mistakes,
) -> Result<ExitCode, Failure> {
    let resolved = question::resolve(question, mistakes)?;
    let documents = report::documents(&resolved.steps).map_err(Failure::other)?;
    let report = ChainReport::new(&resolved.steps, &documents);
    match output {
        Output::Text => {
            output::colored(&(report.text(detail) + &decided_for(&resolved.at, &documents)))
        }
        Output::Json => output::line(&timed(report.json(detail), resolved.at).to_string()),
    }?;
    Ok(match report.verdict() {
        Verdict::Allowed => ExitCode::SUCCESS,
        Verdict::Denied => ExitCode::from(NO),
        Verdict::Unsure => ExitCode::from(UNSURE),
    })
}

/// Returns the last line of a report whose policies depend on the time.
fn decided_for(at: &str, documents: &[PolicyDocuments]) -> String {
    let is_time = |key: &str| matches!(key, "aws:currenttime" | "aws:epochtime");
    let asks =
        |documents: &PolicyDocuments| documents.set().all().flat_map(Policy::keys).any(is_time);
    if documents.iter().any(asks) {
        format!("evaluated for {at}\n")
    } else {
        String::new()
    }
}

fn timed(mut document: Value, at: String) -> Value {
    if let Some(document) = document.as_object_mut() {
        document.insert("at".to_owned(), at.into());
    }
    document
}

fn lint(args: &LintArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let mut reports = Vec::new();
    for path in &args.files {
        if let Some(text) = mistakes.collect(question::read_policy(path)) {
            reports.push(linted::Report::new(shown(path), text, args.kind.map(kind)));
        }
    }
    if let Some(origin) = Origin::read(&args.inventory, &mut mistakes) {
        let inspected = linted::inspect(&origin.inventory(None));
        for label in inspected.unknown {
            anstream::eprintln!("not checked: {label}");
        }
        reports.extend(inspected.reports);
    }
    if let Some(path) = &args.inventory.plan {
        reports.extend(inventory::nodes(path).unwrap_or_default());
    }
    let reports = mistakes.or(reports)?;
    match args.output {
        LintOutput::Text => output::colored(&linted::output::text(&reports)),
        LintOutput::Json => output::line(&linted::output::json(&reports).to_string()),
        LintOutput::Sarif => output::line(&linted::output::sarif(&reports).to_string()),
    }?;
    let level = match args.deny {
        Deny::Warning => Level::Warning,
        Deny::Error => Level::Error,
    };
    Ok(exit_code(
        reports.iter().all(|report| report.is_clean(level)),
    ))
}

fn exit_code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NO)
    }
}

fn kind(kind: Kind) -> PolicyKind {
    match kind {
        Kind::Identity => PolicyKind::Identity,
        Kind::Trust => PolicyKind::Trust,
        Kind::Resource => PolicyKind::Resource,
        Kind::Boundary => PolicyKind::Boundary,
        Kind::Session => PolicyKind::Session,
        Kind::Scp => PolicyKind::ServiceControl,
        Kind::Rcp => PolicyKind::ResourceControl,
    }
}
