//! OpenSearch upstreams: what requests are signed for, and where connections go.

use irsa_chain::Region;
use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_identity::{SigningScope, SigningService};
use irsa_opensearch::{PayloadSigning, Upstream};

use super::parameters::Parameters;
use super::{OpenSearchStore, region, tls_name};

/// The only port on which AWS endpoints accept signed requests over TLS.
const HTTPS: u16 = 443;

pub(super) fn resolve(
    host: &str,
    port: u16,
    parameters: &Parameters,
    default_region: Option<&Region>,
    mistakes: &mut Vec<String>,
) -> Option<OpenSearchStore> {
    let sign_host = parameters.sign_host.as_deref().unwrap_or(host).to_owned();
    if sign_host.parse::<RdsEndpoint>().is_ok() {
        mistakes.push(format!(
            "`{sign_host}` is a database endpoint; use `postgres://{host}`"
        ));
        return None;
    }
    let endpoint: Option<OpenSearchEndpoint> = sign_host.parse().ok();
    let of_endpoint = endpoint.as_ref().map(OpenSearchEndpoint::region);
    let given = parameters.region.as_ref();
    let region = region(given, of_endpoint, default_region, &sign_host, mistakes);
    let tls_name = tls_name(parameters.tls_name.as_ref(), &sign_host, mistakes);
    if endpoint.is_some() && port != HTTPS {
        mistakes.push(format!(
            "Amazon OpenSearch Service accepts connections on port {HTTPS} only: remove `:{port}`; to choose the port that irsa listens on, add \
             `listen={port}`"
        ));
    }
    let (dial_host, dial_port) = parameters.dial_or(host, port);
    let upstream = Upstream {
        scope: SigningScope {
            region: region?,
            service: service(parameters.service, endpoint.as_ref(), mistakes),
        },
        sign_host,
        sign_port: port,
        dial_host,
        dial_port,
        http_proxy: parameters.given_http_proxy(),
        tls_name: tls_name?,
    };
    Some(OpenSearchStore {
        upstream,
        guards: parameters.guards.clone(),
        payload: if parameters.unsigned_payload {
            PayloadSigning::Unsigned
        } else {
            PayloadSigning::Hashed
        },
        http2: parameters.http2,
        server_names: parameters.server_names.clone(),
    })
}

/// Returns the service to sign for. An AWS endpoint name implies it; a custom name does not.
fn service(
    given: Option<SigningService>,
    endpoint: Option<&OpenSearchEndpoint>,
    mistakes: &mut Vec<String>,
) -> SigningService {
    let of_endpoint = endpoint.and_then(|endpoint| endpoint.signing_service().parse().ok());
    match (given, of_endpoint) {
        (Some(given), Some(of_endpoint)) if given != of_endpoint => {
            mistakes.push(format!(
                "`service={given}` does not match the endpoint, which belongs to `{of_endpoint}`"
            ));
            given
        }
        (given, of_endpoint) => given.or(of_endpoint).unwrap_or(SigningService::Es),
    }
}
