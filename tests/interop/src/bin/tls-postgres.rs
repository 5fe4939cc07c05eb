//! Starts a PostgreSQL with TLS that trusts all users, prints a JSON line with its address, and stops it when the
//! standard input closes. `cargo xtask bench` measures against it.

use std::io::{self, Write as _};

use interop::Error;
use interop::server::{ENDPOINT, TrustingPostgres};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let postgres = TrustingPostgres::start("bench", "bench").await?;
    let target = postgres.target();
    let line = json!({
        "host": target.host, "port": target.port, "user": target.user, "database": target.database,
        "ca_file": postgres.ca_file(), "endpoint": ENDPOINT,
        "socket_dir": postgres.socket_dir(), "superuser": postgres.superuser(),
    });
    writeln!(io::stdout(), "{line}")?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
