//! The database users that a client certificate can log in as.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use irsa_net::replaceable::Replaceable;
use irsa_net::tls::client_certificate_names;
use irsa_pgwire::error_response::ErrorResponse;

use super::refused;
use crate::transport::Transport;

/// The maximum number of names that are listed; the rest are counted.
const LISTED_NAMES: usize = 8;

/// The database users of each certificate name. A certificate can always log in as the user with its own name. The
/// users can be replaced at run time; clones share them.
#[derive(Debug, Clone, Default)]
pub struct CertificateUsers {
    /// The source file of the pairs, for messages.
    file: Option<PathBuf>,
    pairs: Arc<Replaceable<Pairs>>,
}

/// Pairs of a certificate name and a database user.
type Pairs = BTreeSet<(String, String)>;

/// The error of a certificate users file.
#[derive(Debug, thiserror::Error)]
pub enum CertificateUsersError {
    /// The file cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Unreadable {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// A line is not a certificate name and a database user.
    #[error(
        "line {line} of `{}` is not a certificate name and a database user, separated by spaces; put a name with \
         spaces, `#` or `\"` in double quotes",
        path.display()
    )]
    Malformed {
        /// The path of the file.
        path: PathBuf,
        /// The line number, from 1.
        line: usize,
    },
}

// === impl CertificateUsers ===

impl CertificateUsers {
    /// Reads lines of a certificate name and a database user, separated by spaces or tabs. A name can be in double
    /// quotes, where `""` is a double quote. `#` starts a comment. Both names are literal: unlike in PostgreSQL's
    /// `pg_ident.conf`, there are no patterns.
    ///
    /// # Errors
    /// Fails if the file cannot be read or has an invalid line. The error names the first one.
    pub fn from_file(path: &Path) -> Result<Self, CertificateUsersError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| CertificateUsersError::Unreadable {
                path: path.to_owned(),
                error,
            })?;
        let mut pairs = Pairs::new();
        for (index, line) in text.lines().enumerate() {
            let malformed = || CertificateUsersError::Malformed {
                path: path.to_owned(),
                line: index + 1,
            };
            let mut fields = fields(line).ok_or_else(malformed)?.into_iter();
            match (fields.next(), fields.next(), fields.next()) {
                (None, ..) => {}
                (Some(name), Some(user), None) => _ = pairs.insert((name, user)),
                _ => return Err(malformed()),
            }
        }
        Ok(Self {
            file: Some(path.to_owned()),
            pairs: Arc::new(Replaceable::new(pairs)),
        })
    }

    /// Replaces the users with those of `others`. Clients that are logged in are not affected.
    pub fn replace(&self, others: &Self) {
        let others = others.pairs.current();
        self.pairs.replace(Pairs::clone(&others));
    }

    fn admits(&self, name: &str, user: &str) -> bool {
        let pair = || (name.to_owned(), user.to_owned());
        name == user || self.pairs.current().contains(&pair())
    }

    /// Returns the error for a certificate with these names. It lists the names and the line to add to the file.
    fn refusal(&self, names: &[String], user: &str) -> ErrorResponse {
        let refused = refused(format!(
            "the client certificate may not log in as database user \"{user}\""
        ));
        let Some(name) = names.first() else {
            return refused
                .detail("The certificate has no common name, DNS name or URI.")
                .hint(format!(
                    "issue a certificate whose common name is {}",
                    field(user)
                ));
        };
        let line = format!("{} {}", field(name), field(user));
        let hint = match &self.file {
            Some(file) => format!("add this line to `{}`: {line}", file.display()),
            None => format!(
                "start irsa with --client-cert-users FILE and this line in the file: {line}"
            ),
        };
        refused
            .detail(format!("The certificate's names are {}.", list(names)))
            .hint(format!("to allow it, {hint}"))
    }
}

