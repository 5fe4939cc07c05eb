//! The settings of `irsa token`.

use irsa_chain::Region;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_identity::{IdentitySettings, RdsTarget};
use rustls::pki_types::ServerName;

use super::{Mistakes, identity};
use crate::cli::TokenArgs;

/// Returns the identity that signs, and the endpoint and user to sign for.
pub(super) fn resolve(
    args: TokenArgs,
    mut mistakes: Mistakes,
) -> Result<(IdentitySettings, RdsTarget), Mistakes> {
    let identity = identity::checked(args.identity, &mut mistakes);
    let sign_host = mistakes.check("--host", sign_host(&args.host));
    let region = sign_host
        .as_deref()
        .map(|host| region(host, identity.region.as_ref()));
    let region = region.and_then(|region| mistakes.collect(region));
    if args.user.is_empty() {
        mistakes.check::<()>(
            "--user",
            Err("the user is empty; set it to the database user"),
        );
    }
    match (sign_host, region) {
        (Some(sign_host), Some(region)) => {
            let target = RdsTarget {
                sign_host,
                port: args.port,
                user: args.user,
                region,
            };
            mistakes.or((identity, target))
        }
        _ => Err(mistakes),
    }
}

/// Returns the host name in lower case and without a trailing dot, as in upstreams.
fn sign_host(host: &str) -> Result<String, String> {
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_name = matches!(
        ServerName::try_from(name.as_str()),
        Ok(ServerName::DnsName(_))
    );
    if is_name && name != "localhost" {
        Ok(name)
    } else {
        Err(format!(
            "`{host}` is not an RDS endpoint name; RDS rejects tokens that are signed for a socket, a tunnel or an IP address"
        ))
    }
}

/// Returns the region in the endpoint's name, else the one that was given.
fn region(host: &str, given: Option<&Region>) -> Result<Region, String> {
    let endpoint: Option<RdsEndpoint> = host.parse().ok();
    let own = endpoint.as_ref().and_then(RdsEndpoint::region);
    own.or(given)
        .cloned()
        .ok_or_else(|| format!("cannot derive the region from `{host}`; set --region"))
}
