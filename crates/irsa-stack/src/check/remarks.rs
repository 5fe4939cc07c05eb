//! What a set-up has on purpose, and its author may not have meant.

use crate::stack::Stack;

/// A sentence for each of them.
pub(super) fn remarks(stack: &Stack) -> Vec<String> {
    let mut remarks = Vec::new();
    for role in stack.roles.iter().filter(|role| role.workloads.len() > 1) {
        let workloads = role.workloads.join(", ");
        remarks.push(format!(
            "role {} is shared by {workloads}: each can act as the others; a role for each workload keeps them apart",
            role.arn.name()
        ));
    }
    for store in stack
        .opensearch
        .iter()
        .filter(|store| !store.is_fine_grained)
    {
        remarks.push(format!(
            "{} has no fine-grained access control: each of its workloads reaches all of its indices",
            store.key
        ));
    }
    for mapping in stack.opensearch.iter().flat_map(|store| &store.mappings) {
        if mapping.role == "all_access" {
            remarks.push(
                "all_access makes its IAM roles administrators of the domain: remove `opensearch.role` to give each \
                 workload its own role"
                    .to_owned(),
            );
        }
    }
    for workload in &stack.workloads {
        if workload
            .opensearch
            .as_ref()
            .is_some_and(|one| one.has_documented_actions)
        {
            remarks.push(format!(
                "{}: the `Describe` and `List` actions of the documented list don't apply to `domain/NAME/*`, and no \
                 client of OpenSearch needs them: remove `opensearch.actions`",
                workload.key
            ));
        }
    }
    remarks.dedup();
    remarks
}
