//! The EKS Pod Identity agent.

use irsa_chain::Cause;
use irsa_lab::oidc::{TokenKey, TokenSpec};
use irsa_lab::{Lab, World};

use crate::client::{Answer, Call};
use crate::stage::{ask, lab_with, last_refusal, session_arn, token_of};

const NOT_FOUND: &str =
    "(ResourceNotFoundException): The specified resource could not be found., fault: client";

async fn lab() -> Lab {
    lab_with(World::from_yaml(include_str!("../data/chain-world.yaml")).unwrap()).await
}

async fn agent(lab: &Lab, token: &str) -> Answer {
    let call = Call::get("/v1/credentials").header("authorization", token);
    ask(lab, &lab.facts().pod_identity_agent.url, &call).await
}

fn pod() -> TokenSpec {
    TokenSpec::new("default/pod".parse().unwrap()).audience("pods.eks.amazonaws.com")
}

#[tokio::test]
async fn returns_the_role_of_an_associated_pod() {
    let lab = lab().await;
    let answer = agent(&lab, &token_of(&lab, "pod")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.json()["AccountId"], "111122223333");
    let arn = session_arn(&lab, &answer).await;
    assert!(
        arn.starts_with("arn:aws:sts::111122223333:assumed-role/pod-role/eks-chain-pod-"),
        "{arn}"
    );
    lab.stop().await;
}

#[tokio::test]
async fn rejects_tokens_like_the_agent() {
    let lab = lab().await;
    let good = token_of(&lab, "pod");
    let expired = lab
        .mint_token(&TokenSpec {
            expires_in: -1,
            ..pod()
        })
        .unwrap();
    for (token, text, cause) in [
        (
            String::new(),
            "Service account token cannot be empty",
            Cause::TokenFileEmpty,
        ),
        (
            format!("Bearer {good}"),
            "Service account token cannot be parsed: token is malformed: could not base64 decode \
             header: illegal base64 data at input byte 6",
            Cause::TokenMalformed,
        ),
        (
            "hunter2".to_owned(),
            "Service account token cannot be parsed: token is malformed: token contains an invalid \
             number of segments",
            Cause::TokenMalformed,
        ),
        (
            expired,
            "Service account token failed basic claim validations: token is expired",
            Cause::TokenExpired,
        ),
    ] {
        let answer = agent(&lab, &token).await;
        assert_eq!((answer.status, answer.body.trim_end()), (400, text));
        assert_eq!(last_refusal(&lab).cause, cause, "{text}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn shows_refusals_of_eks() {
    let lab = lab().await;
    let mint = |spec: &TokenSpec| lab.mint_token(spec).unwrap();
    let invalid = "(InvalidTokenException): The specified Kubernetes service account token is \
                   invalid., fault: client";
    let other_issuer = Some("https://elsewhere.example".to_owned());
    for (name, token, status, text, cause) in [
        (
            "IRSA's audience",
            mint(&pod().audience("sts.amazonaws.com")),
            400,
            invalid,
            Cause::TokenAudienceWrong,
        ),
        (
            "issuer",
            mint(&TokenSpec {
                issuer: other_issuer,
                ..pod()
            }),
            400,
            invalid,
            Cause::IssuerUnknown,
        ),
        (
            "forged",
            mint(&TokenSpec {
                key: TokenKey::Forged,
                ..pod()
            }),
            400,
            invalid,
            Cause::TokenSignatureInvalid,
        ),
        (
            "no association",
            token_of(&lab, "unassociated"),
            404,
            NOT_FOUND,
            Cause::RoleUnknown,
        ),
        (
            "no TagSession",
            token_of(&lab, "untagged"),
            400,
            "(AccessDeniedException): Unauthorized Exception! EKS does not have permissions to \
             assume the associated role., fault: client",
            Cause::TrustActionMismatch,
        ),
    ] {
        let answer = agent(&lab, &token).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.body);
        let (id, rest) = answer.body.trim_end().split_once("]: ").unwrap();
        assert_eq!((id.len(), rest), (37, text), "{name}");
        assert_eq!(last_refusal(&lab).cause, cause, "{name}");
    }
    lab.stop().await;
}

#[tokio::test]
async fn rejects_other_host_names() {
    let lab = lab().await;
    let call = Call::get("/v1/credentials")
        .header("host", "agent.example")
        .header("authorization", "x");
    let answer = ask(&lab, &lab.facts().pod_identity_agent.url, &call).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.body.trim_end(),
        "Access Denied. Called agent through invalid address, please use either [169.254.170.23 \
         fd00:ec2::23] address not agent.example"
    );
    lab.stop().await;
}
