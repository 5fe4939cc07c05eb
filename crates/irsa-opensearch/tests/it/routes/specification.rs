//! OpenSearch's REST API specification: every method and path must be in the table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use irsa_components::maven::{Artifact, unpacked};
use irsa_opensearch::routes;
use serde_json::Value;

use crate::node::cache_folder;

const SPECIFICATION: Artifact = Artifact::jar(
    "org/opensearch",
    "rest-api-spec",
    "2.19.0",
    "4dec3e0c48343aa6bdc0bc745a0e166b2bb66ded90690e6794146bc7038663e5",
);

#[tokio::test]
async fn every_method_and_path_of_the_specification_is_in_the_table() {
    let home = cache_folder().join("rest-api-spec/2.19.0");
    let note = |line: &str| eprintln!("{line}");
    let home = unpacked(&SPECIFICATION, &home, &note).await.unwrap();
    let specified = specified(&home.join("rest-api-spec/api"));
    assert_eq!(specified.len(), 322, "pairs of a method and a path");
    let table: BTreeSet<_> = routes()
        .flat_map(|route| {
            let methods = route.methods.split(' ');
            methods.map(|method| (method.to_owned(), route.pattern.to_owned()))
        })
        .collect();
    let missing: Vec<_> = specified.difference(&table).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Returns the methods and paths in all files of a directory.
fn specified(folder: &Path) -> BTreeSet<(String, String)> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .flat_map(|file| pairs(&fs::read(file).unwrap()))
        .collect()
}

fn pairs(file: &[u8]) -> Vec<(String, String)> {
    let file: Value = serde_json::from_slice(file).unwrap();
    let apis = file.as_object().unwrap().values();
    let paths = apis
        .filter_map(|api| api["url"]["paths"].as_array())
        .flatten();
    paths
        .flat_map(|path| {
            let methods = path["methods"].as_array().unwrap();
            methods.iter().map(|method| {
                let text = path["path"].as_str().unwrap();
                let text = if text == "/" {
                    text
                } else {
                    text.trim_end_matches('/')
                };
                (method.as_str().unwrap().to_owned(), text.to_owned())
            })
        })
        .collect()
}
