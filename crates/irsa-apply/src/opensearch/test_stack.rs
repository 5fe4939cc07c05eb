//! The setup of the tests: a workload with its own role, and one with a built-in role.

use irsa_stack::{Document, Source, Stack};

const FILE: &str = r#"
version: 1
name: shop
aws: {account: "111122223333", region: eu-central-1}
clusters: {shop: {}}
opensearch:
  search: {existing: search}
workloads:
  api:
    service_account: shop/api
    opensearch: {store: search, indices: {"orders-*": write, "logs-*": read}}
  viewer:
    service_account: bi/viewer
    opensearch: {store: search, role: readall}
"#;
/// The IAM role of the first workload.
pub(super) const API: &str = "arn:aws:iam::111122223333:role/shop-api";
/// The IAM role of the second workload.
pub(super) const VIEWER: &str = "arn:aws:iam::111122223333:role/shop-viewer";

pub(super) fn stack() -> Stack {
    let source = Source {
        name: "irsa.yaml".to_owned(),
        text: FILE.to_owned(),
    };
    let document = Document::read(vec![source]).unwrap();
    document.stack(None).unwrap()
}
