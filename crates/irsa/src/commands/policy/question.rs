//! A request and its policies as flags have them.

mod service_account;

use std::path::Path;

use irsa_policy::{Context, Layer, Policy, PolicyDocuments, Principal, SetError, web_identity};

use crate::cli::{PolicyFileArgs, QuestionArgs};
use crate::settings::{Mistakes, shown};

/// A request, and the policies that have a say in it; each of them can be parsed.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) principal: String,
    pub(super) action: String,
    pub(super) resource: Option<String>,
    pub(super) resource_account: Option<String>,
    pub(super) context: Context,
    pub(super) policies: Vec<Document>,
}

/// A policy in its file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) layer: Layer,
    pub(super) file: String,
    pub(super) text: String,
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let failed = |error| format!("cannot read `{}`: {error}", shown(path));
    std::fs::read_to_string(path).map_err(failed)
}

// === impl Question ===

impl Question {
    /// Reads the files and puts the request together, or names every mistake.
    pub(super) fn read(args: QuestionArgs, mut mistakes: Mistakes) -> Result<Self, Mistakes> {
        let policies = documents(&args.policies, &mut mistakes);
        let is_trust = args.policies.trust.is_some();
        let request = args.request;
        let mut question = Self {
            principal: request.principal.unwrap_or_default(),
            action: request.action.unwrap_or_default(),
            resource: request.resource,
            resource_account: request.resource_account,
            context: Context::new(),
            policies,
        };
        if args.service_account.service_account.is_some() {
            question.fill_in(&args.service_account, &mut mistakes);
        }
        question.add_context(&request.context, &mut mistakes);
        question.check(is_trust, &mut mistakes);
        mistakes.or(question)
    }

    /// The policies, parsed.
    pub(super) fn documents(&self) -> Result<PolicyDocuments, SetError> {
        let mut documents = PolicyDocuments::new();
        for document in &self.policies {
            documents.add(document.layer, &self.action, [document.text.as_str()])?;
        }
        Ok(documents)
    }

    fn add_context(&mut self, typed: &[String], mistakes: &mut Mistakes) {
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
            self.context.insert(key, values);
        }
    }

    fn check(&self, is_trust: bool, mistakes: &mut Mistakes) {
        if self.action.is_empty() {
            mistakes.add("--action is missing: what is called, such as `rds-db:connect`");
        } else if is_trust && Layer::Resource.kind(&self.action) != irsa_policy::PolicyKind::Trust {
            mistakes.add(format!(
                "--action: `{}` asks no trust policy; expected an `sts:` action such as `{}`",
                self.action,
                web_identity::ACTION
            ));
        }
        if self.principal.is_empty() {
            mistakes.add("--principal is missing: who calls, as an ARN");
        } else if Principal::parse(&self.principal).is_none() {
            mistakes.add(format!(
                "--principal: `{}` is not an ARN of IAM or STS, a service, a provider, or `anonymous`",
                self.principal
            ));
        }
        for document in &self.policies {
            mistakes.extend(document.problem(&self.action).into_iter().collect());
        }
    }
}

// === impl Document ===

impl Document {
    fn read(layer: Layer, path: &Path) -> Result<Self, String> {
        read(path).map(|text| Self {
            layer,
            file: shown(path),
            text,
        })
    }

    /// Why it is no policy, as `FILE:LINE:COLUMN: …`.
    fn problem(&self, action: &str) -> Option<String> {
        let error = Policy::parse(self.layer.kind(action), &self.text).err()?;
        let position = error.position();
        let at = position.map_or_else(String::new, |position| format!(":{position}"));
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        Some(format!(
            "{}{at}: {error}{}",
            self.file,
            hint.unwrap_or_default()
        ))
    }
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
    let read = |(layer, path)| mistakes.collect(Document::read(layer, path));
    files.into_iter().filter_map(read).collect()
}

fn level_files(layer: Layer, files: &str) -> impl Iterator<Item = (Layer, &Path)> {
    files.split(',').map(move |file| (layer, Path::new(file)))
}
