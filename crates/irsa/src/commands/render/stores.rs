//! Data stores that rendered Terraform creates. `terraform apply` destroys one whose code is gone: `prevent_destroy` is
//! part of the code, so that it has no effect then.

use super::blocks::{Block, of_file};

/// Types of resources with data.
const KINDS: [&str; 3] = [
    "aws_db_instance.",
    "aws_opensearch_domain.",
    "aws_rds_cluster.",
];

/// Returns the addresses of the resources that the old text of a file has and no new file has, if there is a data store
/// among them.
pub(super) fn dropped(old: &str, new: &[&str]) -> Vec<String> {
    let is_kept = |address: &String| {
        new.iter()
            .any(|text| resources(text).any(|it| it == *address))
    };
    let gone: Vec<_> = resources(old).filter(|address| !is_kept(address)).collect();
    let is_store = |address: &String| KINDS.iter().any(|kind| address.starts_with(kind));
    if gone.iter().any(is_store) {
        gone
    } else {
        Vec::new()
    }
}

/// Addresses of the resources of a file.
fn resources(text: &str) -> impl Iterator<Item = String> + '_ {
    let resources = of_file(text).filter_map(Block::resource);
    resources.map(|(kind, name)| format!("{kind}.{name}"))
}
