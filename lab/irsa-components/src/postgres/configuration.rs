//! `postgresql.conf` and `pg_hba.conf`, with checks of their input.

use std::fmt::Write as _;
use std::path::Path;

use super::{Listen, PostgresError, PostgresOptions};

/// `sockaddr_un` holds 107 bytes and a zero byte (unix(7)), including the socket's name.
pub(super) const SOCKET_DIR_LIMIT: usize = 107 - "/.s.PGSQL.65535".len();
/// The port in the name of the Unix socket of a server without TCP.
const SOCKET_ONLY_PORT: u16 = 5432;

/// Settings for servers whose data need not survive a crash (PostgreSQL documentation, "Non-Durable Settings").
const FAST: [(&str, &str); 3] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
];

/// Returns the text of `postgresql.conf`.
///
/// # Errors
/// The name of a setting contains invalid characters.
pub(super) fn postgresql_conf(
    options: &PostgresOptions,
    port: u16,
) -> Result<String, PostgresError> {
    let listen = if options.listen == Listen::SocketOnly {
        ""
    } else {
        "127.0.0.1"
    };
    // The setting is a list: without quotes, a comma in the path would start another directory.
    let socket_dir = options.socket_dir.to_string_lossy().replace('"', "\"\"");
    let mut text = String::from("# Written at each start.\n");
    let mut set = |name: &str, value: &str| setting(&mut text, name, value);
    for (name, value) in FAST {
        set(name, value)?;
    }
    if options.tls.is_some() {
        set("ssl", "on")?;
    }
    for (name, value) in &options.settings {
        set(name, value)?;
    }
    set("port", &port.to_string())?;
    set("listen_addresses", listen)?;
    set("unix_socket_directories", &format!("\"{socket_dir}\""))?;
    Ok(text)
}

/// Returns the text of `pg_hba.conf`.
pub(super) fn pg_hba_conf(options: &PostgresOptions) -> String {
    let superuser = options.superuser.replace('"', "\"\"");
    format!("local all \"{superuser}\" trust\n{}", options.hba)
}

/// Returns the port; 0 becomes a port that was free a moment ago.
pub(super) fn port(listen: Listen) -> std::io::Result<u16> {
    match listen {
        Listen::SocketOnly => Ok(SOCKET_ONLY_PORT),
        Listen::Loopback { port: 0 } => Ok(std::net::TcpListener::bind("127.0.0.1:0")?
            .local_addr()?
            .port()),
        Listen::Loopback { port } => Ok(port),
    }
}

/// Rejects a directory whose path is too long for a socket.
pub(super) fn check_socket_dir(folder: &Path) -> Result<(), PostgresError> {
    let length = folder.as_os_str().len();
    if length <= SOCKET_DIR_LIMIT {
        return Ok(());
    }
    Err(PostgresError::SocketPathTooLong {
        folder: folder.to_owned(),
        length,
        limit: SOCKET_DIR_LIMIT,
    })
}

fn setting(text: &mut String, name: &str, value: &str) -> Result<(), PostgresError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(PostgresError::SettingName(name.to_owned()));
    }
    let quoted = value
        .replace('\\', "\\\\")
        .replace('\'', "''")
        .replace('\n', "\\n");
    let _ = writeln!(text, "{name} = '{quoted}'");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> PostgresOptions {
        PostgresOptions::new(Path::new("/run/lab"))
    }

    #[test]
    fn values_are_quoted() {
        let mut options = options();
        options.settings = vec![("cluster_name".to_owned(), "it's\nport = 1".to_owned())];
        let text = postgresql_conf(&options, 5432).unwrap();
        assert!(
            text.contains("cluster_name = 'it''s\\nport = 1'\n"),
            "{text}"
        );
    }

    #[test]
    fn rejects_a_name_that_could_inject_a_line() {
        let mut options = options();
        options.settings = vec![("a\nb".to_owned(), "on".to_owned())];
        assert!(matches!(
            postgresql_conf(&options, 5432),
            Err(PostgresError::SettingName(_))
        ));
    }

    #[test]
    fn a_given_setting_overrides_the_fast_one() {
        let mut options = options();
        options.settings = vec![("fsync".to_owned(), "on".to_owned())];
        let text = postgresql_conf(&options, 5432).unwrap();
        assert!(
            text.find("fsync = 'on'") > text.find("fsync = 'off'"),
            "{text}"
        );
    }

    #[test]
    fn does_not_listen_on_tcp_by_default() {
        assert!(
            postgresql_conf(&options(), 5432)
                .unwrap()
                .contains("listen_addresses = ''\n")
        );
    }

    #[test]
    fn a_comma_in_a_socket_directory_is_quoted() {
        let options = PostgresOptions::new(Path::new("/run/a, \"b\""));
        let text = postgresql_conf(&options, 5432).unwrap();
        let expected = "unix_socket_directories = '\"/run/a, \"\"b\"\"/socket\"'\n";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn the_superusers_line_comes_first() {
        assert!(pg_hba_conf(&options()).starts_with("local all \"postgres\" trust\n"));
    }

    #[test]
    fn rejects_a_socket_directory_that_is_too_long() {
        let fits = "/".repeat(SOCKET_DIR_LIMIT);
        assert!(check_socket_dir(Path::new(&fits)).is_ok());
        assert!(check_socket_dir(Path::new(&format!("{fits}x"))).is_err());
    }
}
