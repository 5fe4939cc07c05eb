//! The OpenSearch domain as workloads see it, with the real security plugin behind it.
//!
//! Needs Java; without it the tests are skipped, unless `IRSA_REQUIRE_CLIENTS=1`.

use irsa_chain::Cause;
use irsa_components::opensearch::OpenSearchBinaries;
use irsa_lab::ledger::{Outcome, Service};
use irsa_lab::{Lab, LabOptions, World};
use irsa_testing::skip;
use serde_json::json;

use crate::client::{Answer, Call, call};
use crate::signer::Signing;
use crate::stage::{credentials_of, last_refusal};

const ROLES: &str = "arn:aws:iam::111122223333:role/";

/// A lab with the domain of the built-in world.
struct Stage {
    lab: Lab,
}

impl Stage {
    async fn start() -> Option<Self> {
        let mut options = LabOptions::new(World::camunda_8_3());
        options.aurora = false;
        options.opensearch = true;
        let found = OpenSearchBinaries::locate(None, &options.cache_dir, &|_| {}).await;
        if let Err(error) = found {
            skip(error);
            return None;
        }
        let lab = Lab::start(options).await.unwrap();
        Some(Self { lab })
    }

    /// Signs a request as a workload's role and sends it.
    async fn ask(&self, workload: &str, role: &str, call: Call) -> Answer {
        let role = format!("{ROLES}{role}");
        let mut signing = Signing::new(credentials_of(&self.lab, workload, &role).await);
        signing.service = "es";
        let host = &self.lab.facts().domains[0].endpoint;
        self.send(&signing.sign_search(host, call)).await
    }

    async fn send(&self, request: &Call) -> Answer {
        let url = format!("https://{}", self.lab.facts().domains[0].dial);
        call(&url, &self.lab.facts().ca_file, request).await
    }

    async fn zeebe(&self, call: Call) -> Answer {
        self.ask("zeebe", "camunda/zeebe-role", call).await
    }

    async fn operate(&self, call: Call) -> Answer {
        self.ask("operate", "camunda/operate-role", call).await
    }
}

fn json_call(call: Call) -> Call {
    call.header("content-type", "application/json")
}

fn ok(answer: &Answer) -> serde_json::Value {
    assert!((200..300).contains(&answer.status), "{}", answer.body);
    answer.json()
}

/// All checks share one lab, because a real server starts slowly.
#[tokio::test]
async fn the_domain_grants_each_role_its_permissions() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    facts_and_environment(&stage);
    zeebe_writes_and_operate_reads(&stage).await;
    operate_keeps_its_own_indices(&stage).await;
    three_partitions_export_twenty_mebibytes_at_once(&stage).await;
    unmapped_roles_are_refused_by_the_plugin(&stage).await;
    clients_can_not_name_themselves(&stage).await;
    iam_refuses_before_the_plugin_is_asked(&stage).await;
    the_master_role_changes_mappings(&stage).await;
    let served = stage
        .lab
        .ledger()
        .count(Service::OpenSearch, "es:ESHttpPost", Outcome::Served);
    assert!(served > 2, "{served}");
    nodes_do_not_tell_their_addresses(&stage).await;
    a_server_that_has_died_is_noticed(&stage).await;
    stage.lab.stop().await;
}

async fn nodes_do_not_tell_their_addresses(stage: &Stage) {
    for path in [
        "/_nodes",
        "/_nodes/http",
        "/_nodes/settings",
        "/_nodes/stats",
    ] {
        let call = Call::get(path).header("accept-encoding", "gzip");
        let answer = ok(&stage.ask("opensearch", "opensearch-role", call).await);
        let nodes = answer["nodes"].as_object().unwrap();
        assert_eq!(nodes.len(), 1, "{path}");
        for node in nodes.values() {
            assert!(node["roles"].is_array(), "{path}: {node}");
            assert!(!node.to_string().contains("127.0.0.1:"), "{path}: {node}");
            for field in ["host", "ip", "transport_address", "http", "transport"] {
                assert!(node.get(field).is_none(), "{path}: {field}");
            }
        }
    }
}

