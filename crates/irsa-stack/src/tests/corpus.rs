//! Files of every version of the format: each is still read, and still means the same.
//!
//! What is in a file of `tests/corpus` is never changed. Keys that are added to a version are added to its
//! `all-keys.yaml`, with every word that fits.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{read, stack};
use crate::Stack;
use crate::shape::{SPECIFICATION, Shape};
use crate::stack::{OpenSearchStore, PostgresStore, Workload};
use crate::tree::{Node, Value};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

#[test]
fn every_file_of_every_version_means_what_it_meant() {
    let mut count = 0;
    for folder in sorted(Path::new(FOLDER)) {
        let version = name(&folder);
        for file in sorted(&folder) {
            let text = fs::read_to_string(&file).unwrap();
            insta::assert_snapshot!(format!("{version}-{}", name(&file)), meaning(&stack(&text)));
            count += 1;
        }
    }
    assert!(count >= 4);
}

#[test]
fn the_corpus_has_every_key_and_word_of_the_format() {
    let files = sorted(&Path::new(FOLDER).join("v1")).into_iter();
    let roots: Vec<_> = files
        .map(|file| crate::tree::parse(0, &fs::read_to_string(file).unwrap()).unwrap())
        .collect();
    let mut missing = BTreeSet::new();
    add_missing(
        &SPECIFICATION,
        &roots.iter().collect::<Vec<_>>(),
        "",
        &mut missing,
    );
    assert!(missing.is_empty(), "add to tests/corpus/v1: {missing:#?}");
}

/// Adds the keys and words below `path` that no node has.
fn add_missing(shape: &Shape, nodes: &[&Node], path: &str, missing: &mut BTreeSet<String>) {
    let children = || nodes.iter().flat_map(|node| node.entries());
    match shape {
        Shape::Record(fields) | Shape::TextOrRecord(_, fields) => {
            if !nodes.iter().any(|node| matches!(node.value, Value::Map(_))) {
                missing.insert(format!("{path} as a map"));
            }
            for field in *fields {
                let named = children().filter(|entry| entry.key == field.name);
                let values: Vec<_> = named.map(|entry| &entry.node).collect();
                let path = format!("{path}.{}", field.name);
                if values.is_empty() {
                    missing.insert(path);
                } else {
                    add_missing(&field.shape, &values, &path, missing);
                }
            }
        }
        Shape::Map { value, .. } => {
            let values: Vec<_> = children().map(|entry| &entry.node).collect();
            add_missing(value, &values, &format!("{path}.*"), missing);
        }
        Shape::Choice(words) => {
            let has = |name: &str| {
                let mut nodes = nodes.iter();
                nodes.any(|node| node.value == Value::Text(name.to_owned()))
            };
            let words = words.iter().filter(|word| !has(word.name));
            missing.extend(words.map(|word| format!("{path}: {}", word.name)));
        }
        Shape::Text(_)
        | Shape::Integer { .. }
        | Shape::Number { .. }
        | Shape::Flag
        | Shape::List(_) => {}
    }
    let has_text = || {
        nodes
            .iter()
            .any(|node| matches!(node.value, Value::Text(_)))
    };
    if matches!(shape, Shape::TextOrRecord(..)) && !has_text() {
        missing.insert(format!("{path} as a text"));
    }
}

/// What a set-up is, one line for each of its parts. Fields that are added to [`Stack`] later do not change it.
fn meaning(stack: &Stack) -> String {
    let mut text = String::new();
    let Stack {
        name,
        account,
        region,
        image,
        ..
    } = stack;
    let _ = writeln!(text, "{name} in {account} {region}, image {image:?}");
    for one in &stack.clusters {
        let _ = writeln!(text, "cluster {}: {} {}", one.name, one.arn, one.issuer);
    }
    for store in &stack.postgres {
        postgres(&mut text, store);
    }
    for store in &stack.opensearch {
        opensearch(&mut text, store);
    }
    for one in &stack.roles {
        let (arn, policy, is_external) = (&one.arn, &one.policy, one.is_external);
        let workloads = one.workloads.join(", ");
        let _ = writeln!(
            text,
            "role {arn}: policy {policy}, external {is_external}, of {workloads}"
        );
    }
    for one in &stack.workloads {
        workload(&mut text, one);
    }
    let _ = writeln!(text, "placeholders: {:?}", stack.placeholders);
    text
}

fn postgres(text: &mut String, store: &PostgresStore) {
    let PostgresStore {
        key,
        kind: _,
        identifier,
        account,
        region,
        endpoint,
        port,
        resource_id,
        admin,
        databases,
        ..
    } = store;
    let _ = writeln!(
        text,
        "postgres {key}: {identifier} {account} {region} {endpoint}:{port} {resource_id}, admin {admin:?}"
    );
    for one in databases {
        let _ = writeln!(text, "  database {} of {}", one.name, one.owner);
    }
}

fn opensearch(text: &mut String, store: &OpenSearchStore) {
    let arn = store.arn();
    let (key, endpoint, admin) = (&store.key, &store.endpoint, &store.admin);
    let is_fine_grained = store.is_fine_grained;
    let _ = writeln!(
        text,
        "opensearch {key}: {arn} {endpoint}, fine-grained {is_fine_grained}, admin {admin}"
    );
    for one in &store.roles {
        let (name, permissions, indices) = (&one.name, &one.cluster_permissions, &one.indices);
        let _ = writeln!(text, "  role {name}: {permissions:?} {indices:?}");
    }
    for one in &store.mappings {
        let backend_roles: Vec<_> = one.backend_roles.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "  mapping {}: built-in {}, {}",
            one.role,
            one.is_built_in,
            backend_roles.join(", ")
        );
    }
}

fn workload(text: &mut String, one: &Workload) {
    let Workload {
        key,
        component,
        service_account,
        uses_pod_identity,
        has_annotation,
        clusters,
        role,
        postgres,
        opensearch,
        ..
    } = one;
    let _ = writeln!(
        text,
        "workload {key}: {component:?} {service_account}, pod identity {uses_pod_identity}, annotation {has_annotation}, \
         clusters {clusters:?}, role {role}"
    );
    if let Some(one) = postgres {
        let (store, database, user, listen) = (&one.store, &one.database, &one.user, one.listen);
        let privileges = one.privileges;
        let _ = writeln!(
            text,
            "  {database} in {store} as {user:?}, {privileges:?}, on {listen}"
        );
    }
    if let Some(one) = opensearch {
        let (store, role, listen) = (&one.store, &one.security_role, one.listen);
        let is_documented = one.has_documented_actions;
        let _ = writeln!(
            text,
            "  {store} as {role:?}, documented actions {is_documented}, on {listen}"
        );
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

/// `irsa show` prints a specification that means the same.
#[test]
fn what_is_shown_is_a_specification_itself() {
    for file in sorted(&Path::new(FOLDER).join("v1")) {
        let text = fs::read_to_string(&file).unwrap();
        let shown = read(&[&text]).unwrap().show();
        assert_eq!(meaning(&stack(&shown)), meaning(&stack(&text)), "{shown}");
    }
}
