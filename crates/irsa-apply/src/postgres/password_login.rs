//! A user with a password, in the forms in which deployments have it.

use std::fmt;
use std::str::FromStr;

use irsa_identity::SecretString;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

/// A user with a password, and possibly an address.
///
/// It is parsed from a connection string, `postgresql://USER:PASSWORD@HOST[:PORT]`, or from the JSON of a secret that RDS
/// manages in Secrets Manager, `{"username": "USER", "password": "PASSWORD"}`. The database and the parameters of a
/// connection string are not used: TLS is always verified.
#[derive(Debug)]
pub struct PasswordLogin {
    /// User.
    pub user: String,
    /// Password.
    pub password: SecretString,
    /// Host to connect to, and port, where they are not the endpoint's.
    pub address: Option<(String, Option<u16>)>,
}

/// The reason why a text is not such a login. Contains no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPasswordLogin {
    problem: &'static str,
    expected: &'static str,
}

const JSON: &str = "JSON with `username` and `password`";
const ANY: &str =
    "`postgresql://USER:PASSWORD@HOST[:PORT]`, or JSON with `username` and `password`";

// === impl PasswordLogin ===

impl PasswordLogin {
    /// Reads the values of a Kubernetes Secret with the keys `username` and `password`, as of the type
    /// `kubernetes.io/basic-auth`. One line end, LF or CR LF, at the end of a value is not part of it: `kubectl create
    /// secret --from-file` keeps the one that editors put at the end of a file.
    pub fn from_basic_auth(user: &str, password: &str) -> Self {
        Self {
            user: without_line_end(user).to_owned(),
            password: without_line_end(password).into(),
            address: None,
        }
    }

    /// Reads the text of a secret in Secrets Manager.
    ///
    /// # Errors
    /// It is not a JSON object with `username` and `password`.
    pub fn from_secret(text: &str) -> Result<Self, InvalidPasswordLogin> {
        from_json(text).map_err(|problem| InvalidPasswordLogin {
            problem,
            expected: JSON,
        })
    }
}

impl FromStr for PasswordLogin {
    type Err = InvalidPasswordLogin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let login = if text.starts_with('{') {
            from_json(text)
        } else {
            from_url(text)
        };
        login.map_err(|problem| InvalidPasswordLogin {
            problem,
            expected: ANY,
        })
    }
}

fn without_line_end(value: &str) -> &str {
    match value.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => value,
    }
}

fn from_json(text: &str) -> Result<PasswordLogin, &'static str> {
    let json: Value = serde_json::from_str(text).map_err(|_| "is not valid JSON")?;
    let field = |name: &str| json.get(name)?.as_str().filter(|text| !text.is_empty());
    let user = field("username").ok_or("has no `username`")?;
    let password = field("password").ok_or("has no `password`")?;
    Ok(PasswordLogin {
        user: user.to_owned(),
        password: password.into(),
        address: None,
    })
}

fn from_url(text: &str) -> Result<PasswordLogin, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err("does not start with postgresql://");
    }
    let user = decoded(url.username())?;
    if user.is_empty() {
        return Err("has no user");
    }
    let password = url.password().ok_or("has no password")?;
    let host = url.host_str().filter(|host| !host.is_empty());
    Ok(PasswordLogin {
        user,
        password: decoded(password)?.into(),
        address: host.map(|host| (host.to_owned(), url.port())),
    })
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| "is not UTF-8")?;
    Ok(decoded.into_owned())
}

// === impl InvalidPasswordLogin ===

impl fmt::Display for InvalidPasswordLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, expected } = self;
        write!(f, "{problem}; expected {expected}")
    }
}

impl std::error::Error for InvalidPasswordLogin {}

#[cfg(test)]
mod tests {
    use irsa_identity::ExposeSecret as _;

    use super::*;

    #[test]
    fn user_and_password_of_a_connection_string_are_decoded() {
        let text =
            "postgresql://admin%40x:p%2Fw%20d@db.example:6432/postgres?sslmode=verify-full\n";
        let parsed: PasswordLogin = text.parse().unwrap();
        assert_eq!(parsed.user, "admin@x");
        assert_eq!(parsed.password.expose_secret(), "p/w d");
        assert_eq!(parsed.address, Some(("db.example".to_owned(), Some(6432))));
        assert!(!format!("{parsed:?}").contains("p/w d"));
    }

    #[test]
    fn a_port_that_is_left_out_is_the_endpoints() {
        let parsed: PasswordLogin = "postgres://admin:pw@db.example/postgres".parse().unwrap();
        assert_eq!(parsed.address, Some(("db.example".to_owned(), None)));
        let parsed: PasswordLogin = "postgres://admin:pw@[::1]".parse().unwrap();
        assert_eq!(parsed.address, Some(("[::1]".to_owned(), None)));
    }

    #[test]
    fn a_secret_of_rds_is_json() {
        let text = r#"{"username": "admin", "password": "p\"w"}"#;
        let parsed: PasswordLogin = text.parse().unwrap();
        assert_eq!(parsed.user, "admin");
        assert_eq!(parsed.password.expose_secret(), "p\"w");
        assert_eq!(parsed.address, None);
    }

    #[test]
    fn one_line_end_of_a_value_is_not_part_of_it() {
        for (value, expected) in [
            ("hush", "hush"),
            ("hush\n", "hush"),
            ("hush\r\n", "hush"),
            ("hush\n\n", "hush\n"),
            ("hush\r", "hush\r"),
            (" hush ", " hush "),
            ("\n", ""),
        ] {
            let login = PasswordLogin::from_basic_auth(value, value);
            assert_eq!(login.user, expected, "{value:?}");
            assert_eq!(login.password.expose_secret(), expected, "{value:?}");
        }
    }

    #[test]
    fn a_secret_is_never_a_connection_string() {
        let text = "postgresql://admin:hush@db";
        let error = PasswordLogin::from_secret(text).unwrap_err();
        let expected = "is not valid JSON; expected JSON with `username` and `password`";
        assert_eq!(error.to_string(), expected);
        let error = PasswordLogin::from_secret(r#"{"username": "admin"}"#).unwrap_err();
        assert!(error.to_string().starts_with("has no `password`"));
        let login = PasswordLogin::from_secret(r#"{"username": "a", "password": "b"}"#).unwrap();
        assert_eq!(login.user, "a");
    }

    #[test]
    fn an_error_contains_no_part_of_the_text() {
        for text in [
            "host=db password=hush",
            "https://admin:hush@db",
            "postgres://:hush@db",
            "postgres://admin@hush",
            "postgres://admin:hush%ff@db",
            "{\"password\": \"hush\"}",
            "{\"username\": \"hush\", \"password\": 1}",
            "{hush",
        ] {
            let error = text.parse::<PasswordLogin>().unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
