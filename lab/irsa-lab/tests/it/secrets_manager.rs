//! `GetSecretValue` of the passwords that RDS manages.

use irsa_chain::Cause;
use irsa_lab::faults::ListenerFault;
use irsa_lab::ledger::{Outcome, Service};
use irsa_lab::{Lab, World};
use serde_json::{Value, json};

use crate::client::{Answer, Call};
use crate::signer::Signing;
use crate::stage::{ask, credentials_of, lab_with, last_refusal};

const SECRET: &str =
    "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-8b5a3e5c-AbCdEf";
const FOREIGN: &str =
    "arn:aws:secretsmanager:eu-central-1:444455556666:secret:rds!cluster-8b5a3e5c-AbCdEf";
const KEY: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";

/// A cluster in each of two accounts whose passwords RDS manages, and a workload with these statements.
async fn lab(statements: &Value, kms_key: &str) -> Lab {
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1"},
    }]});
    let cluster = |account: &str, name: &str, secret: &str| {
        let id = name.to_ascii_uppercase();
        format!(
            "  - {{name: {name}, account: \"{account}\", resource_id: cluster-{id}, dns_id: c9akciq32rgw, \
             instances: [{name}-1], master_user: {{name: boss, secret: {{arn: \"{secret}\"{kms_key}}}}}}}\n"
        )
    };
    let world = format!(
        "region: eu-central-1\naccounts: [\"111122223333\", \"444455556666\"]\n\
         kubernetes: {{name: shop, account: \"111122223333\", issuer: \"https://oidc.example/id/1\"}}\n\
         oidc_providers:\n  - {{account: \"111122223333\", issuer: \"https://oidc.example/id/1\", client_ids: [sts.amazonaws.com]}}\n\
         roles:\n  - arn: {ROLE}\n    trust_policy: '{trust}'\n    policies: [{{name: own, document: '{policy}'}}]\n\
         node_role: {ROLE}\nclusters:\n{}{}\
         workloads:\n  - {{name: setup, service_account: irsa-setup/irsa-setup, role: \"{ROLE}\"}}\n",
        cluster("111122223333", "one", SECRET),
        cluster("444455556666", "two", FOREIGN),
    );
    lab_with(World::from_yaml(&world).unwrap()).await
}

const ROLE: &str = "arn:aws:iam::111122223333:role/setup";

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn may_read() -> Value {
    json!([allow("secretsmanager:GetSecretValue", SECRET)])
}

/// A change of a signature.
type Change = fn(&mut Signing);

/// Calls `GetSecretValue` with a signature that can be changed.
async fn read_with(lab: &Lab, body: &Value, change: Change) -> Answer {
    let mut signing = Signing::new(credentials_of(lab, "setup", ROLE).await);
    signing.service = "secretsmanager";
    change(&mut signing);
    let url = &lab.facts().secrets_manager.url;
    let host = url.split_once("://").unwrap().1;
    let call = signing.sign(host, &body.to_string());
    let call = call.header("x-amz-target", "secretsmanager.GetSecretValue");
    ask(
        lab,
        url,
        &call.header("content-type", "application/x-amz-json-1.1"),
    )
    .await
}

async fn read(lab: &Lab, secret: &str) -> Answer {
    read_with(lab, &json!({"SecretId": secret}), |_| {}).await
}

#[track_caller]
fn check_refused(answer: &Answer, code: &str, message: &str) {
    let body = answer.json();
    assert_eq!(
        (answer.status, &body["__type"]),
        (400, &json!(code)),
        "{body}"
    );
    assert_eq!(body["Message"], message);
}

#[tokio::test]
async fn a_caller_with_the_permission_gets_user_and_password() {
    let lab = lab(&may_read(), "").await;
    let answer = read(&lab, SECRET).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/x-amz-json-1.1");
    let secret = answer.json();
    assert_eq!(
        (&secret["ARN"], &secret["Name"]),
        (&json!(SECRET), &json!("rds!cluster-8b5a3e5c"))
    );
    let login: Value = serde_json::from_str(secret["SecretString"].as_str().unwrap()).unwrap();
    assert_eq!(login["username"], "boss");
    assert!(login["password"].as_str().unwrap().len() >= 20);
    let counts = lab.ledger().counts;
    let served = counts
        .iter()
        .find(|one| one.service == Service::SecretsManager);
    assert_eq!(served.unwrap().outcome, Outcome::Served);
    lab.stop().await;
}

