//! The guides show the very variables that are used here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use irsa_apps::search_clients::{DomainWay, SearchClient, environment};

#[test]
fn the_guides_show_the_environment_of_both_ways() {
    let own = DomainWay::ItsOwn {
        endpoint: "test-domain.eu-central-1.es.amazonaws.com".to_owned(),
        port: 443,
        ca_file: "/nonexistent".into(),
        identity: BTreeMap::new(),
    };
    let irsa = DomainWay::ThroughIrsa {
        url: "http://localhost:9200".to_owned(),
    };
    for client in [SearchClient::Operate, SearchClient::Zeebe] {
        for (mark, way) in [("its own way", &own), ("through irsa", &irsa)] {
            let expected = lines(&environment(client, way));
            assert_eq!(
                block(client, mark),
                expected,
                "{mark} in {}.md",
                client.name()
            );
        }
    }
}

fn lines(environment: &BTreeMap<String, String>) -> Vec<String> {
    let pairs = environment.iter();
    pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect()
}

/// The sorted lines of the block after the mark.
fn block(client: SearchClient, mark: &str) -> Vec<String> {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides");
    let guide = fs::read_to_string(guides.join(client.name()).with_extension("md")).unwrap();
    let mark = format!("<!-- environment: {mark} -->\n```properties\n");
    let (_, rest) = guide.split_once(&mark).expect("the mark is there");
    let (block, _) = rest.split_once("\n```").expect("the block ends");
    let mut lines: Vec<String> = block.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
