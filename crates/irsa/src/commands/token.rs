//! `irsa token`: prints an RDS authentication token.

use std::process::ExitCode;
use std::sync::Arc;

use irsa_identity::{Identity, RdsSigner, RdsToken, SystemClock};
use serde_json::json;

use crate::cli::{Output, TokenArgs};
use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{self, Mistakes};
use irsa_cli::runtime;

pub(crate) fn run(args: TokenArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let output = args.output;
    let (settings, target) = settings::token(args, mistakes)?;
    let token = runtime::run(async {
        let clock = Arc::new(SystemClock);
        let identity = Identity::start(settings, clock.clone()).map_err(exit::broken)?;
        RdsSigner::new(identity, clock)
            .token(&target)
            .await
            .map_err(exit::broken)
    })?;
    output::line(&shown(&token, output))?;
    Ok(ExitCode::SUCCESS)
}

fn shown(token: &RdsToken, output: Output) -> String {
    match output {
        Output::Text => token.expose().to_owned(),
        Output::Json => json!({
            "token": token.expose(),
            "signed_at": irsa_chain::timestamp::rfc3339(token.signed_at()),
            "usable_until": irsa_chain::timestamp::rfc3339(token.usable_until()),
        })
        .to_string(),
    }
}
