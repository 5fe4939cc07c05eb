//! The lab's own API.

use irsa_lab::{Lab, LabFacts, LedgerSnapshot};

use crate::client::{Answer, Call};
use crate::stage::{KEYCLOAK_ROLE, ask, assume, lab, token_of};

async fn admin(lab: &Lab, call: &Call) -> Answer {
    ask(lab, &lab.facts().admin.url, call).await
}

#[tokio::test]
async fn shows_facts_and_ledger() {
    let lab = lab().await;
    let facts: LabFacts =
        serde_json::from_str(&admin(&lab, &Call::get("/facts")).await.body).unwrap();
    assert_eq!(&facts, lab.facts());
    assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "neighbour")).await;
    let ledger: LedgerSnapshot =
        serde_json::from_str(&admin(&lab, &Call::get("/ledger")).await.body).unwrap();
    assert_eq!(ledger, lab.ledger());
    assert_eq!(ledger.refusals.len(), 1);
    lab.stop().await;
}

#[tokio::test]
async fn switches_faults_and_rejects_unknown_ones() {
    let lab = lab().await;
    let answer = admin(
        &lab,
        &Call::post("/faults", r#"{"sts": {"kind": "throttle", "requests": 1}}"#),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak"))
            .await
            .xml("Code"),
        "Throttling"
    );
    let answer = admin(&lab, &Call::post("/faults", r#"{"skew": 1}"#)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"].as_str().unwrap().contains("skew"));
    lab.stop().await;
}

#[tokio::test]
async fn mints_for_a_workload_with_differences() {
    let lab = lab().await;
    let answer = admin(
        &lab,
        &Call::post("/mint", r#"{"workload": "keycloak", "expires_in": -5}"#),
    )
    .await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(
        assume(&lab, KEYCLOAK_ROLE, &token).await.xml("Code"),
        "ExpiredTokenException"
    );
    let answer = admin(
        &lab,
        &Call::post("/mint", r#"{"service_account": "camunda/keycloak"}"#),
    )
    .await;
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(assume(&lab, KEYCLOAK_ROLE, &token).await.status, 200);
    assert_eq!(
        admin(&lab, &Call::post("/mint", r#"{"workload": "nobody"}"#))
            .await
            .status,
        404
    );
    lab.stop().await;
}

#[tokio::test]
async fn rotates_and_retires_keys() {
    let lab = lab().await;
    let keys = |answer: Answer| answer.json()["key_ids"].as_array().unwrap().len();
    assert_eq!(keys(admin(&lab, &Call::post("/rotate-keys", "")).await), 2);
    assert_eq!(
        keys(admin(&lab, &Call::post("/rotate-keys", r#"{"retire": true}"#)).await),
        1
    );
    lab.stop().await;
}

#[tokio::test]
async fn renews_the_token_files() {
    let lab = lab().await;
    let before = token_of(&lab, "keycloak");
    assert_eq!(
        admin(&lab, &Call::post("/renew-tokens", "")).await.status,
        200
    );
    assert_ne!(token_of(&lab, "keycloak"), before);
    lab.stop().await;
}

#[tokio::test]
async fn returns_the_environment_of_a_workload() {
    let lab = lab().await;
    let answer = admin(&lab, &Call::get("/env?workload=keycloak")).await;
    assert_eq!(answer.body, lab.exports("keycloak").unwrap());
    assert_eq!(
        admin(&lab, &Call::get("/env?workload=unknown"))
            .await
            .status,
        404
    );
    lab.stop().await;
}

#[tokio::test]
async fn rejects_web_pages() {
    let lab = lab().await;
    for call in [
        Call::post("/faults", "{}").header("origin", "https://attacker.example"),
        Call::get("/ledger").header("host", "attacker.example"),
        Call::get("/ledger").header("host", "127.0.0.1.attacker.example:80"),
    ] {
        assert_eq!(admin(&lab, &call).await.status, 403, "{call:?}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn lists_the_catalogue_and_switches_faults_by_id() {
    let lab = lab().await;
    let answer = admin(
        &lab,
        &Call::post("/faults", r#"{"faults": ["sts-region-disabled"]}"#),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.json()["faults"],
        serde_json::json!(["sts-region-disabled"])
    );
    let refused = assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak")).await;
    assert_eq!(refused.xml("Code"), "RegionDisabledException");

    let listed = admin(&lab, &Call::get("/faults")).await.json();
    let entries = listed["catalogue"].as_array().unwrap();
    let on = entries.iter().filter(|entry| entry["on"] == true);
    let on: Vec<_> = on.map(|entry| (&entry["id"], &entry["cause"])).collect();
    assert_eq!(
        on,
        [(&"sts-region-disabled".into(), &"region-disabled".into())]
    );

    let unknown = admin(&lab, &Call::post("/faults", r#"{"faults": ["sts"]}"#)).await;
    assert_eq!(unknown.status, 400);
    let error = unknown.json()["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains("`sts`") && error.contains("sts-throttled"),
        "{error}"
    );
    // A rejected request changes nothing.
    assert_eq!(
        admin(&lab, &Call::get("/faults")).await.json()["faults"],
        listed["faults"]
    );

    admin(&lab, &Call::post("/faults", "{}")).await;
    let served = assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak")).await;
    assert_eq!(served.status, 200, "{}", served.body);
    lab.stop().await;
}
