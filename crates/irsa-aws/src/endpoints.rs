//! The endpoints of the APIs, and the names that requests are signed for.

use irsa_chain::{Partition, Region};
use irsa_identity::Environment;

/// An AWS API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Rds,
    OpenSearch,
    SecretsManager,
    Eks,
}

/// The endpoint overrides in the environment, and the variant of the default endpoints (AWS SDKs and Tools Reference
/// Guide, "Service-specific endpoints" and "Dual-stack and FIPS endpoints").
#[derive(Debug, Clone, Default)]
pub(crate) struct Endpoints {
    all: Option<String>,
    iam: Option<String>,
    rds: Option<String>,
    opensearch: Option<String>,
    secrets_manager: Option<String>,
    eks: Option<String>,
    pub(crate) variant: Variant,
}

/// The variant of the default endpoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    pub(crate) fips: bool,
    pub(crate) dual_stack: bool,
}

impl Endpoints {
    pub(crate) fn new(environment: &Environment) -> Self {
        let url = |name| {
            let url: Option<&str> = environment.get(name);
            url.map(|url| url.trim_end_matches('/').to_owned())
        };
        let is_on = |name| {
            let value: Option<&str> = environment.get(name);
            value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
        };
        Self {
            all: url("AWS_ENDPOINT_URL"),
            iam: url("AWS_ENDPOINT_URL_IAM"),
            rds: url("AWS_ENDPOINT_URL_RDS"),
            opensearch: url("AWS_ENDPOINT_URL_OPENSEARCH"),
            secrets_manager: url("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            eks: url("AWS_ENDPOINT_URL_EKS"),
            variant: Variant {
                fips: is_on("AWS_USE_FIPS_ENDPOINT"),
                dual_stack: is_on("AWS_USE_DUALSTACK_ENDPOINT"),
            },
        }
    }

    /// The URL of a service, without a path.
    pub(crate) fn url(&self, service: Service, region: &Region) -> String {
        let own = match service {
            Service::Iam => &self.iam,
            Service::Rds => &self.rds,
            Service::OpenSearch => &self.opensearch,
            Service::SecretsManager => &self.secrets_manager,
            Service::Eks => &self.eks,
        };
        let named = own.as_ref().or(self.all.as_ref());
        named.map_or_else(
            || format!("https://{}", host(service, region, self.variant)),
            Clone::clone,
        )
    }
}

impl Service {
    /// The service name in the credential scope.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Rds => "rds",
            Self::OpenSearch => "es",
            Self::SecretsManager => "secretsmanager",
            Self::Eks => "eks",
        }
    }
}

