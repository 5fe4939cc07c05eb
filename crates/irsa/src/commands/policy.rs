//! `irsa policy`: what IAM would say, offline.

mod question;
mod requests;

use std::io::Write;
use std::process::ExitCode;

use irsa_explain::{Asked, explain as explained, lint as linted};
use irsa_policy::{Decision, PolicyKind};

use crate::cli::{
    EvaluateArgs, ExplainArgs, Kind, LintArgs, LintOutput, Output, PolicyAction, PolicyArgs,
};
use crate::exit::Failure;
use crate::output;
use crate::settings::{Mistakes, shown};

/// Denied, or something found: the input was fine, the answer is not.
const NO: u8 = 3;

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
    let question = question::resolve(args.question, mistakes)?;
    let documents = question.documents().map_err(Failure::other)?;
    let asked = Asked::new(&question, &documents);
    match args.output {
        Output::Text => show(&(asked.sentence() + "\n")),
        Output::Json => output::line(&asked.json().to_string()),
    }
    Ok(exit_code(asked.outcome.decision == Decision::Allowed))
}

fn explain(args: ExplainArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let question = question::resolve(args.question, mistakes)?;
    let documents = question.documents().map_err(Failure::other)?;
    let asked = Asked::new(&question, &documents);
    match args.output {
        Output::Text => show(&explained::text(&asked)),
        Output::Json => output::line(&explained::json(&asked).to_string()),
    }
    Ok(exit_code(asked.outcome.decision == Decision::Allowed))
}

fn lint(args: &LintArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let mut reports = Vec::new();
    for path in &args.files {
        if let Some(text) = mistakes.collect(question::read(path)) {
            reports.push(linted::Report::new(shown(path), text, args.kind.map(kind)));
        }
    }
    let reports = mistakes.or(reports)?;
    match args.output {
        LintOutput::Text => show(&linted::output::text(&reports)),
        LintOutput::Json => output::line(&linted::output::json(&reports).to_string()),
        LintOutput::Sarif => output::line(&linted::output::sarif(&reports).to_string()),
    }
    Ok(exit_code(reports.iter().all(linted::Report::is_clean)))
}

/// Prints text, with its colours on a terminal. A reader that is gone is no failure of ours.
fn show(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
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
