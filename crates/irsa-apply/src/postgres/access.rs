//! What the specification gives a user in a database.

use irsa_stack::sql::DatabaseObject;

/// The privileges of a user on a database and on its schema `public`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// None.
    None,
    /// It can connect and find objects.
    Read,
    /// All of them.
    All,
}

// === impl Access ===

impl Access {
    /// Returns what `databases` give the user in one of them.
    pub(super) fn new(databases: &[DatabaseObject], database: &str, user: &str) -> Self {
        let has = |names: &[String]| names.iter().any(|name| name == user);
        match databases.iter().find(|one| one.name == database) {
            Some(found) if has(&found.writers) => Self::All,
            Some(found) if has(&found.readers) => Self::Read,
            _ => Self::None,
        }
    }

    /// Returns the privileges on the database.
    pub(super) fn on_database(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Read => &["CONNECT"],
            Self::All => &["CONNECT", "CREATE", "TEMPORARY"],
        }
    }

    /// Returns the privileges on the schema `public`.
    pub(super) fn on_schema(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Read => &["USAGE"],
            Self::All => &["USAGE", "CREATE"],
        }
    }
}
