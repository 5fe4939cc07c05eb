//! Starts a domain with fixed responses, prints a JSON line with its address, and ends when its standard input closes.
//! `cargo xtask bench` measures against it. It accepts the key in AWS's variables.

use std::env;
use std::io::{self, Write as _};

use interop::Error;
use interop::fixed::{ENDPOINT, FixedOpenSearch};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

/// Maximum size of bodies that are verified, as by a domain; larger ones are only received.
const KEPT: u64 = 4 * 1024 * 1024;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let key = env::var("AWS_ACCESS_KEY_ID")?;
    let server = FixedOpenSearch::start(key, env::var("AWS_SECRET_ACCESS_KEY")?, KEPT).await?;
    let folder = tempfile::tempdir()?;
    let ca_file = folder.path().join("ca.pem");
    server.authority().write_ca(&ca_file)?;
    let line = json!({"endpoint": ENDPOINT, "dial": server.dial(), "ca_file": ca_file});
    writeln!(io::stdout(), "{line}")?;
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    Ok(())
}
