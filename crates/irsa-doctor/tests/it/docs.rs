//! The documentation of the checks matches the checks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use irsa_doctor::Place;
use irsa_doctor::docs::{self, ScenarioRow};

use crate::scenario;

#[test]
fn the_pages_match_the_checks() {
    let folder = folder();
    let is_update = std::env::var_os("IRSA_UPDATE_DOCS").is_some_and(|value| value == "1");
    for (name, page) in docs::pages(&scenarios()) {
        let path = folder.join(name);
        if is_update {
            std::fs::write(&path, &page).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == page,
            "{} is out of date: run `cargo xtask gen`",
            path.display()
        );
    }
}

#[test]
fn ids_are_unique_and_needs_name_checks() {
    let ids: Vec<_> = docs::checks().map(|check| check.id).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    for check in docs::checks() {
        for need in check.needs {
            let there = docs::checks().any(|other| other.id == *need && other.place == check.place);
            assert!(there, "{} needs {need}", check.id);
        }
    }
}

#[test]
fn each_check_has_a_question_and_a_description() {
    for check in docs::checks() {
        assert!(check.question.ends_with('?'), "{}", check.id);
        assert!(check.description.ends_with('.'), "{}", check.id);
    }
}

#[test]
fn at_least_sixty_links_are_broken_on_purpose() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 60, "{}", scenarios.len());
    for row in &scenarios {
        let check = docs::checks().find(|check| check.id == row.check);
        let check = check.unwrap_or_else(|| panic!("{}: no check `{}`", row.id, row.check));
        assert_eq!(check.place, row.place, "{}", row.id);
        let mut causes = check.causes.iter().map(|cause| cause.id());
        let is_told = row
            .cause
            .as_deref()
            .is_none_or(|id| causes.any(|cause| cause == id));
        assert!(
            is_told,
            "{}: `{}` does not say that it can find that",
            row.id, row.check
        );
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor")
}

fn scenarios() -> Vec<ScenarioRow> {
    let of = |place: Place| {
        let all = scenario::read_all::<serde_json::Value>(place.id());
        all.into_iter().filter_map(move |(id, scenario)| {
            Some(ScenarioRow {
                place,
                id,
                breaks: scenario.breaks?,
                check: scenario.expect.check?,
                cause: scenario.expect.cause,
            })
        })
    };
    Place::ALL.into_iter().flat_map(of).collect()
}
