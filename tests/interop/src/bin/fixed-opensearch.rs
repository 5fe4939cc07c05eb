//! Starts a domain with fixed answers, prints one JSON line that says where it is, and ends with its standard input.
//! `cargo xtask bench` measures against it. The key that it knows is in AWS's own variables.

use std::env;
use std::io::{self, Write as _};

use interop::Error;
use interop::fixed::{ENDPOINT, FixedOpenSearch};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

/// Bodies up to here are verified, as a domain would; larger ones are only taken.
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