/// Checks that the client's certificate may log in as `user`.
pub(super) fn check(
    users: &CertificateUsers,
    client: &Transport,
    user: &str,
) -> Result<(), ErrorResponse> {
    let Some(certificate) = client.peer_certificate() else {
        return Err(
            refused("this listener requires TLS with a client certificate")
                .hint("set sslmode=require, sslcert and sslkey in the client; libpq never uses TLS on Unix sockets"),
        );
    };
    let names = client_certificate_names(certificate);
    if names.iter().any(|name| users.admits(name, user)) {
        Ok(())
    } else {
        Err(users.refusal(&names, user))
    }
}

/// Splits a line into fields. Returns `None` if a quotation mark is misplaced.
fn fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => bare_field(rest)?,
        };
        fields.push(field);
        rest = after.trim_start();
    }
    Some(fields)
}

/// Reads up to the closing quotation mark, which must be followed by a space, a comment or the end.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None if field.is_empty() => return None,
            None if after.is_empty() || after.starts_with([' ', '\t', '#']) => {
                return Some((field, after));
            }
            None => return None,
        }
    }
}

fn bare_field(text: &str) -> Option<(String, &str)> {
    let end = text.find([' ', '\t', '#']).unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

/// Quotes a name in the format that [`CertificateUsers::from_file`] reads.
fn field(name: &str) -> String {
    if name.is_empty()
        || name.contains(|letter: char| letter.is_whitespace() || "#\"".contains(letter))
    {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

fn list(names: &[String]) -> String {
    let listed: Vec<_> = names
        .iter()
        .take(LISTED_NAMES)
        .map(|name| format!("\"{name}\""))
        .collect();
    match names.len().saturating_sub(LISTED_NAMES) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CertificateUsers, CertificateUsersError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users");
        std::fs::write(&file, text).unwrap();
        CertificateUsers::from_file(&file)
    }

    #[test]
    fn a_certificate_admits_the_user_of_its_name_and_the_mapped_users() {
        let users = read(
            "# certificate name            database user\n\n  \
             spiffe://cluster.local/ns/shop/sa/web\tshop   # the web shop\n\
             spiffe://cluster.local/ns/shop/sa/web orders\n\
             \"Reporting #2 \"\"Batch\"\"\" \"report user\"\n",
        )
        .unwrap();
        let spiffe = "spiffe://cluster.local/ns/shop/sa/web";
        for (name, user, is_admitted) in [
            ("app", "app", true),
            (spiffe, "shop", true),
            (spiffe, "orders", true),
            ("Reporting #2 \"Batch\"", "report user", true),
            ("app", "App", false),
            ("app", "shop", false),
            ("spiffe://cluster.local/ns/shop/sa/web2", "shop", false),
            ("shop", spiffe, false),
        ] {
            assert_eq!(users.admits(name, user), is_admitted, "{name} as {user}");
        }
    }

    #[test]
    fn replaced_users_apply_to_all_clones() {
        let users = read("web shop\n").unwrap();
        let clone = users.clone();
        users.replace(&read("web orders\n").unwrap());
        assert!(clone.admits("web", "orders") && !clone.admits("web", "shop"));
    }

    #[test]
    fn a_line_that_is_not_two_names_is_rejected() {
        for line in [
            "app",
            "app shop orders",
            "app \"shop",
            "app sh\"op",
            "\"app\"x shop",
            "\"\" shop",
        ] {
            let error = read(&format!("a b\n{line}\n")).unwrap_err().to_string();
            assert!(error.starts_with("line 2 of "), "{line}: {error}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = CertificateUsers::from_file(Path::new("/nowhere/users")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read `/nowhere/users`: "),
            "{error}"
        );
    }

    #[test]
    fn the_suggested_line_is_valid() {
        for (name, user) in [("app", "shop"), ("a \"b\" #c", "d e"), ("tab\there", "x")] {
            let line = format!("{} {}", field(name), field(user));
            let users = read(&line).unwrap();
            assert!(users.admits(name, user), "{line}");
            let refusal = CertificateUsers::default().refusal(&[name.to_owned()], user);
            assert!(refusal.hint.unwrap().ends_with(&line));
        }
    }

    #[test]
    fn many_names_are_counted() {
        let names: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
        let refusal = CertificateUsers::default().refusal(&names, "app");
        assert!(refusal.detail.unwrap().ends_with("\"n7\" and 2 more."));
    }
}
