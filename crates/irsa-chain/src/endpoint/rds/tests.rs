use super::RdsEndpointKind::{
    Cluster, ClusterCustom, ClusterReader, GlobalWriter, Instance, Proxy, ProxyEndpoint, ShardGroup,
};
use super::*;

#[test]
fn reads_every_kind() {
    #[rustfmt::skip]
    let kinds = [
        ("orders.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com", Cluster, "orders"),
        ("orders.cluster-ro-c9akciq32rgw.eu-central-1.rds.amazonaws.com", ClusterReader, "orders"),
        ("reports.cluster-custom-c9akciq32rgw.eu-central-1.rds.amazonaws.com", ClusterCustom, "reports"),
        ("orders-instance-1.c9akciq32rgw.eu-central-1.rds.amazonaws.com", Instance, "orders-instance-1"),
        ("orders.123456789012.eu-central-1.rds.amazonaws.com", Instance, "orders"),
        ("orders.shardgrp-c9akciq32rgw.eu-central-1.rds.amazonaws.com", ShardGroup, "orders"),
        ("pool.proxy-c9akciq32rgw.eu-central-1.rds.amazonaws.com", Proxy, "pool"),
        ("pool-ro.endpoint.proxy-c9akciq32rgw.eu-central-1.rds.amazonaws.com", ProxyEndpoint, "pool-ro"),
        ("cluster-ro-x.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com", Cluster, "cluster-ro-x"),
    ];
    for (host, kind, identifier) in kinds {
        let endpoint: RdsEndpoint = host.parse().unwrap();
        assert_eq!(endpoint.host(), host);
        assert_eq!(endpoint.kind(), kind, "{host}");
        assert_eq!(endpoint.identifier(), identifier);
        assert_eq!(endpoint.region().unwrap().as_str(), "eu-central-1");
        assert_eq!(endpoint.partition(), Partition::Aws);
        assert!(
            !endpoint.is_fips() && !endpoint.is_green() && !endpoint.is_old(),
            "{host}"
        );
    }
}

#[test]
fn reads_every_partition_in_both_orders() {
    #[rustfmt::skip]
    let domains = [
        ("us-east-1.rds.amazonaws.com", "us-east-1", Partition::Aws),
        ("mx-central-1.rds.amazonaws.com", "mx-central-1", Partition::Aws),
        ("cn-northwest-1.rds.amazonaws.com.cn", "cn-northwest-1", Partition::AwsCn),
        ("rds.cn-north-1.amazonaws.com.cn", "cn-north-1", Partition::AwsCn),
        ("us-gov-west-1.rds.amazonaws.com", "us-gov-west-1", Partition::AwsUsGov),
        ("rds.us-gov-east-1.amazonaws.com", "us-gov-east-1", Partition::AwsUsGov),
        ("us-iso-east-1.rds.c2s.ic.gov", "us-iso-east-1", Partition::AwsIso),
        ("rds.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", Partition::AwsIso),
        ("rds.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1", Partition::AwsIsoB),
        ("rds.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1", Partition::AwsIsoE),
        ("rds.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1", Partition::AwsIsoF),
        ("eusc-de-east-1.rds.amazonaws.eu", "eusc-de-east-1", Partition::AwsEusc),
        ("ap-southeast-2.rds.amazonaws.au", "ap-southeast-2", Partition::Aws),
        ("eu-west-2.rds.amazonaws.uk", "eu-west-2", Partition::Aws),
    ];
    for (domain, region, partition) in domains {
        for id in [
            "c9akciq32rgw",
            "cluster-c9akciq32rgw",
            "cluster-ro-c9akciq32rgw",
        ] {
            let endpoint: RdsEndpoint = format!("orders.{id}.{domain}").parse().unwrap();
            assert_eq!(endpoint.region().unwrap().as_str(), region, "{endpoint}");
            assert_eq!(endpoint.partition(), partition, "{endpoint}");
        }
    }
}

#[test]
fn a_global_writer_has_a_partition_but_no_region() {
    let endpoint: RdsEndpoint = "orders.global-gz98qn0nnotx.global.rds.amazonaws.com"
        .parse()
        .unwrap();
    assert_eq!(endpoint.kind(), GlobalWriter);
    assert_eq!(endpoint.identifier(), "orders");
    assert_eq!(endpoint.region(), None);
    assert_eq!(endpoint.partition(), Partition::Aws);

    let endpoint: RdsEndpoint = "orders.global-abc.global.rds.amazonaws.com.cn"
        .parse()
        .unwrap();
    assert_eq!(endpoint.partition(), Partition::AwsCn);
}

#[test]
fn reads_fips_endpoints() {
    for host in [
        "orders.cluster-abc123.us-east-1.rds-fips.amazonaws.com",
        "orders.abc123.rds-fips.us-gov-west-1.amazonaws.com",
    ] {
        assert!(host.parse::<RdsEndpoint>().unwrap().is_fips(), "{host}");
    }
}

#[test]
fn distinguishes_the_sides_of_a_blue_green_deployment() {
    let sides = |name: &str| {
        let host = format!("{name}.cluster-abc123.us-east-1.rds.amazonaws.com");
        let endpoint: RdsEndpoint = host.parse().unwrap();
        (endpoint.is_green(), endpoint.is_old())
    };
    assert_eq!(sides("orders"), (false, false));
    assert_eq!(sides("orders-green-a1b2c3"), (true, false));
    assert_eq!(sides("orders-old1"), (false, true));
    assert_eq!(sides("orders-green"), (false, false));
    assert_eq!(sides("orders-green-house"), (false, false));
    assert_eq!(sides("orders-green-a1b2c3-reports"), (false, false));
    assert_eq!(sides("old1"), (false, false));
}

