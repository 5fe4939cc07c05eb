//! The environments of both modes in all four guides.

use std::collections::BTreeMap;

use irsa_demo::reference_apps::search_clients::{self, DomainMode, SearchClient};
use irsa_demo::reference_apps::{Database, DatabaseMode, keycloak, web_modeler};

use super::{blocks, page};

const CLUSTER: &str = "aurora.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
const DOMAIN: &str = "test-domain.eu-central-1.es.amazonaws.com";

#[test]
fn keycloaks_guide_shows_both_environments() {
    let database = database("keycloak");
    let own = its_own_database("/opt/keycloak/conf/rds-global-bundle.pem");
    is_shown(
        "keycloak",
        &keycloak::environment(&database, &own, false),
        &keycloak::environment(&database, &to_postgres(), true),
    );
}

#[test]
fn web_modelers_guide_shows_both_environments() {
    let database = database("webmodeler");
    let own = its_own_database("/etc/rds/global-bundle.pem");
    is_shown(
        "web-modeler",
        &web_modeler::environment(&database, &own),
        &web_modeler::environment(&database, &to_postgres()),
    );
}

#[test]
fn the_guides_of_operate_and_zeebe_show_both_environments() {
    let own = DomainMode::OwnSigning {
        endpoint: DOMAIN.to_owned(),
        port: 443,
        ca_file: "/nonexistent".into(),
        identity: BTreeMap::new(),
    };
    let irsa = DomainMode::ThroughIrsa {
        url: "http://localhost:9200".to_owned(),
    };
    for client in [SearchClient::Operate, SearchClient::Zeebe] {
        is_shown(
            client.name(),
            &search_clients::environment(client, &own),
            &search_clients::environment(client, &irsa),
        );
    }
}

#[test]
fn operates_guide_shows_the_environment_of_8_3() {
    let expected = search_clients::operate_8_3_environment("http://localhost:9200");
    assert_eq!(shown("operate", "8.3"), expected);
}

fn database(name: &str) -> Database {
    Database {
        name: name.to_owned(),
        user: name.to_owned(),
    }
}

fn its_own_database(ca_file: &str) -> DatabaseMode {
    DatabaseMode::OwnSigning {
        endpoint: CLUSTER.to_owned(),
        sign_port: 5432,
        port: 5432,
        ca_file: ca_file.into(),
        identity: BTreeMap::new(),
    }
}

fn to_postgres() -> DatabaseMode {
    DatabaseMode::ThroughIrsa {
        host: "localhost".to_owned(),
        port: 5432,
    }
}

/// Both environments are blocks of properties in the guide; that through irsa is also in the manifest.
fn is_shown(guide: &str, own: &BTreeMap<String, String>, irsa: &BTreeMap<String, String>) {
    assert_eq!(
        &shown(guide, "own signing"),
        own,
        "own signing in {guide}.md"
    );
    assert_eq!(
        &shown(guide, "through irsa"),
        irsa,
        "through irsa in {guide}.md"
    );
    let page = page(&format!("docs/guides/{guide}.md"));
    let manifest = format!("{}\n", blocks(&page, "yaml")[0]);
    for (name, value) in irsa {
        let plain = format!("- {{name: {name}, value: {value}}}\n");
        let quoted = format!("- {{name: {name}, value: \"{value}\"}}\n");
        let long = format!("- name: {name}\n              value: {value}\n");
        let mut ways_to_write = [plain, quoted, long].into_iter();
        assert!(
            ways_to_write.any(|lines| manifest.contains(&lines)),
            "{name}={value} is not in the manifest of {guide}.md"
        );
    }
}

/// Returns the block of variables after a marker.
fn shown(guide: &str, mark: &str) -> BTreeMap<String, String> {
    let page = page(&format!("docs/guides/{guide}.md"));
    let (_, marked) = page
        .split_once(&format!("<!-- environment: {mark} -->"))
        .expect("the mark is there");
    let lines = blocks(marked, "properties")[0].lines();
    let pairs = lines.map(|line| line.split_once('=').expect("a variable"));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}
