//! The file with the projected token, which is read again for each exchange because the kubelet rotates it.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_chain::Cause;
use secrecy::SecretString;

use crate::IdentityError;

/// The maximum length that STS accepts, in characters (`WebIdentityToken` in the AWS STS API reference).
const MAX_TOKEN: usize = 20_000;

/// The maximum number of entries of a directory that are looked at.
const MAX_ENTRIES: usize = 100;

/// Reads the token in `path`, without surrounding whitespace.
///
/// # Errors
/// The file is missing, unreadable, empty or too long, or does not contain a JWT. The message names the file and never
/// includes its content.
pub(crate) async fn read(path: &Path) -> Result<SecretString, IdentityError> {
    let owned = path.to_owned();
    let content = tokio::task::spawn_blocking(move || read_bounded(&owned)).await;
    let content = content.unwrap_or_else(|stopped| Err(std::io::Error::other(stopped)));
    parse(path, content.map_err(|error| unreadable(path, &error))?)
}

/// Reads one byte more than the longest token with a line break.
fn read_bounded(path: &Path) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_TOKEN + 64).unwrap_or(u64::MAX);
    let mut content = Vec::new();
    std::fs::File::open(path)?
        .take(limit)
        .read_to_end(&mut content)?;
    Ok(content)
}

fn unreadable(file: &Path, error: &std::io::Error) -> IdentityError {
    let path = file.display();
    match error.kind() {
        ErrorKind::NotFound => IdentityError::new(
            Cause::TokenFileMissing,
            format!("the token file `{path}` does not exist"),
        ),
        ErrorKind::PermissionDenied => IdentityError::new(
            Cause::TokenFileUnreadable,
            format!("this user cannot read the token file `{path}`: permission denied"),
        ),
        ErrorKind::IsADirectory => IdentityError::new(
            Cause::TokenFileUnreadable,
            format!("the token file `{path}` is a directory"),
        )
        .with_remedy(remedy_for_directory(file)),
        _ => IdentityError::new(
            Cause::TokenFileUnreadable,
            format!("cannot read the token file `{path}`: {error}"),
        ),
    }
}

/// Returns the remedy for a path that is a directory: either the variable names the mount instead of the file in it, or
/// the kubelet created the directory for a `subPath` or `hostPath` whose file did not exist.
fn remedy_for_directory(directory: &Path) -> String {
    let variables =
        "AWS_WEB_IDENTITY_TOKEN_FILE (with Pod Identity, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)";
    match only_file(directory) {
        Some(file) => format!("set {variables} to `{}`", file.display()),
        None => format!(
            "set {variables} to the token file itself; if the pod mounts the token with `subPath` or `hostPath`, mount \
             the projected volume as a directory instead, because the kubelet creates a directory for a missing file"
        ),
    }
}

/// Returns the only file in a directory. The names in a projected volume are links; those with two dots belong to the
/// kubelet.
fn only_file(directory: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?.take(MAX_ENTRIES);
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_file = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b"..") && path.is_file()
    };
    let mut files = paths.filter(is_file);
    files.next().filter(|_| files.next().is_none())
}

fn parse(path: &Path, content: Vec<u8>) -> Result<SecretString, IdentityError> {
    let malformed = |what: &str| {
        let path = path.display();
        IdentityError::new(
            Cause::TokenMalformed,
            format!("the token file `{path}` {what}"),
        )
    };
    let content = String::from_utf8(content).map_err(|_| malformed("is not a text file"))?;
    let token = content.trim();
    if token.is_empty() {
        return Err(IdentityError::new(
            Cause::TokenFileEmpty,
            format!("the token file `{}` is empty", path.display()),
        ));
    }
    if token.len() > MAX_TOKEN {
        return Err(malformed(&format!("is longer than {MAX_TOKEN} characters")));
    }
    if !is_jwt(token) {
        return Err(malformed("does not contain a JSON Web Token"));
    }
    Ok(SecretString::from(token))
}

/// Returns whether the token has the form of a signed JWT (RFC 7515, section 3.1). STS validates its contents.
fn is_jwt(token: &str) -> bool {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return false;
    };
    is_json_object(header) && is_json_object(claims) && !signature.is_empty()
}