#[tokio::test]
async fn a_caller_without_the_permission_gets_the_text_of_aws() {
    let lab = lab(
        &json!([allow("secretsmanager:GetSecretValue", FOREIGN)]),
        "",
    )
    .await;
    let denied = |secret: &str, layer: &str| {
        format!(
            "User: arn:aws:sts::111122223333:assumed-role/setup/pod-1 is not authorized to perform: \
             secretsmanager:GetSecretValue on resource: {secret} because no {layer} allows the \
             secretsmanager:GetSecretValue action"
        )
    };
    let answer = read(&lab, SECRET).await;
    check_refused(
        &answer,
        "AccessDeniedException",
        &denied(SECRET, "identity-based policy"),
    );
    // Another account must allow it, too.
    let answer = read(&lab, FOREIGN).await;
    check_refused(
        &answer,
        "AccessDeniedException",
        &denied(FOREIGN, "resource-based policy"),
    );
    lab.stop().await;
}

#[tokio::test]
async fn a_customer_managed_key_needs_permission_too() {
    let key = format!(", kms_key: \"{KEY}\"");
    let lab = lab(&may_read(), &key).await;
    let answer = read(&lab, SECRET).await;
    check_refused(
        &answer,
        "AccessDeniedException",
        "Access to KMS is not allowed",
    );
    lab.stop().await;
    for (via, expected) in [("eu-central-1", 200), ("us-east-1", 400)] {
        let mut decrypt = allow("kms:Decrypt", KEY);
        let via = format!("secretsmanager.{via}.amazonaws.com");
        decrypt["Condition"] = json!({"StringEquals": {"kms:ViaService": via}});
        let statements = json!([may_read()[0], decrypt]);
        let lab = self::lab(&statements, &key).await;
        assert_eq!(read(&lab, SECRET).await.status, expected, "{via}");
        lab.stop().await;
    }
}

#[tokio::test]
async fn what_does_not_exist_is_reported() {
    let lab = lab(&json!([allow("secretsmanager:*", "*")]), "").await;
    let absent = SECRET.replace("8b5a", "9c6b");
    let message = "Secrets Manager can't find the specified secret.";
    check_refused(
        &read(&lab, &absent).await,
        "ResourceNotFoundException",
        message,
    );
    let versions = json!({"SecretId": SECRET, "VersionStage": "AWSPREVIOUS"});
    let answer = read_with(&lab, &versions, |_| {}).await;
    assert_eq!(answer.json()["__type"], "ValidationException");
    let url = &lab.facts().secrets_manager.url;
    let answer = ask(&lab, url, &Call::post("/", "{}")).await;
    check_refused(&answer, "UnknownOperationException", "");
    lab.stop().await;
}

#[tokio::test]
async fn wrong_signatures_are_refused_with_their_cause() {
    let lab = lab(&may_read(), "").await;
    let cases: [(Change, &str, Cause); 4] = [
        (
            |signing| signing.credentials.secret = "other".to_owned(),
            "InvalidSignatureException",
            Cause::SignatureMismatch,
        ),
        (
            |signing| signing.region = "us-east-1",
            "InvalidSignatureException",
            Cause::SignedForAnotherRegion,
        ),
        (
            |signing| signing.ahead = -1_000,
            "InvalidSignatureException",
            Cause::ClockSkew,
        ),
        (
            |signing| signing.credentials.token = "other".to_owned(),
            "UnrecognizedClientException",
            Cause::CredentialsUnknown,
        ),
    ];
    for (change, code, cause) in cases {
        let answer = read_with(&lab, &json!({"SecretId": SECRET}), change).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["__type"], code);
        let refusal = last_refusal(&lab);
        assert_eq!(
            (refusal.service, refusal.cause),
            (Service::SecretsManager, cause)
        );
    }
    lab.stop().await;
}

#[tokio::test]
async fn its_listener_can_be_broken() {
    let lab = lab(&may_read(), "").await;
    let faults = lab.faults().watch();
    lab.faults().change(|plan| {
        plan.network.secrets_manager = ListenerFault {
            latency_ms: 1,
            ..ListenerFault::default()
        };
    });
    assert_eq!(
        faults.borrow().listener(Service::SecretsManager).latency_ms,
        1
    );
    assert_eq!(read(&lab, SECRET).await.status, 200);
    lab.stop().await;
}
