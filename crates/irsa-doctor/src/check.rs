//! Checks and the places they are made from.

use std::fmt;

use irsa_chain::{Cause, Link};
use serde::{Serialize, Serializer};

/// A check. The documentation has a section for each, generated from these fields.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable name, such as `token-expiry`; unique among all places.
    pub id: &'static str,
    /// Where it is made from.
    pub place: Place,
    /// The link that it verifies.
    pub link: Link,
    /// What it asks, as a question: "Is the token still good?".
    pub question: &'static str,
    /// What is inspected and how, in a sentence or two.
    pub description: &'static str,
    /// The causes that it can find. Its remedies are theirs, with the real names filled in where they are known.
    pub causes: &'static [Cause],
    /// The checks of the same place that must hold before this one makes sense, by id.
    pub needs: &'static [&'static str],
}

/// Where a check is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The pod itself: its files, its environment, its network.
    Pod,
    /// The Kubernetes API.
    Cluster,
    /// AWS, by read-only calls.
    Aws,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::Pod, Self::Cluster, Self::Aws];

    /// The name in output and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Cluster => "cluster",
            Self::Aws => "aws",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// A check is known by its id.
impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}
