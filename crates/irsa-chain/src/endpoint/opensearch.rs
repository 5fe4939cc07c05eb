//! Endpoints of Amazon OpenSearch Service and OpenSearch Serverless.

use std::str::FromStr;

use super::host::{self, Expected, Suffixes};
use crate::text::str_type;
use crate::{ParseError, Partition, Region};

/// The suffixes of dual-stack names, which have the service before the region.
const ON_AWS: &Suffixes = &[
    ("on.aws", Partition::Aws),
    ("on.aws", Partition::AwsUsGov),
    ("on.amazonwebservices.com.cn", Partition::AwsCn),
    ("on.amazonwebservices.eu", Partition::AwsEusc),
];

const KNOWN: &str = "an endpoint such as search-NAME-ID.REGION.es.amazonaws.com (also vpc-), \
                     search-NAME-ID.aos.REGION.on.aws, ID.REGION.aoss.amazonaws.com or \
                     ID.aoss.REGION.on.aws";

/// The host name of an OpenSearch domain or of a serverless collection.
///
/// Names are normalized to lower case without a trailing dot. The formats are those of `DomainStatus` in the OpenSearch
/// Service API reference and of "Collection endpoints for Amazon OpenSearch Serverless" in its developer guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenSearchEndpoint {
    host: String,
    kind: OpenSearchEndpointKind,
    region: Region,
    is_fips: bool,
}

/// The type of an [`OpenSearchEndpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenSearchEndpointKind {
    /// A domain with a public endpoint: `search-NAME-ID.REGION.es.…`.
    Domain,
    /// A domain in a VPC: `vpc-NAME-ID.REGION.es.…`.
    DomainVpc,
    /// The dual-stack name of a domain, public or in a VPC: `….aos.REGION.on.aws`.
    DomainDualStack,
    /// An OpenSearch Serverless collection, or all collections of an account: `ID.REGION.aoss.…`,
    /// `ID.aoss.REGION.on.aws`.
    Collection,
}

impl OpenSearchEndpoint {
    /// The host name, in lower case and without a trailing dot.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The type of the endpoint.
    pub fn kind(&self) -> OpenSearchEndpointKind {
        self.kind
    }

    /// The region in the name.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The domain's name, if the host name contains it: `search-NAME-ID` and `vpc-NAME-ID` with an ID of 26 characters
    /// ("Endpoint" in the OpenSearch Service API reference). Custom names and collections do not contain it.
    pub fn domain_name(&self) -> Option<&str> {
        let label = self.host.split('.').next()?;
        let label = label
            .strip_prefix("search-")
            .or(label.strip_prefix("vpc-"))?;
        let (name, id) = label.rsplit_once('-')?;
        let is_id = id.len() == 26 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        (is_id && self.kind != OpenSearchEndpointKind::Collection).then_some(name)
    }

    /// The partition of the region.
    pub fn partition(&self) -> Partition {
        self.region.partition()
    }

    /// Returns whether it is a FIPS 140 endpoint (`es-fips`, `aoss-fips`).
    pub fn is_fips(&self) -> bool {
        self.is_fips
    }

    /// The service that requests are signed for: `es`, or `aoss` for collections.
    pub fn signing_service(&self) -> &'static str {
        match self.kind {
            OpenSearchEndpointKind::Collection => "aoss",
            OpenSearchEndpointKind::Domain
            | OpenSearchEndpointKind::DomainVpc
            | OpenSearchEndpointKind::DomainDualStack => "es",
        }
    }

    fn as_str(&self) -> &str {
        &self.host
    }
}

impl FromStr for OpenSearchEndpoint {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(|expected| ParseError::new("an OpenSearch endpoint", text, expected))
    }
}

str_type!(OpenSearchEndpoint);

fn parse(text: &str) -> Result<OpenSearchEndpoint, Expected> {
    let host = host::normalize(text)?;
    let (kind, is_fips, region) = classic(&host).or_else(|| on_aws(&host)).ok_or(KNOWN)?;
    Ok(OpenSearchEndpoint {
        kind,
        is_fips,
        region: region?,
        host,
    })
}

type Parts = (OpenSearchEndpointKind, bool, Result<Region, Expected>);

/// Parses `NAME.REGION.es.SUFFIX` and `ID.REGION.aoss.SUFFIX`; `None` for other formats.
fn classic(host: &str) -> Option<Parts> {
    let (front, suffix) = host::split_suffix(host, host::CLASSIC)?;
    let [name, region, service] = three_labels(front)?;
    let (service, is_fips) = without_fips(service);
    let kind = match service {
        "aoss" => OpenSearchEndpointKind::Collection,
        "es" if name.starts_with("vpc-") => OpenSearchEndpointKind::DomainVpc,
        "es" => OpenSearchEndpointKind::Domain,
        _ => return None,
    };
    Some((
        kind,
        is_fips,
        host::region_under(region, suffix, host::CLASSIC),
    ))
}

/// Parses `NAME.aos.REGION.on.aws` and `ID.aoss.REGION.on.aws`; `None` for other formats.
fn on_aws(host: &str) -> Option<Parts> {
    let (front, suffix) = host::split_suffix(host, ON_AWS)?;
    let [_name, service, region] = three_labels(front)?;
    let (service, is_fips) = without_fips(service);
    let kind = match service {
        "aoss" => OpenSearchEndpointKind::Collection,
        "aos" => OpenSearchEndpointKind::DomainDualStack,
        _ => return None,
    };
    Some((kind, is_fips, host::region_under(region, suffix, ON_AWS)))
}

fn three_labels(front: &str) -> Option<[&str; 3]> {
    let mut labels = front.split('.');
    let three = [labels.next()?, labels.next()?, labels.next()?];
    labels.next().is_none().then_some(three)
}

/// The service's name, and whether the label is that of its FIPS endpoint.
fn without_fips(service: &str) -> (&str, bool) {
    service
        .strip_suffix("-fips")
        .map_or((service, false), |service| (service, true))
}

#[cfg(test)]
mod tests;
