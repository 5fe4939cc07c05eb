//! Warnings about variables such as `DATABASE_URL` that contain the host of an upstream: a command that uses them
//! connects to the upstream directly.

use std::ffi::OsStr;
use std::net::IpAddr;

use super::environment::Variables;
use super::libpq;

/// Variables that may contain the host of an upstream without any effect on the command's connections.
const IGNORED: [&str; 3] = ["OPENSEARCH_URL", "NO_PROXY", "no_proxy"];

/// Returns a message for each variable that contains one of the hosts. The value is not included, because it may
/// contain a password.
pub(super) fn warnings(variables: &Variables, hosts: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, value) in variables {
        let (Some(name), value) = (name.to_str().filter(|name| !is_ignored(name)), value) else {
            continue;
        };
        if let Some(host) = hosts
            .iter()
            .find(|host| !is_local(host) && names(value, host))
        {
            warnings.push(format!(
                "{name} contains `{host}`: a command that uses it bypasses irsa; use PGHOST and PGPORT, or \
                 OPENSEARCH_URL"
            ));
        }
    }
    warnings
}

fn is_ignored(name: &str) -> bool {
    let is_libpq = libpq::VARIABLES.iter().any(|(known, _, _)| *known == name);
    is_libpq || name.starts_with("IRSA_") || IGNORED.contains(&name)
}

/// Returns whether the host is local. A local upstream is the end of a tunnel, and other local services may use the
/// same host.
fn is_local(host: &str) -> bool {
    let ip = host.parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Returns whether `value` contains `host`, in lower case, and not only as a part of a longer name.
fn names(value: &OsStr, host: &str) -> bool {
    let value = value.to_string_lossy().to_ascii_lowercase();
    value.match_indices(host).any(|(at, _)| {
        let before = value.get(..at).and_then(|text| text.chars().next_back());
        let mut after = value.get(at + host.len()..).unwrap_or_default().chars();
        let is_end = match after.next() {
            // A trailing dot also ends a host name.
            Some('.') => !after.next().is_some_and(char::is_alphanumeric),
            next => !next.is_some_and(is_part_of_name),
        };
        is_end && !before.is_some_and(|letter| is_part_of_name(letter) || letter == '.')
    })
}

fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";

    fn warned_of(name: &str, value: &str) -> bool {
        let variables = Variables::from([(name.into(), value.into())]);
        let hosts = [HOST.to_owned(), "127.0.0.1".to_owned()];
        let warnings = warnings(&variables, &hosts);
        assert!(warnings.iter().all(|warning| !warning.contains("hunter2")));
        !warnings.is_empty()
    }

    #[test]
    fn a_variable_that_contains_an_upstream_causes_a_warning() {
        for (name, value) in [
            (
                "DATABASE_URL",
                format!("postgres://shop:hunter2@{HOST}:5432/shop?sslmode=require"),
            ),
            (
                "DATABASE_URL",
                format!("postgres://other.example.com,{}./shop", HOST.to_uppercase()),
            ),
            (
                "SPRING_DATASOURCE_URL",
                format!("jdbc:aws-wrapper:postgresql://{HOST}/shop"),
            ),
            ("DSN", format!("dbname=shop host={HOST}")),
            ("DB_HOST", HOST.to_owned()),
        ] {
            assert!(warned_of(name, &value), "{value}");
        }
    }

    #[test]
    fn other_variables_cause_no_warning() {
        for (name, value) in [
            ("DATABASE_URL", format!("postgres://old-{HOST}/shop")),
            ("DATABASE_URL", format!("postgres://x.{HOST}/shop")),
            (
                "DATABASE_URL",
                format!("postgres://{HOST}.example.com/shop"),
            ),
            ("DATABASE_URL", "postgres://127.0.0.1/shop".to_owned()),
            ("IRSA_UPSTREAMS", format!("postgres://{HOST}")),
            ("PGHOST", HOST.to_owned()),
            ("NO_PROXY", HOST.to_owned()),
        ] {
            assert!(!warned_of(name, &value), "{name}={value}");
        }
    }
}
