//! A server that is not the right one, and a missing grant.

use irsa_chain::Cause;

use super::Plan;
use crate::DemoError;
use crate::pod::Pod;
use crate::report::Attack;
use crate::stage::Stage;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let healthy = Pod::for_workload(stage, "keycloak")?;
    let misled = healthy
        .clone()
        .with("IRSA_UPSTREAMS", upstream_with_a_foreign_server(stage)?);
    let ungranted = healthy.with_role("legacy-role").with_user("legacy");
    let certificate = Plan::for_irsa(
        "server with the certificate of a different server",
        Cause::TlsCertificateInvalid,
    );
    let grant = Plan::for_irsa("user who is not in rds_iam", Cause::RdsIamNotGranted);
    Ok(vec![
        certificate.log_in(stage, &misled).await?,
        grant.log_in(stage, &ungranted).await?,
    ])
}

/// Returns an upstream with the host name of one cluster and the address of a different one.
fn upstream_with_a_foreign_server(stage: &Stage) -> Result<String, DemoError> {
    let cluster = stage.cluster()?;
    let other = cluster.endpoint.replacen(&cluster.name, "payments", 1);
    Ok(format!(
        "postgres://{other}:{}?dial={}&listen=127.0.0.1:0",
        cluster.port, cluster.dial
    ))
}
