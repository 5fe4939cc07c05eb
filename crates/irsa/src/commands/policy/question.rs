//! A request and its policies, from the flags.

mod chain;
mod service_account;
mod time;

use std::path::Path;

use irsa_explain::chain::{Basis, Step};
use irsa_explain::{Document, Question, RequestContext, web_identity};
use irsa_identity::{Clock as _, SystemClock};
use irsa_policy::{Context, Layer, PolicyKind, Principal};

use crate::cli::{PolicyFileArgs, QuestionArgs};
use crate::settings::{Mistakes, shown};

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let failed = |error| format!("cannot read `{}`: {error}", shown(path));
    std::fs::read_to_string(path).map_err(failed)
}

/// Reads the policy in a file, which contains a policy document or the output of an AWS CLI command.
pub(super) fn read_policy(path: &Path) -> Result<String, String> {
    read(path).map(irsa_explain::cli_output::document)
}

/// The requests to evaluate, and their time.
pub(super) struct Resolved {
    pub(super) steps: Vec<Step>,
    /// The time in ISO 8601 format.
    pub(super) at: String,
}

/// Reads the files and assembles the requests. Reports all mistakes together.
pub(super) fn resolve(args: QuestionArgs, mut mistakes: Mistakes) -> Result<Resolved, Mistakes> {
    let now = SystemClock.now();
    let at = match &args.request.at {
        Some(text) => mistakes.check("--at", time::parse(text)).unwrap_or(now),
        None => now,
    };
    let at = time::Time::new(at);
    let steps = if chain::is_asked(&args) {
        chain::steps(&args, &at, &mut mistakes)
    } else {
        vec![Step::alone(question(args, &at, &mut mistakes))]
    };
    for step in &steps {
        if let Basis::Policies(question) = &step.basis {
            let documents = question.policies.iter();
            let problems = documents.filter_map(|document| document.problem(&question.action));
            // A policy may apply to several links.
            let is_new = |problem: &String| !mistakes.sentences().contains(problem);
            let problems = problems.filter(is_new).collect();
            mistakes.extend(problems);
        }
    }
    let at = at.text;
    mistakes.or(Resolved { steps, at })
}

/// Returns a single request with the policies that apply to it.
fn question(args: QuestionArgs, at: &time::Time, mistakes: &mut Mistakes) -> Question {
    let policies = documents(&args.policies, mistakes);
    let is_trust = args.policies.trust.is_some();
    if is_trust && args.policies.resource_policy.is_some() {
        mistakes.add(
            "--trust and --resource-policy cannot be used together: a resource has one policy",
        );
    }
    let request = args.request;
    let mut question = Question {
        principal: request.principal.unwrap_or_default(),
        action: request.action.unwrap_or_default(),
        resource: request.resource,
        resource_account: request.resource_account,
        policies,
        ..Question::default()
    };
    if args.service_account.service_account.is_some() {
        service_account::fill_in(&mut question, &args.service_account, is_trust, mistakes);
    } else {
        let (principal, action) = (&question.principal, &question.action);
        question.context =
            RequestContext::for_request(principal, action, question.resource.as_deref());
    }
    if let Some(account) = &question.resource_account {
        question.context.fill_resource_account(account);
    }
    let mut context = Context::new();
    add_context(&mut context, &request.context, mistakes);
    question.context.fill_all(&context);
    question.context.fill_time(&at.text, at.seconds);
    if request.context_complete {
        question.context.complete();
    }
    check(&question, is_trust, mistakes);
    question
}

fn add_context(context: &mut Context, typed: &[String], mistakes: &mut Mistakes) {
    let mut added: Vec<(String, Vec<String>)> = Vec::new();
    for entry in typed {
        let Some((key, value)) = entry.split_once('=') else {
            mistakes.add(format!("--context: `{entry}` is not KEY=VALUE"));
            continue;
        };
        match added
            .iter_mut()
            .find(|(other, _)| other.eq_ignore_ascii_case(key))
        {
            Some((_, values)) => values.push(value.to_owned()),
            None => added.push((key.to_owned(), vec![value.to_owned()])),
        }
    }
    for (key, values) in added {
        context.insert(key, values);
    }
}

fn check(question: &Question, is_trust: bool, mistakes: &mut Mistakes) {
    if question.action.is_empty() {
        mistakes.add("--action is missing; set it for example to `rds-db:connect`");
    } else if is_trust && Layer::Resource.kind(&question.action) != PolicyKind::Trust {
        mistakes.add(format!(
            "--action: `{}` does not apply to trust policies; expected an `sts:` action such as `{}`",
            question.action,
            web_identity::ACTION
        ));
    }
    if question.principal.is_empty() {
        mistakes.add("--principal is missing; set it to the ARN of the caller");
    } else if Principal::parse(&question.principal).is_none() {
        mistakes.add(format!(
            "--principal: `{}` is invalid; expected an IAM or STS ARN, a service, an identity provider, or `anonymous`",
            question.principal
        ));
    }
}

fn document(layer: Layer, path: &Path) -> Result<Document, String> {
    read_policy(path).map(|text| Document {
        layer,
        file: shown(path),
        text,
    })
}

fn documents(args: &PolicyFileArgs, mistakes: &mut Mistakes) -> Vec<Document> {
    let mut files: Vec<(Layer, &Path)> = Vec::new();
    for (layer, paths) in [
        (Layer::Identity, &args.identity),
        (Layer::Boundary, &args.boundary),
        (Layer::Session, &args.session),
    ] {
        files.extend(paths.iter().map(|path| (layer, path.as_path())));
    }
    for path in [&args.resource_policy, &args.trust] {
        files.extend(path.iter().map(|path| (Layer::Resource, path.as_path())));
    }
    for (number, level) in args.scp.iter().enumerate() {
        files.extend(level_files(Layer::ServiceControl(number), level));
    }
    for (number, level) in args.rcp.iter().enumerate() {
        files.extend(level_files(Layer::ResourceControl(number), level));
    }
    let read = |(layer, path)| mistakes.collect(document(layer, path));
    files.into_iter().filter_map(read).collect()
}

fn level_files(layer: Layer, files: &str) -> impl Iterator<Item = (Layer, &Path)> {
    paths(files).into_iter().map(move |file| (layer, file))
}

/// Splits a list of files at its commas. A file name may contain a comma: the longest sequence of parts that is the
/// name of a file is taken as one.
fn paths(files: &str) -> Vec<&Path> {
    let mut paths = Vec::new();
    let mut rest = files;
    loop {
        let ends = rest
            .match_indices(',')
            .map(|(end, _)| end)
            .chain([rest.len()]);
        let ends: Vec<usize> = ends.collect();
        let is_file = |end: &&usize| {
            rest.get(..**end)
                .is_some_and(|name| Path::new(name).exists())
        };
        let end = ends.iter().rev().find(is_file).or(ends.first());
        let end = end.copied().unwrap_or(rest.len());
        paths.push(Path::new(rest.get(..end).unwrap_or_default()));
        match rest.get(end + 1..) {
            Some(further) => rest = further,
            None => return paths,
        }
    }
}
