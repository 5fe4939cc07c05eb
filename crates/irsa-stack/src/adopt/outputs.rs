//! `irsa.outputs.json` for what exists.

use serde_json::{Map, Value, json};

use super::cluster::FoundCluster;
use super::facts::ClusterFacts;
use super::file::cluster_key;
use super::lines::refused;
use super::stores::Stores;
use crate::stack::AdminSecret;
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
        let secret = store
            .known
            .as_ref()
            .and_then(|known| known.admin_secret.as_ref());
        let is_named = store.identifier().or(store.instance()).is_some();
        let is_needed = is_named || secret.is_some();
        let (endpoint, resource_id) = store.output().filter(|_| is_needed)?;
        let mut output = Map::new();
        output.insert("endpoint".to_owned(), endpoint.into());
        output.insert("resource_id".to_owned(), resource_id.into());
        if let Some(secret) = secret {
            output.insert("admin_secret".to_owned(), admin_secret(secret));
        }
        Some((store.key.clone(), output.into()))
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

fn admin_secret(secret: &AdminSecret) -> Value {
    match &secret.kms_key {
        Some(key) => json!({"arn": secret.arn.as_str(), "kms_key": key.as_str()}),
        None => json!({"arn": secret.arn.as_str()}),
    }
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
