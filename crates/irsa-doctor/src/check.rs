//! What is checked.

use std::fmt;

use irsa_chain::{Cause, Link};
use serde::{Serialize, Serializer};

/// One thing to look at. The documentation has a section for each, made from these words.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable name, such as `token-expiry`; unique among all places.
    pub id: &'static str,
    /// Where it looks from.
    pub place: Place,
    /// The link that it looks at.
    pub link: Link,
    /// What it asks, as a question: "Is the token still good?".
    pub question: &'static str,
    /// What it looks at and how, in a sentence or two, for the documentation.
    pub looks_at: &'static str,
    /// What it can find. Their remedies are those that it gives, made concrete where it can.
    pub causes: &'static [Cause],
    /// The checks of the same place that must hold before this one makes sense, by id.
    pub needs: &'static [&'static str],
}

/// Where a check looks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The pod itself, or whatever stands for it: its files, its environment, its network.
    Pod,
    /// The Kubernetes API.
    Cluster,
    /// AWS's read-only calls.
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
