//! Attacks from the server's side, and a grant that is missing.

use irsa_chain::Cause;

use super::refused_by_irsa;
use crate::DemoError;
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let healthy = Pod::of(stage, "keycloak")?;
    let misled = healthy
        .clone()
        .with("IRSA_UPSTREAMS", upstream_with_a_foreign_server(stage)?);
    let ungranted = healthy.with_role("legacy-role").with_user("legacy");
    Ok(vec![
        refused_by_irsa(
            stage,
            "server with another server's certificate",
            Cause::TlsCertificateInvalid,
            &misled,
        )
        .await?,
        refused_by_irsa(
            stage,
            "user without rds_iam",
            Cause::RdsIamNotGranted,
            &ungranted,
        )
        .await?,
    ])
}

/// The name of one database, led to the address of another one.
fn upstream_with_a_foreign_server(stage: &Stage) -> Result<String, DemoError> {
    let cluster = stage.cluster()?;
    let other = cluster.endpoint.replacen(&cluster.name, "payments", 1);
    Ok(format!(
        "postgres://{other}:{}?dial={}&listen=127.0.0.1:0",
        cluster.port, cluster.dial
    ))
}
