//! The whole way from text to files.

mod aws_values;
mod contradictions;
mod corpus;
mod decisions;
mod every_field;
mod files;
mod helm;
mod mistakes;
mod names;
mod presets;
mod script;
mod setup;
mod setup_job;
mod terraform;
mod text;
mod webhook;

use crate::{Document, Mistakes, Source, Stack};

/// The smallest file.
pub(crate) const SMALL: &str = r#"version: 1
name: shop
aws: {account: "111122223333", region: eu-central-1}
clusters:
  shop: {}
postgres:
  orders:
    create: {engine_version: "17.4"}
    databases:
      orders: {}
workloads:
  api:
    service_account: shop/api
    postgres: {store: orders, database: orders}
"#;

/// Two clusters, readers, EKS Pod Identity, an existing store in another account, a domain without fine-grained access
/// control.
pub(crate) const BROAD: &str = include_str!("tests/broad.yaml");

pub(crate) fn source(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

pub(crate) fn read(texts: &[&str]) -> Result<Document, Mistakes> {
    let names = ["irsa.yaml", "prod.yaml", "third.yaml"];
    let sources = names
        .iter()
        .zip(texts)
        .map(|(name, text)| source(name, text));
    Document::read(sources.collect())
}

pub(crate) fn stack(text: &str) -> Stack {
    let document = read(&[text]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    document
        .stack(None)
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// A stack with an image, which manifests need.
pub(crate) fn renderable(text: &str) -> Stack {
    let mut stack = stack(text);
    let image = "registry.example.com/irsa:0.1.0";
    stack.image.get_or_insert_with(|| image.to_owned());
    stack
}

/// The sentences about what is wrong with a file.
pub(crate) fn mistakes(text: &str) -> Vec<String> {
    match read(&[text]).and_then(|document| document.stack(None)) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.sentences(),
    }
}

/// The mistakes in the small file with a part replaced.
pub(crate) fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(SMALL.contains(from), "{from}");
    mistakes(&SMALL.replacen(from, to, 1))
}
