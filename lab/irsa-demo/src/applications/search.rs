//! Zeebe's exporter and Operate on Amazon OpenSearch.

use std::path::Path;
use std::time::Duration;

use crate::reference_apps::search_clients::{DomainWay, Kind, Running, SearchClient, Work};

use super::{Way, port_of};
use crate::DemoError;
use crate::pod::Pod;
use crate::stage::Stage;

/// How long a client may take; it takes seconds.
const PATIENCE: Duration = Duration::from_mins(2);
/// AWS's transport for opensearch-java signs the body of a DELETE and does not send it (opensearch-java issue 521), so
/// that this step is refused in Operate's own way.
const REFUSED_IN_ITS_OWN_WAY: &str = "clear-scroll";

/// Writes as the exporter does.
pub(super) async fn zeebe(stage: &Stage, built: &Path, way: Way) -> Result<String, DemoError> {
    run(stage, SearchClient::Zeebe, built, way).await
}

/// Reads and archives as Operate does.
pub(super) async fn operate(stage: &Stage, built: &Path, way: Way) -> Result<String, DemoError> {
    run(stage, SearchClient::Operate, built, way).await
}

async fn run(
    stage: &Stage,
    client: SearchClient,
    built: &Path,
    way: Way,
) -> Result<String, DemoError> {
    let pod = Pod::of(stage, client.name())?;
    let proxy = match way {
        Way::ThroughIrsa => Some(pod.proxy(stage).await?),
        Way::ItsOwn => None,
    };
    let way = match &proxy {
        Some(proxy) => DomainWay::ThroughIrsa {
            url: format!("http://{}", proxy.address()),
        },
        None => its_own(stage, client)?,
    };
    let mut running = Running::start(client, built, &way, Work::Once, &[]).await?;
    running.ended(PATIENCE).await?;
    told(&running, &way)
}

fn its_own(stage: &Stage, client: SearchClient) -> Result<DomainWay, DemoError> {
    let domain = stage.domain()?;
    Ok(DomainWay::ItsOwn {
        endpoint: domain.endpoint.clone(),
        port: port_of(&domain.dial)?,
        ca_file: stage.facts().ca_file.clone(),
        identity: stage.workload(client.name())?.environment.clone(),
    })
}

fn told(running: &Running, way: &DomainWay) -> Result<String, DemoError> {
    let told = running.told();
    let steps: Vec<_> = told.iter().filter(|told| told.of == Kind::Step).collect();
    let failed: Vec<_> = steps.iter().filter(|step| step.result.is_err()).collect();
    match failed.as_slice() {
        [] if !steps.is_empty() => Ok(format!("all {} steps of its traffic", steps.len())),
        [step] if way.signs() && step.name == REFUSED_IN_ITS_OWN_WAY => Ok(format!(
            "{} of {} steps of its traffic; `{}` is refused: the transport signs a DELETE's body and does not send it",
            steps.len() - 1,
            steps.len(),
            step.name
        )),
        _ => Err(DemoError::stage("an OpenSearch client", running.log())),
    }
}