#[test]
fn normalizes_case_and_trailing_dot() {
    let endpoint: RdsEndpoint = "Orders.CLUSTER-ABC123.EU-Central-1.RDS.AmazonAWS.com."
        .parse()
        .unwrap();
    assert_eq!(
        endpoint.to_string(),
        "orders.cluster-abc123.eu-central-1.rds.amazonaws.com"
    );
}

#[test]
fn names_the_instances_of_a_cluster() {
    let instance_of = |host: &str| {
        let endpoint: RdsEndpoint = host.parse().unwrap();
        endpoint
            .instance("Orders-2")
            .map(|instance| instance.to_string())
    };
    let expected = Some("orders-2.abc123.us-east-1.rds.amazonaws.com".to_owned());
    assert_eq!(
        instance_of("orders.cluster-abc123.us-east-1.rds.amazonaws.com"),
        expected
    );
    assert_eq!(
        instance_of("orders.cluster-ro-abc123.us-east-1.rds.amazonaws.com"),
        expected
    );
    assert_eq!(
        instance_of("some.cluster-custom-abc123.us-east-1.rds.amazonaws.com"),
        expected
    );
    assert_eq!(
        instance_of("orders-1.abc123.us-east-1.rds.amazonaws.com"),
        expected
    );
    assert_eq!(
        instance_of("orders.proxy-abc123.us-east-1.rds.amazonaws.com"),
        None
    );
    assert_eq!(
        instance_of("orders.global-abc123.global.rds.amazonaws.com"),
        None
    );
}

#[test]
fn an_instance_name_cannot_contain_a_dot() {
    let cluster: RdsEndpoint = "orders.cluster-abc123.us-east-1.rds.amazonaws.com"
        .parse()
        .unwrap();
    for name in ["", "evil.example", "a/b", "orders.endpoint", "a b"] {
        assert_eq!(cluster.instance(name), None, "{name}");
    }
}

#[test]
fn rejects_near_misses() {
    let near_misses = [
        "",
        ".",
        "localhost",
        "192.168.1.1",
        "::1",
        "db.example.com",
        "rds.amazonaws.com",
        "rds.us-east-1.amazonaws.com",
        "us-east-1.rds.amazonaws.com",
        "orders.us-east-1.rds.amazonaws.com",
        "cluster-abc123.us-east-1.rds.amazonaws.com",
        "orders.cluster-.us-east-1.rds.amazonaws.com",
        "orders.cluster-ro-.us-east-1.rds.amazonaws.com",
        "orders.cluster-abc-123.us-east-1.rds.amazonaws.com",
        "orders.clusters-abc123.us-east-1.rds.amazonaws.com",
        "orders.cluster_abc123.us-east-1.rds.amazonaws.com",
        "a.orders.cluster-abc123.us-east-1.rds.amazonaws.com",
        "pool.endpoint.cluster-abc123.us-east-1.rds.amazonaws.com",
        "pool.endpoints.proxy-abc123.us-east-1.rds.amazonaws.com",
        "a.pool.endpoint.proxy-abc123.us-east-1.rds.amazonaws.com",
        "orders.cluster-abc123.us-east.rds.amazonaws.com",
        "orders.cluster-abc123.global.rds.amazonaws.com",
        "orders.global-abc123.us-east-1.rds.amazonaws.com",
        "orders.abc123.us-east-1.docdb.amazonaws.com",
        "orders.cluster-abc123.us-east-1.neptune.amazonaws.com",
        "orders.elb.us-east-2.amazonaws.com",
        "orders..cluster-abc123.us-east-1.rds.amazonaws.com",
        "orders.cluster-abc123.us-east-1.rds.amazonaws.com..",
        "orders.cluster-abc123.us-east-1.rds.amazonaws.com.evil.com",
        "orders.cluster-abc123.us-east-1.rds.evilamazonaws.com",
        " orders.cluster-abc123.us-east-1.rds.amazonaws.com",
        "search-a-b.us-east-1.es.amazonaws.com",
    ];
    for host in near_misses {
        assert!(host.parse::<RdsEndpoint>().is_err(), "{host}");
    }
}

#[test]
fn rejects_labels_that_are_too_long_for_dns() {
    let host = format!("{}.abc123.us-east-1.rds.amazonaws.com", "a".repeat(64));
    assert!(host.parse::<RdsEndpoint>().is_err());
}

#[test]
fn lists_the_known_formats() {
    let error = "db.example.com"
        .parse::<RdsEndpoint>()
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("`db.example.com` is not an RDS endpoint: expected an endpoint"));
    for form in [
        "cluster-ro-ID",
        "endpoint.proxy-ID",
        "global-ID.global",
        "rds.REGION",
    ] {
        assert!(error.contains(form), "{form}");
    }
}

#[test]
fn explains_near_misses() {
    let expected = |host: &str| {
        let error = host.parse::<RdsEndpoint>().unwrap_err();
        error.expected().to_owned()
    };
    assert_eq!(
        expected("orders.cluster-abc.eu-central-1.rds.amazonaws.com:5432"),
        "only a host name, without scheme, user, port or path"
    );
    assert_eq!(
        expected("orders.cluster-abc.frankfurt.rds.amazonaws.com"),
        "a region such as eu-central-1 instead of `frankfurt`"
    );
    assert_eq!(
        expected("orders.cluster-abc.eu-central-1.rds.amazonaws.com.cn"),
        "the suffix amazonaws.com for a host in eu-central-1, not amazonaws.com.cn"
    );
}
