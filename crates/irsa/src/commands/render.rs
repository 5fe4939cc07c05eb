//! `irsa render`: files from the specification.

mod blocks;
mod directory;
mod roles;
mod stores;
mod values;

use std::process::ExitCode;

use irsa_cli::{CHAIN_BROKEN, FailureFormat};
use irsa_stack::{Target, render_with};

use self::directory::Changes;
use super::specification;
use crate::cli::RenderArgs;
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: &RenderArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let target = args.target();
    let values = mistakes.collect(values::read(args, target));
    let is_terraform = matches!(target, Target::Terraform(_));
    if args.versions.is_some() && !is_terraform {
        mistakes.add("--versions: has an effect on `terraform` only");
    }
    if args.drop_stores && !is_terraform {
        mistakes.add("--drop-stores: has an effect on `terraform` only");
    }
    let has_pods = matches!(target, Target::Kubernetes | Target::HelmValues);
    if args.inject.is_some() && !has_pods {
        mistakes.add("--inject: has an effect on `kubernetes` and `helm-values` only");
    }
    if args.hook.is_some() && !matches!(target, Target::SetupJob(_)) {
        mistakes.add("--hook: has an effect on `setup-job` only");
    }
    if args.stack.outputs.is_some() && is_terraform {
        mistakes.add("--outputs: has no effect on `terraform`, which writes them");
    }
    let (document, mut stack) = if is_terraform {
        specification::stack_without_outputs(&args.stack.files, mistakes)?
    } else {
        specification::stack(&args.stack, mistakes, FailureFormat::Text)?
    };
    if let Some(inject) = args.inject {
        stack.injection = inject.injection();
    }
    specification::known(target.missing(&stack))?;
    let values = values.unwrap_or_default();
    let files = render_with(&stack, target, &document.names(), &values).map_err(Failure::other)?;
    let changes = Changes::plan(&args.out, target, &stack.name, &files)?;
    if args.check {
        output::line(changes.diff().trim_end())?;
        return Ok(if changes.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(CHAIN_BROKEN)
        });
    }
    if is_terraform && !args.drop_stores {
        changes.keep_stores()?;
    }
    changes.apply()?;
    let notes = if is_terraform {
        changes.renamed_roles()
    } else {
        String::new()
    };
    output::line((changes.summary() + &notes).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
