//! Attacks on requests to the OpenSearch domain.

use http::{HeaderValue, Method, header};
use irsa_chain::Cause;

use super::Plan;
use crate::DemoError;
use crate::client::Refused;
use crate::client::opensearch::Call;
use crate::pod::{Pod, Proxy};
use crate::report::Attack;
use crate::stage::Stage;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = vec![node_role(stage).await?];
    for (name, expected, role) in [
        (
            "OpenSearch: role of a different workload",
            Cause::TrustSubjectMismatch,
            "operate-role",
        ),
        (
            "OpenSearch: policy without the trailing `/*`",
            Cause::DomainResourceMismatch,
            "narrow-role",
        ),
        (
            "OpenSearch: role without a role mapping",
            Cause::FgacNotGranted,
            "unmapped-role",
        ),
    ] {
        let pod = Pod::for_workload(stage, "zeebe")?.with_role(role);
        let plan = Plan::for_aws(name, expected);
        attacks.push(plan.through_proxy(stage, &pod, send_search).await?);
    }
    let pod = Pod::for_workload(stage, "zeebe")?;
    let unsigned = search();
    let basic = HeaderValue::from_static("Basic YWRtaW46YWRtaW4=");
    let password = search().header(header::AUTHORIZATION, basic);
    for (name, expected, call) in [
        (
            "OpenSearch: unsigned request",
            Cause::RequestUnsigned,
            unsigned,
        ),
        (
            "OpenSearch: password in place of a signature",
            Cause::AuthorizationMalformed,
            password,
        ),
    ] {
        let attempt = async { call.straight(stage).await.map(drop) };
        attacks.push(
            Plan::for_aws(name, expected)
                .straight(stage, &pod, attempt)
                .await,
        );
    }
    Ok(attacks)
}

fn search() -> Call {
    Call::new(Method::GET, "/zeebe-record_*/_search")
}

/// As for the database: web identity is broken, and the domain would accept the node's role.
async fn node_role(stage: &Stage) -> Result<Attack, DemoError> {
    let missing = stage.folder().join("no-such-token");
    let pod = Pod::for_workload(stage, "zeebe")?.with_token_file(&missing);
    let name = "OpenSearch: no token, while the node's role is within reach";
    let plan = Plan::for_irsa(name, Cause::TokenFileMissing);
    let mut attack = plan.through_proxy(stage, &pod, send_search).await?;
    attack.as_expected &= stage.imds_requests() == 0;
    Ok(attack)
}

async fn send_search(proxy: &Proxy) -> Result<(), Refused> {
    search().through(proxy).await.map(drop)
}
