//! The issuer over HTTPS.

use irsa_lab::ledger::Service;

use crate::client::Call;
use crate::stage::{ask, lab};

#[tokio::test]
async fn serves_discovery_and_keys_below_the_path_of_the_issuer() {
    let lab = lab().await;
    let url = format!("https://{}", lab.facts().oidc_issuer.dial);
    let discovery = ask(
        &lab,
        &url,
        &Call::get("/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472/.well-known/openid-configuration"),
    )
    .await;
    assert_eq!(
        discovery.json()["issuer"],
        lab.facts().oidc_issuer.url.as_str()
    );
    let keys = ask(
        &lab,
        &url,
        &Call::get("/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472/keys"),
    )
    .await;
    assert_eq!(keys.json()["keys"][0]["kty"], "RSA");
    assert!(keys.json()["keys"][0].get("d").is_none());
    assert_eq!(ask(&lab, &url, &Call::get("/keys")).await.status, 404);
    assert_eq!(lab.ledger().asked(Service::Oidc), 2);
    lab.stop().await;
}

#[tokio::test]
async fn keys_can_be_unavailable() {
    let lab = lab().await;
    lab.faults().change(|plan| plan.jwks_unavailable = true);
    let url = format!("https://{}", lab.facts().oidc_issuer.dial);
    assert_eq!(
        ask(
            &lab,
            &url,
            &Call::get("/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472/keys")
        )
        .await
        .status,
        503
    );
    lab.stop().await;
}
