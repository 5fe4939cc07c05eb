//! The chain at work: the reference's workloads, and the evidence for each link.

mod database;
mod search;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use irsa_chain::Link;
use serde_json::Value;

use crate::DemoError;
use crate::pod::Pod;
use crate::report::{LinkShown, Tour};
use crate::stage::Stage;

/// The workloads that use Aurora.
const ON_AURORA: [&str; 2] = ["keycloak", "webmodeler"];

/// Does real work as each workload and collects the evidence for each link.
pub(crate) async fn take(stage: &Stage) -> Result<Vec<Tour>, DemoError> {
    let mut tours = Vec::new();
    for workload in ON_AURORA {
        stage.say(&format!("a query as {workload}"));
        tours.push(Tour {
            workload: workload.to_owned(),
            store: "Aurora PostgreSQL",
            links: database::visit(stage, workload).await?,
        });
    }
    if stage.has_domain() {
        tours.extend(search::visit(stage).await?);
    }
    Ok(tours)
}

fn show(link: Link, shown: String) -> LinkShown {
    LinkShown { link, shown }
}

/// Returns the links up to the session, which do not depend on the data store.
async fn identity_links(
    stage: &Stage,
    workload: &str,
    pod: &Pod,
) -> Result<Vec<LinkShown>, DemoError> {
    let whoami = pod.irsa(stage, &["whoami", "--output", "json"]).await?;
    let whoami: Value = serde_json::from_str(&whoami)
        .map_err(|error| DemoError::stage("reading `irsa whoami`", error))?;
    let facts = stage.workload(workload)?;
    let claims = claims_of(&facts.token_file)?;
    let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let text = |name: &str| whoami[name].as_str().unwrap_or_default().to_owned();
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
        show(Link::TrustPolicy, text("role_arn")),
        show(
            Link::StsSession,
            format!("{} until {}", text("arn"), text("expires_at")),
        ),
    ])
}

/// Returns the claims of a token that AWS has just accepted.
fn claims_of(file: &std::path::Path) -> Result<Value, DemoError> {
    let failed = |error: &dyn std::fmt::Display| DemoError::stage("reading the token", error);
    let token = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let payload = token.split('.').nth(1).unwrap_or_default();
    let payload = BASE64_URL_SAFE_NO_PAD
        .decode(payload)
        .map_err(|error| failed(&error))?;
    serde_json::from_slice(&payload).map_err(|error| failed(&error))
}
