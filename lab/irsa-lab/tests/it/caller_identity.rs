//! `GetCallerIdentity`, and the verification of signatures that it shares with `AssumeRole`.

use irsa_chain::Cause;

use crate::client::Call;
use crate::signer::Signing;
use crate::stage::{
    Expected, GET_CALLER_IDENTITY, KEYCLOAK_ROLE, ask, caller, check_refusal, credentials_of, lab,
    last_refusal, sts,
};

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
                        provided. Check your AWS Secret Access Key and signing method. Consult the \
                        service documentation for details.";

#[tokio::test]
async fn returns_the_caller() {
    let lab = lab().await;
    let signing = Signing::new(credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await);
    let answer = caller(&lab, &signing).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let start = "<GetCallerIdentityResponse \
                 xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
                 <GetCallerIdentityResult>\n    \
                 <Arn>arn:aws:sts::111122223333:assumed-role/keycloak-role/pod-1</Arn>\n    \
                 <UserId>AROA";
    assert!(answer.body.starts_with(start), "{}", answer.body);
    assert!(answer.xml("UserId").ends_with(":pod-1"));
    assert_eq!(answer.xml("Account"), "111122223333");
    lab.stop().await;
}

/// A change that makes the signature invalid.
type Change = fn(&mut Signing);

async fn refuses(changes: &[(&str, Change, Expected)]) {
    let lab = lab().await;
    let good = Signing::new(credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await);
    for (name, change, expected) in changes {
        let mut signing = good.clone();
        change(&mut signing);
        check_refusal(&lab, name, &caller(&lab, &signing).await, expected);
    }
    lab.stop().await;
}

#[tokio::test]
async fn rejects_credentials_that_it_did_not_issue() {
    let message = "The security token included in the request is invalid.";
    let expected = || forbidden("InvalidClientTokenId", message, Cause::CredentialsUnknown);
    refuses(&[
        (
            "unknown key",
            |signing| signing.credentials.access_key_id = "ASIAIRSALABNOBODY000".to_owned(),
            expected(),
        ),
        (
            "a different session token",
            |signing| signing.credentials.token = "other".to_owned(),
            expected(),
        ),
        (
            "no session token",
            |signing| signing.credentials.token = String::new(),
            expected(),
        ),
    ])
    .await;
}

#[tokio::test]
async fn rejects_other_scopes_with_the_text_of_aws() {
    let expected = |message, cause| forbidden("SignatureDoesNotMatch", message, cause);
    let elsewhere = Cause::SignedForAnotherRegion;
    let region = "Credential should be scoped to a valid region. ";
    let service = "Credential should be scoped to correct service: 'sts'. ";
    let both = "Credential should be scoped to a valid region. Credential should be scoped to \
                correct service: 'sts'. ";
    refuses(&[
        (
            "a different region",
            |signing| signing.region = "us-east-1",
            expected(region, elsewhere),
        ),
        (
            "a different service",
            |signing| signing.service = "es",
            expected(service, Cause::SignedForAnotherService),
        ),
        (
            "both",
            |signing| (signing.region, signing.service) = ("us-east-1", "es"),
            expected(both, elsewhere),
        ),
    ])
    .await;
}

#[tokio::test]
async fn rejects_a_different_secret_and_a_different_time() {
    let expected = |message, cause| forbidden("SignatureDoesNotMatch", message, cause);
    let mismatch = expected(MISMATCH, Cause::SignatureMismatch);
    refuses(&[
        (
            "a different secret",
            |signing| signing.credentials.secret = "other".to_owned(),
            mismatch,
        ),
        (
            "the past",
            |signing| signing.ahead = -1_000,
            expected("Signature expired: ", Cause::ClockSkew),
        ),
        (
            "the future",
            |signing| signing.ahead = 1_000,
            expected("Signature not yet current: ", Cause::ClockSkew),
        ),
    ])
    .await;
}

fn forbidden(code: &'static str, message: &'static str, cause: Cause) -> Expected {
    Expected {
        status: 403,
        code,
        message,
        cause,
    }
}

#[tokio::test]
async fn rejects_a_request_without_a_signature() {
    let lab = lab().await;
    let message = "Request is missing Authentication Token";
    let expected = forbidden(
        "MissingAuthenticationToken",
        message,
        Cause::RequestUnsigned,
    );
    check_refusal(
        &lab,
        "unsigned",
        &sts(&lab, GET_CALLER_IDENTITY).await,
        &expected,
    );
    lab.stop().await;
}

#[tokio::test]
async fn names_missing_fields_without_recording_the_header() {
    let lab = lab().await;
    let basic = Call::post("/", GET_CALLER_IDENTITY).header("authorization", "Basic c2VjcmV0");
    let answer = ask(&lab, &lab.facts().sts.url, &basic).await;
    let message = "Authorization header requires 'Credential' parameter. ";
    let expected = Expected {
        status: 400,
        ..forbidden(
            "IncompleteSignature",
            message,
            Cause::AuthorizationMalformed,
        )
    };
    check_refusal(&lab, "basic", &answer, &expected);
    assert!(
        answer
            .xml("Message")
            .ends_with("Authorization=Basic c2VjcmV0")
    );
    assert!(!last_refusal(&lab).message.contains("c2VjcmV0"));
    lab.stop().await;
}

#[tokio::test]
async fn accepts_a_signature_in_the_query() {
    let lab = lab().await;
    let url = &lab.facts().sts.url;
    let signing = Signing::new(credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await);
    let good = signing.presign(url.split_once("://").unwrap().1);
    let answer = ask(&lab, url, &good).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(
        answer
            .xml("Arn")
            .ends_with(":assumed-role/keycloak-role/pod-1")
    );

    let mut changed = good.clone();
    changed.target = good
        .target
        .replacen("X-Amz-Expires=60", "X-Amz-Expires=61", 1);
    let answer = ask(&lab, url, &changed).await;
    let expected = forbidden("SignatureDoesNotMatch", MISMATCH, Cause::SignatureMismatch);
    check_refusal(&lab, "changed", &answer, &expected);
    lab.stop().await;
}

#[tokio::test]
async fn a_skew_error_has_the_times_of_both_clocks() {
    let lab = lab().await;
    let signing = Signing::new(credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await);
    lab.faults().change(|plan| plan.clock_skew_seconds = 1_200);
    let text = caller(&lab, &signing).await.xml("Message");
    let words: Vec<&str> = text.split(' ').collect();
    assert!(text.ends_with("- 15 min.)"), "{text}");
    let [signed_at, limit, now] = [words[2], words[7], words[8].trim_start_matches('(')];
    assert!(signed_at < limit && limit < now, "{text}");
    lab.stop().await;
}

#[tokio::test]
async fn rejects_expired_credentials() {
    let lab = lab().await;
    lab.faults().change(|plan| plan.session_seconds = Some(600));
    let signing = Signing::new(credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await);
    lab.faults().change(|plan| plan.clock_skew_seconds = 601);
    let answer = caller(&lab, &signing).await;
    let message = "The security token included in the request is expired";
    check_refusal(
        &lab,
        "dead",
        &answer,
        &forbidden("ExpiredToken", message, Cause::SessionExpired),
    );
    lab.stop().await;
}
