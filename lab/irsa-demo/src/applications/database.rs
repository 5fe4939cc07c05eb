//! Keycloak and Web Modeler's stack on Aurora PostgreSQL.

use std::path::Path;

use crate::reference_apps::keycloak::{ADA, Keycloak, KeycloakHome, KeycloakOptions};
use crate::reference_apps::web_modeler::WebModeler;
use crate::reference_apps::{Database, DatabaseWay};
use http::Method;
use serde_json::json;

use super::{Way, port_of};
use crate::DemoError;
use crate::client::opensearch::Call;
use crate::pod::{Pod, Proxy};
use crate::stage::Stage;

/// An application's database, the way there, and the proxy if there is one.
struct Reached {
    database: Database,
    way: DatabaseWay,
    _proxy: Option<Proxy>,
}

/// Starts Keycloak, which builds its schema, and logs a user in.
pub(super) async fn keycloak(
    stage: &Stage,
    home: &KeycloakHome,
    way: Way,
) -> Result<String, DemoError> {
    let reached = reach(stage, "keycloak", way).await?;
    let options = KeycloakOptions::new(reached.database.clone(), reached.way.clone());
    let keycloak = Keycloak::start(home, &options).await?;
    let token = keycloak.token(&ADA).await?;
    keycloak.stop().await?;
    let xa = if options.xa { "on" } else { "off" };
    Ok(format!(
        "started, XA {xa}; a login gave a token of {} bytes",
        token.len()
    ))
}

/// Starts the service, which migrates its schema, and makes a project.
pub(super) async fn web_modeler(
    stage: &Stage,
    built: &Path,
    way: Way,
) -> Result<String, DemoError> {
    let reached = reach(stage, "webmodeler", way).await?;
    let service = WebModeler::start(built, &reached.database, &reached.way, &[]).await?;
    let address = service.url().trim_start_matches("http://").to_owned();
    let said =
        |refused: crate::client::Refused| DemoError::stage("asking Web Modeler", refused.message);
    Call::new(Method::POST, "/api/projects")
        .json(&json!({"name": "demo"}))
        .to(&address)
        .await
        .map_err(said)?;
    let projects = Call::new(Method::GET, "/api/projects").to(&address).await;
    let projects = projects.map_err(said)?.as_array().map_or(0, Vec::len);
    service.stop().await?;
    Ok(format!(
        "started, migrated its schema, lists {projects} project(s)"
    ))
}

async fn reach(stage: &Stage, workload: &str, way: Way) -> Result<Reached, DemoError> {
    let facts = stage.workload(workload)?;
    let database = Database {
        name: facts.database.clone().unwrap_or_default(),
        user: facts.user.clone().unwrap_or_default(),
    };
    if way == Way::ThroughIrsa {
        let proxy = Pod::of(stage, workload)?.proxy(stage).await?;
        let way = DatabaseWay::ThroughIrsa {
            host: "localhost".to_owned(),
            port: port_of(&proxy.address())?,
        };
        return Ok(Reached {
            database,
            way,
            _proxy: Some(proxy),
        });
    }
    let cluster = stage.cluster()?;
    let way = DatabaseWay::ItsOwn {
        endpoint: cluster.endpoint.clone(),
        sign_port: cluster.port,
        port: port_of(&cluster.dial)?,
        ca_file: stage.facts().ca_file.clone(),
        identity: facts.environment.clone(),
    };
    Ok(Reached {
        database,
        way,
        _proxy: None,
    })
}
