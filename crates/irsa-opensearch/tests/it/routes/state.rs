//! The state of a node that a client could change: documents, indices, metadata, roles.

use irsa_components::opensearch::OpenSearch;
use serde_json::{Value, json};

use super::bodies::INDEX;

/// The compared state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct State {
    indices: String,
    documents: Value,
    metadata: Value,
    security: Value,
}

// === impl State ===

impl State {
    pub(super) async fn read(node: &OpenSearch) -> Self {
        let columns = "index,uuid,status,docs.count,docs.deleted,pri,rep";
        let search = format!("/{INDEX}/_search?version=true&seq_no_primary_term=true&sort=_id");
        let metadata = "/_cluster/state/metadata,blocks,routing_nodes?filter_path=metadata,blocks";
        Self {
            indices: get(
                node,
                &format!("/_cat/indices?expand_wildcards=all&s=index&h={columns}"),
            )
            .await,
            documents: json_body(node, &format!("{search}&filter_path=hits.hits")).await,
            metadata: json_body(node, metadata).await,
            security: json!([
                json_body(node, "/_plugins/_security/api/roles").await,
                json_body(node, "/_plugins/_security/api/rolesmapping").await,
            ]),
        }
    }
}

/// Panics with the difference unless both are equal.
pub(super) fn assert_unchanged(before: &State, after: &State, by: &str) {
    assert_eq!(after.indices, before.indices, "indices changed by {by}");
    assert_eq!(
        after.documents, before.documents,
        "documents changed by {by}"
    );
    assert_eq!(after.metadata, before.metadata, "metadata changed by {by}");
    // These values are too long for a message.
    assert!(after.security == before.security, "roles changed by {by}");
}

async fn get(node: &OpenSearch, path: &str) -> String {
    let answer = node.call("GET", path, "").await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

async fn json_body(node: &OpenSearch, path: &str) -> Value {
    serde_json::from_str(&get(node, path).await).unwrap()
}
