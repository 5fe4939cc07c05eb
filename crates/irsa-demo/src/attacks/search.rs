//! Attacks on the way to the OpenSearch domain.

use http::{HeaderValue, Method, header};
use irsa_chain::Cause;

use super::judged;
use crate::DemoError;
use crate::client::Refused;
use crate::client::opensearch::Call;
use crate::pod::Pod;
use crate::report::{Attack, Guard};
use crate::stage::Stage;

pub(super) async fn run(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = vec![node_role(stage).await?];
    for (name, expected, role) in [
        (
            "OpenSearch: the role of another workload",
            Cause::TrustSubjectMismatch,
            "operate-role",
        ),
        (
            "OpenSearch: policy without `/*` behind the domain",
            Cause::DomainResourceMismatch,
            "narrow-role",
        ),
        (
            "OpenSearch: role that is mapped to nothing",
            Cause::FgacNotGranted,
            "unmapped-role",
        ),
    ] {
        let pod = Pod::of(stage, "zeebe")?.with_role(role);
        attacks.push(refused_by_aws(stage, name, expected, &pod).await?);
    }
    let unsigned = search();
    let basic = HeaderValue::from_static("Basic YWRtaW46YWRtaW4=");
    let password = search().header(header::AUTHORIZATION, basic);
    for (name, expected, call) in [
        ("OpenSearch: no signature", Cause::RequestUnsigned, unsigned),
        (
            "OpenSearch: a password in place of the signature",
            Cause::AuthorizationMalformed,
            password,
        ),
    ] {
        stage.say(name);
        let before = stage.refusals();
        let outcome = call.straight(stage).await.map(drop);
        attacks.push(by_aws(stage, name, expected, before, outcome));
    }
    Ok(attacks)
}

fn search() -> Call {
    Call::new(Method::GET, "/zeebe-record_*/_search")
}

/// As for the database: web identity is broken, and the node's role would be let in.
async fn node_role(stage: &Stage) -> Result<Attack, DemoError> {
    let name = "OpenSearch: the node's role through IMDS";
    stage.say(name);
    let missing = stage.folder().join("no-such-token");
    let pod = Pod::of(stage, "zeebe")?.with_token_file(&missing);
    let proxy = pod.proxy(stage).await?;
    let outcome = search().through(&proxy).await.map(drop);
    let named = outcome.as_ref().err().and_then(|refused| refused.named);
    let mut attack = judged(name, Cause::TokenFileMissing, Guard::Irsa, named, outcome);
    attack.as_expected &= stage.imds_requests() == 0;
    Ok(attack)
}

async fn refused_by_aws(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
) -> Result<Attack, DemoError> {
    stage.say(name);
    let before = stage.refusals();
    let proxy = pod.proxy(stage).await?;
    let outcome = search().through(&proxy).await.map(drop);
    Ok(by_aws(stage, name, expected, before, outcome))
}

fn by_aws(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    before: usize,
    outcome: Result<(), Refused>,
) -> Attack {
    let stopped_by = stage.refusal_since(before);
    judged(name, expected, Guard::Aws, stopped_by, outcome)
}
