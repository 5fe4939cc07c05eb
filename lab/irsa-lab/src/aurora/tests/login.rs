//! Accepted and rejected logins.

use irsa_chain::Cause;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::support::Lab;
use crate::ledger::Outcome;

const PAM: &str = "PAM authentication failed for user \"keycloak\"";

async fn who_am_i(client: &Client) -> (String, String) {
    let row = client
        .query_one("SELECT current_user::text, current_database()::text", &[])
        .await
        .unwrap();
    (row.get(0), row.get(1))
}

fn code_and_text(error: Result<Client, Error>) -> (SqlState, String) {
    let error = error.unwrap_err();
    let told = error.as_db_error().expect("an answer of the server");
    (told.code().clone(), told.message().to_owned())
}

#[tokio::test]
async fn a_valid_token_opens_a_real_session_as_that_user() {
    let lab = Lab::start().await;
    let client = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    assert_eq!(
        who_am_i(&client).await,
        ("keycloak".to_owned(), "keycloak".to_owned())
    );
    client
        .batch_execute("CREATE TABLE realm (id int); INSERT INTO realm VALUES (1)")
        .await
        .unwrap();
    assert_eq!(lab.count("login", Outcome::Served), 1);
}

#[tokio::test]
async fn membership_of_rds_iam_is_inherited() {
    let lab = Lab::start().await;
    let client = lab
        .connect("reports", &lab.token("reports"), "webmodeler")
        .await
        .unwrap();
    assert_eq!(who_am_i(&client).await.0, "reports");
}

#[tokio::test]
async fn an_invalid_token_is_rejected_with_the_text_of_rds() {
    let lab = Lab::start().await;
    let error = lab
        .connect("keycloak", "not a token", "keycloak")
        .await
        .unwrap_err();
    let told = error.as_db_error().unwrap();
    assert_eq!(
        (told.severity(), told.code()),
        ("FATAL", &SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
    );
    assert_eq!(told.message(), PAM);
    assert_eq!(
        (told.file(), told.routine()),
        (Some("auth.c"), Some("auth_failed"))
    );
    assert_eq!(
        lab.ledger().last_refusal().unwrap().cause,
        Cause::RdsTokenMalformed
    );
}

#[tokio::test]
async fn tokens_of_a_different_user_or_role_are_rejected_alike() {
    let lab = Lab::start().await;
    let of_another_user = lab.token("webmodeler");
    let of_another_role = lab.token_of(
        "arn:aws:iam::111122223333:role/camunda/webmodeler-role",
        "keycloak",
    );
    for (token, cause) in [
        (of_another_user, Cause::SignedForAnotherUser),
        (of_another_role, Cause::DbUserMismatch),
    ] {
        let refused = lab.connect("keycloak", &token, "keycloak").await;
        assert_eq!(
            code_and_text(refused),
            (
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                PAM.to_owned()
            )
        );
        let ledger = lab.ledger();
        let refusal = ledger.last_refusal().unwrap();
        assert_eq!((refusal.cause, refusal.code.as_str()), (cause, "28000"));
        assert!(!refusal.message.contains("X-Amz-"), "{}", refusal.message);
    }
}

#[tokio::test]
async fn a_user_outside_rds_iam_logs_in_with_the_servers_password_exchange() {
    let lab = Lab::start().await;
    let client = lab
        .connect("legacy", "not-a-secret", "keycloak")
        .await
        .unwrap();
    assert_eq!(who_am_i(&client).await.0, "legacy");
    let refused = lab
        .connect("legacy", &lab.token("legacy"), "keycloak")
        .await;
    let text = "password authentication failed for user \"legacy\"".to_owned();
    assert_eq!(code_and_text(refused), (SqlState::INVALID_PASSWORD, text));
    assert_eq!(lab.count("password-login", Outcome::Served), 2);
}

#[tokio::test]
async fn a_revoked_or_granted_membership_takes_effect_immediately() {
    let lab = Lab::start().await;
    lab.aurora
        .execute("aurora", "postgres", "REVOKE rds_iam FROM keycloak")
        .await
        .unwrap();
    let (code, _) = code_and_text(
        lab.connect("keycloak", &lab.token("keycloak"), "keycloak")
            .await,
    );
    assert_eq!(code, SqlState::INVALID_PASSWORD);
    let kill =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
    lab.aurora
        .execute("aurora", "postgres", kill)
        .await
        .unwrap();
    lab.aurora
        .execute("aurora", "postgres", "GRANT iam_users TO keycloak")
        .await
        .unwrap();
    lab.connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_unknown_user_fails_like_a_wrong_password() {
    let lab = Lab::start().await;
    let refused = lab
        .connect("stranger", &lab.token("stranger"), "keycloak")
        .await;
    let text = "password authentication failed for user \"stranger\"".to_owned();
    assert_eq!(code_and_text(refused), (SqlState::INVALID_PASSWORD, text));
}

#[tokio::test]
async fn logins_as_the_superuser_are_rejected() {
    let lab = Lab::start().await;
    let (code, text) = code_and_text(lab.connect("rdsadmin", "anything", "postgres").await);
    assert_eq!(code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(
        text.starts_with(
            "pg_hba.conf rejects connection for host \"127.0.0.1\", user \"rdsadmin\""
        ),
        "{text}"
    );
    assert!(text.ends_with("SSL encryption"), "{text}");
}

#[tokio::test]
async fn errors_of_the_database_are_relayed() {
    let lab = Lab::start().await;
    let (code, _) = code_and_text(
        lab.connect("keycloak", &lab.token("keycloak"), "no_such")
            .await,
    );
    assert_eq!(code, SqlState::INVALID_CATALOG_NAME);
    let (code, _) = code_and_text(
        lab.connect("keycloak", &lab.token("keycloak"), "webmodeler")
            .await,
    );
    assert_eq!(code, SqlState::INSUFFICIENT_PRIVILEGE);
}

#[tokio::test]
async fn drivers_recognize_aurora_and_its_writer() {
    let lab = Lab::start().await;
    let client = lab
        .connect("keycloak", &lab.token("keycloak"), "keycloak")
        .await
        .unwrap();
    let is_aurora = "SELECT setting LIKE '%aurora_stat_utils%' FROM pg_catalog.pg_settings WHERE name = 'rds.extensions'";
    assert!(
        client
            .query_one(is_aurora, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    let topology = "SELECT server_id, session_id = 'MASTER_SESSION_ID', last_update_timestamp IS NULL,
                           server_id = pg_catalog.aurora_db_instance_identifier(), aurora_version() IS NOT NULL
                    FROM pg_catalog.aurora_replica_status()";
    let row = client.query_one(topology, &[]).await.unwrap();
    assert_eq!(
        row.get::<_, &str>(0),
        lab.cluster().instances.first().unwrap().name
    );
    assert_eq!(
        [1, 2, 3, 4].map(|column| row.get::<_, bool>(column)),
        [true; 4]
    );
}
