//! AWS's place: every link broken once, before the AWS of a third party. Skipped where that is not prepared, unless
//! `IRSA_REQUIRE_CLIENTS=1`.

mod given;
mod hostile;
mod stage;

use std::time::Duration;

use irsa_doctor::aws::{self, Aws};
use irsa_doctor::{Finding, Verdict};

use crate::scenario;
use given::Changes;
use stage::Stage;

/// How long an examination may take altogether.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_whole_chain_holds() {
    let Some(mut stage) = Stage::start().await else {
        return;
    };
    let findings = examine(stage.set(&Changes::none().given()).await).await;
    scenario::assert_the_whole_chain_holds(&findings);
    assert!(
        findings
            .iter()
            .all(|finding| finding.verdict == Verdict::Holds)
    );
    assert_eq!(findings.len(), aws::checks().count());
}

#[tokio::test]
async fn each_broken_link_is_found_and_nothing_else() {
    let Some(mut stage) = Stage::start().await else {
        return;
    };
    let mut wrong = Vec::new();
    for (id, scenario) in scenario::read_all::<Changes>("aws") {
        let findings = examine(stage.set(&scenario.given.given()).await).await;
        if let Some(difference) = scenario::differs(&scenario.expect, &findings) {
            wrong.push(format!("{id}: {}: {difference}", scenario.breaks));
        }
        let told = findings.iter().filter(|finding| finding.cause.is_some());
        for finding in told {
            let remedy = finding.remedy.as_deref().unwrap_or_default();
            let has_blanks = [
                "ROLE_ARN",
                "ISSUER_WITHOUT_HTTPS",
                "CLUSTER",
                "DOMAIN",
                "NAMESPACE",
            ]
            .into_iter()
            .any(|blank| remedy.contains(blank));
            if has_blanks {
                wrong.push(format!("{id}: the remedy has blanks: {remedy}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn examine(state: Aws) -> Vec<Finding> {
    aws::examine(state, LIMIT, &mut |_| ()).await.0
}
