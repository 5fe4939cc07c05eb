//! A query to Aurora PostgreSQL, and the evidence for each link.

use irsa_chain::Link;
use irsa_lab::ledger::{Outcome, Service};

use super::{identity_links, show};
use crate::DemoError;
use crate::client::postgres::{ask, through};
use crate::pod::Pod;
use crate::report::LinkShown;
use crate::stage::Stage;

/// Runs a real query as `workload` and collects the evidence for each link.
pub(super) async fn visit(stage: &Stage, workload: &str) -> Result<Vec<LinkShown>, DemoError> {
    let pod = Pod::for_workload(stage, workload)?;
    let proxy = pod.proxy(stage).await?;
    let client = through(&proxy, &pod)
        .await
        .map_err(|refused| DemoError::stage(format!("a query as {workload}"), refused.message))?;
    client
        .batch_execute(
            "CREATE TEMPORARY TABLE demo (id int PRIMARY KEY, word text);
             INSERT INTO demo VALUES (1, 'irsa')",
        )
        .await
        .map_err(|error| DemoError::stage("writing a row", error))?;
    let session = ask(
        &client,
        "SELECT format('%s on %s, PostgreSQL %s, wrote and read ''%s''; member of rds_iam: %s',
                current_user, current_database(), current_setting('server_version'),
                (SELECT word FROM demo WHERE id = 1),
                pg_has_role(current_user, 'rds_iam', 'MEMBER'))",
    )
    .await?;
    let shared = identity_links(stage, workload, &pod).await?;
    links(stage, workload, shared, session)
}

fn links(
    stage: &Stage,
    workload: &str,
    mut shared: Vec<LinkShown>,
    session: String,
) -> Result<Vec<LinkShown>, DemoError> {
    let facts = stage.workload(workload)?;
    let cluster = stage.cluster()?;
    let user = facts.user.clone().unwrap_or_default();
    let logins = stage
        .lab
        .ledger()
        .count(Service::Aurora, "login", Outcome::Served);
    shared.extend([
        show(
            Link::Permissions,
            format!("rds-db:connect on dbuser:{}/{user}", cluster.resource_id),
        ),
        show(
            Link::Signature,
            format!(
                "RDS token for {}:{}; {logins} accepted so far",
                cluster.endpoint, cluster.port
            ),
        ),
        show(
            Link::Endpoint,
            format!("{} over verified TLS", cluster.endpoint),
        ),
        show(Link::Grant, session),
    ]);
    Ok(shared)
}
