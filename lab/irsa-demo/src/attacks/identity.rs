//! Attacks on the identity: token, issuer, trust policy, session.

use irsa_chain::{Cause, ServiceAccount};
use irsa_lab::faults::{Mechanism, catalogue};
use irsa_lab::oidc::TokenSpec;

use super::Plan;
use crate::DemoError;
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

/// Time that irsa may retry an answer of AWS that may be transient.
const WAIT: &str = "3s";

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = vec![node_role(stage).await?];
    for (name, expected, spec) in forged_tokens()? {
        let token = stage
            .lab
            .mint_token(&spec)
            .map_err(|error| DemoError::stage("minting a token", error))?;
        let pod = Pod::for_workload(stage, "keycloak")?
            .with_token(stage, expected.id(), &token)?
            .with("IRSA_CREDENTIALS_TIMEOUT", WAIT);
        attacks.push(Plan::for_aws(name, expected).log_in(stage, &pod).await?);
    }
    for (name, expected, role, user) in [
        (
            "trust policy for a different cluster",
            Cause::TrustProviderMismatch,
            "old-cluster-role",
            "keycloak",
        ),
        (
            "policy for a different database user",
            Cause::DbUserMismatch,
            "keycloak-role",
            "webmodeler",
        ),
        (
            "policy with the cluster name in place of its resource ID",
            Cause::ResourceIdMismatch,
            "cluster-name-role",
            "keycloak",
        ),
    ] {
        let pod = Pod::for_workload(stage, "keycloak")?
            .with_role(role)
            .with_user(user);
        attacks.push(Plan::for_aws(name, expected).log_in(stage, &pod).await?);
    }
    Ok(attacks)
}

/// Web identity is broken, and the node's role is one metadata request away. The default chain of an SDK would use that
/// role and mask the error; `irsa` must not even ask for it.
async fn node_role(stage: &Stage) -> Result<Attack, DemoError> {
    let missing = stage.folder().join("no-such-token");
    let pod = Pod::for_workload(stage, "keycloak")?.with_token_file(&missing);
    let name = "no token, while the node's role is within reach";
    let plan = Plan::for_irsa(name, Cause::TokenFileMissing);
    let mut attack = plan.log_in(stage, &pod).await?;
    attack.as_expected &= stage.imds_requests() == 0;
    Ok(attack)
}

/// Tokens with one flaw each: those of the lab's fault catalogue, and those of other service accounts.
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
        (
            "key that the issuer no longer publishes",
            "token-key-retired",
        ),
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
