//! The addresses in variables: JDBC URLs, connection URIs of libpq, URLs of OpenSearch, and bare host names.

use irsa_chain::untrusted::is_deceptive;

/// An address, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    /// It contains a password, which is not kept.
    pub(super) has_password: bool,
    /// The path without its slash: the database.
    pub(super) path: String,
    parameters: Vec<(String, String)>,
}

// === impl Address ===

impl Address {
    /// Takes an address apart; `None` if it has no host.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((_, rest)) => rest,
            // `jdbc:postgresql:database` has no host.
            None if text.starts_with("jdbc:") => return None,
            None => text,
        };
        let (rest, query) = split(rest, '?');
        let (authority, path) = split(rest, '/');
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (Some(user), hosts),
            None => (None, authority),
        };
        // Of several hosts, the driver tries the first one first.
        let (host, port) = host_and_port(hosts.split(',').next().unwrap_or_default())?;
        let pairs = query.split('&').map(|pair| split(pair, '='));
        let mut parameters: Vec<_> = pairs
            .map(|(name, value)| (name.to_owned(), decoded(value)))
            .collect();
        let is_password = |(name, value): &(String, String)| {
            name.to_ascii_lowercase().contains("password") && !value.is_empty()
        };
        let in_query = parameters.iter().any(is_password);
        parameters.retain(|pair| !is_password(pair));
        let named = user.map(|user| split(user, ':'));
        let in_user = named.is_some_and(|(_, password)| !password.is_empty());
        let user = named.map(|(user, _)| decoded(user));
        let mut address = Self {
            host,
            port,
            user: user.filter(|user| !user.is_empty()),
            has_password: in_user || in_query,
            path: decoded(path),
            parameters,
        };
        if address.user.is_none() {
            address.user = address.parameter("user").map(str::to_owned);
        }
        Some(address)
    }

    /// The value of a parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        let found = parameters.find(|(one, _)| one == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Returns whether the host is this pod.
    pub(super) fn is_local(&self) -> bool {
        let host = self.host.as_str();
        host == "localhost" || host == "::1" || host.starts_with("127.")
    }
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or_default()),
        None => split(text, ':'),
    };
    let is_host = !host.is_empty() && !host.chars().any(|c| c.is_whitespace() || is_deceptive(c));
    is_host.then(|| (host.to_ascii_lowercase(), port.parse().ok()))
}

/// Decodes `%41` (RFC 3986, section 2.1). Invalid UTF-8 becomes U+FFFD.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (b'%', Some(byte)) = (first, byte) {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, host, port, path) in [
            (
                "jdbc:postgresql://db.example:5433/app?sslmode=require",
                "db.example",
                Some(5433),
                "app",
            ),
            (
                "jdbc:aws-wrapper:postgresql://DB.example/app?wrapperPlugins=iam",
                "db.example",
                None,
                "app",
            ),
            (
                "postgresql://a.example,b.example:1/app",
                "a.example",
                None,
                "app",
            ),
            (
                "postgres://[::1]:5432/my%20app",
                "::1",
                Some(5432),
                "my app",
            ),
            ("https://search.example", "search.example", None, ""),
            ("http://localhost:9200/", "localhost", Some(9200), ""),
            ("db.example", "db.example", None, ""),
            ("db.example:5432", "db.example", Some(5432), ""),
        ] {
            let address = Address::parse(text).unwrap();
            let found = (address.host.as_str(), address.port, address.path.as_str());
            assert_eq!(found, (host, port, path), "{text}");
            assert!(!address.has_password, "{text}");
        }
        for text in ["", "jdbc:postgresql:app", "https:///x", "a b", "a\u{202e}b"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn passwords_are_noticed_and_not_kept() {
        for text in [
            "postgres://app:hunter2@db.example/app",
            "jdbc:postgresql://db.example/app?user=app&password=hunter2",
            "jdbc:postgresql://db.example/app?user=app&sslPassword=hunter2",
        ] {
            let address = Address::parse(text).unwrap();
            assert!(address.has_password, "{text}");
            assert_eq!(address.user.as_deref(), Some("app"), "{text}");
            assert!(!format!("{address:?}").contains("hunter2"), "{address:?}");
        }
        let address = Address::parse("postgres://app@db.example/app").unwrap();
        assert!(!address.has_password);
        assert_eq!(address.user.as_deref(), Some("app"));
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decoded("a%2"), "a%2");
        assert_eq!(decoded("%zz%+a%C3%A9%FF"), "%zz%+aé\u{fffd}");
        assert_eq!(decoded("%é"), "%é");
    }
}
