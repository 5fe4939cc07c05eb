//! `irsa whoami`: the identity that AWS reports for this process.

use std::process::ExitCode;
use std::sync::Arc;

use irsa_identity::{CallerIdentity, Identity, SystemClock};
use serde_json::{Value, json};

use crate::cli::{Output, WhoamiArgs};
use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{self, Mistakes};
use irsa_cli::runtime;

pub(crate) fn run(args: WhoamiArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::identity_only(args.identity, mistakes)?;
    let (identity, caller) = runtime::run(async {
        let identity = Identity::start(settings, Arc::new(SystemClock)).map_err(exit::broken)?;
        let caller = identity.caller().await.map_err(exit::broken)?;
        Ok((identity, caller))
    })?;
    output::line(&match args.output {
        Output::Json => document(&identity, &caller).to_string(),
        Output::Text => text(&identity, &caller),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn document(identity: &Identity, caller: &CallerIdentity) -> Value {
    let source = identity.source();
    json!({
        "account": caller.account.to_string(),
        "arn": caller.arn,
        "user_id": caller.user_id,
        "source": source.name(),
        "role_arn": source.role_arn().map(ToString::to_string),
        "token_file": source.token_file(),
        "expires_at": identity.state().expires_at().map(irsa_chain::timestamp::rfc3339),
        "warnings": source.warnings(),
    })
}

fn text(identity: &Identity, caller: &CallerIdentity) -> String {
    let source = identity.source();
    let mut lines = vec![
        format!("arn       {}", caller.arn),
        format!("account   {}", caller.account),
        format!("source    {}", source.name()),
    ];
    if let Some(role) = source.role_arn() {
        lines.push(format!("role      {role}"));
    }
    if let Some(file) = source.token_file() {
        lines.push(format!("token     {}", file.display()));
    }
    if let Some(at) = identity.state().expires_at() {
        lines.push(format!("expires   {}", irsa_chain::timestamp::rfc3339(at)));
    }
    lines.extend(
        source
            .warnings()
            .iter()
            .map(|warning| format!("warning   {warning}")),
    );
    lines.join("\n")
}
