//! The upstreams and their listeners, validated one by one and together.

use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_identity::{Environment, IdentitySettings};
use irsa_net::connect::ProxyRules;
use irsa_net::tls::Roots;
use irsa_postgres::Upstream;

use super::Mistakes;
use crate::upstream::{self, Store, UpstreamSpec};

/// The AWS page that offers the RDS root certificates for download.
const ROOTS_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html";

/// Parses the upstreams. `given_region` is the value of `--region`, whose parsed form is in `identity`.
pub(super) fn resolve(
    texts: &[String],
    given_region: Option<&str>,
    identity: &IdentitySettings,
    mistakes: &mut Mistakes,
) -> Vec<UpstreamSpec> {
    let is_given = given_region.is_some_and(|region| !region.is_empty());
    let any_region = upstream::any_region().filter(|_| is_given);
    let region = identity.region.as_ref().or(any_region.as_ref());
    let mut upstreams = Vec::new();
    let mut given = texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .peekable();
    // An earlier mistake is probably the reason, such as a misspelled variable or an unreadable configuration file.
    if given.peek().is_none() && mistakes.sentences().is_empty() {
        mistakes.add(
            "no upstream given; expected for example `irsa proxy postgres://ENDPOINT`, or \
             `opensearch://ENDPOINT`",
        );
    }
    for text in given {
        match upstream::parse(text, region) {
            Ok(upstream) => upstreams.push(upstream),
            Err(found) => mistakes.extend(found),
        }
    }
    select_http_proxies(&mut upstreams, &identity.environment, mistakes);
    upstreams
}

/// Selects the HTTP proxy of each upstream with `http-proxy=env`.
fn select_http_proxies(
    upstreams: &mut [UpstreamSpec],
    environment: &Environment,
    mistakes: &mut Mistakes,
) {
    let users = upstreams.iter_mut().filter(|one| one.uses_proxy_variables);
    let mut users = users.peekable();
    let (Some(_), Some((name, https_proxy))) = (users.peek(), environment.https_proxy()) else {
        return;
    };
    let no_proxy = environment.no_proxy().map_or("", |(_, value)| value);
    match ProxyRules::parse(https_proxy, no_proxy) {
        Ok(rules) => users.for_each(|upstream| upstream.select_http_proxy(&rules)),
        Err(error) => mistakes.add(format!("{name} {error}")),
    }
}

/// Returns a warning for each upstream whose certificate will probably not verify: the RDS root certificates of its
/// region are not built in, and no CA file was given.
pub(super) fn uncovered(upstreams: &[UpstreamSpec], roots: &Roots) -> Vec<String> {
    let databases = upstreams.iter().filter_map(|spec| match &spec.store {
        Store::Postgres(upstream) => Some(upstream),
        // The certificates of domains are issued by Amazon Trust Services, whose roots are public.
        Store::OpenSearch(_) => None,
    });
    let uncovered = databases
        .filter(|upstream| !roots.covers(&upstream.region) && !has_public_certificate(upstream));
    let sentence = |upstream: &Upstream| {
        format!(
            "the RDS root certificates for {} are not built in, so the certificate of `{upstream}` may not be \
             trusted; download them ({ROOTS_PAGE}) and set --ca-file to the file",
            upstream.region
        )
    };
    uncovered.map(sentence).collect()
}

/// Returns whether the endpoint is an RDS Proxy, which uses certificates of AWS Certificate Manager (Aurora User Guide,
/// "Using TLS/SSL with RDS Proxy").
fn has_public_certificate(upstream: &Upstream) -> bool {
    let endpoint: Option<RdsEndpoint> = upstream.sign_host.parse().ok();
    endpoint.is_some_and(|endpoint| {
        matches!(
            endpoint.kind(),
            RdsEndpointKind::Proxy | RdsEndpointKind::ProxyEndpoint
        )
    })
}
