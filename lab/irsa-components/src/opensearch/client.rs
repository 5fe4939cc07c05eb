//! HTTP requests to the node.

use reqwest::Client;
use rustls::RootCertStore;

use crate::fetch::{self, FetchError};

/// Returns a client for a node on loopback: without TLS, and without the proxy of the environment.
pub(super) fn for_node() -> Result<Client, FetchError> {
    fetch::build(Client::builder().no_proxy(), RootCertStore::empty())
}
