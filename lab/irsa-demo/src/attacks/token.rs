//! Attacks with an RDS token, straight at the server.

use irsa_chain::Cause;
use irsa_lab::faults::FaultPlan;

use super::by_aws;
use crate::DemoError;
use crate::client::postgres::{in_clear_text, with_token};
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

/// One second more than a token lives (AWS RDS user guide: 15 minutes).
const AFTER_EXPIRY: i64 = 15 * 60 + 1;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let pod = Pod::of(stage, "keycloak")?;
    let cluster = stage.cluster()?;
    let token = token_for(stage, &pod, &cluster.endpoint).await?;
    let elsewhere = token_for(
        stage,
        &pod,
        &cluster.reader_endpoint.replace("aurora", "other"),
    )
    .await?;
    Ok(vec![
        replayed(stage, &pod, &token).await,
        presented(
            stage,
            "token for another host",
            Cause::SignedForAnotherHost,
            &pod,
            &elsewhere,
        )
        .await,
        presented(
            stage,
            "tampered token",
            Cause::SignatureMismatch,
            &pod,
            &tampered(&token),
        )
        .await,
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

/// The same token with the first digit of its signature changed.
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

async fn presented(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
    token: &str,
) -> Attack {
    stage.say(name);
    let before = stage.refusals();
    let outcome = with_token(stage, pod, token).await.map(drop);
    by_aws(stage, name, expected, before, outcome)
}

async fn replayed(stage: &Stage, pod: &Pod, token: &str) -> Attack {
    stage
        .lab
        .faults()
        .change(|plan| plan.clock_skew_seconds = AFTER_EXPIRY);
    let attack = presented(
        stage,
        "token replayed after expiry",
        Cause::RdsTokenExpired,
        pod,
        token,
    )
    .await;
    stage.lab.faults().set(FaultPlan::default());
    attack
}

async fn clear_text(stage: &Stage, pod: &Pod, token: &str) -> Attack {
    let name = "clear-text connection";
    stage.say(name);
    let before = stage.refusals();
    let outcome = in_clear_text(stage, pod, token).await.map(drop);
    by_aws(stage, name, Cause::ClearTextRefused, before, outcome)
}
