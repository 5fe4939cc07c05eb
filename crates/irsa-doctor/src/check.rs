//! Checks, and the places that they are made from.

use std::fmt;

use irsa_chain::{Cause, Link};
use serde::{Serialize, Serializer};

/// A check. The documentation has a section for each, generated from these fields.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable name, such as `token-expiry`; unique among all places.
    pub id: &'static str,
    /// The place that it is made from.
    pub place: Place,
    /// The link that it verifies.
    pub link: Link,
    /// The question that it answers: "Is the token still valid?".
    pub question: &'static str,
    /// A description of the inspection, in a sentence or two.
    pub description: &'static str,
    /// The causes that it can find. It reports their remedies, with the real names filled in if they are known.
    pub causes: &'static [Cause],
    /// The ids of the checks of the same place that must hold before this one makes sense.
    pub needs: &'static [&'static str],
}

/// The place that a check is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The pod: its files, its environment, its network.
    Pod,
    /// The Kubernetes API.
    Cluster,
    /// AWS, with read-only calls.
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

/// Serializes the id.
impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}
