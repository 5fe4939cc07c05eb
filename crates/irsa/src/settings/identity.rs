//! The identity, and the CAs to trust.

use std::path::Path;

use irsa_chain::{RoleArn, SessionName};
use irsa_identity::{Environment, IdentitySettings, RoleStep, SourceChoice, Timeouts};
use irsa_net::tls::Roots;
use url::Url;

use super::Mistakes;
use crate::cli::IdentityArgs;

pub(super) fn resolve(args: IdentityArgs, mistakes: &mut Mistakes) -> IdentitySettings {
    let choice = mistakes
        .parse("--identity", Some(&args.identity))
        .unwrap_or(SourceChoice::Auto);
    let session_name: Option<SessionName> =
        mistakes.parse("--session-name", args.session_name.as_deref());
    let role: Option<RoleArn> = mistakes.parse("--role", args.role.as_deref());
    if args.external_id.is_some() && args.role.is_none() {
        mistakes.add("--external-id requires --role");
    }
    let role_chain = role.map(|role| RoleStep {
        role,
        external_id: args.external_id,
        session_name: session_name.clone(),
    });
    let timeouts = Timeouts::default();
    let wait = mistakes.duration("--credentials-timeout", &args.credentials_timeout);
    IdentitySettings {
        region: mistakes.parse("--region", args.region.as_deref()),
        sts_endpoint: sts_endpoint(args.sts_endpoint, mistakes),
        fips: args.fips,
        dual_stack: args.dual_stack,
        ca_file: args.ca_file,
        session_name,
        role_chain: role_chain.into_iter().collect(),
        timeouts: Timeouts {
            wait: wait.unwrap_or(timeouts.wait),
            ..timeouts
        },
        ..IdentitySettings::new(choice, Environment::current())
    }
}

/// Validates the identity of a command that only talks to AWS. The CA file is read here to report mistakes in it.
pub(super) fn checked(args: IdentityArgs, mistakes: &mut Mistakes) -> IdentitySettings {
    let identity = resolve(args, mistakes);
    roots(identity.ca_file.as_deref(), mistakes);
    identity
}

/// Returns the CAs that upstream certificates are verified with.
pub(super) fn roots(ca_file: Option<&Path>, mistakes: &mut Mistakes) -> Roots {
    let roots = mistakes.check("--ca-file", Roots::upstream(ca_file));
    roots.unwrap_or_else(Roots::rds)
}

fn sts_endpoint(given: Option<String>, mistakes: &mut Mistakes) -> Option<String> {
    let given = given.filter(|url| !url.is_empty())?;
    let is_url = Url::parse(&given)
        .is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
    let checked = if is_url {
        Ok(given)
    } else {
        Err(format!(
            "`{given}` is not a URL; expected for example `https://sts.REGION.amazonaws.com`"
        ))
    };
    mistakes.check("--sts-endpoint", checked)
}
