//! Attacks with an RDS token, straight at the server.

use irsa_chain::Cause;
use irsa_lab::faults::FaultPlan;

use super::Plan;
use crate::DemoError;
use crate::client::postgres::{in_clear_text, with_token};
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

/// One second more than the lifetime of a token (AWS RDS user guide: 15 minutes).
const AFTER_EXPIRY: i64 = 15 * 60 + 1;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let pod = Pod::for_workload(stage, "keycloak")?;
    let cluster = stage.cluster()?;
    let token = token_for(stage, &pod, &cluster.endpoint).await?;
    let elsewhere = token_for(
        stage,
        &pod,
        &cluster.reader_endpoint.replace("aurora", "other"),
    )
    .await?;
    let other_host = Plan::for_aws(
        "token signed for a different host",
        Cause::SignedForAnotherHost,
    );
    let tampering = Plan::for_aws("tampered token", Cause::SignatureMismatch);
    Ok(vec![
        replayed(stage, &pod, &token).await,
        presented(other_host, stage, &pod, &elsewhere).await,
        presented(tampering, stage, &pod, &tampered(&token)).await,
        clear_text(stage, &pod, &token).await,
    ])
}

async fn token_for(stage: &Stage, pod: &Pod, host: &str) -> Result<String, DemoError> {
    let port = stage.cluster()?.port.to_string();
    pod.irsa(
        stage,
        &[
            "token", "--host", host, "--port", &port, "--user", &pod.user,
        ],
    )
    .await
}

/// Returns the token with the first digit of its signature changed.
fn tampered(token: &str) -> String {
    const SIGNATURE: &str = "X-Amz-Signature=";
    match token.split_once(SIGNATURE) {
        Some((before, signature)) => {
            let other = if signature.starts_with('0') { "1" } else { "0" };
            format!(
                "{before}{SIGNATURE}{other}{}",
                signature.get(1..).unwrap_or_default()
            )
        }
        None => token.to_owned(),
    }
}

async fn presented(plan: Plan, stage: &Stage, pod: &Pod, token: &str) -> Attack {
    let attempt = async { with_token(stage, pod, token).await.map(drop) };
    plan.straight(stage, pod, attempt).await
}

async fn replayed(stage: &Stage, pod: &Pod, token: &str) -> Attack {
    let faults = stage.lab.faults();
    faults.change(|plan| plan.clock_skew_seconds = AFTER_EXPIRY);
    let plan = Plan::for_aws("token replayed after it expired", Cause::RdsTokenExpired);
    let attack = presented(plan, stage, pod, token).await;
    faults.set(FaultPlan::default());
    attack
}

async fn clear_text(stage: &Stage, pod: &Pod, token: &str) -> Attack {
    let plan = Plan::for_aws("connection without TLS", Cause::ClearTextRefused);
    let attempt = async { in_clear_text(stage, pod, token).await.map(drop) };
    plan.straight(stage, pod, attempt).await
}
