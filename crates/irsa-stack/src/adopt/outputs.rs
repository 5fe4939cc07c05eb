//! `irsa.outputs.json` for what exists.

use serde_json::{Map, Value, json};

use super::cluster::FoundCluster;
use super::facts::ClusterFacts;
use super::file::cluster_key;
use super::lines::refused;
use super::stores::Stores;
use irsa_chain::IssuerUrl;
use irsa_chain::untrusted::escape_json;

/// The outputs file, with a line end.
pub(super) fn json(facts: &ClusterFacts, cluster: &FoundCluster, stores: &Stores) -> String {
    let mut root = Map::new();
    root.insert("version".to_owned(), 1.into());
    let issuer = facts.issuer.as_deref().filter(|issuer| is_public(issuer));
    if let (Some(issuer), Some(name)) = (issuer, cluster_key(facts, cluster).value) {
        root.insert("clusters".to_owned(), json!({ name: {"issuer": issuer} }));
    }
    let postgres = stores.postgres.iter().filter_map(|store| {
        let (endpoint, resource_id) = store.output().filter(|_| store.identifier().is_some())?;
        let output = json!({"endpoint": endpoint, "resource_id": resource_id});
        Some((store.key.clone(), output))
    });
    insert(&mut root, "postgres", postgres.collect());
    let opensearch = stores
        .opensearch
        .iter()
        .filter(|store| store.name().is_some());
    let opensearch = opensearch.map(|store| {
        (
            store.key.clone(),
            json!({"endpoint": store.endpoint.host()}),
        )
    });
    insert(&mut root, "opensearch", opensearch.collect());
    let text = format!("{:#}\n", Value::Object(root));
    escape_json(&text)
}

/// Clusters outside of AWS may have an issuer that only they can reach.
fn is_public(issuer: &str) -> bool {
    let is_inner = issuer.contains(".svc") || issuer.contains("kubernetes.default");
    refused(issuer).is_none() && !is_inner && issuer.parse::<IssuerUrl>().is_ok()
}

fn insert(root: &mut Map<String, Value>, key: &str, entries: Map<String, Value>) {
    if !entries.is_empty() {
        root.insert(key.to_owned(), Value::Object(entries));
    }
}
