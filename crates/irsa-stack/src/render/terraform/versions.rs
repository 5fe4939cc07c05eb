//! Versions of Terraform, the AWS provider and the modules that go together, from the `versions.tf` of each module.

use std::fmt;
use std::str::FromStr;

use crate::hcl::{Block, Body, Expression};

/// `check` blocks and the newest modules need it.
const TERRAFORM: &str = ">= 1.5.7";

/// A major version of the AWS provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Provider {
    /// 5.9, the version of the Camunda 8.3 documentation.
    V5_9,
    V5,
    V6,
}

/// A major version of the module `terraform-aws-modules/iam/aws`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Iam {
    V5,
    V6,
}

/// A major version of the module `terraform-aws-modules/eks/aws`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eks {
    V19,
    V20,
    V21,
}

/// Versions of the AWS provider and of the modules for IAM and EKS that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionSet {
    pub(super) provider: Provider,
    pub(super) iam: Iam,
    pub(super) eks: Eks,
}

/// All sets, the newest first. Version 6 of the IAM module and version 21 of the EKS module need version 6 of the
/// provider, version 20 of the EKS module excludes it, and 5.9 is for the versions of the documentation.
const SETS: [VersionSet; 7] = [
    VersionSet::new(Provider::V6, Iam::V6, Eks::V21),
    VersionSet::new(Provider::V6, Iam::V6, Eks::V19),
    VersionSet::new(Provider::V6, Iam::V5, Eks::V21),
    VersionSet::new(Provider::V6, Iam::V5, Eks::V19),
    VersionSet::new(Provider::V5, Iam::V5, Eks::V20),
    VersionSet::new(Provider::V5, Iam::V5, Eks::V19),
    VersionSet::REFERENCE,
];

pub(super) fn body(versions: VersionSet) -> Body {
    let aws = Expression::object([
        ("source", Expression::text("hashicorp/aws")),
        ("version", Expression::text(versions.provider.constraint())),
    ]);
    let providers = Block::plain("required_providers", Body::new().set("aws", aws));
    let terraform = Body::new()
        .text("required_version", TERRAFORM)
        .block(providers);
    Body::new().block(Block::plain("terraform", terraform))
}

// === impl VersionSet ===

impl VersionSet {
    /// The newest set.
    pub const NEWEST: Self = Self::new(Provider::V6, Iam::V6, Eks::V21);
    /// The versions of the Camunda 8.3 documentation.
    pub const REFERENCE: Self = Self::new(Provider::V5_9, Iam::V5, Eks::V19);

    /// All sets, the newest first.
    pub fn all() -> impl Iterator<Item = Self> {
        SETS.into_iter()
    }

    const fn new(provider: Provider, iam: Iam, eks: Eks) -> Self {
        Self { provider, iam, eks }
    }

    /// The constraint of the IAM module.
    pub(super) fn iam_constraint(self) -> &'static str {
        match (self.iam, self.provider) {
            (Iam::V5, Provider::V5_9) => "5.28.0",
            (Iam::V5, _) => "~> 5.60",
            (Iam::V6, _) => "~> 6.5",
        }
    }

    fn has(self, key: &str, value: &str) -> bool {
        match key {
            "aws" => self.provider.name() == value,
            "iam" => self.iam.name() == value,
            "eks" => self.eks.name() == value,
            _ => false,
        }
    }
}

impl Default for VersionSet {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for VersionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (provider, iam, eks) = (self.provider.name(), self.iam.name(), self.eks.name());
        write!(f, "aws={provider},iam={iam},eks={eks}")
    }
}

/// `newest`, `reference`, or some of `aws`, `iam` and `eks` with their versions: the newest set that has them.
impl FromStr for VersionSet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "newest" => return Ok(Self::NEWEST),
            "reference" => return Ok(Self::REFERENCE),
            _ => {}
        }
        let wanted = text.split(',').map(|part| part.split_once('='));
        let Some(wanted) = wanted.collect::<Option<Vec<_>>>() else {
            return Err(
                "expected `newest`, `reference`, or versions such as `aws=5,iam=5`".to_owned(),
            );
        };
        let has_all = |set: &Self| wanted.iter().all(|(key, value)| set.has(key, value));
        let found = Self::all().find(has_all);
        found.ok_or_else(|| {
            let sets: Vec<_> = Self::all().map(|set| set.to_string()).collect();
            format!(
                "these versions do not go together; sets that do: {}",
                sets.join(" ")
            )
        })
    }
}

// === impl Provider ===

impl Provider {
    fn name(self) -> &'static str {
        match self {
            Self::V5_9 => "5.9",
            Self::V5 => "5",
            Self::V6 => "6",
        }
    }

    fn constraint(self) -> &'static str {
        match self {
            Self::V5_9 => "~> 5.9.0",
            Self::V5 => ">= 5.95.0, < 6.0.0",
            Self::V6 => ">= 6.28.0, < 7.0.0",
        }
    }
}

// === impl Iam ===

impl Iam {
    fn name(self) -> &'static str {
        match self {
            Self::V5 => "5",
            Self::V6 => "6",
        }
    }
}

// === impl Eks ===

impl Eks {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V19 => "19",
            Self::V20 => "20",
            Self::V21 => "21",
        }
    }
}
