//! `irsa init --from NAMESPACE`: a specification of what exists.

use std::fmt::Write as _;
use std::process::ExitCode;

use irsa_cli::{Progress, runtime};
use irsa_kube::KubeReader;
use irsa_stack::adopt::{AwsFacts, Survey};
use irsa_stack::{Document, Outputs, Source, check};

use super::files::{self, Files, NewFile};
use super::namespace::Gap;
use super::report::{Report, Verdict};
use super::{aws, namespace};
use crate::cli::{ExistingArgs, InitArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::settings::reader_identity;

pub(super) fn run(namespace: &str, args: &InitArgs) -> Result<ExitCode, Failure> {
    files::absent(&args.out)?;
    let progress = Progress::start();
    let read = runtime::run(read(namespace, &args.existing, &progress));
    progress.finish();
    let (survey, aws, gaps) = read?;
    let adoption = survey.adopt(&aws);
    if adoption.workloads.is_empty() {
        return Err(nothing(namespace, &adoption.left_out, &gaps));
    }
    let outputs = NewFile {
        name: "irsa.outputs.json",
        text: adoption.outputs.clone(),
    };
    let prepared = Files::prepare(&args.out, args.force, vec![outputs, NewFile::schema()])?;
    let report = Report {
        verdict: verdict(&adoption.specification, &adoption.outputs),
        files: prepared.write(&adoption.specification)?,
        adoption,
        gaps,
        namespace: namespace.to_owned(),
    };
    match args.output {
        Output::Text => output::line(report.text(&args.out).trim_end()),
        Output::Json => output::line(&report.json(&args.out).to_string()),
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn read(
    namespace: &str,
    args: &ExistingArgs,
    progress: &Progress,
) -> Result<(Survey, AwsFacts, Vec<Gap>), Failure> {
    progress.say("connecting to the cluster");
    let reader = KubeReader::connect(args.kubeconfig.as_deref(), args.context.as_deref()).await;
    let reader = reader.map_err(|error| Failure::Other {
        message: error.to_string(),
        remedy: Some("name a file by --kubeconfig, or a context by --context".to_owned()),
    })?;
    let (facts, mut gaps) = namespace::read(&reader, namespace, progress).await?;
    let survey = Survey::new(facts);
    if args.no_aws {
        gaps.push(aws_gap("--no-aws was given"));
        return Ok((survey, AwsFacts::default(), gaps));
    }
    let identity = reader_identity(args.aws_profile.as_deref());
    match aws::read(&survey, identity, progress).await {
        Ok((facts, more)) => {
            gaps.extend(more);
            Ok((survey, facts, gaps))
        }
        Err(why) if args.aws || args.aws_profile.is_some() => Err(Failure::Other {
            message: format!("cannot read AWS: {why}"),
            remedy: Some("log in to AWS, or leave it out by --no-aws".to_owned()),
        }),
        Err(why) => {
            gaps.push(aws_gap(&why));
            Ok((survey, AwsFacts::default(), gaps))
        }
    }
}

fn aws_gap(why: &str) -> Gap {
    Gap {
        what: "AWS".to_owned(),
        why: why.to_owned(),
        denied: None,
    }
}

/// The failure of a namespace without workloads for irsa.
fn nothing(namespace: &str, left_out: &[String], gaps: &[Gap]) -> Failure {
    let mut message = format!(
        "no workload in namespace `{namespace}` has settings for Aurora PostgreSQL or Amazon OpenSearch Service"
    );
    for line in left_out {
        message.push_str("\n  ");
        message.push_str(line);
    }
    for gap in gaps {
        let _ = write!(message, "\n  not read: {}: {}", gap.what, gap.why);
    }
    Failure::Other {
        message,
        remedy: Some("choose a namespace by --from, or start from a preset by --for".to_owned()),
    }
}

/// What `irsa check` says about the files.
fn verdict(specification: &str, outputs: &str) -> Verdict {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let decided = Document::read(vec![source("irsa.yaml", specification)]).and_then(|document| {
        let outputs = Outputs::read(source("irsa.outputs.json", outputs), document.file_count())?;
        document.stack(Some(&outputs))
    });
    match decided {
        Ok(stack) => Verdict::Decided(check(&stack)),
        Err(mistakes) => Verdict::Mistakes(mistakes.sentences()),
    }
}
