//! A root module of Terraform: IAM roles and policies, data stores, and the output that the other commands read.

mod any_store;
mod clusters;
mod context;
mod iam;
mod imports;
mod moved;
mod network;
mod opensearch;
mod outputs;
mod pod_identity;
mod postgres;
mod providers;
mod refusals;
mod setup;
mod versions;
mod volume;

use self::context::Context;
pub use self::versions::VersionSet;
use crate::hcl::Body;
use crate::render::File;
use crate::stack::Stack;

/// # Errors
/// What Terraform can't create, with what to change, one line each.
pub(super) fn files(stack: &Stack, versions: VersionSet) -> Result<Vec<File>, String> {
    let context = Context::new(stack, versions);
    let refusals = refusals::all(&context);
    if !refusals.is_empty() {
        return Err(refusals.join("\n"));
    }
    let mut files = vec![
        file("versions", &versions::body(versions)),
        file("providers", &providers::body(&context)),
        file("clusters", &clusters::body(&context)),
        file("iam", &iam::body(&context)),
    ];
    files.extend(setup::body(&context).map(|body| file("setup", &body)));
    files.extend(moved::body(&context).map(|body| file("moved", &body)));
    files.extend(imports::body(&context).map(|body| file("imports", &body)));
    files.extend(network::variables(&context).map(|body| file("variables", &body)));
    for store in &stack.postgres {
        let name = format!("postgres-{}", store.key);
        files.push(file(&name, &postgres::body(&context, store)));
    }
    for store in &stack.opensearch {
        let name = format!("opensearch-{}", store.key);
        files.push(file(&name, &opensearch::body(&context, store)));
    }
    files.push(file("outputs", &outputs::body(&context)));
    Ok(files)
}

fn file(name: &str, body: &Body) -> File {
    File {
        path: format!("terraform/{name}.tf"),
        text: body.write(),
    }
}
