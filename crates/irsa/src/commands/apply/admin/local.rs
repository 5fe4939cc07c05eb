//! A login in a file, a directory or a variable.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use irsa_apply::ApplyError;
use irsa_apply::postgres::PasswordLogin;

use crate::settings::shown;

/// Bytes that are read of a file.
const MAX_FILE: u64 = 64 * 1024;

/// Reads a file with a login, or the files of a Kubernetes Secret of type `kubernetes.io/basic-auth`.
pub(super) fn from_path(path: &Path) -> Result<PasswordLogin, ApplyError> {
    if !path.is_dir() {
        return parsed(&read(path)?, &shown(path));
    }
    let (user, password) = (read(&path.join("username"))?, read(&path.join("password"))?);
    Ok(PasswordLogin::from_basic_auth(&user, &password))
}

/// Reads a variable with a login.
pub(super) fn from_variable(name: &str) -> Result<PasswordLogin, ApplyError> {
    let text = std::env::var(name).map_err(|_| {
        ApplyError::new(format!("the environment variable `{name}` is not set"))
            .with_remedy("--admin env:NAME needs a variable with a connection string")
    })?;
    parsed(&text, name)
}

fn parsed(text: &str, origin: &str) -> Result<PasswordLogin, ApplyError> {
    let login = text.parse::<PasswordLogin>();
    login.map_err(|error| ApplyError::new(format!("the administrator in `{origin}` {error}")))
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
