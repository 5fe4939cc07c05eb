//! The silent fallback: with half of a web identity, an AWS SDK uses the node's role; irsa refuses and names the
//! reason.

use std::collections::BTreeMap;
use std::process::Command;

use interop::client::{self, Client, tool};
use interop::proxy::Proxy;
use interop::target::Target;
use irsa_lab::ledger::Service;

use crate::stage::{Stage, USER, WORKLOAD};

/// Returns the pod's environment when a chart sets one of the two variables: EKS then adds neither.
fn half_an_identity(stage: &Stage) -> BTreeMap<String, String> {
    let mut environment = stage.environment(WORKLOAD);
    environment
        .remove("AWS_WEB_IDENTITY_TOKEN_FILE")
        .expect("the variable was set");
    environment
}

/// Uses a separate lab, which counts all requests to the node's metadata.
#[test]
fn irsa_refuses_where_botocore_falls_back_to_the_node() {
    let (Some(botocore), Some(psql)) = (Client::DefaultChain.unless_missing(), tool("psql")) else {
        return;
    };
    let stage = Stage::set();
    let environment = half_an_identity(&stage);
    let refusal = refusal_of_irsa(&stage, &environment, psql);
    assert!(refusal.contains("AWS_WEB_IDENTITY_TOKEN_FILE"), "{refusal}");
    assert_eq!(stage.lab().ledger().asked(Service::Imds), 0);

    let caller = caller_of_botocore(botocore, &environment, &stage.front());
    let node_role = stage.lab().facts().node_role_arn.name();
    assert!(
        caller.contains(&format!("assumed-role/{node_role}/")),
        "{caller}"
    );
    assert_ne!(stage.lab().ledger().asked(Service::Imds), 0);
}

/// Returns irsa's error. The proxy may refuse to start or refuse each login, but must never continue.
fn refusal_of_irsa(
    stage: &Stage,
    environment: &BTreeMap<String, String>,
    mut psql: Command,
) -> String {
    let pairs = environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    match Proxy::start(&stage.upstream(), pairs) {
        Err(refusal) => refusal.to_string(),
        Ok(proxy) => {
            let target = proxy.target(USER, USER);
            let output = target
                .point(&mut psql)
                .args(["-X", "-w", "-c", "select 1"])
                .output()
                .unwrap();
            assert!(!output.status.success(), "{output:?}");
            String::from_utf8_lossy(&output.stderr).into_owned()
        }
    }
}

fn caller_of_botocore(
    mut program: Command,
    environment: &BTreeMap<String, String>,
    target: &Target,
) -> String {
    program
        .env_clear()
        .envs(environment)
        .env("HOME", "/nonexistent");
    let checks = client::checks(program, target).unwrap();
    let [check] = checks.as_slice() else {
        panic!("{checks:?}")
    };
    let saw = check.result.as_ref().unwrap();
    saw[1].as_str().unwrap_or_default().to_owned()
}
