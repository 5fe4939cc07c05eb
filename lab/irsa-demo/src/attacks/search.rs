//! Attacks on the way to the OpenSearch domain.

use http::{HeaderValue, Method, header};
use irsa_chain::Cause;

use super::{attempt_refused_by_aws, attempt_refused_by_irsa, by_aws};
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
        attacks.push(attempt_refused_by_aws(stage, name, expected, &pod, searched).await?);
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
    let missing = stage.folder().join("no-such-token");
    let pod = Pod::of(stage, "zeebe")?.with_token_file(&missing);
    let (name, expected) = (
        "OpenSearch: the node's role through IMDS",
        Cause::TokenFileMissing,
    );
    let mut attack = attempt_refused_by_irsa(stage, name, expected, &pod, searched).await?;
    attack.as_expected &= stage.imds_requests() == 0;
    Ok(attack)
}

async fn searched(proxy: &Proxy) -> Result<(), Refused> {
    search().through(proxy).await.map(drop)
}
