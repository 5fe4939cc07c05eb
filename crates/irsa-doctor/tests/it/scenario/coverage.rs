//! Each check has a scenario in which it holds, and one in which it does not.

use std::collections::BTreeSet;

use irsa_doctor::{Place, docs};

use super::read_all;

#[test]
fn each_check_has_a_scenario_that_holds_and_one_that_breaks() {
    let (mut holding, mut broken) = (BTreeSet::new(), BTreeSet::new());
    for place in Place::ALL {
        for (_, scenario) in read_all::<serde_json::Value>(place.id()) {
            holding.extend(scenario.expect.holds);
            broken.extend(scenario.expect.check);
        }
    }
    let without = |found: &BTreeSet<String>| -> Vec<_> {
        let ids = docs::checks().map(|check| check.id);
        ids.filter(|id| !found.contains(*id)).collect()
    };
    assert!(
        without(&holding).is_empty(),
        "never hold: {:?}",
        without(&holding)
    );
    assert!(
        without(&broken).is_empty(),
        "never break: {:?}",
        without(&broken)
    );
}

#[test]
fn each_check_that_a_scenario_names_exists() {
    let ids: BTreeSet<_> = docs::checks().map(|check| check.id).collect();
    for place in Place::ALL {
        for (id, scenario) in read_all::<serde_json::Value>(place.id()) {
            let expect = scenario.expect;
            let named = expect
                .check
                .into_iter()
                .chain(expect.holds)
                .chain(expect.not_reached);
            for name in named {
                assert!(
                    ids.contains(name.as_str()),
                    "{place}/{id}: no check `{name}`"
                );
            }
        }
    }
}
