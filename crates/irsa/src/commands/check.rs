//! `irsa check`: the specification against itself.

use std::process::ExitCode;

use irsa_cli::{CHAIN_BROKEN, UNSURE};
use irsa_stack::{Stack, Table, check};
use serde_json::Value;

use super::specification::{failure_format, stack};
use crate::cli::{CheckArgs, Output};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: &CheckArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let (_, stack) = stack(&args.stack, mistakes, failure_format(args.output))?;
    let table = check(&stack);
    match args.output {
        Output::Text => output::line((table.text() + &placeholders(&stack)).trim_end()),
        Output::Json => output::line(&json(&table, &stack).to_string()),
    }?;
    Ok(exit_code(&table))
}

fn exit_code(table: &Table) -> ExitCode {
    if table.is_right() {
        ExitCode::SUCCESS
    } else if table
        .rows
        .iter()
        .any(|row| !row.is_right() && row.allowed.is_some())
    {
        ExitCode::from(CHAIN_BROKEN)
    } else {
        ExitCode::from(UNSURE)
    }
}

fn placeholders(stack: &Stack) -> String {
    let names: Vec<_> = stack.placeholders.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(
            "decided with placeholders for what Terraform creates: {}\n",
            names.join(", ")
        )
    }
}

fn json(table: &Table, stack: &Stack) -> Value {
    let mut json = table.json();
    let names = stack.placeholders.iter().map(ToString::to_string);
    if let Some(object) = json.as_object_mut() {
        object.insert("placeholders".to_owned(), names.collect());
    }
    json
}
