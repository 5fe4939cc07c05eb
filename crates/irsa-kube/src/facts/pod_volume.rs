//! Volumes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// A volume of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "AnyVolume")]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// `projected`, `emptyDir`, `secret`, …
    pub kind: String,
    /// The service account tokens in it.
    pub tokens: Vec<TokenProjection>,
}

/// A token that the kubelet requests, writes to a file and renews.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenProjection {
    /// The audience; by default, the API server.
    pub audience: Option<String>,
    /// The lifetime in seconds.
    pub expiration_seconds: Option<i64>,
    /// The path of the file within the volume.
    pub path: String,
}

#[derive(Deserialize)]
struct AnyVolume {
    name: String,
    projected: Option<Projected>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Projected {
    #[serde(default)]
    sources: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    service_account_token: Option<TokenProjection>,
}

impl From<AnyVolume> for Volume {
    fn from(any: AnyVolume) -> Self {
        let projected = any.projected.is_some().then(|| "projected".to_owned());
        let sources = any
            .projected
            .into_iter()
            .flat_map(|projected| projected.sources);
        Self {
            name: any.name,
            kind: projected
                .or_else(|| any.rest.into_keys().next())
                .unwrap_or_default(),
            tokens: sources
                .filter_map(|source| source.service_account_token)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_tokens_in_a_projected_volume() {
        let volume: Volume = serde_json::from_str(
            r#"{"name": "aws-iam-token", "projected": {"defaultMode": 420, "sources": [
                {"configMap": {"name": "ca"}},
                {"serviceAccountToken": {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}]}}"#,
        )
        .unwrap();
        assert_eq!(
            (volume.kind.as_str(), volume.tokens.len()),
            ("projected", 1)
        );
        assert_eq!(
            volume.tokens[0].audience.as_deref(),
            Some("sts.amazonaws.com")
        );
    }

    #[test]
    fn reads_the_type_of_other_volumes() {
        let volume: Volume = serde_json::from_str(r#"{"name": "tmp", "emptyDir": {}}"#).unwrap();
        assert_eq!((volume.kind.as_str(), volume.tokens.len()), ("emptyDir", 0));
    }
}
