//! Zeebe's exporter and Operate on Amazon OpenSearch.

use std::path::Path;
use std::time::Duration;

use crate::reference_apps::search_clients::{DomainMode, EventKind, Running, SearchClient, Work};

use super::{Mode, port_of};
use crate::DemoError;
use crate::pod::Pod;
use crate::stage::Stage;

/// Time limit for a client, which takes seconds.
const PATIENCE: Duration = Duration::from_mins(2);
/// The step that fails with Operate's own signing: AWS's transport for opensearch-java signs the body of a DELETE but
/// does not send it (opensearch-java issue 521).
const REFUSED_WITH_OWN_SIGNING: &str = "clear-scroll";

/// Sends the requests of Zeebe's exporter.
pub(super) async fn zeebe(stage: &Stage, built: &Path, mode: Mode) -> Result<String, DemoError> {
    run(stage, SearchClient::Zeebe, built, mode).await
}

/// Sends the requests of Operate: reads and archives.
pub(super) async fn operate(stage: &Stage, built: &Path, mode: Mode) -> Result<String, DemoError> {
    run(stage, SearchClient::Operate, built, mode).await
}

async fn run(
    stage: &Stage,
    client: SearchClient,
    built: &Path,
    mode: Mode,
) -> Result<String, DemoError> {
    let pod = Pod::for_workload(stage, client.name())?;
    let proxy = match mode {
        Mode::ThroughIrsa => Some(pod.proxy(stage).await?),
        Mode::OwnSigning => None,
    };
    let mode = match &proxy {
        Some(proxy) => DomainMode::ThroughIrsa {
            url: format!("http://{}", proxy.address()),
        },
        None => own_signing(stage, client)?,
    };
    let mut running = Running::start(client, built, &mode, Work::Once, &[]).await?;
    running.ended(PATIENCE).await?;
    summary(&running, &mode)
}

fn own_signing(stage: &Stage, client: SearchClient) -> Result<DomainMode, DemoError> {
    let domain = stage.domain()?;
    Ok(DomainMode::OwnSigning {
        endpoint: domain.endpoint.clone(),
        port: port_of(&domain.dial)?,
        ca_file: stage.facts().ca_file.clone(),
        identity: stage.workload(client.name())?.environment.clone(),
    })
}

fn summary(running: &Running, mode: &DomainMode) -> Result<String, DemoError> {
    let events = running.events();
    let steps: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::Step)
        .collect();
    let failed: Vec<_> = steps.iter().filter(|step| step.result.is_err()).collect();
    match failed.as_slice() {
        [] if !steps.is_empty() => Ok(format!("all {} steps of its traffic", steps.len())),
        [step] if mode.signs() && step.name == REFUSED_WITH_OWN_SIGNING => Ok(format!(
            "{} of {} steps of its traffic; `{}` is refused: the transport signs a DELETE's body and does not send it",
            steps.len() - 1,
            steps.len(),
            step.name
        )),
        _ => Err(DemoError::stage("an OpenSearch client", running.log())),
    }
}
