//! The guide shows the very variables that are used here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use irsa_apps::web_modeler::environment;
use irsa_apps::{Database, DatabaseWay};

#[test]
fn the_guide_shows_the_environment_of_both_ways() {
    let database = Database {
        name: "webmodeler".to_owned(),
        user: "webmodeler".to_owned(),
    };
    let own = DatabaseWay::ItsOwn {
        endpoint: "aurora.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com".to_owned(),
        sign_port: 5432,
        port: 5432,
        ca_file: "/etc/rds/global-bundle.pem".into(),
        identity: BTreeMap::new(),
    };
    let irsa = DatabaseWay::ThroughIrsa {
        host: "localhost".to_owned(),
        port: 5432,
    };
    for (mark, way) in [("its own way", own), ("through irsa", irsa)] {
        let expected = environment(&database, &way);
        let expected: Vec<String> = expected
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(block(mark), expected, "{mark}");
    }
}

/// The sorted lines of the block after the mark.
fn block(mark: &str) -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/web-modeler.md");
    let guide = fs::read_to_string(guide).unwrap();
    let mark = format!("<!-- environment: {mark} -->\n```properties\n");
    let (_, rest) = guide.split_once(&mark).expect("the mark is there");
    let (block, _) = rest.split_once("\n```").expect("the block ends");
    let mut lines: Vec<String> = block.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
