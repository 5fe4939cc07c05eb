//! The ledger records what the security plugin refuses, whatever form its response has.

use http::Method;
use http_body_util::BodyExt as _;
use irsa_chain::Cause;

use super::client::text;
use super::front::{BULK, Stage, packed_denial};
use super::support::Unsigned;
use crate::ledger::{Outcome, Service};

#[tokio::test]
async fn a_refused_item_of_a_bulk_counts_though_the_status_is_200() {
    let stage = Stage::built_in().await;
    let bulk = Unsigned::new(Method::POST, "/mixed/_bulk", "{}\n");
    let response = stage.signed(&bulk).await;
    assert_eq!(
        (response.status().as_u16(), text(response).await.as_str()),
        (200, BULK)
    );
    let ledger = stage.ledger();
    let refusal = ledger.last_refusal().unwrap();
    assert_eq!(refusal.cause, Cause::FgacNotGranted);
    assert_eq!(refusal.message, "1 of 2 items: no permissions for [x]");
    let count = |outcome| ledger.count(Service::OpenSearch, "es:ESHttpPost", outcome);
    assert_eq!((count(Outcome::Served), count(Outcome::Refused)), (0, 1));
}

#[tokio::test]
async fn a_compressed_refusal_counts_and_stays_compressed() {
    let stage = Stage::built_in().await;
    let response = stage.signed(&Unsigned::get("/packed")).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, packed_denial());
    let refusal = stage.ledger().last_refusal().unwrap().clone();
    assert_eq!(refusal.cause, Cause::FgacNotGranted);
    assert!(refusal.message.starts_with("no permissions"), "{refusal:?}");
}
