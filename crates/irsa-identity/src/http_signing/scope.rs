//! The region and service that a request is signed for.

use std::fmt;
use std::str::FromStr;

use irsa_chain::Region;

/// The region and service that a request is signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningScope {
    /// The region of the domain or collection.
    pub region: Region,
    /// The service that verifies the signature.
    pub service: SigningService,
}

impl SigningScope {
    /// Returns the credential scope of a `day` such as `20251124`.
    pub(super) fn for_day(&self, day: &str) -> String {
        let Self { region, service } = self;
        format!("{day}/{}/{service}/aws4_request", region.as_str())
    }
}

/// The signing services of OpenSearch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningService {
    /// `aoss`: Amazon OpenSearch Serverless.
    Aoss,
    /// `es`: Amazon OpenSearch Service.
    Es,
}

impl SigningService {
    /// Returns the name in the credential scope: `es` or `aoss`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aoss => "aoss",
            Self::Es => "es",
        }
    }
}

impl fmt::Display for SigningService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SigningService {
    type Err = UnknownSigningService;

    fn from_str(text: &str) -> Result<Self, UnknownSigningService> {
        match text {
            "aoss" => Ok(Self::Aoss),
            "es" => Ok(Self::Es),
            _ => Err(UnknownSigningService(text.chars().take(40).collect())),
        }
    }
}

/// Error for a name that is not a signing service of OpenSearch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown service `{0}`; expected `es` or `aoss`")]
pub struct UnknownSigningService(String);
