//! The values of `--admin`.

use std::path::PathBuf;
use std::str::FromStr;

use super::kubernetes::SecretName;

/// The source of the administrator's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AdminSource {
    /// The secret that RDS manages for the cluster.
    Managed,
    /// An RDS token for this user, or the one that the specification names.
    Iam(Option<String>),
    /// A Secret in Kubernetes.
    Kubernetes(SecretName),
    /// A file with user and password, or a directory with a file for each.
    File(PathBuf),
    /// An environment variable with user and password.
    Variable(String),
}

// === impl AdminSource ===

impl AdminSource {
    /// Returns whether it is for one cluster only.
    pub(crate) fn is_for_one(&self) -> bool {
        !matches!(self, Self::Iam(_) | Self::Managed)
    }

    /// Returns whether it is read from the Kubernetes API.
    pub(crate) fn is_in_kubernetes(&self) -> bool {
        matches!(self, Self::Kubernetes(_))
    }
}

impl FromStr for AdminSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        match (kind, value) {
            ("managed", "") => Ok(Self::Managed),
            ("iam", "") => Ok(Self::Iam(None)),
            ("iam", user) => Ok(Self::Iam(Some(user.to_owned()))),
            ("kubernetes", name) => name.parse().map(Self::Kubernetes),
            ("file", path) if !path.is_empty() => Ok(Self::File(path.into())),
            ("env", name) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            // The text may be a connection string.
            _ => Err(
                "expected managed, iam, iam:USER, kubernetes:NAMESPACE/NAME, file:PATH or env:NAME"
                    .to_owned(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_parsed_and_a_password_is_not_repeated() {
        let parse = |text: &str| text.parse::<AdminSource>();
        assert_eq!(parse("managed"), Ok(AdminSource::Managed));
        assert_eq!(parse("iam"), Ok(AdminSource::Iam(None)));
        let user = Some("deployer".to_owned());
        assert_eq!(parse("iam:deployer"), Ok(AdminSource::Iam(user)));
        assert_eq!(
            parse("file:/run/a:b"),
            Ok(AdminSource::File("/run/a:b".into()))
        );
        assert_eq!(
            parse("env:URL"),
            Ok(AdminSource::Variable("URL".to_owned()))
        );
        let secret = SecretName {
            namespace: "shop".to_owned(),
            name: "admin".to_owned(),
            key: Some("tls.url".to_owned()),
        };
        assert_eq!(
            parse("kubernetes:shop/admin:tls.url"),
            Ok(AdminSource::Kubernetes(secret))
        );
        for wrong in [
            "postgresql://admin:hush@db",
            "file:",
            "env:",
            "hush",
            "managed:hush",
            "kubernetes:hush",
            "kubernetes:/hush",
            "kubernetes:a/hush:",
            "kubernetes:a/b/hush",
            "kubernetes:a/hush@x",
        ] {
            assert!(!parse(wrong).unwrap_err().contains("hush"), "{wrong}");
        }
    }
}
