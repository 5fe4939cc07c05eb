//! Attacks on the identity: the token, the issuer, the trust policy, the session.

use irsa_chain::{Cause, ServiceAccount};
use irsa_lab::faults::{Mechanism, catalogue};
use irsa_lab::oidc::TokenSpec;

use super::{refused_by_aws, refused_by_irsa};
use crate::DemoError;
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

/// How long irsa may wait for a better answer where AWS's may be a passing one.
const WAIT: &str = "3s";

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = vec![node_role(stage).await?];
    for (name, expected, spec) in forged_tokens()? {
        let token = stage
            .lab
            .mint_token(&spec)
            .map_err(|error| DemoError::stage("minting a token", error))?;
        let pod = Pod::of(stage, "keycloak")?
            .with_token(stage, expected.id(), &token)?
            .with("IRSA_CREDENTIALS_TIMEOUT", WAIT);
        attacks.push(refused_by_aws(stage, name, expected, &pod).await?);
    }
    for (name, expected, role, user) in [
        (
            "trust policy for another cluster",
            Cause::TrustProviderMismatch,
            "old-cluster-role",
            "keycloak",
        ),
        (
            "policy for another user",
            Cause::DbUserMismatch,
            "keycloak-role",
            "webmodeler",
        ),
        (
            "policy with the cluster's name for its resource id",
            Cause::ResourceIdMismatch,
            "cluster-name-role",
            "keycloak",
        ),
    ] {
        let pod = Pod::of(stage, "keycloak")?.with_role(role).with_user(user);
        attacks.push(refused_by_aws(stage, name, expected, &pod).await?);
    }
    Ok(attacks)
}

/// Web identity is broken, and the node's role is one request away. An SDK's default chain would
/// take it and hide the error; `irsa` must not even ask.
async fn node_role(stage: &Stage) -> Result<Attack, DemoError> {
    let missing = stage.folder().join("no-such-token");
    let pod = Pod::of(stage, "keycloak")?.with_token_file(&missing);
    let name = "the node's role through IMDS, which would have worked";
    let mut attack = refused_by_irsa(stage, name, Cause::TokenFileMissing, &pod).await?;
    attack.as_expected &= stage.imds_requests() == 0;
    Ok(attack)
}

/// Tokens with something wrong: those of the lab's catalogue, and those of neighbors.
fn forged_tokens() -> Result<Vec<(&'static str, Cause, TokenSpec)>, DemoError> {
    let good = TokenSpec::new(service_account("camunda", "keycloak")?);
    let mut tokens = vec![
        (
            "wrong service account",
            Cause::TrustSubjectMismatch,
            TokenSpec::new(service_account("camunda", "default")?),
        ),
        (
            "wrong namespace",
            Cause::TrustSubjectMismatch,
            TokenSpec::new(service_account("sandbox", "keycloak")?),
        ),
    ];
    for (name, id) in [
        ("wrong audience", "token-audience-wrong"),
        ("forged signature", "token-forged"),
        ("unknown issuer", "issuer-unknown"),
        ("expired token", "token-expired"),
        ("key that was rotated away", "token-key-retired"),
    ] {
        let fault =
            catalogue::find(id).map_err(|error| DemoError::stage("breaking a token", error))?;
        let mut token = good.clone();
        if let Mechanism::Token(change) = fault.mechanism {
            change(&mut token);
        }
        tokens.push((name, fault.cause, token));
    }
    Ok(tokens)
}

fn service_account(namespace: &str, name: &str) -> Result<ServiceAccount, DemoError> {
    ServiceAccount::new(namespace, name)
        .map_err(|error| DemoError::stage("naming a service account", error))
}
