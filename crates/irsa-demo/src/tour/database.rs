//! The chain at work: two workloads, and what each link showed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use irsa_chain::Link;
use irsa_lab::ledger::{Outcome, Service};
use serde_json::Value;

use crate::DemoError;
use crate::client::{ask, through};
use crate::pod::Pod;
use crate::report::LinkShown;
use crate::stage::Stage;

/// The reference's two users of Aurora.
const WORKLOADS: [&str; 2] = ["keycloak", "webmodeler"];

/// Runs real queries as each workload and reads off every link.
pub(crate) async fn take(stage: &Stage) -> Result<Vec<LinkShown>, DemoError> {
    let mut shown = Vec::new();
    for workload in WORKLOADS {
        stage.say(&format!("a query as {workload}"));
        shown.extend(visit(stage, workload).await?);
    }
    Ok(shown)
}

async fn visit(stage: &Stage, workload: &str) -> Result<Vec<LinkShown>, DemoError> {
    let pod = Pod::of(stage, workload)?;
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
    let whoami = pod.irsa(stage, &["whoami", "--output", "json"]).await?;
    let whoami: Value = serde_json::from_str(&whoami)
        .map_err(|error| DemoError::stage("reading `irsa whoami`", error))?;
    links(stage, workload, &whoami, session)
}

fn links(
    stage: &Stage,
    workload: &str,
    whoami: &Value,
    session: String,
) -> Result<Vec<LinkShown>, DemoError> {
    let facts = stage.workload(workload)?;
    let cluster = stage.cluster()?;
    let claims = claims_of(&facts.token_file)?;
    let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let text = |name: &str| whoami[name].as_str().unwrap_or_default().to_owned();
    let user = facts.user.clone().unwrap_or_default();
    let logins = stage
        .lab
        .ledger()
        .count(Service::Aurora, "login", Outcome::Served);
    let show = |link, shown| LinkShown { link, shown };
    Ok(vec![
        show(
            Link::ServiceAccount,
            format!("{}/{}", facts.namespace, facts.service_account),
        ),
        show(
            Link::ProjectedToken,
            format!("subject {}, audience {}", claim("sub"), facts.audience),
        ),
        show(Link::OidcProvider, claim("iss")),
        show(Link::TrustPolicy, text("roleArn")),
        show(
            Link::StsSession,
            format!("{} until {}", text("arn"), text("expiresAt")),
        ),
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
    ])
}

/// The claims of a token that AWS has just accepted.
fn claims_of(file: &std::path::Path) -> Result<Value, DemoError> {
    let failed = |error: &dyn std::fmt::Display| DemoError::stage("reading the token", error);
    let token = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = BASE64_URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|error| failed(&error))?;
    serde_json::from_slice(&payload).map_err(|error| failed(&error))
}
