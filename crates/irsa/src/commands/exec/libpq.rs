//! The environment variables of libpq, and what `irsa exec` does with each of them.
//!
//! The names are from the PostgreSQL 18 documentation (libpq, "Environment Variables"). Some variables would bypass
//! irsa, or require features that only a database server has.

/// The treatment of a variable by `irsa exec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// The command gets the variable unchanged.
    Keep,
    /// The command gets irsa's own value.
    Set,
    /// The command does not get it.
    Remove,
}

use Treatment::{Keep, Remove, Set};

/// Name, treatment, and the reason.
pub(crate) const VARIABLES: [(&str, Treatment, &str); 42] = [
    (
        "PGHOST",
        Set,
        "the folder of irsa's Unix socket, or the host of its TCP address",
    ),
    (
        "PGPORT",
        Set,
        "the number in the socket's name, or the TCP port",
    ),
    ("PGHOSTADDR", Remove, "takes precedence over PGHOST"),
    (
        "PGSERVICE",
        Remove,
        "its section of the service file can name another host, user and database",
    ),
    (
        "PGSERVICEFILE",
        Keep,
        "is read only if the command itself names a service",
    ),
    (
        "PGSYSCONFDIR",
        Keep,
        "is read only if the command itself names a service",
    ),
    ("PGDATABASE", Keep, "names the database, through irsa too"),
    ("PGUSER", Keep, "names the database user, through irsa too"),
    (
        "PGPASSWORD",
        Keep,
        "is used only if irsa requires a password (`--client-passwords`)",
    ),
    (
        "PGPASSFILE",
        Keep,
        "is used only if irsa requires a password (`--client-passwords`)",
    ),
    (
        "PGREQUIREAUTH",
        Remove,
        "irsa requires no password by default, so libpq would refuse to connect",
    ),
    (
        "PGCHANNELBINDING",
        Remove,
        "irsa offers no channel binding, so `require` would fail",
    ),
    (
        "PGREQUIREPEER",
        Remove,
        "irsa runs as this user, not as the owner of the database server",
    ),
    (
        "PGSSLMODE",
        Keep,
        "irsa offers TLS over TCP; libpq ignores it on Unix sockets",
    ),
    (
        "PGREQUIRESSL",
        Keep,
        "is an old name for `PGSSLMODE=require`",
    ),
    ("PGSSLNEGOTIATION", Keep, "irsa supports both values"),
    (
        "PGSSLROOTCERT",
        Set,
        "the CA of irsa's certificate, if set or if PGSSLMODE is `require`, `verify-ca` or `verify-full`; kept with `--tls-cert`",
    ),
    (
        "PGSSLCRL",
        Remove,
        "the CA of irsa's certificate publishes no revocation list, so verification would fail",
    ),
    ("PGSSLCRLDIR", Remove, "as for PGSSLCRL"),
    (
        "PGSSLCERT",
        Keep,
        "is used only if irsa requires a certificate (`--client-ca`)",
    ),
    (
        "PGSSLKEY",
        Keep,
        "is used only if irsa requires a certificate (`--client-ca`)",
    ),
    (
        "PGSSLCERTMODE",
        Remove,
        "irsa asks for no certificate by default, so `require` would fail",
    ),
    ("PGSSLSNI", Keep, "irsa ignores the server name"),
    (
        "PGSSLCOMPRESSION",
        Keep,
        "irsa never compresses, and neither does a current libpq",
    ),
    (
        "PGSSLMINPROTOCOLVERSION",
        Keep,
        "irsa offers TLS 1.2 and 1.3",
    ),
    (
        "PGSSLMAXPROTOCOLVERSION",
        Keep,
        "irsa offers TLS 1.2 and 1.3",
    ),
    (
        "PGGSSENCMODE",
        Remove,
        "irsa offers no GSSAPI encryption, so `require` would fail",
    ),
    ("PGKRBSRVNAME", Keep, "irsa never asks for Kerberos"),
    ("PGGSSLIB", Keep, "irsa never asks for Kerberos"),
    ("PGGSSDELEGATION", Keep, "irsa never asks for Kerberos"),
    (
        "PGTARGETSESSIONATTRS",
        Keep,
        "is checked against the server behind irsa",
    ),
    ("PGLOADBALANCEHOSTS", Keep, "PGHOST names one host"),
    (
        "PGMINPROTOCOLVERSION",
        Keep,
        "is negotiated with the server behind irsa",
    ),
    (
        "PGMAXPROTOCOLVERSION",
        Keep,
        "is negotiated with the server behind irsa",
    ),
    (
        "PGCONNECT_TIMEOUT",
        Keep,
        "applies to connections through irsa too",
    ),
    ("PGOPTIONS", Keep, "is passed on to the server"),
    ("PGAPPNAME", Keep, "is passed on to the server"),
    ("PGCLIENTENCODING", Keep, "is passed on to the server"),
    ("PGDATESTYLE", Keep, "is passed on to the server"),
    ("PGTZ", Keep, "is passed on to the server"),
    ("PGGEQO", Keep, "is passed on to the server"),
    ("PGLOCALEDIR", Keep, "concerns messages only"),
];

/// Returns the names of the variables with this treatment.
pub(super) fn with_treatment(wanted: Treatment) -> impl Iterator<Item = &'static str> {
    let matching = VARIABLES
        .iter()
        .filter(move |(_, treatment, _)| *treatment == wanted);
    matching.map(|(name, _, _)| *name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_has_exactly_the_documented_variables() {
        let documented = include_str!("libpq/documented-variables.txt");
        let documented = documented.lines().filter(|line| !line.starts_with('#'));
        let documented: BTreeSet<&str> = documented.collect();
        let table: BTreeSet<&str> = VARIABLES.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(table, documented);
        assert_eq!(table.len(), VARIABLES.len(), "a variable is listed twice");
    }
}
