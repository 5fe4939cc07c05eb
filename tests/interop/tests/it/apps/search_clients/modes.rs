//! Both components in both modes, with the same results.

use std::fs;
use std::path::Path;

use interop::faults::search::{self, Pod};
use irsa_demo::reference_apps::search_clients::{
    DomainMode, SearchClient, command, environment, libraries, operate_8_3_environment,
};
use tokio::runtime::Runtime;

use super::{built, scene, through};

#[test]
fn operate_has_the_same_results_in_both_modes_except_for_clearing_scrolls() {
    // The SDK's client sends no body with a DELETE, but AWS's transport has signed it.
    sees_the_same(SearchClient::Operate, &["clear-scroll"]);
}

#[test]
fn the_exporter_of_zeebe_has_the_same_results_in_both_modes() {
    sees_the_same(SearchClient::Zeebe, &[]);
}

#[test]
fn operate_8_3_is_configured_by_its_older_variables() {
    let Some(scene) = scene() else { return };
    let proxy = scene.stage.proxy(SearchClient::Operate.name());
    let mode = through(&proxy);
    let folder = tempfile::tempdir().unwrap();
    let output = scene.stage.runtime.block_on(async {
        let created = command(SearchClient::Operate, &scene.built, folder.path(), &mode);
        let mut command = created.await.unwrap();
        for name in environment(SearchClient::Operate, &mode).keys() {
            command.env_remove(name);
        }
        command.envs(operate_8_3_environment(&mode.url()));
        command.envs(search::names("of83"));
        command.output().await.unwrap()
    });
    assert!(output.status.success(), "{output:?}\n{}", proxy.log());
}

/// Through irsa every step succeeds; with its own signing all except these, with the same results.
fn sees_the_same(client: SearchClient, signs_wrong: &[&str]) {
    let Some(scene) = scene() else { return };
    let proxy = scene.stage.proxy(client.name());
    let irsa = scene.work(client, &through(&proxy), "irsa");
    let steps = if client == SearchClient::Operate {
        14
    } else {
        5
    };
    let all_succeeded = irsa.iter().all(|event| event.result.is_ok());
    assert!(
        all_succeeded && irsa.len() == steps,
        "{irsa:#?}\n{}",
        proxy.log()
    );

    let pod = Pod::new(scene.stage.lab(), client).unwrap();
    let own = scene.work(client, &pod.own_signing().unwrap(), "own");
    let differing: Vec<&str> = irsa
        .iter()
        .zip(&own)
        .filter(|(irsa, own)| irsa != own)
        .map(|(irsa, _)| irsa.name.as_str())
        .collect();
    assert_eq!(
        (differing.as_slice(), own.len()),
        (signs_wrong, steps),
        "{own:#?}"
    );
}

#[test]
fn through_irsa_no_library_signs_and_no_variable_is_aws() {
    let Some(built) = built() else { return };
    let (lib, signing) = (jars(&built.join("lib")), jars(&built.join("signing")));
    for jar in [
        "auth-2.57.8.jar",
        "sts-2.57.8.jar",
        "aws-request-signing-apache-interceptor-2.3.1.jar",
    ] {
        assert!(signing.iter().any(|name| name == jar), "{signing:?}");
    }
    let both: Vec<_> = signing.iter().filter(|jar| lib.contains(jar)).collect();
    assert!(both.is_empty(), "{both:?}");

    let mode = DomainMode::ThroughIrsa {
        url: "http://localhost:9200".to_owned(),
    };
    assert_eq!(libraries(&mode), ["lib"]);
    for client in [SearchClient::Operate, SearchClient::Zeebe] {
        let command = command(client, &built, Path::new("/nonexistent"), &mode);
        let command = Runtime::new().unwrap().block_on(command).unwrap();
        let command = format!("{:?}", command.as_std());
        assert!(!command.contains("signing"), "{command}");
        assert!(
            !command.contains(" AWS_") && !command.contains("\"AWS_"),
            "{command}"
        );
    }
}

fn jars(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}