/// OpenSearch 2.19 lacks the library for this content coding, which ends its process.
async fn a_server_that_has_died_is_noticed(stage: &Stage) {
    let overview = async || {
        let url = &stage.lab.facts().admin.url;
        call(url, &stage.lab.facts().ca_file, &Call::get("/"))
            .await
            .json()
    };
    assert_eq!(overview().await["domains"][0]["running"], true);
    let deadly = json_call(Call::post("/operate-flow-1/_search", "{}"));
    let killed = stage
        .operate(deadly.header("content-encoding", "zstd"))
        .await;
    assert_eq!(killed.status, 503, "{}", killed.body);
    let noticed = async {
        while overview().await["domains"][0]["running"] == true {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(30);
    tokio::time::timeout(limit, noticed).await.unwrap();
    let ended = overview().await["domains"][0]["ended"].to_string();
    assert!(ended.contains("exit status"), "{ended}");
    let later = stage.operate(Call::get("/")).await;
    assert_eq!(later.status, 503, "{}", later.body);
    assert!(later.body.contains("Service Unavailable"), "{}", later.body);
    let refusal = last_refusal(&stage.lab);
    assert_eq!(refusal.cause, Cause::EndpointFailed);
    assert!(refusal.message.contains("has ended"), "{}", refusal.message);
}

fn facts_and_environment(stage: &Stage) {
    let facts = stage.lab.facts();
    let domain = &facts.domains[0];
    assert_eq!(domain.endpoint, "test-domain.eu-central-1.es.amazonaws.com");
    assert!(domain.fine_grained);
    let workload = facts
        .workloads
        .iter()
        .find(|one| one.name == "zeebe")
        .unwrap();
    assert_eq!(workload.domain.as_deref(), Some("test-domain"));
    assert_eq!(
        workload.environment["IRSA_UPSTREAMS"],
        format!(
            "opensearch://{}?dial={}&listen=19201",
            domain.endpoint, domain.dial
        )
    );
}

async fn zeebe_writes_and_operate_reads(stage: &Stage) {
    let template = json!({"template": {"settings": {"number_of_replicas": 0}}});
    let template = Call {
        body: template.to_string(),
        ..Call::put("/_component_template/zeebe-record-8.3")
    };
    ok(&stage.zeebe(json_call(template)).await);
    let template =
        json!({"index_patterns": ["zeebe-record_job_*"], "composed_of": ["zeebe-record-8.3"]});
    let template = Call {
        body: template.to_string(),
        ..Call::put("/_index_template/zeebe-record_job_8.3_")
    };
    ok(&stage.zeebe(json_call(template)).await);

    let bulk = "{\"index\":{\"_index\":\"zeebe-record_job_2026\",\"_id\":\"1\",\"routing\":\"1\"}}\n{\"n\":1}\n\
                {\"index\":{\"_index\":\"zeebe-record_job_2026\",\"_id\":\"2\",\"routing\":\"1\"}}\n{\"n\":2}\n";
    let written = ok(&stage
        .zeebe(json_call(Call::post("/_bulk?refresh=true", bulk)))
        .await);
    assert_eq!(written["errors"], false, "{written}");

    let search = Call::post(
        "/zeebe-record_job_2026/_search?scroll=60000ms",
        r#"{"size":1}"#,
    );
    let found = ok(&stage.operate(json_call(search)).await);
    assert_eq!(found["hits"]["total"]["value"], 2);
    let scroll = found["_scroll_id"].as_str().unwrap();
    let more = json!({"scroll_id": scroll, "scroll": "60000ms"}).to_string();
    let found = ok(&stage
        .operate(json_call(Call::post("/_search/scroll", more)))
        .await);
    assert_eq!(found["hits"]["hits"].as_array().unwrap().len(), 1);
    let clear = Call {
        body: json!({"scroll_id": [scroll]}).to_string(),
        ..Call::delete("/_search/scroll")
    };
    assert_eq!(
        ok(&stage.operate(json_call(clear)).await)["succeeded"],
        true
    );
}

async fn operate_keeps_its_own_indices(stage: &Stage) {
    ok(&stage.operate(Call::get("/_cluster/health")).await);
    ok(&stage.operate(Call::put("/operate-flow-1")).await);
    let document = Call {
        body: "{\"state\":\"done\"}".to_owned(),
        ..Call::put("/operate-flow-1/_doc/7?refresh=true")
    };
    ok(&stage.operate(json_call(document)).await);
    let copy = json!({"source": {"index": "operate-flow-1"}, "dest": {"index": "operate-flow-2"}});
    let copied = ok(&stage
        .operate(json_call(Call::post(
            "/_reindex?refresh=true",
            copy.to_string(),
        )))
        .await);
    assert_eq!(copied["created"], 1);
    let all = json!({"query": {"match_all": {}}}).to_string();
    let deleted = ok(&stage
        .operate(json_call(Call::post(
            "/operate-flow-2/_delete_by_query",
            all,
        )))
        .await);
    assert_eq!(deleted["deleted"], 1);
}

async fn three_partitions_export_twenty_mebibytes_at_once(stage: &Stage) {
    let mappings = json!({"mappings": {"enabled": false}}).to_string();
    let index = Call {
        body: mappings,
        ..Call::put("/zeebe-record_large")
    };
    ok(&stage.zeebe(json_call(index)).await);
    let value = "x".repeat(1_048_500);
    let line =
        format!("{{\"index\":{{\"_index\":\"zeebe-record_large\"}}}}\n{{\"v\":\"{value}\"}}\n");
    let bulk = || json_call(Call::post("/_bulk", line.repeat(20)));
    let (one, two, three) = tokio::join!(
        stage.zeebe(bulk()),
        stage.zeebe(bulk()),
        stage.zeebe(bulk())
    );
    for answer in [one, two, three] {
        assert_eq!(ok(&answer)["errors"], false);
    }
}

async fn unmapped_roles_are_refused_by_the_plugin(stage: &Stage) {
    for (workload, role) in [
        ("tasklist", "camunda/tasklist-role"),
        ("zeebe", "camunda/zeebe-role"),
    ] {
        let call = json_call(Call::post("/operate-flow-1/_search", "{}"));
        let answer = stage.ask(workload, role, call).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        let error = answer.json();
        assert_eq!(error["error"]["type"], "security_exception");
        let arn = format!("{ROLES}{role}");
        let expected = format!(
            "no permissions for [indices:data/read/search] and User [name={arn}, \
             backend_roles=[{arn}], requestedTenant=null]"
        );
        assert_eq!(error["error"]["reason"], expected);
        let refusal = last_refusal(&stage.lab);
        assert_eq!(
            (refusal.cause, refusal.message),
            (Cause::FgacNotGranted, expected)
        );
    }
}

async fn clients_can_not_name_themselves(stage: &Stage) {
    let call = Call::get("/_plugins/_security/authinfo")
        .header("x-proxy-user", "admin")
        .header("x-proxy-roles", "admin")
        .header("x-forwarded-for", "203.0.113.7");
    let said = ok(&stage.ask("tasklist", "camunda/tasklist-role", call).await);
    let arn = format!("{ROLES}camunda/tasklist-role");
    assert_eq!(said["user_name"], arn);
    assert_eq!(said["backend_roles"], json!([arn]));
    let address = said["remote_address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
}

async fn iam_refuses_before_the_plugin_is_asked(stage: &Stage) {
    let unsigned = stage.send(&Call::get("/")).await;
    assert_eq!(unsigned.status, 403);
    assert_eq!(last_refusal(&stage.lab).cause, Cause::RequestUnsigned);
    let bare = stage
        .ask("optimize", "camunda/optimize-role", Call::get("/"))
        .await;
    assert_eq!(
        bare.body,
        r#"{"Message":"User: arn:aws:sts::111122223333:assumed-role/optimize-role/pod-1 is not authorized to perform: es:ESHttpGet because no identity-based policy allows the es:ESHttpGet action"}"#
    );
    assert_eq!(
        last_refusal(&stage.lab).cause,
        Cause::DomainResourceMismatch
    );
}

async fn the_master_role_changes_mappings(stage: &Stage) {
    let mapping = json!({"backend_roles": [format!("{ROLES}camunda/tasklist-role")]});
    let call = Call {
        body: mapping.to_string(),
        ..Call::put("/_plugins/_security/api/rolesmapping/readall")
    };
    ok(&stage
        .ask("opensearch", "opensearch-role", json_call(call))
        .await);
    let search = json_call(Call::post("/operate-flow-1/_search", "{}"));
    ok(&stage.ask("tasklist", "camunda/tasklist-role", search).await);
}
