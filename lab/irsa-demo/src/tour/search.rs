//! Writes of Zeebe's exporter and reads of Operate, on Amazon OpenSearch.

use http::Method;
use irsa_chain::Link;
use irsa_lab::ledger::Service;
use serde_json::{Value, json};

use super::{identity_links, show};
use crate::DemoError;
use crate::client::Refused;
use crate::client::opensearch::Call;
use crate::pod::{Pod, Proxy};
use crate::report::{LinkShown, Tour};
use crate::stage::Stage;

/// An index named as Zeebe's exporter names them.
const INDEX: &str = "zeebe-record_job_8.3.0_2026-11-24";

/// Writes as Zeebe, then reads the same records as Operate.
pub(super) async fn visit(stage: &Stage) -> Result<Vec<Tour>, DemoError> {
    Ok(vec![
        tour(stage, "zeebe", "es:ESHttpPut, ESHttpPost", write).await?,
        tour(stage, "operate", "es:ESHttpPost, ESHttpDelete", read).await?,
    ])
}

async fn tour(
    stage: &Stage,
    workload: &str,
    actions: &str,
    work: impl AsyncFn(&Proxy) -> Result<String, Refused>,
) -> Result<Tour, DemoError> {
    stage.say(&format!("OpenSearch as {workload}"));
    let pod = Pod::for_workload(stage, workload)?;
    let proxy = pod.proxy(stage).await?;
    let done = work(&proxy).await.map_err(|refused| {
        DemoError::stage(format!("OpenSearch as {workload}"), refused.message)
    })?;
    let mut links = identity_links(stage, workload, &pod).await?;
    links.extend(domain_links(stage, actions, &done)?);
    Ok(Tour {
        workload: workload.to_owned(),
        store: "Amazon OpenSearch",
        links,
    })
}

/// Writes an index template, then a bulk with routing.
async fn write(proxy: &Proxy) -> Result<String, Refused> {
    let template = json!({"index_patterns": ["zeebe-record_job_*"], "priority": 20});
    Call::new(Method::PUT, "/_index_template/zeebe-record_job_8.3.0_")
        .json(&template)
        .through(proxy)
        .await?;
    let lines: String = (0..100).map(bulk_line).collect();
    let answer = Call::new(Method::POST, "/_bulk?refresh=true")
        .body(lines)
        .through(proxy)
        .await?;
    let written = answer["items"].as_array().map_or(0, Vec::len);
    Ok(format!(
        "wrote a template and a bulk of {written} records; errors: {}",
        answer["errors"]
    ))
}

fn bulk_line(position: u32) -> String {
    let action =
        json!({"index": {"_index": INDEX, "_id": format!("1-{position}"), "routing": "1"}});
    let record = json!({"partitionId": 1, "position": position, "valueType": "JOB"});
    format!("{action}\n{record}\n")
}

/// Searches with a scroll, then clears it by a DELETE with a body.
async fn read(proxy: &Proxy) -> Result<String, Refused> {
    let mut page = Call::new(Method::POST, "/zeebe-record_*/_search?scroll=60s")
        .json(&json!({"size": 40, "query": {"match_all": {}}}))
        .through(proxy)
        .await?;
    let mut found = 0;
    while let Some(hits) = page["hits"]["hits"]
        .as_array()
        .filter(|hits| !hits.is_empty())
    {
        found += hits.len();
        let next = json!({"scroll": "60s", "scroll_id": page["_scroll_id"]});
        page = Call::new(Method::POST, "/_search/scroll")
            .json(&next)
            .through(proxy)
            .await?;
    }
    let cleared = clear(proxy, &page["_scroll_id"]).await?;
    Ok(format!(
        "read {found} records with a scroll; scrolls cleared: {cleared}"
    ))
}

async fn clear(proxy: &Proxy, scroll_id: &Value) -> Result<Value, Refused> {
    let answer = Call::new(Method::DELETE, "/_search/scroll")
        .json(&json!({"scroll_id": [scroll_id]}))
        .through(proxy)
        .await?;
    Ok(answer["num_freed"].clone())
}

fn domain_links(stage: &Stage, actions: &str, done: &str) -> Result<Vec<LinkShown>, DemoError> {
    let domain = stage.domain()?;
    let asked = stage.lab.ledger().asked(Service::OpenSearch);
    Ok(vec![
        show(
            Link::Permissions,
            format!("{actions} on domain/{}/*", domain.name),
        ),
        show(
            Link::Signature,
            format!(
                "SigV4 headers for es in {}; {asked} requests so far",
                domain.region
            ),
        ),
        show(
            Link::Endpoint,
            format!("{} over verified TLS", domain.endpoint),
        ),
        show(
            Link::Grant,
            format!("as the role's ARN in the security plugin: {done}"),
        ),
    ])
}