fn is_json_object(part: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(part)
        .is_ok_and(|json| serde_json::from_slice::<serde_json::Map<_, _>>(&json).is_ok())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::PathBuf;

    use secrecy::ExposeSecret;

    use super::*;

    /// Creates a token in the right form without a valid signature.
    pub(crate) fn fake_jwt(subject: &str) -> String {
        let part = |json: String| URL_SAFE_NO_PAD.encode(json);
        format!(
            "{}.{}.{}",
            part(r#"{"alg":"RS256"}"#.to_owned()),
            part(format!(r#"{{"sub":"{subject}"}}"#)),
            part("not a signature, but as long as one of an RSA key would be".repeat(4)),
        )
    }

    fn file_with(content: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    async fn cause_of(content: impl AsRef<[u8]>) -> Cause {
        let (_dir, path) = file_with(content);
        read(&path).await.unwrap_err().cause().unwrap()
    }

    #[tokio::test]
    async fn trims_a_trailing_line_break() {
        let jwt = fake_jwt("a");
        let (_dir, path) = file_with(format!(" {jwt}\r\n"));
        assert_eq!(read(&path).await.unwrap().expose_secret(), jwt);
    }

    #[tokio::test]
    async fn reads_the_file_each_time() {
        let (_dir, path) = file_with(fake_jwt("a"));
        let first = read(&path).await.unwrap();
        std::fs::write(&path, fake_jwt("b")).unwrap();
        let second = read(&path).await.unwrap();
        assert_ne!(first.expose_secret(), second.expose_secret());
    }

    #[tokio::test]
    async fn names_a_missing_file() {
        let error = read(Path::new("/nowhere/token")).await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::TokenFileMissing));
        assert!(error.to_string().contains("`/nowhere/token`"), "{error}");
    }

    #[tokio::test]
    async fn a_directory_is_unreadable_not_missing() {
        let dir = tempfile::tempdir().unwrap();
        let error = read(dir.path()).await.unwrap_err();
        assert_eq!(error.cause(), Some(Cause::TokenFileUnreadable));
        assert!(error.to_string().ends_with("is a directory"), "{error}");
    }

    #[tokio::test]
    async fn the_remedy_for_a_directory_names_the_file_in_it() {
        let volume = tempfile::tempdir().unwrap();
        let remedy = || async { read(volume.path()).await.unwrap_err().remedy() };
        let empty = remedy().await;
        assert!(empty.contains("mount the projected volume"), "{empty}");
        assert!(!empty.contains("fsGroup"), "{empty}");

        // The layout of a projected volume.
        let data = volume.path().join("..2026_11_30");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("token"), fake_jwt("a")).unwrap();
        std::os::unix::fs::symlink("..2026_11_30", volume.path().join("..data")).unwrap();
        std::os::unix::fs::symlink("..data/token", volume.path().join("token")).unwrap();
        let found = remedy().await;
        let token = volume.path().join("token");
        assert!(
            found.ends_with(&format!("to `{}`", token.display())),
            "{found}"
        );
        assert!(read(&token).await.is_ok());
    }

    #[tokio::test]
    async fn distinguishes_empty_malformed_and_too_long() {
        assert_eq!(cause_of("").await, Cause::TokenFileEmpty);
        assert_eq!(cause_of(" \n\t").await, Cause::TokenFileEmpty);
        for malformed in ["no token", "a.b.c", "e30.e30", "e30.e30.", "W10.e30.c2ln"] {
            assert_eq!(
                cause_of(malformed).await,
                Cause::TokenMalformed,
                "{malformed}"
            );
        }
        assert_eq!(cause_of([0xff, 0xfe]).await, Cause::TokenMalformed);
        let long = format!("e30.e30.{}", "A".repeat(MAX_TOKEN));
        assert_eq!(cause_of(long).await, Cause::TokenMalformed);
    }

    #[tokio::test]
    async fn accepts_the_longest_token_of_sts() {
        let token = format!("e30.e30.{}", "A".repeat(MAX_TOKEN - "e30.e30.".len()));
        let (_dir, path) = file_with(format!("{token}\n"));
        assert_eq!(read(&path).await.unwrap().expose_secret(), token);
    }

    #[tokio::test]
    async fn no_error_contains_the_token() {
        let (_dir, path) = file_with("sesame.open.sesame");
        let error = read(&path).await.unwrap_err();
        assert!(!format!("{error} {error:?} {}", error.remedy()).contains("sesame"));
    }
}
