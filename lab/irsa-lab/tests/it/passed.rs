//! Parameters that callers pass to the sessions they request: policies, tags, a source identity.

use irsa_lab::{Lab, World};

use crate::client::Answer;
use crate::signer::{Credentials, Signing};
use crate::stage::{assume_form, lab_with, last_refusal, signed, sts, token_of};

const START: &str = "arn:aws:iam::111122223333:role/start";
const NEXT: &str = "arn:aws:iam::111122223333:role/next";
const LAST: &str = "arn:aws:iam::111122223333:role/last";

async fn lab() -> Lab {
    let world = include_str!("../data/passed-world.yaml");
    lab_with(World::from_yaml(world).unwrap()).await
}

/// Requests a session of `start` by web identity, with additional parameters.
async fn start(lab: &Lab, more: &[(&str, &str)]) -> Answer {
    let form = assume_form(START, "pod-1", &token_of(lab, "start"));
    sts(lab, &(form + &encoded(more))).await
}

async fn step(lab: &Lab, from: &Answer, to: &str, more: &[(&str, &str)]) -> Answer {
    let form = format!(
        "Action=AssumeRole&Version=2011-06-15{}",
        encoded(&[("RoleArn", to), ("RoleSessionName", "chained-1")])
    );
    let signing = Signing::new(Credentials::from_sts(from));
    signed(lab, &signing, &(form + &encoded(more))).await
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("", "").extend_pairs(pairs);
    form.finish().trim_start_matches('=').to_owned()
}

fn tags<'a>(color: &'a [(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let team = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "payments"),
        ("TransitiveTagKeys.member.1", "team"),
    ];
    team.iter().chain(color).copied().collect()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.xml("Code"))
}

#[tokio::test]
async fn a_session_policy_limits_the_session() {
    let lab = lab().await;
    for (action, status) in [("sts:AssumeRole", 200), ("s3:GetObject", 403)] {
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement":
                {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}"#
        );
        let session = start(&lab, &[("Policy", &policy)]).await;
        let percent: u64 = session.xml("PackedPolicySize").parse().unwrap();
        assert!((1..=20).contains(&percent), "{percent}");
        let answer = step(&lab, &session, NEXT, &[]).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    assert!(!start(&lab, &[]).await.body.contains("PackedPolicySize"));
    lab.stop().await;
}

#[tokio::test]
async fn rejects_an_invalid_session_policy() {
    let lab = lab().await;
    let long = " ".repeat(2_049);
    for (policy, expected, message) in [
        (
            "{",
            "MalformedPolicyDocument",
            "This policy contains invalid Json",
        ),
        ("{}", "MalformedPolicyDocument", "Syntax errors in policy."),
        (
            &*long,
            "ValidationError",
            "1 validation error detected: Value '",
        ),
    ] {
        let answer = start(&lab, &[("Policy", policy)]).await;
        assert_eq!(code(&answer), (400, expected.to_owned()));
        assert!(
            answer.xml("Message").starts_with(message),
            "{}",
            answer.body
        );
    }
    lab.stop().await;
}

#[tokio::test]
async fn transitive_tags_and_the_source_identity_are_inherited() {
    let lab = lab().await;
    let first = start(&lab, &[]).await;
    let passed = tags(&[
        ("Tags.member.2.Key", "color"),
        ("Tags.member.2.Value", "red"),
        ("SourceIdentity", "alice"),
    ]);
    let second = step(&lab, &first, NEXT, &passed).await;
    assert_eq!(second.status, 200, "{}", second.body);
    let start = "  <AssumeRoleResult>\n    <SourceIdentity>alice</SourceIdentity>\n    \
                 <AssumedRoleUser>";
    assert!(second.body.contains(start), "{}", second.body);
    let end = "</Credentials>\n    <PackedPolicySize>1</PackedPolicySize>\n  </AssumeRoleResult>";
    assert!(second.body.contains(end), "{}", second.body);

    // `last` requires the tag and the source identity of the first session, and the absence of the tag that is not
    // transitive.
    let third = step(&lab, &second, LAST, &[]).await;
    assert_eq!(third.status, 200, "{}", third.body);
    assert_eq!(third.xml("SourceIdentity"), "alice");

    let other = step(&lab, &second, LAST, &[("SourceIdentity", "bob")]).await;
    assert_eq!(code(&other), (403, "AccessDenied".to_owned()));
    let again = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "b")];
    let other = step(&lab, &second, LAST, &again).await;
    assert_eq!(code(&other), (400, "InvalidParameterValue".to_owned()));
    lab.stop().await;
}

#[tokio::test]
async fn each_parameter_needs_its_own_action() {
    let lab = lab().await;
    let first = start(&lab, &[]).await;
    let other_team = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "x")];
    let answer = step(&lab, &first, NEXT, &other_team).await;
    let message = format!(
        "User: arn:aws:sts::111122223333:assumed-role/start/pod-1 is not authorized to perform: \
         sts:TagSession on resource: {NEXT}"
    );
    assert_eq!((answer.status, answer.xml("Message")), (403, message));
    assert!(last_refusal(&lab).message.contains("aws:RequestTag/team"));

    let plain = step(&lab, &first, NEXT, &[]).await;
    let answer = step(&lab, &plain, LAST, &[("SourceIdentity", "alice")]).await;
    assert_eq!(code(&answer), (403, "AccessDenied".to_owned()));
    lab.stop().await;
}

#[tokio::test]
async fn rejects_conflicting_and_oversized_tags() {
    let lab = lab().await;
    let first = start(&lab, &[]).await;
    let twice = tags(&[("Tags.member.2.Key", "team"), ("Tags.member.2.Value", "b")]);
    let absent = [("TransitiveTagKeys.member.1", "team")];
    let value = "v".repeat(256);
    let keys: Vec<_> = (1..10).map(|n| format!("Tags.member.{n}.Key")).collect();
    let values: Vec<_> = (1..10).map(|n| format!("Tags.member.{n}.Value")).collect();
    let names = keys.iter().zip(&values);
    let large: Vec<_> = names
        .flat_map(|(key, name)| {
            [
                (key.as_str(), name.as_str()),
                (name.as_str(), value.as_str()),
            ]
        })
        .collect();
    for (more, expected) in [
        (&twice[..], "ValidationError"),
        (&absent[..], "ValidationError"),
        (&large[..], "PackedPolicyTooLarge"),
        (&[("SourceIdentity", "a b")][..], "ValidationError"),
    ] {
        let answer = step(&lab, &first, NEXT, more).await;
        assert_eq!(code(&answer), (400, expected.to_owned()), "{more:?}");
    }
    lab.stop().await;
}
