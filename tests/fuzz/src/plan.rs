//! Terraform plans and states.

use std::collections::HashSet;

use irsa_explain::inventory::{Inventory, PolicySource};
use irsa_explain::plan;
use irsa_policy::Policy;

use crate::round_trip::assert_is_one_line;

/// Parses the JSON of a plan or a state, which is accepted or rejected with a one-line error.
pub fn terraform_plan(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    match plan::read(text) {
        Ok(inventory) => {
            assert_names_are_found(&inventory);
            assert_is_printable(&inventory);
            assert_is_deterministic(&inventory, text);
        }
        Err(error) => assert_is_one_line(&error),
    }
}

/// Every resource can be looked up by the name that messages use for it.
fn assert_names_are_found(inventory: &Inventory) {
    for role in &inventory.roles {
        assert!(inventory.role(&role.label).is_some(), "{role:?}");
    }
    for database in &inventory.databases {
        assert!(
            inventory.database(&database.label).is_some(),
            "{database:?}"
        );
    }
    for domain in &inventory.domains {
        assert!(inventory.domain(&domain.label).is_some(), "{domain:?}");
    }
}

/// Policy names are unique and contain no control characters.
fn assert_is_printable(inventory: &Inventory) {
    let mut labels = HashSet::new();
    for (kind, PolicySource { label, text, .. }) in inventory.policies() {
        assert!(labels.insert(label), "{label:?} twice");
        assert!(!label.chars().any(char::is_control), "{label:?}");
        if let Some(Err(error)) = text.as_ref().map(|text| Policy::parse(kind, text)) {
            assert_is_one_line(&error);
        }
    }
}

fn assert_is_deterministic(inventory: &Inventory, text: &str) {
    let again = plan::read(text).map(|again| format!("{again:?}"));
    assert_eq!(again, Ok(format!("{inventory:?}")));
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! seed {
        ($name:literal) => {
            plan::read(include_str!(concat!("../corpus/terraform_plan/", $name)))
        };
    }

    /// Otherwise the fuzzer would not get past the first check.
    #[test]
    fn the_seeds_are_plans_and_their_policies_are_found() {
        let new = seed!("new_role").unwrap();
        let [role] = new.roles.as_slice() else {
            panic!("{new:?}")
        };
        assert_eq!(role.arn.as_ref().unwrap().name(), "api");
        let texts = role.permissions.iter().map(|one| one.text.is_some());
        assert_eq!(texts.collect::<Vec<_>>(), [true, true, false]);
        assert_eq!((new.providers.len(), new.databases.len()), (1, 1));

        let state = seed!("state").unwrap();
        assert_eq!((state.roles.len(), state.domains.len()), (1, 1));
        assert!(state.domains[0].access_policy[0].text.is_some());

        let modules = seed!("modules").unwrap();
        let billing = modules.role("billing").unwrap();
        assert_eq!(billing.permissions.len(), 1);
        assert_eq!(modules.roles.len(), 2);
        assert_eq!(seed!("outputs_in_a_circle").unwrap().roles.len(), 1);
        assert!(seed!("no_plan").is_err() && seed!("later_format").is_err());
    }
}
