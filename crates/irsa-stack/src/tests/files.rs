//! Every rendered file of every stack, as it is.

use irsa_world::World;

use super::{BROAD, SMALL, renderable, stack};
use crate::{Preset, Target, check, json_schema, render, set_up_of};

const TARGETS: [Target; 4] = [
    Target::Sql,
    Target::OpenSearch,
    Target::Kubernetes,
    Target::Lab,
];

fn stacks() -> [(&'static str, &'static str); 4] {
    [
        ("camunda-8.3", Preset::Camunda83.text()),
        ("camunda-8.3-reference", Preset::Camunda83Reference.text()),
        ("small", SMALL),
        ("broad", BROAD),
    ]
}

#[test]
fn rendered_files() {
    for (name, text) in stacks() {
        let mut stack = renderable(text);
        // It changes with every comment of a preset.
        stack.digest = "DIGEST".to_owned();
        for target in TARGETS {
            let files = render(&stack, target, &["irsa.yaml"]).unwrap();
            let files = files.iter();
            let files: Vec<_> = files
                .map(|file| {
                    format!(
                        "=== {}
{}",
                        file.path, file.text
                    )
                })
                .collect();
            let all = files.concat();
            insta::assert_snapshot!(format!("{name}-{}", target.name()), all);
        }
    }
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    for (_, text) in stacks() {
        for target in TARGETS {
            let once = render(&renderable(text), target, &["irsa.yaml"]).unwrap();
            let again = render(&renderable(text), target, &["irsa.yaml"]).unwrap();
            assert_eq!(once, again);
        }
    }
}

#[test]
fn every_file_says_by_which_target_and_for_whom_it_was_rendered() {
    for (_, text) in stacks() {
        let stack = renderable(text);
        for target in TARGETS {
            for file in render(&stack, target, &["irsa.yaml"]).unwrap() {
                let others = TARGETS.iter().filter(|other| **other != target);
                for other in others {
                    assert_eq!(set_up_of(&file.text, *other), None, "{}", file.text);
                }
                let found = set_up_of(&file.text, target);
                assert_eq!(found, Some(stack.name.as_str()), "{}", file.text);
            }
        }
    }
}

#[test]
fn the_world_has_what_the_file_has() {
    let stack = stack(Preset::Camunda83.text());
    let files = render(&stack, Target::Lab, &["irsa.yaml"]).unwrap();
    let world = World::from_yaml(&files[0].text).unwrap();
    assert_eq!(world.workloads().len(), 5, "four and the setup's");
    assert_eq!(
        world.roles().count(),
        6,
        "one for each workload, the setup's and the node's"
    );
    let cluster = world.cluster("aurora").unwrap();
    assert_eq!(cluster.endpoint, stack.postgres[0].endpoint);
    assert_eq!(cluster.databases, ["keycloak", "webmodeler"]);
    let domain = &world.domains()[0];
    assert_eq!(domain.endpoint, stack.opensearch[0].endpoint);
    assert_eq!(domain.roles.len(), 2);
}

#[test]
fn yaml_files_are_read_back() {
    for (_, text) in stacks() {
        for target in [Target::Kubernetes, Target::Lab] {
            for file in render(&renderable(text), target, &["irsa.yaml"]).unwrap() {
                for document in file.text.split("\n---\n") {
                    let read: Result<serde_json::Value, _> = serde_saphyr::from_str(document);
                    assert!(read.is_ok(), "{}: {document}", file.path);
                }
            }
        }
    }
}

/// The example of the documentation is a whole file, and right.
#[test]
fn the_example_of_the_page_is_right() {
    let page = include_str!("../../../../docs/set-up.md");
    let example = page
        .split("```yaml\n")
        .find(|block| block.contains("version: 1"))
        .unwrap();
    let example = example.split("```").next().unwrap();
    let stack = stack(example);
    let table = check(&stack);
    assert!(table.is_right(), "{}", table.text());
    for line in page.lines().filter(|line| line.starts_with("  ok    ")) {
        assert!(table.text().contains(line), "{line}\n{}", table.text());
    }
    for target in TARGETS {
        assert!(render(&stack, target, &["irsa.yaml"]).is_ok(), "{target:?}");
    }
}

#[test]
fn the_schema_knows_every_key() {
    let schema: serde_json::Value = serde_json::from_str(&json_schema()).unwrap();
    assert_eq!(
        schema["required"],
        serde_json::json!(["version", "name", "aws", "clusters", "workloads"])
    );
    assert_eq!(
        schema["properties"]["aws"]["properties"]["account"]["pattern"],
        "^[0-9]{12}$"
    );
    let page = include_str!("../../../../docs/reference/irsa.schema.json");
    let is_current = page.trim_end() == json_schema().trim_end();
    assert!(is_current, "out of date: run `cargo xtask gen`");
}

#[test]
fn the_role_of_a_node_has_a_name_that_no_workload_has() {
    let text = format!(
        "{SMALL}  node:\n    service_account: shop/node\n    postgres: {{store: orders, database: orders, user: j}}\n"
    );
    let files = render(&stack(&text), Target::Lab, &["irsa.yaml"]).unwrap();
    let node = "node_role: \"arn:aws:iam::111122223333:role/shop-nodes\"\n";
    assert!(files[0].text.contains(node), "{}", files[0].text);
}

#[test]
fn the_folder_of_the_specification_is_not_rendered() {
    let stack = renderable(SMALL);
    for target in TARGETS {
        let here = render(&stack, target, &["irsa.yaml", "prod.yaml"]);
        let there = render(&stack, target, &["/home/me/irsa.yaml", "./a/prod.yaml"]);
        assert_eq!(here, there);
    }
}

/// A placeholder would be found only when the kubelet can't pull it.
#[test]
fn manifests_need_an_image_that_the_file_names() {
    let refused = render(&stack(SMALL), Target::Kubernetes, &["irsa.yaml"]).unwrap_err();
    assert!(refused.contains("set `irsa.image`"), "{refused}");
    for target in [Target::Sql, Target::OpenSearch, Target::Lab] {
        assert!(render(&stack(SMALL), target, &["irsa.yaml"]).is_ok());
    }
}
