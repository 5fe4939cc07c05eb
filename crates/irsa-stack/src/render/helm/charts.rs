//! The charts whose templates were read, as data. What each template does with a value was read in the chart's own
//! version, and `cargo xtask suites charts` checks it against the real charts.

mod camunda;
mod camunda_8_3;
mod keycloak;
mod variables;

use super::chart::{List, Own, OwnVariables, Pod};

pub(super) use camunda::CAMUNDA;
pub(super) use keycloak::{BITNAMI, CODECENTRIC};

/// The common part of most pods of Camunda's chart.
const POD: Pod = Pod {
    components: &[],
    account: "",
    key: "",
    creates: "enabled",
    init: list("initContainers"),
    volumes: &[list("extraVolumes")],
    environment: None,
    postgres: &[],
    opensearch: &[],
    templated: &[("initContainers", 1), ("env", 1)],
    unquoted: &["name"],
    has_texts: false,
    own: OWN,
    remarks: &[],
};

/// The keys of Camunda's pods with variables of the user.
const OWN: OwnVariables = OwnVariables {
    lists: &["env"],
    others: &[],
    keys: &[],
    unseen: &["envFrom", "configuration"],
    postgres: &[],
    opensearch: &[],
};

/// A list that is empty in the chart's own values.
const fn list(key: &'static str) -> List {
    List {
        key,
        others: &[],
        own: Own::Nothing,
    }
}
