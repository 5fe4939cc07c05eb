//! `irsa status`: the chain of a running proxy, read from its status address.

use std::process::ExitCode;

use irsa_cli::{CHAIN_BROKEN, runtime};
use irsa_net::listen::ListenAddress;
use irsa_ops::status::{self, FetchError, LinkState, Status};

use crate::cli::{Output, StatusArgs};
use crate::exit::Failure;
use crate::output;
use crate::settings::Mistakes;

pub(crate) fn run(args: &StatusArgs, mut mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let address = address(&args.address, &mut mistakes);
    let limit = mistakes.timeout("--timeout", &args.timeout);
    let (Some(address), Some(limit)) = mistakes.or((address, limit))? else {
        return Ok(ExitCode::SUCCESS);
    };
    let fetched = runtime::run(async {
        let fetched = status::fetch(&address, limit).await;
        fetched.map_err(|error| unavailable(&address, &error))
    })?;
    output::line(&match args.output {
        Output::Text => status::text(&fetched),
        Output::Json => status::json(&fetched).map_err(Failure::other)?,
    })?;
    Ok(exit_code(&fetched))
}

fn address(text: &str, mistakes: &mut Mistakes) -> Option<ListenAddress> {
    const FLAG: &str = "--status-address";
    let address = mistakes.address_or_off(FLAG, text);
    if text == "off" {
        mistakes.check::<()>(FLAG, Err("this proxy offers no status address"));
    }
    address
}

fn unavailable(address: &ListenAddress, error: &FetchError) -> Failure {
    Failure::Other {
        message: format!("cannot read the status of a proxy at `{address}`: {error}"),
        remedy: Some(
            "run this in the pod of the proxy; if the proxy was started with --status-address, name the same address"
                .to_owned(),
        ),
    }
}

fn exit_code(status: &Status) -> ExitCode {
    match status.overall() {
        LinkState::Broken => ExitCode::from(CHAIN_BROKEN),
        _ => ExitCode::SUCCESS,
    }
}
