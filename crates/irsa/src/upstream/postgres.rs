//! PostgreSQL upstreams: what tokens are signed for, and where connections go.

use irsa_chain::Region;
use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_postgres::Upstream;

use super::parameters::Parameters;
use super::{region, tls_name};

pub(super) fn resolve(
    host: &str,
    port: u16,
    parameters: &Parameters,
    default_region: Option<&Region>,
    mistakes: &mut Vec<String>,
) -> Option<Upstream> {
    let sign_host = parameters.sign_host.as_deref().unwrap_or(host).to_owned();
    if sign_host.parse::<OpenSearchEndpoint>().is_ok() {
        mistakes.push(format!(
            "`{sign_host}` is an OpenSearch endpoint; use `opensearch://{host}`"
        ));
        return None;
    }
    let endpoint: Option<RdsEndpoint> = sign_host.parse().ok();
    let of_endpoint = endpoint.as_ref().and_then(RdsEndpoint::region);
    let given = parameters.region.as_ref();
    let region = region(given, of_endpoint, default_region, &sign_host, mistakes);
    let tls_name = tls_name(parameters.tls_name.as_ref(), &sign_host, mistakes);
    let (dial_host, dial_port) = parameters.dial_or(host, port);
    Some(Upstream {
        sign_host,
        sign_port: parameters.sign_port.unwrap_or(port),
        dial_host,
        dial_port,
        http_proxy: parameters.given_http_proxy(),
        region: region?,
        tls_name: tls_name?,
    })
}
