//! Where each API is, and what it is signed for.

use irsa_chain::{Partition, Region};
use irsa_identity::Environment;

/// An API of AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Rds,
    OpenSearch,
}

/// The URLs that the environment names in place of AWS's own (AWS SDKs and Tools Reference Guide, "Service-specific
/// endpoints").
#[derive(Debug, Clone, Default)]
pub(crate) struct Endpoints {
    all: Option<String>,
    iam: Option<String>,
    rds: Option<String>,
    opensearch: Option<String>,
}

impl Endpoints {
    pub(crate) fn new(environment: &Environment) -> Self {
        let url = |name| {
            let url: Option<&str> = environment.get(name);
            url.map(|url| url.trim_end_matches('/').to_owned())
        };
        Self {
            all: url("AWS_ENDPOINT_URL"),
            iam: url("AWS_ENDPOINT_URL_IAM"),
            rds: url("AWS_ENDPOINT_URL_RDS"),
            opensearch: url("AWS_ENDPOINT_URL_OPENSEARCH"),
        }
    }

    /// The URL without a path.
    pub(crate) fn url(&self, service: Service, region: &Region) -> String {
        let own = match service {
            Service::Iam => &self.iam,
            Service::Rds => &self.rds,
            Service::OpenSearch => &self.opensearch,
        };
        let named = own.as_ref().or(self.all.as_ref());
        named.map_or_else(
            || format!("https://{}", host(service, region)),
            Clone::clone,
        )
    }
}

impl Service {
    /// The name in the credential scope.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Rds => "rds",
            Self::OpenSearch => "es",
        }
    }
}

/// Where a partition has its IAM ("IAM endpoints and quotas" in the AWS General Reference).
pub(crate) fn iam_region(partition: Partition) -> &'static str {
    match partition {
        Partition::Aws => "us-east-1",
        Partition::AwsCn => "cn-north-1",
        Partition::AwsUsGov => "us-gov-west-1",
        Partition::AwsIso => "us-iso-east-1",
        Partition::AwsIsoB => "us-isob-east-1",
        Partition::AwsIsoE => "eu-isoe-west-1",
        Partition::AwsIsoF => "us-isof-south-1",
        Partition::AwsEusc => "eusc-de-east-1",
    }
}

fn host(service: Service, region: &Region) -> String {
    let partition = region.partition();
    let suffix = partition.dns_suffix();
    match (service, partition) {
        (Service::Iam, Partition::Aws) => format!("iam.{suffix}"),
        (Service::Iam, Partition::AwsUsGov) => format!("iam.us-gov.{suffix}"),
        _ => format!("{}.{}.{suffix}", service.signing_name(), region.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_iam() {
        for (partition, expected) in [
            (Partition::Aws, "https://iam.amazonaws.com"),
            (Partition::AwsUsGov, "https://iam.us-gov.amazonaws.com"),
            (Partition::AwsCn, "https://iam.cn-north-1.amazonaws.com.cn"),
            (
                Partition::AwsEusc,
                "https://iam.eusc-de-east-1.amazonaws.eu",
            ),
        ] {
            let region: Region = iam_region(partition).parse().unwrap();
            assert_eq!(region.partition(), partition);
            assert_eq!(Endpoints::default().url(Service::Iam, &region), expected);
        }
    }

    #[test]
    fn a_url_for_one_service_outranks_that_for_all() {
        let environment = Environment::from_pairs([
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1/"),
            ("AWS_ENDPOINT_URL_RDS", "http://127.0.0.1:2"),
        ]);
        let endpoints = Endpoints::new(&environment);
        let region = "eu-central-1".parse().unwrap();
        assert_eq!(endpoints.url(Service::Rds, &region), "http://127.0.0.1:2");
        assert_eq!(
            endpoints.url(Service::OpenSearch, &region),
            "http://127.0.0.1:1"
        );
    }
}
