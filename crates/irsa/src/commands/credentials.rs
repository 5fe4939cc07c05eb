//! `irsa credentials`: credentials for `credential_process` in an AWS configuration file (AWS SDKs and Tools Reference
//! Guide, "Process credential provider").

use std::process::ExitCode;
use std::sync::Arc;

use irsa_identity::{ExposeSecret, Identity, SessionCredentials, SystemClock};
use serde_json::{Value, json};

use crate::cli::CredentialsArgs;
use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{self, Mistakes};
use irsa_cli::runtime;

pub(crate) fn run(args: CredentialsArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::identity_only(args.identity, mistakes)?;
    let credentials = runtime::run(async {
        let identity = Identity::start(settings, Arc::new(SystemClock)).map_err(exit::broken)?;
        identity.credentials().await.map_err(exit::broken)
    })?;
    output::line(&document(&credentials).to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn document(credentials: &SessionCredentials) -> Value {
    let mut document = json!({
        "Version": 1,
        "AccessKeyId": credentials.access_key_id(),
        "SecretAccessKey": credentials.secret_access_key().expose_secret(),
    });
    if let Some(token) = credentials.session_token() {
        document["SessionToken"] = token.expose_secret().into();
    }
    if let Some(at) = credentials.expires_at() {
        document["Expiration"] = irsa_chain::timestamp::rfc3339(at).into();
    }
    document
}
