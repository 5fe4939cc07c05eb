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
    /// Takes an address apart; `None` if it has no host, or if it is unclear where its password ends.
    ///
    /// Clients accept passwords whose `/`, `@`, `:` or `?` should be percent-encoded (RFC 3986, section 3.2.1).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = match text.split_once("://") {
            Some((_, rest)) => rest,
            // `jdbc:postgresql:database` has no host.
            None if text.starts_with("jdbc:") => return None,
            None => text,
        };
        let (user, rest) = without_user(rest)?;
        let (rest, query) = split(rest, '?');
        let (hosts, path) = split(rest, '/');
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

/// The user with the password, and the rest. The user ends at the first `@` after which the rest looks like an address.
fn without_user(text: &str) -> Option<(Option<&str>, &str)> {
    if is_complete(text) {
        return Some((None, text));
    }
    let ends = text.match_indices('@');
    let mut splits = ends.filter_map(|(at, _)| Some((text.get(..at)?, text.get(at + 1..)?)));
    let (user, rest) = splits.find(|(_, rest)| is_complete(rest))?;
    // The `@` may as well be in the value of a parameter.
    let is_query = user
        .split_once('?')
        .is_some_and(|(_, query)| query.contains('='));
    (!is_query).then_some((Some(user), rest))
}

/// Returns whether the text is an address without a user, and no part of a password could be taken for its host or path.
fn is_complete(text: &str) -> bool {
    if !text.contains('@') {
        return true;
    }
    let (before, query) = split(text, '?');
    let (hosts, _) = split(before, '/');
    let has_ports = hosts.split(',').all(|host| {
        let port = host.rsplit_once(':').map(|(_, port)| port);
        port.is_none_or(|port| port.parse::<u16>().is_ok() || port.ends_with(']'))
    });
    let is_pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => {
            let has_user = matches!(name, "user" | "username" | "password");
            !name.contains('@') && (!value.contains('@') || (has_user && !value.contains('/')))
        }
        None => !pair.contains('@'),
    };
    !before.contains('@') && has_ports && query.split('&').all(is_pair)
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or_default()),
        None => split(text, ':'),
    };
    // A connection string in a different syntax is no host: `Server=db;Password=…`.
    let is_foreign = |c: char| c.is_whitespace() || matches!(c, '=' | ';' | '@' | '#');
    let is_host = !host.is_empty() && !host.chars().any(|c| is_foreign(c) || is_deceptive(c));
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
    use proptest::prelude::*;

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
        for text in [
            "",
            "jdbc:postgresql:app",
            "https:///x",
            "a b",
            "a\u{202e}b",
            "Server=db;Password=hunter2",
        ] {
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
    fn an_at_sign_in_a_parameter_does_not_end_a_user() {
        for text in [
            "postgres://db.example:5432/app?user=app@corp",
            "jdbc:postgresql://db.example:5432/app?user=app@corp&password=p@ss:w?rd",
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.host, "db.example", "{text}");
            assert_eq!(address.user.as_deref(), Some("app@corp"), "{text}");
            assert_eq!(address.path, "app", "{text}");
        }
        // The password may be `a&b@c`, or `a` in front of a strange parameter.
        let unclear = "jdbc:postgresql://db.example/app?user=app&password=a&b@c";
        assert_eq!(Address::parse(unclear), None);
    }

    proptest! {
        #[test]
        fn passwords_that_are_not_encoded_stay_out_of_the_address(
            scheme in "postgres://|postgresql://|jdbc:postgresql://|https://",
            password in "hunter2[/@:?#&%;,a-z0-9]{0,6}hunter2",
            port in proptest::option::of(1_u16..),
            query in "|\\?sslmode=require",
        ) {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            let text = format!("{scheme}app:{password}@db.example{port}/orders{query}");
            let address = Address::parse(&text).unwrap();
            prop_assert_eq!(&address.host, "db.example");
            prop_assert_eq!(&address.path, "orders");
            prop_assert_eq!(address.user.as_deref(), Some("app"));
            prop_assert!(address.has_password);
            let shown = format!("{address:?}");
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }

        #[test]
        fn whatever_a_password_is_no_part_of_it_is_shown(password in "[ -~]{0,12}") {
            let text = format!("postgres://app:hunter2{password}hunter2@db.example/orders");
            let shown = format!("{:?}", Address::parse(&text));
            prop_assert!(!shown.contains("hunter2"), "{}", shown);
        }
    }

    #[test]
    fn broken_escapes_stay_as_they_are() {
        assert_eq!(decoded("a%2"), "a%2");
        assert_eq!(decoded("%zz%+a%C3%A9%FF"), "%zz%+aé\u{fffd}");
        assert_eq!(decoded("%é"), "%é");
    }
}
