//! The user's choice of a source.

use std::fmt;
use std::str::FromStr;

/// The source that the user chose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum SourceChoice {
    /// Web identity or Pod Identity, whichever is configured for the pod.
    #[default]
    Auto,
    /// `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity,
    /// `AWS_CONTAINER_CREDENTIALS_FULL_URI` and `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE`.
    PodIdentity,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and usually `AWS_SESSION_TOKEN`.
    Env,
    /// A profile of the AWS configuration files; default the one in `AWS_PROFILE`.
    Profile(Option<String>),
    /// The role of the node, from the instance metadata service. It is used only if chosen explicitly.
    Imds,
}

/// Error for a text that does not name a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown identity source `{0}`; expected `auto`, `web-identity`, `pod-identity`, `env`, \
     `profile`, `profile:NAME` or `imds`"
)]
pub struct SourceChoiceError(String);

impl FromStr for SourceChoice {
    type Err = SourceChoiceError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "auto" => Ok(Self::Auto),
            "web-identity" => Ok(Self::WebIdentity),
            "pod-identity" => Ok(Self::PodIdentity),
            "env" => Ok(Self::Env),
            "imds" => Ok(Self::Imds),
            "profile" => Ok(Self::Profile(None)),
            _ => match s.strip_prefix("profile:") {
                Some(name) if !name.is_empty() => Ok(Self::Profile(Some(name.to_owned()))),
                _ => Err(SourceChoiceError(s.to_owned())),
            },
        }
    }
}

impl fmt::Display for SourceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::WebIdentity => f.write_str("web-identity"),
            Self::PodIdentity => f.write_str("pod-identity"),
            Self::Env => f.write_str("env"),
            Self::Profile(None) => f.write_str("profile"),
            Self::Profile(Some(name)) => write!(f, "profile:{name}"),
            Self::Imds => f.write_str("imds"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_round_trips() {
        for text in [
            "auto",
            "web-identity",
            "pod-identity",
            "env",
            "profile",
            "profile:dev:eu",
            "imds",
        ] {
            assert_eq!(text.parse::<SourceChoice>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn rejects_unknown_and_nameless_choices() {
        for text in ["", "AUTO", "default", "profile:", "web_identity"] {
            let error = text.parse::<SourceChoice>().unwrap_err().to_string();
            assert!(error.contains(&format!("source `{text}`;")), "{error}");
        }
    }
}
