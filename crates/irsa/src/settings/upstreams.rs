//! The upstreams and their listeners: each by itself, and all together.

use irsa_chain::Region;
use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_net::tls::Roots;
use irsa_postgres::Upstream;

use super::Mistakes;
use crate::upstream::{self, Store, UpstreamSpec};

/// AWS's page on where to get the roots of RDS.
const ROOTS_PAGE: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html";

/// Reads the upstreams. `given_region` is what was given as `--region`, and `region` what it was understood as.
pub(super) fn resolve(
    texts: &[String],
    given_region: Option<&str>,
    region: Option<&Region>,
    mistakes: &mut Mistakes,
) -> Vec<UpstreamSpec> {
    let is_given = given_region.is_some_and(|region| !region.is_empty());
    let any_region = upstream::any_region().filter(|_| is_given);
    let region = region.or(any_region.as_ref());
    let mut upstreams = Vec::new();
    let mut given = texts
        .iter()
        .flat_map(|text| text.split_whitespace())
        .peekable();
    if given.peek().is_none() {
        mistakes.add(
            "no upstream was given; for instance `irsa proxy postgres://ENDPOINT`, or \
             `opensearch://ENDPOINT`",
        );
    }
    for text in given {
        match upstream::parse(text, region) {
            Ok(upstream) => upstreams.push(upstream),
            Err(found) => mistakes.extend(found),
        }
    }
    upstreams
}

/// Sentences on upstreams whose certificate is not likely to verify: the roots of their region are
/// not built in, and no others were given.
pub(super) fn uncovered(upstreams: &[UpstreamSpec], roots: &Roots) -> Vec<String> {
    let databases = upstreams.iter().filter_map(|spec| match &spec.store {
        Store::Postgres(upstream) => Some(upstream),
        // Domains have certificates of Amazon Trust Services, whose roots are public.
        Store::OpenSearch(_) => None,
    });
    let uncovered = databases
        .filter(|upstream| !roots.covers(&upstream.region) && !has_public_certificate(upstream));
    let sentence = |upstream: &Upstream| {
        format!(
            "the root certificates of RDS in {} are not built in, so that `{upstream}` may not be \
             trusted; download them ({ROOTS_PAGE}) and name the file with --ca-file",
            upstream.region
        )
    };
    uncovered.map(sentence).collect()
}

/// RDS Proxy has certificates of AWS Certificate Manager (Aurora user guide, "Using TLS/SSL with
/// RDS Proxy").
fn has_public_certificate(upstream: &Upstream) -> bool {
    let endpoint: Option<RdsEndpoint> = upstream.sign_host.parse().ok();
    endpoint.is_some_and(|endpoint| {
        matches!(
            endpoint.kind(),
            RdsEndpointKind::Proxy | RdsEndpointKind::ProxyEndpoint
        )
    })
}
