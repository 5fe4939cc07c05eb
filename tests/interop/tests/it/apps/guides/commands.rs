//! The commands of a guide, run in its pod, and the settings that the guides name.

use std::collections::BTreeMap;
use std::process::Command;

use irsa_lab::facts::WorkloadFacts;
use irsa_testing::program::path;

use super::{blocks, page};
use crate::{opensearch, stage};

/// The guides, and what runs a command of irsa in the container of irsa.
const GUIDES: [&str; 5] = ["README", "keycloak", "web-modeler", "operate", "zeebe"];
const IN_THE_SIDECAR: &str = " -c irsa -- ";

#[test]
fn the_checks_in_the_database_guides_find_no_broken_link() {
    let stage = stage::stage();
    for (guide, workload) in [("keycloak", "keycloak"), ("web-modeler", "webmodeler")] {
        find_every_link_whole(guide, stage.workload(workload));
    }
}

#[test]
fn the_checks_in_the_domain_guides_find_no_broken_link() {
    let Some(stage) = opensearch::stage::stage() else {
        return;
    };
    for guide in ["operate", "zeebe"] {
        find_every_link_whole(guide, stage.workload(guide));
    }
}

#[test]
fn every_setting_in_a_guide_exists() {
    let reference = page("docs/reference/settings.md");
    for guide in GUIDES {
        let page = page(&format!("docs/guides/{guide}.md"));
        let words = page.split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_'));
        for name in words.filter(|word| word.starts_with("IRSA_")) {
            let cell = format!("| `{name}` |");
            assert!(reference.contains(&cell), "{name} in {guide}.md");
        }
    }
}

fn find_every_link_whole(guide: &str, pod: &WorkloadFacts) {
    let page = page(&format!("docs/guides/{guide}.md"));
    let lines = blocks(&page, "sh").into_iter().flat_map(str::lines);
    let commands: Vec<&str> = lines
        .filter_map(|line| Some(line.split_once(IN_THE_SIDECAR)?.1))
        .map(|command| command.split('#').next().unwrap_or_default().trim())
        .collect();
    let has = |word: &str| commands.iter().any(|command| command.contains(word));
    assert!(has("irsa whoami") && has("irsa doctor"), "{commands:?}");
    for command in commands {
        run(command, &pod.environment);
    }
}

/// Runs a command like `kubectl exec`: with the container's environment.
fn run(command: &str, environment: &BTreeMap<String, String>) {
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("irsa"), "{command}");
    let output = Command::new(path("irsa"))
        .args(words)
        .env_clear()
        .envs(environment)
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}
