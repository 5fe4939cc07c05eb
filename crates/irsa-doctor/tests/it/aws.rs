//! The AWS checks: every link is broken once, with a third-party simulation of AWS (moto). Skipped if moto is not
//! prepared, unless `IRSA_REQUIRE_CLIENTS=1`.

mod given;
mod hostile;
mod scenarios;
mod stage;

use std::time::Duration;

use irsa_doctor::Finding;
use irsa_doctor::aws::{self, Aws};

use crate::scenario;
use crate::scenario::run::{Queue, Suite};
use given::{Changes, Given};
use stage::Stage;

/// The time limit of an examination.
const LIMIT: Duration = Duration::from_secs(30);

/// The placeholders that remain in a remedy if a name is unknown.
const BLANKS: [&str; 5] = [
    "ROLE_ARN",
    "ISSUER_WITHOUT_HTTPS",
    "CLUSTER",
    "DOMAIN",
    "NAMESPACE",
];

pub(crate) fn suite() -> Suite {
    Suite {
        place: "aws",
        ids: scenario::ids("aws"),
        play: |queue| Box::pin(play(queue)),
    }
}

async fn play(mut queue: Queue) {
    let Some(mut stage) = Stage::start().await else {
        queue.skip();
        return;
    };
    while let Some((id, scenario)) = queue.next_scenario::<Changes>() {
        let mut given = scenario.given.given();
        let findings = examine(stage.set(&given).await).await;
        let difference = scenario::differs(&scenario.expect, &findings);
        let difference = difference.or_else(|| blank_in_a_remedy(&findings));
        let finding = scenario::found(&scenario.expect, &findings);
        let difference = match (difference, finding) {
            (None, Some(finding)) => follow(&mut stage, &mut given, finding).await,
            (difference, _) => difference,
        };
        queue.done(id, difference);
    }
}

/// Runs the commands of a remedy, if any, and returns a message if they do not repair the fault.
async fn follow(stage: &mut Stage, given: &mut Given, finding: &Finding) -> Option<String> {
    let commands = finding.remedy.as_ref()?.commands();
    for command in commands {
        if let Err(error) = stage.run(command, given).await {
            return Some(format!("`{command}`: {error}"));
        }
    }
    if commands.is_empty() {
        return None;
    }
    let after = examine(stage.look(given)).await;
    scenario::not_repaired(finding, &after)
}

fn blank_in_a_remedy(findings: &[Finding]) -> Option<String> {
    let explained = findings.iter().filter(|finding| finding.cause.is_some());
    let mut remedies = explained.filter_map(|finding| Some(finding.remedy.as_ref()?.to_string()));
    let remedy = remedies.find(|remedy| BLANKS.iter().any(|blank| remedy.contains(blank)))?;
    Some(format!("the remedy has blanks: {remedy}"))
}

async fn examine(state: Aws) -> Vec<Finding> {
    aws::examine(state, LIMIT, &mut |_| ()).await.0
}
