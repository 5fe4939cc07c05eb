//! Presets: specifications to start from.

/// A specification to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// Camunda 8.3: a role, a database user or a role of OpenSearch for each component.
    Camunda83,
    /// Camunda 8.3 as its documentation sets it up: one role for PostgreSQL, one for OpenSearch.
    Camunda83Reference,
}

// === impl Preset ===

impl Preset {
    /// All presets.
    pub const ALL: [Self; 2] = [Self::Camunda83, Self::Camunda83Reference];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Camunda83 => "camunda-8.3",
            Self::Camunda83Reference => "camunda-8.3-reference",
        }
    }

    /// The file, to be adapted: account, region, network and names.
    pub fn text(self) -> &'static str {
        match self {
            Self::Camunda83 => include_str!("preset/camunda-8.3.yaml"),
            Self::Camunda83Reference => include_str!("preset/camunda-8.3-reference.yaml"),
        }
    }
}
