//! Keycloak and Web Modeler's stack on Aurora PostgreSQL.

use std::path::Path;

use crate::reference_apps::keycloak::{ADA, Keycloak, KeycloakHome, KeycloakOptions};
use crate::reference_apps::web_modeler::WebModeler;
use crate::reference_apps::{Database, DatabaseMode};
use http::Method;
use serde_json::json;

use super::{Mode, port_of};
use crate::DemoError;
use crate::client::opensearch::Call;
use crate::pod::{Pod, Proxy};
use crate::stage::Stage;

/// An application's database, the connection to it, and the proxy if it uses one.
struct Reached {
    database: Database,
    mode: DatabaseMode,
    _proxy: Option<Proxy>,
}

/// Starts Keycloak, which builds its schema, and logs in a user.
pub(super) async fn keycloak(
    stage: &Stage,
    home: &KeycloakHome,
    mode: Mode,
) -> Result<String, DemoError> {
    let reached = reach(stage, "keycloak", mode).await?;
    let options = KeycloakOptions::new(reached.database.clone(), reached.mode.clone());
    let keycloak = Keycloak::start(home, &options).await?;
    let token = keycloak.token(&ADA).await?;
    keycloak.stop().await?;
    let xa = if options.xa { "on" } else { "off" };
    Ok(format!(
        "started, XA {xa}; a login gave a token of {} bytes",
        token.len()
    ))
}

/// Starts the service, which migrates its schema, and creates a project.
pub(super) async fn web_modeler(
    stage: &Stage,
    built: &Path,
    mode: Mode,
) -> Result<String, DemoError> {
    let reached = reach(stage, "webmodeler", mode).await?;
    let service = WebModeler::start(built, &reached.database, &reached.mode, &[]).await?;
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

async fn reach(stage: &Stage, workload: &str, mode: Mode) -> Result<Reached, DemoError> {
    let facts = stage.workload(workload)?;
    let database = Database {
        name: facts.database.clone().unwrap_or_default(),
        user: facts.user.clone().unwrap_or_default(),
    };
    if mode == Mode::ThroughIrsa {
        let proxy = Pod::for_workload(stage, workload)?.proxy(stage).await?;
        let mode = DatabaseMode::ThroughIrsa {
            host: "localhost".to_owned(),
            port: port_of(&proxy.address())?,
        };
        return Ok(Reached {
            database,
            mode,
            _proxy: Some(proxy),
        });
    }
    let cluster = stage.cluster()?;
    let mode = DatabaseMode::OwnSigning {
        endpoint: cluster.endpoint.clone(),
        sign_port: cluster.port,
        port: port_of(&cluster.dial)?,
        ca_file: stage.facts().ca_file.clone(),
        identity: facts.environment.clone(),
    };
    Ok(Reached {
        database,
        mode,
        _proxy: None,
    })
}
