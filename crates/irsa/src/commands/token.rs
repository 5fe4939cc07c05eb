//! `irsa token`: an RDS token on standard output, for a person or a script.

use std::process::ExitCode;
use std::sync::Arc;

use irsa_chain::Region;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_identity::{Identity, RdsSigner, RdsTarget, RdsToken, SystemClock};
use serde_json::json;

use super::runtime;
use crate::cli::{Output, TokenArgs};
use crate::exit::Failure;
use crate::output;
use crate::settings::{self, Mistakes};

pub(crate) fn run(args: TokenArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::identity_only(args.identity, mistakes)?;
    let region = region_of(&args.host, settings.region.clone())?;
    let target = RdsTarget {
        sign_host: args.host.to_ascii_lowercase(),
        port: args.port,
        user: args.user,
        region,
    };
    let token = runtime::control()?.block_on(async {
        let clock = Arc::new(SystemClock);
        let identity = Identity::start(settings, clock.clone())?;
        RdsSigner::new(identity, clock).token(&target).await
    })?;
    output::line(&shown(&token, args.output));
    Ok(ExitCode::SUCCESS)
}

fn shown(token: &RdsToken, output: Output) -> String {
    match output {
        Output::Text => token.expose().to_owned(),
        Output::Json => json!({
            "token": token.expose(),
            "signedAt": output::rfc3339(token.signed_at()),
            "usableUntil": output::rfc3339(token.usable_until()),
        })
        .to_string(),
    }
}

fn region_of(host: &str, given: Option<Region>) -> Result<Region, Failure> {
    let told = || host.parse::<RdsEndpoint>().ok()?.region().cloned();
    given.or_else(told).ok_or_else(|| Failure::Other {
        message: format!("the region can't be told from `{host}`"),
        remedy: Some("set --region to the database's region".to_owned()),
    })
}
