//! `AssumeRole`: role chaining.

use irsa_chain::Cause;
use irsa_lab::Lab;

use crate::client::{Answer, Call};
use crate::signer::{Credentials, Signing};
use crate::stage::{
    Expected, GATEWAY_ROLE, KEYCLOAK_ROLE, PARTNER_ROLE, ask, caller, check_refusal,
    credentials_of, lab, lab_with, signed, token_of,
};

fn form(role: &str, more: &str) -> String {
    let role: String = url::form_urlencoded::byte_serialize(role.as_bytes()).collect();
    format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=chained-1{more}")
}

async fn step(lab: &Lab, from: &Credentials, to: &str, more: &str) -> Answer {
    signed(lab, &Signing::new(from.clone()), &form(to, more)).await
}

#[tokio::test]
async fn a_trusted_role_reaches_a_different_account_with_its_external_id() {
    let lab = lab().await;
    let gateway = credentials_of(&lab, "partner-gateway", GATEWAY_ROLE).await;
    let answer = step(&lab, &gateway, PARTNER_ROLE, "&ExternalId=camunda").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let start = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
                 <AssumeRoleResult>\n    <AssumedRoleUser>\n      <AssumedRoleId>AROA";
    assert!(answer.body.starts_with(start), "{}", answer.body);
    assert_eq!(
        answer.xml("Arn"),
        "arn:aws:sts::444455556666:assumed-role/partner-role/chained-1"
    );
    let chained = Signing::new(Credentials::from_sts(&answer));
    let who = caller(&lab, &chained).await;
    assert_eq!(who.xml("Account"), "444455556666");
    lab.stop().await;
}

#[tokio::test]
async fn rejects_steps_that_are_not_trusted() {
    let lab = lab().await;
    let gateway = credentials_of(&lab, "partner-gateway", GATEWAY_ROLE).await;
    let keycloak = credentials_of(&lab, "keycloak", KEYCLOAK_ROLE).await;
    for (name, from, to, more) in [
        ("no external id", &gateway, PARTNER_ROLE, ""),
        (
            "a different external id",
            &gateway,
            PARTNER_ROLE,
            "&ExternalId=Camunda",
        ),
        (
            "a different role",
            &keycloak,
            PARTNER_ROLE,
            "&ExternalId=camunda",
        ),
        ("a role for web identities", &gateway, KEYCLOAK_ROLE, ""),
        (
            "no such role",
            &gateway,
            "arn:aws:iam::444455556666:role/absent",
            "",
        ),
    ] {
        let answer = step(&lab, from, to, more).await;
        let message = "User: arn:aws:sts::111122223333:assumed-role/";
        let cause = Cause::ChainedRoleDenied;
        check_refusal(
            &lab,
            name,
            &answer,
            &Expected {
                status: 403,
                code: "AccessDenied",
                message,
                cause,
            },
        );
        let end = format!("is not authorized to perform: sts:AssumeRole on resource: {to}");
        assert!(
            answer.xml("Message").ends_with(&end),
            "{name}: {}",
            answer.xml("Message")
        );
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_chained_session_is_valid_for_an_hour_at_most() {
    let lab = lab().await;
    let gateway = credentials_of(&lab, "partner-gateway", GATEWAY_ROLE).await;
    let answer = step(
        &lab,
        &gateway,
        PARTNER_ROLE,
        "&ExternalId=camunda&DurationSeconds=3601",
    )
    .await;
    let expected = Expected {
        status: 400,
        code: "ValidationError",
        message: "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed \
                  by role chaining.",
        cause: Cause::DurationExceedsMaximum,
    };
    check_refusal(&lab, "long", &answer, &expected);
    lab.stop().await;
}

#[tokio::test]
async fn within_an_account_a_trust_policy_that_names_the_role_is_enough() {
    let lab =
        lab_with(irsa_lab::World::from_yaml(include_str!("../data/chain-world.yaml")).unwrap())
            .await;
    let start = credentials_of(&lab, "start", "arn:aws:iam::111122223333:role/team/start").await;
    for (role, status) in [
        ("names-role", 200),
        ("names-session", 200),
        ("names-account", 403),
        ("names-account-and-start-may", 200),
        ("names-role-but-start-is-denied", 403),
    ] {
        let answer = step(
            &lab,
            &start,
            &format!("arn:aws:iam::111122223333:role/{role}"),
            "",
        )
        .await;
        assert_eq!(answer.status, status, "{role}: {}", answer.body);
    }
    lab.stop().await;
}

#[tokio::test]
async fn the_tags_of_pod_identity_must_be_allowed_along_the_chain() {
    let lab =
        lab_with(irsa_lab::World::from_yaml(include_str!("../data/chain-world.yaml")).unwrap())
            .await;
    let call = Call::get("/v1/credentials").header("authorization", token_of(&lab, "pod"));
    let pod = Credentials::from_json(&ask(&lab, &lab.facts().pod_identity_agent.url, &call).await);
    let answer = step(
        &lab,
        &pod,
        "arn:aws:iam::111122223333:role/names-pod-role",
        "",
    )
    .await;
    let end = "is not authorized to perform: sts:TagSession on resource: \
               arn:aws:iam::111122223333:role/names-pod-role";
    assert!(answer.xml("Message").ends_with(end), "{}", answer.body);
    let answer = step(
        &lab,
        &pod,
        "arn:aws:iam::111122223333:role/names-pod-role-with-tags",
        "",
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    lab.stop().await;
}
