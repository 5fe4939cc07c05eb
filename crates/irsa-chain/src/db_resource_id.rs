//! Resource IDs of databases.

use std::str::FromStr;

use crate::ParseError;
use crate::text::str_type;

/// The immutable ID in `rds-db:connect` policies, which is not the cluster's name: `cluster-ABC…` (Aurora
/// `DbClusterResourceId`), `db-ABC…` (RDS `DbiResourceId`), `prx-…` (RDS Proxy). See "Creating and using an IAM policy for
/// IAM database access" in the Aurora user guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbResourceId {
    text: String,
    kind: DbResourceKind,
}

/// The type of resource that a [`DbResourceId`] identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DbResourceKind {
    /// An Aurora or Multi-AZ DB cluster, with all its endpoints.
    Cluster,
    /// A single RDS instance.
    Instance,
    /// An RDS Proxy.
    Proxy,
}

impl DbResourceId {
    /// The whole ID.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The type of resource.
    pub fn kind(&self) -> DbResourceKind {
        self.kind
    }
}

impl FromStr for DbResourceId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = || {
            let ids = "cluster-ABC123, db-ABC123 or prx-abc123: the resource ID that `aws rds \
                       describe-db-clusters` prints, not the cluster's name";
            ParseError::new("a database resource ID", text, ids)
        };
        let kind = parse_kind(text).ok_or_else(expected)?;
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

str_type!(DbResourceId);

/// The kind of an ID. IDs of clusters and instances are upper case, which distinguishes them from names.
fn parse_kind(text: &str) -> Option<DbResourceKind> {
    let (prefix, id) = text.split_once('-')?;
    let is_upper = id
        .bytes()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let is_alphanumeric = id.bytes().all(|b| b.is_ascii_alphanumeric());
    let kind = match prefix {
        "cluster" if is_upper => DbResourceKind::Cluster,
        "db" if is_upper => DbResourceKind::Instance,
        "prx" if is_alphanumeric => DbResourceKind::Proxy,
        _ => return None,
    };
    (1..=64).contains(&id.len()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_clusters_instances_and_proxies() {
        let ids = [
            (
                "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU",
                DbResourceKind::Cluster,
            ),
            ("db-ABCDEFGHIJKL01234", DbResourceKind::Instance),
            ("prx-0f9d9414be09b1c57", DbResourceKind::Proxy),
            ("prx-ABCDEFGHIJKL01234", DbResourceKind::Proxy),
        ];
        for (text, kind) in ids {
            let id: DbResourceId = text.parse().unwrap();
            assert_eq!((id.as_str(), id.kind()), (text, kind));
        }
    }

    #[test]
    fn rejects_names_and_patterns() {
        let names = [
            "",
            "orders",
            "cluster-orders",
            "cluster-",
            "cluster-*",
            "*",
            "db-ABC/app",
            "DB-ABC",
        ];
        for name in names {
            assert!(name.parse::<DbResourceId>().is_err(), "{name}");
        }
    }

    #[test]
    fn says_that_a_cluster_name_is_not_an_id() {
        let error = "cluster-orders"
            .parse::<DbResourceId>()
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("not the cluster's name"), "{error}");
    }
}
