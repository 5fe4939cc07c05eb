use super::OpenSearchEndpointKind::{Collection, Domain, DomainDualStack, DomainVpc};
use super::*;

#[test]
fn the_name_of_a_domain_precedes_its_id() {
    let name = |host: &str| -> Option<String> {
        let endpoint: OpenSearchEndpoint = host.parse().unwrap();
        endpoint.domain_name().map(str::to_owned)
    };
    let id = "1a2a3a4a5a6a7a8a9a0a9a8a7a";
    for (host, expected) in [
        (
            format!("search-logs-{id}.eu-west-1.es.amazonaws.com"),
            Some("logs"),
        ),
        (
            format!("vpc-test-domain-{id}.aos.eu-west-1.on.aws"),
            Some("test-domain"),
        ),
        (
            "search-test-domain.eu-west-1.es.amazonaws.com".to_owned(),
            None,
        ),
        ("test-domain.eu-west-1.es.amazonaws.com".to_owned(), None),
        (format!("{id}.eu-west-1.aoss.amazonaws.com"), None),
    ] {
        assert_eq!(name(&host).as_deref(), expected, "{host}");
    }
}

#[test]
fn parses_all_formats() {
    #[rustfmt::skip]
    let forms = [
        ("search-orders-2abc3a4ab4s2cabc2r2vmbja5a.eu-central-1.es.amazonaws.com", Domain, "eu-central-1", Partition::Aws, false),
        ("vpc-orders-n5y7w6cvh3buqrxawdvnck2zne.eu-west-1.es.amazonaws.com", DomainVpc, "eu-west-1", Partition::Aws, false),
        ("vpc-endpoint-h2dsd34efgyghrtguk5gt6j2fo.us-east-1.es.amazonaws.com", DomainVpc, "us-east-1", Partition::Aws, false),
        ("test-domain.eu-central-1.es.amazonaws.com", Domain, "eu-central-1", Partition::Aws, false),
        ("search-orders-capoiecpteku4kivjhdxtp3nr4.cn-northwest-1.es.amazonaws.com.cn", Domain, "cn-northwest-1", Partition::AwsCn, false),
        ("vpc-orders-4zarhbj33zcjjkqfo3afso45la.cn-north-1.es.amazonaws.com.cn", DomainVpc, "cn-north-1", Partition::AwsCn, false),
        ("search-orders-abc.us-gov-west-1.es.amazonaws.com", Domain, "us-gov-west-1", Partition::AwsUsGov, false),
        ("search-orders-abc.us-gov-west-1.es-fips.amazonaws.com", Domain, "us-gov-west-1", Partition::AwsUsGov, true),
        ("search-orders-abc.us-iso-east-1.es.c2s.ic.gov", Domain, "us-iso-east-1", Partition::AwsIso, false),
        ("search-orders-abc.us-isob-east-1.es.sc2s.sgov.gov", Domain, "us-isob-east-1", Partition::AwsIsoB, false),
        ("search-orders-abc.eusc-de-east-1.es.amazonaws.eu", Domain, "eusc-de-east-1", Partition::AwsEusc, false),
        ("search-orders-cq5z5g57zek6qmvs5p4lpdub5a.aos.us-east-1.on.aws", DomainDualStack, "us-east-1", Partition::Aws, false),
        ("vpc-orders-cq5z5g57zek6qmvs5p4lpdub5a.aos.us-gov-east-1.on.aws", DomainDualStack, "us-gov-east-1", Partition::AwsUsGov, false),
        ("search-orders-abc.aos.cn-north-1.on.amazonwebservices.com.cn", DomainDualStack, "cn-north-1", Partition::AwsCn, false),
        ("07tjusf2h91cunochc.us-east-1.aoss.amazonaws.com", Collection, "us-east-1", Partition::Aws, false),
        ("07tjusf2h91cunochc.us-east-1.aoss-fips.amazonaws.com", Collection, "us-east-1", Partition::Aws, true),
        ("abc123xyz.cn-north-1.aoss.amazonaws.com.cn", Collection, "cn-north-1", Partition::AwsCn, false),
        ("1tg2xudton46knx2a95g.aoss.us-east-1.on.aws", Collection, "us-east-1", Partition::Aws, false),
        ("123456789012.aoss.us-east-1.on.aws", Collection, "us-east-1", Partition::Aws, false),
        ("1tg2xudton46knx2a95g.aoss-fips.us-east-1.on.aws", Collection, "us-east-1", Partition::Aws, true),
    ];
    for (host, kind, region, partition, is_fips) in forms {
        let endpoint: OpenSearchEndpoint = host.parse().unwrap();
        assert_eq!(endpoint.host(), host);
        assert_eq!(endpoint.kind(), kind, "{host}");
        assert_eq!(endpoint.region().as_str(), region, "{host}");
        assert_eq!(endpoint.partition(), partition, "{host}");
        assert_eq!(endpoint.is_fips(), is_fips, "{host}");
    }
}

