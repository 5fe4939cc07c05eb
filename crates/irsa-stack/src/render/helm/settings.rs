//! Settings that send a pod's containers to the sidecar.

use std::fmt::Write as _;

use irsa_chain::untrusted::quoted;

use super::chart::{Content, Pod, Setting};
use super::tpl::escaped;
use super::values::Values;
use crate::stack::{OpenSearchUse, PostgresUse, Workload};
use crate::yaml::{Yaml, scalar};

/// The data store that the chart has keys for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Used<'w> {
    Postgres(&'w PostgresUse),
    OpenSearch(&'w OpenSearchUse),
}

/// The data store of a workload that the chart sets for a pod.
///
/// # Errors
/// The chart sets none of the workload's, or only one of two.
pub(super) fn used<'w>(pod: &Pod, workload: &'w Workload) -> Result<Used<'w>, String> {
    let postgres = workload
        .postgres
        .as_ref()
        .filter(|_| !pod.postgres.is_empty());
    let opensearch = workload
        .opensearch
        .as_ref()
        .filter(|_| !pod.opensearch.is_empty());
    let key = quoted(&workload.key);
    match (postgres, opensearch) {
        (Some(one), None) => Ok(Used::Postgres(one)),
        (None, Some(one)) => Ok(Used::OpenSearch(one)),
        (Some(_), Some(_)) => Err(format!(
            "{key}: `{}` has one secondary storage: remove `postgres` or `opensearch`",
            pod.key
        )),
        (None, None) => {
            let store = match workload.postgres {
                Some(_) => "PostgreSQL",
                None => "OpenSearch",
            };
            Err(format!(
                "{key}: the chart has no values for {store} in `{}`",
                pod.key
            ))
        }
    }
}

/// Sets what the chart has keys for.
///
/// # Errors
/// The chart can't have the value, with what to change.
pub(super) fn set(
    values: &mut Values,
    pod: &Pod,
    workload: &Workload,
    used: Used<'_>,
) -> Result<(), String> {
    let settings = match used {
        Used::Postgres(_) => pod.postgres,
        Used::OpenSearch(_) => pod.opensearch,
    };
    for Setting(path, content) in settings.iter().copied().flatten() {
        let value = text(pod, path, content.value(used), workload)?;
        values.set(path, value.clone()).map_err(|conflict| {
            format!(
                "{}: the chart has one `{path}` for all components, which is {} already and would have to be {}: set the \
                 same `listen` for all of them",
                quoted(&workload.key),
                conflict.other.write().trim_end(),
                value.write().trim_end(),
            )
        })?;
    }
    Ok(())
}

/// Environment variables.
pub(super) fn variables(settings: &[Setting], used: Used<'_>) -> Vec<Yaml> {
    let variable = |Setting(name, content): &Setting| {
        Yaml::map([("name", Yaml::text(*name)), ("value", content.value(used))])
    };
    settings.iter().map(variable).collect()
}

/// A value that comes out of the chart's templates as it is.
///
/// # Errors
/// The chart writes it without quotes, and YAML would read something else.
pub(super) fn text(
    pod: &Pod,
    path: &str,
    value: Yaml,
    workload: &Workload,
) -> Result<Yaml, String> {
    if let Yaml::Text(text) = &value
        && pod.is_unquoted(path)
        && scalar(text) != *text
    {
        return Err(format!(
            "{}: the chart writes `{path}` without quotes, and YAML may read {} as something else: choose a name that \
             starts with a letter and has only letters, digits, `-`, `_` and `.`, and is no word such as `on`",
            quoted(&workload.key),
            quoted(text)
        ));
    }
    Ok(escaped(value, pod.templated(path)))
}

// === impl Content ===

impl Content {
    pub(super) fn value(self, used: Used<'_>) -> Yaml {
        match self {
            Self::Flag(flag) => Yaml::Flag(flag),
            Self::Text(text) => Yaml::text(text),
            Self::Port => Yaml::Integer(used.port().into()),
            Self::HttpUrl => Yaml::Text(format!("http://localhost:{}", used.port())),
            Self::JdbcUrl => Yaml::Text(format!(
                "jdbc:postgresql://localhost:{}/{}",
                used.port(),
                used.database()
            )),
            Self::Database => Yaml::Text(used.database()),
            Self::User => Yaml::text(used.user()),
        }
    }
}

// === impl Used ===

impl<'w> Used<'w> {
    fn port(self) -> u16 {
        match self {
            Self::Postgres(used) => used.listen,
            Self::OpenSearch(used) => used.listen,
        }
    }

    fn user(self) -> &'w str {
        match self {
            Self::Postgres(used) => &used.user,
            Self::OpenSearch(_) => "",
        }
    }

    /// The database as it stands in a JDBC URL: charts that take the name alone put it into one, too, and the driver
    /// decodes it.
    fn database(self) -> String {
        let Self::Postgres(used) = self else {
            return String::new();
        };
        let mut text = String::with_capacity(used.database.len());
        for byte in used.database.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                text.push(char::from(byte));
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    }
}
