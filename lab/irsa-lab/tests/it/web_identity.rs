//! `AssumeRoleWithWebIdentity`.

use irsa_chain::Cause;
use irsa_lab::oidc::{Audience, TokenKey, TokenSpec};
use irsa_lab::{Lab, World};

use crate::stage::{
    Expected, KEYCLOAK_ROLE, PARTNER_ROLE, assume, assume_form, check_refusal, lab, lab_with, sts,
    token_of,
};

const DENIED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please \
                      reference AssumeRoleWithWebIdentity documentation for requirements";

const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you \
                         sent an Access Token)";
const NOT_VALID: &str = "The web identity token that was passed could not be validated by AWS.";

fn keycloak() -> TokenSpec {
    TokenSpec::new("camunda/keycloak".parse().unwrap())
}

#[tokio::test]
async fn a_valid_token_gets_a_session_in_the_format_of_aws() {
    let lab = lab().await;
    let answer = assume(&lab, KEYCLOAK_ROLE, &token_of(&lab, "keycloak")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let start = "<AssumeRoleWithWebIdentityResponse \
                 xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
                 <AssumeRoleWithWebIdentityResult>\n    \
                 <Audience>sts.amazonaws.com</Audience>\n    <AssumedRoleUser>\n      \
                 <AssumedRoleId>AROA";
    assert!(answer.body.starts_with(start), "{}", answer.body);
    assert_eq!(
        answer.xml("Arn"),
        "arn:aws:sts::111122223333:assumed-role/keycloak-role/pod-1"
    );
    assert_eq!(
        answer.xml("Provider"),
        "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472"
    );
    assert_eq!(
        answer.xml("SubjectFromWebIdentityToken"),
        "system:serviceaccount:camunda:keycloak"
    );
    assert!(answer.xml("Expiration").ends_with('Z'));
    let session = lab.sessions().find(&answer.xml("AccessKeyId")).unwrap();
    assert!(
        session
            .credentials
            .session_token
            .matches(&answer.xml("SessionToken"))
    );
    let ended = token_of(&lab, "keycloak") + "\n";
    assert_eq!(assume(&lab, KEYCLOAK_ROLE, &ended).await.status, 200);
    lab.stop().await;
}

fn identity_token(message: &'static str, cause: Cause) -> Expected {
    Expected {
        status: 400,
        code: "InvalidIdentityToken",
        message,
        cause,
    }
}

async fn refuses(tokens: Vec<(&str, TokenSpec, Expected)>) {
    let lab = lab().await;
    for (name, spec, expected) in tokens {
        let answer = assume(&lab, KEYCLOAK_ROLE, &lab.mint_token(&spec).unwrap()).await;
        check_refusal(&lab, name, &answer, &expected);
    }
    lab.stop().await;
}

#[tokio::test]
async fn rejects_wrong_issuers_and_audiences_with_the_text_of_aws() {
    let issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/OTHER";
    let no_provider = "No OpenIDConnect provider found in your account for \
                       https://oidc.eks.eu-central-1.amazonaws.com/id/OTHER";
    refuses(vec![
        (
            "issuer without provider",
            TokenSpec {
                issuer: Some(issuer.to_owned()),
                ..keycloak()
            },
            identity_token(no_provider, Cause::IssuerUnknown),
        ),
        (
            "a different audience",
            keycloak().audience("https://kubernetes.default.svc"),
            identity_token("Incorrect token audience", Cause::TokenAudienceWrong),
        ),
        (
            "no audience",
            TokenSpec {
                audience: Audience::Absent,
                ..keycloak()
            },
            identity_token("Missing a required claim: aud", Cause::TokenAudienceMissing),
        ),
    ])
    .await;
}

#[tokio::test]
async fn rejects_wrong_keys_and_times_with_the_text_of_aws() {
    let expired = Expected {
        status: 400,
        code: "ExpiredTokenException",
        message: "Token expired: current date/time ",
        cause: Cause::TokenExpired,
    };
    let key = |key| TokenSpec { key, ..keycloak() };
    refuses(vec![
        (
            "not published",
            key(TokenKey::Retired),
            identity_token(NO_KEY, Cause::VerificationKeyUnavailable),
        ),
        (
            "forged",
            key(TokenKey::Forged),
            identity_token(NOT_VALID, Cause::TokenSignatureInvalid),
        ),
        (
            "unsigned",
            key(TokenKey::Unsigned),
            identity_token(NOT_A_JWT, Cause::TokenMalformed),
        ),
        (
            "expired",
            TokenSpec {
                expires_in: -1,
                ..keycloak()
            },
            expired,
        ),
        (
            "not yet valid",
            TokenSpec {
                issued_in: 3_600,
                ..keycloak()
            },
            identity_token(NOT_VALID, Cause::ClockSkew),
        ),
    ])
    .await;
}

#[tokio::test]
async fn rejects_malformed_tokens() {
    let lab = lab().await;
    for text in ["hunter2", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"] {
        let answer = assume(&lab, KEYCLOAK_ROLE, text).await;
        check_refusal(
            &lab,
            text,
            &answer,
            &identity_token(NOT_A_JWT, Cause::TokenMalformed),
        );
    }
    lab.stop().await;
}

/// The repair of one flaw.
type Mend = fn(&mut TokenSpec);

#[tokio::test]
async fn the_first_failed_check_decides_in_the_order_of_aws() {
    let lab = lab().await;
    let all_wrong = TokenSpec {
        issuer: Some("https://elsewhere.example".to_owned()),
        audience: Audience::Absent,
        expires_in: -1,
        key: TokenKey::Retired,
        ..TokenSpec::new("camunda/neighbour".parse().unwrap())
    };
    let steps: [(Cause, Mend); 6] = [
        (Cause::IssuerUnknown, |_| {}),
        (Cause::TokenAudienceMissing, |spec| spec.issuer = None),
        (Cause::VerificationKeyUnavailable, |spec| {
            spec.audience = Audience::default();
        }),
        (Cause::TokenSignatureInvalid, |spec| {
            spec.key = TokenKey::Forged;
        }),
        (Cause::TokenExpired, |spec| spec.key = TokenKey::Current),
        (Cause::TrustSubjectMismatch, |spec| spec.expires_in = 600),
    ];
    let mut spec = all_wrong;
    for (cause, mend) in steps {
        mend(&mut spec);
        let answer = assume(&lab, KEYCLOAK_ROLE, &lab.mint_token(&spec).unwrap()).await;
        assert_ne!(answer.status, 200);
        assert_eq!(crate::stage::last_refusal(&lab).cause, cause);
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_denial_has_the_same_text_for_every_cause() {
    let lab = lab_with(World::from_yaml(include_str!("../data/trust-world.yaml")).unwrap()).await;
    let token = token_of(&lab, "app");
    for (role, cause) in [
        ("other-subject", Cause::TrustSubjectMismatch),
        ("star-with-equals", Cause::TrustWildcardLiteral),
        ("other-audience", Cause::TrustAudienceMismatch),
        ("other-provider", Cause::TrustProviderMismatch),
        ("keys-of-another-cluster", Cause::TrustProviderMismatch),
        ("other-action", Cause::TrustActionMismatch),
        ("explicit-deny", Cause::TrustDenied),
        ("absent", Cause::RoleUnknown),
    ] {
        let answer = assume(
            &lab,
            &format!("arn:aws:iam::111122223333:role/{role}"),
            &token,
        )
        .await;
        let expected = Expected {
            status: 403,
            code: "AccessDenied",
            message: DENIED,
            cause,
        };
        check_refusal(&lab, role, &answer, &expected);
        assert_eq!(answer.xml("Message"), DENIED, "{role}");
    }
    let answer = assume(
        &lab,
        "arn:aws:iam::111122223333:role/star-with-like",
        &token,
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    lab.stop().await;
}

#[tokio::test]
async fn the_provider_must_be_in_the_account_of_the_role() {
    let lab = lab().await;
    let answer = assume(&lab, PARTNER_ROLE, &token_of(&lab, "partner-gateway")).await;
    assert!(
        answer
            .xml("Message")
            .starts_with("No OpenIDConnect provider found in your account for ")
    );
    lab.stop().await;
}

async fn refuses_parameters(cases: &[(&str, &str, &str, &'static str, Cause)]) {
    let lab = lab().await;
    let token = token_of(&lab, "keycloak");
    for (role, session, more, message, cause) in cases {
        let answer = sts(
            &lab,
            &format!("{}{more}", assume_form(role, session, &token)),
        )
        .await;
        let expected = Expected {
            status: 400,
            code: "ValidationError",
            message,
            cause: *cause,
        };
        check_refusal(&lab, message, &answer, &expected);
    }
    lab.stop().await;
}

#[tokio::test]
async fn rejects_wrong_names_with_the_text_of_aws() {
    let no_arn = "arn:aws:iam:::role:keycloak";
    let short = "1 validation error detected: Value 'keycloak' at 'roleArn' failed to satisfy \
                 constraint: Member must have length greater than or equal to 20";
    let slash = "1 validation error detected: Value 'pod/1' at 'roleSessionName' failed to satisfy \
                 constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*";
    let both = "2 validation errors detected: Value 'x' at 'roleArn'";
    let long = "1 validation error detected: Value 'ppppp";
    refuses_parameters(&[
        (
            no_arn,
            "pod-1",
            "",
            "Request ARN is invalid",
            Cause::RoleUnknown,
        ),
        ("keycloak", "pod-1", "", short, Cause::RoleUnknown),
        (KEYCLOAK_ROLE, "pod/1", "", slash, Cause::SessionNameInvalid),
        (
            KEYCLOAK_ROLE,
            &"p".repeat(65),
            "",
            long,
            Cause::SessionNameInvalid,
        ),
        ("x", "y", "", both, Cause::RoleUnknown),
    ])
    .await;
}

#[tokio::test]
async fn rejects_wrong_durations_with_the_text_of_aws() {
    let short = "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy \
                 constraint: Member must have value greater than or equal to 900";
    let long = "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy \
                constraint: Member must have value less than or equal to 43200";
    let too_long =
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    let cause = Cause::DurationExceedsMaximum;
    refuses_parameters(&[
        (KEYCLOAK_ROLE, "pod-1", "&DurationSeconds=899", short, cause),
        (
            KEYCLOAK_ROLE,
            "pod-1",
            "&DurationSeconds=43201",
            long,
            cause,
        ),
        (
            KEYCLOAK_ROLE,
            "pod-1",
            "&DurationSeconds=3601",
            too_long,
            cause,
        ),
    ])
    .await;
}

#[tokio::test]
async fn rejects_unsupported_parameters_rather_than_ignoring_them() {
    let lab = lab().await;
    let form = assume_form(KEYCLOAK_ROLE, "pod-1", &token_of(&lab, "keycloak"));
    for (form, code) in [
        (
            format!("{form}&ProviderId=www.amazon.com"),
            "NotImplemented",
        ),
        (
            format!("{form}&PolicyArns.member.1.arn=x"),
            "NotImplemented",
        ),
        (form.replace("2011-06-15", "2012-06-15"), "InvalidAction"),
        (
            "Action=GetSessionToken&Version=2011-06-15".to_owned(),
            "InvalidAction",
        ),
        (String::new(), "InvalidAction"),
    ] {
        assert_eq!(sts(&lab, &form).await.xml("Code"), code, "{form}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn a_longer_session_is_granted_if_the_role_allows_it() {
    let lab = lab().await;
    let role = "arn:aws:iam::111122223333:role/aurora-role";
    let form = format!(
        "{}&DurationSeconds=43200",
        assume_form(role, "pod-1", &token_of(&lab, "aurora"))
    );
    assert_eq!(lifetime(&lab, &form).await, 43_200);
    lab.stop().await;
}

async fn lifetime(lab: &Lab, form: &str) -> u64 {
    let answer = sts(lab, form).await;
    lab.sessions()
        .find(&answer.xml("AccessKeyId"))
        .unwrap()
        .spec
        .life
        .as_secs()
}

#[tokio::test]
async fn no_secret_is_in_the_ledger() {
    let lab = lab().await;
    let token = token_of(&lab, "neighbour");
    assume(&lab, KEYCLOAK_ROLE, &token).await;
    sts(
        &lab,
        &assume_form(KEYCLOAK_ROLE, "pod-1", &"s3cret".repeat(4_000)),
    )
    .await;
    let ledger = serde_json::to_string(&lab.ledger()).unwrap();
    assert_eq!(lab.ledger().refusals.len(), 2);
    assert!(
        !ledger.contains("s3cret") && !ledger.contains(&token[..40]),
        "{ledger}"
    );
    lab.stop().await;
}