#[test]
fn signs_collections_as_aoss_and_domains_as_es() {
    let service = |host: &str| {
        host.parse::<OpenSearchEndpoint>()
            .unwrap()
            .signing_service()
    };
    assert_eq!(service("search-a-b.us-east-1.es.amazonaws.com"), "es");
    assert_eq!(service("vpc-a-b.us-east-1.es.amazonaws.com"), "es");
    assert_eq!(service("search-a-b.aos.us-east-1.on.aws"), "es");
    assert_eq!(service("a.us-east-1.aoss.amazonaws.com"), "aoss");
    assert_eq!(service("a.aoss.us-east-1.on.aws"), "aoss");
}

#[test]
fn normalizes_case_and_trailing_dot() {
    let endpoint: OpenSearchEndpoint = "Search-A-B.US-EAST-1.ES.AmazonAWS.com.".parse().unwrap();
    assert_eq!(
        endpoint.to_string(),
        "search-a-b.us-east-1.es.amazonaws.com"
    );
}

#[test]
fn rejects_near_misses() {
    let near_misses = [
        "",
        ".",
        "localhost",
        "opensearch.example.com",
        "es.amazonaws.com",
        "es.us-east-1.amazonaws.com",
        "us-east-1.es.amazonaws.com",
        "search-a-b.es.amazonaws.com",
        "a.search-a-b.us-east-1.es.amazonaws.com",
        "search-a-b..us-east-1.es.amazonaws.com",
        "search-a-b.us-east-1.es.amazonaws.com..",
        "search-a-b.us-east.es.amazonaws.com",
        "search-a-b.us-east-1.es.amazonaws.com.example.com",
        "search-a-b.us-east-1.es.notamazonaws.com",
        "search-a-b.us-east-1.s3.amazonaws.com",
        "search-a-b.us-east-1.aos.on.aws",
        "search-a-b.es.us-east-1.on.aws",
        "search_a.us-east-1.es.amazonaws.com",
        "orders.cluster-abc.us-east-1.rds.amazonaws.com",
    ];
    for host in near_misses {
        assert!(host.parse::<OpenSearchEndpoint>().is_err(), "{host}");
    }
}

#[test]
fn lists_the_known_formats() {
    let error = "opensearch.example.com"
        .parse::<OpenSearchEndpoint>()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`opensearch.example.com` is not an OpenSearch endpoint: expected an endpoint such as \
         search-NAME-ID.REGION.es.amazonaws.com (also vpc-), search-NAME-ID.aos.REGION.on.aws, \
         ID.REGION.aoss.amazonaws.com or ID.aoss.REGION.on.aws"
    );
}

#[test]
fn a_url_is_not_a_host() {
    let error = "https://a.us-east-1.es.amazonaws.com/"
        .parse::<OpenSearchEndpoint>()
        .unwrap_err();
    assert_eq!(
        error.expected(),
        "only a host name, without scheme, user, port or path"
    );
}

#[test]
fn reports_the_suffix_of_a_region() {
    let error = "a.cn-north-1.es.amazonaws.com"
        .parse::<OpenSearchEndpoint>()
        .unwrap_err();
    let expected = "the suffix amazonaws.com.cn for a host in cn-north-1, not amazonaws.com";
    assert_eq!(error.expected(), expected);

    let error = "a.aos.us-iso-east-1.on.aws"
        .parse::<OpenSearchEndpoint>()
        .unwrap_err();
    let expected = "a region in a partition that uses on.aws, not us-iso-east-1";
    assert_eq!(error.expected(), expected);
}
