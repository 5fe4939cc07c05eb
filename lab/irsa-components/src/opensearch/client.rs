//! HTTP to the own node.

use reqwest::Client;
use rustls::RootCertStore;

use crate::fetch::{self, FetchError};

/// For a node on loopback: no TLS, and no proxy in between, whatever the environment says.
pub(super) fn for_node() -> Result<Client, FetchError> {
    fetch::build(Client::builder().no_proxy(), RootCertStore::empty())
}
