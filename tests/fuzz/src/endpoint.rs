//! Host names of databases and OpenSearch domains.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint, RdsEndpointKind};

use crate::round_trip::{assert_round_trips, parse};

/// Parses a host name as an endpoint. It never belongs to two services, case does not matter, and the region is part of
/// the name, because tokens are signed for this region.
pub fn endpoint_host(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let database = parse::<RdsEndpoint>(text);
    let search = parse::<OpenSearchEndpoint>(text);
    assert!(database.is_none() || search.is_none());
    if let Some(database) = database {
        check_database(&database);
    }
    if let Some(search) = search {
        let host = search.host();
        assert_is_normal(host);
        assert!(has_label(host, search.region().as_str()), "{host}");
        assert_eq!(
            in_upper_case(host).parse::<OpenSearchEndpoint>().as_ref(),
            Ok(&search)
        );
    }
}

fn check_database(database: &RdsEndpoint) {
    let host = database.host();
    assert_is_normal(host);
    assert!(host.starts_with(database.identifier()));
    assert_eq!(
        in_upper_case(host).parse::<RdsEndpoint>().as_ref(),
        Ok(database)
    );
    match database.region() {
        Some(region) => {
            assert!(has_label(host, region.as_str()), "{host}");
            assert_eq!(region.partition(), database.partition());
        }
        None => assert_eq!(database.kind(), RdsEndpointKind::GlobalWriter),
    }
    if let Some(instance) = database.instance("orders-1") {
        assert_round_trips(&instance);
        assert_eq!(instance.kind(), RdsEndpointKind::Instance);
        assert_eq!(instance.identifier(), "orders-1");
        assert_eq!(instance.region(), database.region());
        assert_eq!(instance.is_fips(), database.is_fips());
    }
}

fn assert_is_normal(host: &str) {
    assert!(!host.ends_with('.') && !host.contains(|c: char| c.is_ascii_uppercase()));
}

fn has_label(host: &str, wanted: &str) -> bool {
    host.split('.').any(|label| label == wanted)
}

fn in_upper_case(host: &str) -> String {
    format!("{}.", host.to_ascii_uppercase())
}
