//! How to log in as the administrator of a PostgreSQL cluster.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use irsa_apply::ApplyError;
use irsa_apply::postgres::{Admin, AdminPassword, PasswordLogin};
use irsa_identity::{Identity, IdentityError, IdentitySettings, RdsSigner, RdsTarget, SystemClock};
use irsa_net::tls::Roots;
use irsa_stack::stack::PostgresStore;

use crate::settings::shown;

/// Bytes that are read of a file.
const MAX_FILE: u64 = 64 * 1024;

/// Where the administrator's password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AdminSource {
    /// An RDS token for this user, or the one that the specification names.
    Iam(Option<String>),
    /// A file with user and password, or a directory with a file for each.
    File(PathBuf),
    /// An environment variable with user and password.
    Variable(String),
}

/// What logins need besides the source.
pub(super) struct Access {
    pub(super) source: AdminSource,
    pub(super) dial: Option<(String, u16)>,
    pub(super) identity: IdentitySettings,
    pub(super) roots: Roots,
}

// === impl AdminSource ===

impl AdminSource {
    /// Whether it is for one cluster only.
    pub(super) fn is_for_one(&self) -> bool {
        !matches!(self, Self::Iam(_))
    }
}

impl FromStr for AdminSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once(':').unwrap_or((text, ""));
        match (kind, value) {
            ("iam", "") => Ok(Self::Iam(None)),
            ("iam", user) => Ok(Self::Iam(Some(user.to_owned()))),
            ("file", path) if !path.is_empty() => Ok(Self::File(path.into())),
            ("env", name) if !name.is_empty() => Ok(Self::Variable(name.to_owned())),
            // The text may be a connection string.
            _ => Err("expected iam, iam:USER, file:PATH or env:NAME".to_owned()),
        }
    }
}

// === impl Access ===

impl Access {
    /// Returns the administrator of a cluster.
    pub(super) fn admin(&self, store: &PostgresStore) -> Result<Admin, ApplyError> {
        let (login, address) = match &self.source {
            AdminSource::Iam(user) => (self.by_iam(store, user.as_ref())?, None),
            AdminSource::File(path) => from_path(path)?,
            AdminSource::Variable(name) => by_password(&variable(name)?, name)?,
        };
        let admin = Admin::new(login, (&store.endpoint, store.port), &self.roots)?;
        Ok(match self.dial.clone().or(address) {
            Some((host, port)) => admin.with_dial(host, port),
            None => admin,
        })
    }

    fn by_iam(
        &self,
        store: &PostgresStore,
        user: Option<&String>,
    ) -> Result<(String, AdminPassword), ApplyError> {
        let user = user.or(store.admin.as_ref()).ok_or_else(|| {
            ApplyError::new(format!("the administrator of `{}` has no name", store.key))
                .with_remedy("set --admin iam:USER, or `admin.user` in irsa.yaml")
        })?;
        let mut settings = self.identity.clone();
        settings.region.get_or_insert_with(|| store.region.clone());
        let clock = Arc::new(SystemClock);
        let identity =
            Identity::start(settings, clock.clone()).map_err(|error| unidentified(&error))?;
        let target = RdsTarget {
            sign_host: store.endpoint.clone(),
            port: store.port,
            user: user.clone(),
            region: store.region.clone(),
        };
        let signer = RdsSigner::new(identity, clock);
        Ok((user.clone(), AdminPassword::Iam(signer, target)))
    }
}

/// A login, and the address to connect to if it is not the endpoint's.
type Login = ((String, AdminPassword), Option<(String, u16)>);

fn by_password(text: &str, origin: &str) -> Result<Login, ApplyError> {
    let parsed = text.parse::<PasswordLogin>();
    let parsed = parsed
        .map_err(|error| ApplyError::new(format!("the administrator in `{origin}` {error}")))?;
    let login = (parsed.user, AdminPassword::Password(parsed.password));
    Ok((login, parsed.address))
}

/// Reads a file with a login, or the files of a Kubernetes Secret of type `kubernetes.io/basic-auth`.
fn from_path(path: &Path) -> Result<Login, ApplyError> {
    if !path.is_dir() {
        return by_password(&read(path)?, &shown(path));
    }
    let line =
        |name: &str| read(&path.join(name)).map(|text| text.trim_end_matches('\n').to_owned());
    let (user, password) = (line("username")?, line("password")?);
    Ok(((user, AdminPassword::Password(password.into())), None))
}

fn read(path: &Path) -> Result<String, ApplyError> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
        .map_err(|error| {
            ApplyError::new(format!("cannot read `{}`: {error}", shown(path))).with_remedy(
                "--admin file:PATH needs a file with a connection string, or a directory with the files `username` and \
                 `password`",
            )
        })?;
    Ok(text)
}

fn variable(name: &str) -> Result<String, ApplyError> {
    std::env::var(name).map_err(|_| {
        ApplyError::new(format!("the environment variable `{name}` is not set"))
            .with_remedy("--admin env:NAME needs a variable with a connection string")
    })
}

/// The link and the cause are part of the message: exit code 3 means that something differs.
fn unidentified(error: &IdentityError) -> ApplyError {
    let link = error.link().id();
    ApplyError::new(format!("{error} (link: {link})")).with_remedy(error.remedy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_parsed_and_a_password_is_not_repeated() {
        let parse = |text: &str| text.parse::<AdminSource>();
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
        for wrong in ["postgresql://admin:hush@db", "file:", "env:", "hush"] {
            assert!(!parse(wrong).unwrap_err().contains("hush"));
        }
    }
}
