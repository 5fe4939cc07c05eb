"""Prints the endpoints that botocore's rules give for IAM, RDS, OpenSearch, Secrets Manager and EKS: service, region,
FIPS, dual stack, URL and the region that requests are signed for, separated by tabs. Combinations that the rules refuse are
left out.
"""

from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader

loader = Loader()
partitions = loader.load_data("partitions")
regions = [name for partition in partitions["partitions"] for name in partition["regions"] if "global" not in name]
for service in ("iam", "rds", "opensearch", "secretsmanager", "eks"):
    rules = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    for region in regions:
        for fips in (False, True):
            for dual_stack in (False, True):
                try:
                    found = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
                except EndpointProviderError:
                    continue
                schemes = found.properties.get("authSchemes") or [{}]
                signed_for = schemes[0].get("signingRegion", region)
                print(service, region, str(fips).lower(), str(dual_stack).lower(), found.url, signed_for, sep="\t")
