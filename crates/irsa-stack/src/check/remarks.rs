//! Notes on access that the specification asks for, and that may not be intended.

use crate::policies;
use crate::stack::Stack;

/// One sentence for each note.
pub(super) fn remarks(stack: &Stack) -> Vec<String> {
    let mut remarks = Vec::new();
    for role in stack.roles.iter().filter(|role| role.workloads.len() > 1) {
        let workloads = role.workloads.join(", ");
        remarks.push(format!(
            "role {} is shared by {workloads}: each of them has the permissions of all; to separate them, give each \
             workload its own role",
            role.arn.name()
        ));
    }
    for role in stack.roles.iter().filter(|role| role.import.is_some()) {
        remarks.push(format!(
            "role {} is imported: Terraform replaces its trust policy; other policies that are attached to it stay, and \
             were not checked",
            role.arn.name()
        ));
    }
    for store in stack
        .opensearch
        .iter()
        .filter(|store| !store.is_fine_grained)
    {
        remarks.push(format!(
            "{} does not use fine-grained access control: each of its workloads can access all indices",
            store.key
        ));
    }
    for store in stack
        .opensearch
        .iter()
        .filter(|store| store.is_fine_grained)
    {
        if let Some(statement) = policies::access_statement_line(stack, store) {
            remarks.push(format!(
                "{} is in the account {}: requests of roles in other accounts were decided with this statement, which its \
                 access policy must have: {statement}",
                store.key, store.account
            ));
        }
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
                "{}: the `Describe` and `List` actions in Camunda's documentation do not apply to `domain/NAME/*`, \
                 and OpenSearch clients do not need them: remove `opensearch.actions`",
                workload.key
            ));
        }
    }
    remarks.dedup();
    remarks
}