/// The IAM endpoints of a partition, in which IAM is global.
struct GlobalIam {
    partition: Partition,
    /// The region that requests are signed for.
    region: &'static str,
    /// The hosts: default, FIPS, dual-stack, and both.
    hosts: [&'static str; 4],
}

/// The endpoint rules of IAM in the AWS SDKs.
static GLOBAL_IAM: [GlobalIam; 8] = [
    GlobalIam {
        partition: Partition::Aws,
        region: "us-east-1",
        hosts: [
            "iam.amazonaws.com",
            "iam-fips.amazonaws.com",
            "iam.global.api.aws",
            "iam-fips.global.api.aws",
        ],
    },
    GlobalIam {
        partition: Partition::AwsCn,
        region: "cn-north-1",
        hosts: [
            "iam.cn-north-1.amazonaws.com.cn",
            "iam-fips.amazonaws.com.cn",
            "iam.global.api.amazonwebservices.com.cn",
            "iam-fips.api.amazonwebservices.com.cn",
        ],
    },
    GlobalIam {
        partition: Partition::AwsUsGov,
        region: "us-gov-west-1",
        hosts: [
            "iam.us-gov.amazonaws.com",
            "iam.us-gov.amazonaws.com",
            "iam.us-gov.api.aws",
            "iam.us-gov.api.aws",
        ],
    },
    GlobalIam {
        partition: Partition::AwsIso,
        region: "us-iso-east-1",
        hosts: [
            "iam.us-iso-east-1.c2s.ic.gov",
            "iam-fips.us-iso-east-1.c2s.ic.gov",
            "iam.api.aws.ic.gov",
            "iam-fips.api.aws.ic.gov",
        ],
    },
    GlobalIam {
        partition: Partition::AwsIsoB,
        region: "us-isob-east-1",
        hosts: [
            "iam.us-isob-east-1.sc2s.sgov.gov",
            "iam-fips.us-isob-east-1.sc2s.sgov.gov",
            "iam.api.aws.scloud",
            "iam-fips.api.aws.scloud",
        ],
    },
    GlobalIam {
        partition: Partition::AwsIsoE,
        region: "eu-isoe-west-1",
        hosts: [
            "iam.eu-isoe-west-1.cloud.adc-e.uk",
            "iam-fips.cloud.adc-e.uk",
            "iam.api.cloud-aws.adc-e.uk",
            "iam-fips.api.cloud-aws.adc-e.uk",
        ],
    },
    GlobalIam {
        partition: Partition::AwsIsoF,
        region: "us-isof-south-1",
        hosts: [
            "iam.us-isof-south-1.csp.hci.ic.gov",
            "iam-fips.csp.hci.ic.gov",
            "iam.api.aws.hci.ic.gov",
            "iam-fips.api.aws.hci.ic.gov",
        ],
    },
    GlobalIam {
        partition: Partition::AwsEusc,
        region: "eusc-de-east-1",
        hosts: [
            "iam.eusc-de-east-1.amazonaws.eu",
            "iam-fips.amazonaws.eu",
            "iam.global.api.amazonwebservices.eu",
            "iam-fips.api.amazonwebservices.eu",
        ],
    },
];

fn global_iam(partition: Partition) -> &'static GlobalIam {
    let own = GLOBAL_IAM.iter().find(|iam| iam.partition == partition);
    own.unwrap_or(&GLOBAL_IAM[0])
}

/// The region that requests to a partition's IAM are signed for.
pub(crate) fn iam_region(partition: Partition) -> &'static str {
    global_iam(partition).region
}

/// The host of a service in a region (endpoint rules of each service in the AWS SDKs).
fn host(service: Service, region: &Region, variant: Variant) -> String {
    let partition = region.partition();
    let Variant { fips, dual_stack } = variant;
    let label = match service {
        Service::Iam => {
            let hosts = global_iam(partition).hosts;
            return hosts[usize::from(fips) + 2 * usize::from(dual_stack)].to_owned();
        }
        // The default endpoint of RDS in GovCloud is a FIPS endpoint.
        Service::Rds if fips && (dual_stack || partition != Partition::AwsUsGov) => "rds-fips",
        Service::Rds => "rds",
        Service::OpenSearch if fips => "es-fips",
        Service::OpenSearch if dual_stack && has_aos(partition) => "aos",
        Service::OpenSearch => "es",
        Service::SecretsManager if fips => "secretsmanager-fips",
        Service::SecretsManager => "secretsmanager",
        // The default endpoint of EKS in GovCloud is a FIPS endpoint, too.
        Service::Eks if fips && !dual_stack && partition == Partition::Aws => "fips.eks",
        Service::Eks if fips && (dual_stack || partition != Partition::AwsUsGov) => "eks-fips",
        Service::Eks => "eks",
    };
    let has_own_suffix = service != Service::SecretsManager || !is_dual_stack(partition, fips);
    let suffix = if dual_stack && has_own_suffix {
        partition.dual_stack_dns_suffix()
    } else {
        partition.dns_suffix()
    };
    format!("{label}.{}.{suffix}", region.as_str())
}

/// Returns whether the default endpoints of Secrets Manager in the partition are dual-stack ones.
const fn is_dual_stack(partition: Partition, fips: bool) -> bool {
    match partition {
        Partition::Aws | Partition::AwsUsGov => true,
        Partition::AwsCn => !fips,
        _ => false,
    }
}

/// Returns whether the dual-stack endpoints of OpenSearch Service are `aos.…` in the partition.
const fn has_aos(partition: Partition) -> bool {
    matches!(
        partition,
        Partition::Aws | Partition::AwsCn | Partition::AwsUsGov
    )
}

#[cfg(test)]
mod tests;
