//! The issuer, verified with jsonwebtoken.

use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use super::{Audience, Issuer, PodBinding, TokenKey, TokenSpec};
use crate::clock::SystemClock;

const URL: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/X";

fn issuer() -> Issuer {
    Issuer::new(URL.parse().unwrap(), Arc::new(SystemClock)).unwrap()
}

fn spec() -> TokenSpec {
    TokenSpec::new("camunda/keycloak".parse().unwrap())
}

/// Returns the claims if a relying party with the published keys would accept the token.
fn accepted(issuer: &Issuer, token: &str) -> Option<Value> {
    let keys: JwkSet = serde_json::from_str(&issuer.jwks()).unwrap();
    let header = jsonwebtoken::decode_header(token).ok()?;
    let key = DecodingKey::from_jwk(keys.find(&header.kid?)?).ok()?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["sts.amazonaws.com"]);
    validation.set_issuer(&[URL]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    jsonwebtoken::decode(token, &key, &validation)
        .ok()
        .map(|decoded| decoded.claims)
}

#[test]
fn tokens_look_like_the_api_servers() {
    let issuer = issuer();
    let pod = PodBinding {
        name: "keycloak-0".to_owned(),
        uid: "u1".to_owned(),
        node: "n".to_owned(),
        node_uid: "u2".to_owned(),
        service_account_uid: "u3".to_owned(),
    };
    let token = issuer
        .mint(&TokenSpec {
            pod: Some(pod),
            ..spec()
        })
        .unwrap();
    let claims = accepted(&issuer, &token).unwrap();
    assert_eq!(claims["sub"], "system:serviceaccount:camunda:keycloak");
    assert_eq!(claims["aud"], serde_json::json!(["sts.amazonaws.com"]));
    assert_eq!(claims["kubernetes.io"]["pod"]["name"], "keycloak-0");
    assert_eq!(claims["kubernetes.io"]["serviceaccount"]["uid"], "u3");
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        86_400
    );
}

#[test]
fn a_token_can_have_a_single_flaw() {
    let issuer = issuer();
    let wrong = [
        TokenSpec {
            issuer: Some("https://elsewhere".to_owned()),
            ..spec()
        },
        TokenSpec {
            audience: Audience::Absent,
            ..spec()
        },
        TokenSpec {
            expires_in: -120,
            ..spec()
        },
        TokenSpec {
            key: TokenKey::Retired,
            ..spec()
        },
        TokenSpec {
            key: TokenKey::Forged,
            ..spec()
        },
        TokenSpec {
            key: TokenKey::Unsigned,
            ..spec()
        },
    ];
    assert!(accepted(&issuer, &issuer.mint(&spec()).unwrap()).is_some());
    for spec in wrong {
        assert!(
            accepted(&issuer, &issuer.mint(&spec).unwrap()).is_none(),
            "{spec:?}"
        );
    }
}

#[test]
fn old_tokens_stay_valid_until_their_key_is_retired() {
    let issuer = issuer();
    let old = issuer.mint(&spec()).unwrap();
    issuer.rotate_keys().unwrap();
    let new = issuer.mint(&spec()).unwrap();
    assert_eq!(issuer.key_ids().len(), 2);
    assert!(accepted(&issuer, &old).is_some() && accepted(&issuer, &new).is_some());
    assert!(
        accepted(
            &issuer,
            &issuer
                .mint(&TokenSpec {
                    key: TokenKey::Oldest,
                    ..spec()
                })
                .unwrap()
        )
        .is_some()
    );
    issuer.retire_old_keys();
    assert!(accepted(&issuer, &old).is_none());
    assert!(accepted(&issuer, &new).is_some());
}

#[test]
fn discovery_has_issuer_and_keys() {
    let document: Value = serde_json::from_str(&issuer().discovery()).unwrap();
    assert_eq!(document["issuer"], URL);
    assert_eq!(document["jwks_uri"], format!("{URL}/keys"));
}

#[test]
fn a_spec_from_json_has_valid_defaults() {
    let read: TokenSpec =
        serde_json::from_str(r#"{"service_account": "camunda/keycloak"}"#).unwrap();
    assert_eq!(read, spec());
    assert!(
        serde_json::from_str::<TokenSpec>(r#"{"service_account": "a/b", "audiance": null}"#)
            .is_err()
    );
}

#[test]
fn tokens_of_an_api_server_are_accepted_once_its_keys_are_published() {
    let (own, server) = (issuer(), issuer());
    let token = server.mint(&spec()).unwrap();
    assert_eq!(accepted(&own, &token), None);
    own.publish_keys(&server.jwks()).unwrap();
    assert!(accepted(&own, &token).is_some());
    assert!(accepted(&own, &own.mint(&spec()).unwrap()).is_some());
    assert!(own.publish_keys("{}").is_err());
}
