//! A real OpenSearch without a proxy, and where clients of OpenSearch are sent.

use std::path::PathBuf;
use std::process::Command;

use irsa_components::opensearch::{
    OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions, identity,
};
use irsa_components::run_as;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Error;
use crate::client::skip;
use crate::server::{cache_folder, eprint_line};

/// An OpenSearch as its client programs are told of it.
#[derive(Debug, Clone)]
pub struct OpenSearchTarget {
    /// The base URL.
    pub url: String,
    /// The authority of its certificate.
    pub ca_file: Option<PathBuf>,
    /// Where to connect, whatever the URL says: `HOST:PORT`.
    pub dial: Option<String>,
    /// Headers of every request.
    pub headers: Value,
}

/// An OpenSearch that takes everybody on this machine for its administrator: what a client sees without a proxy. It
/// lives as long as this value.
#[derive(Debug)]
pub struct DirectOpenSearch {
    opensearch: OpenSearch,
    _folder: TempDir,
}

impl OpenSearchTarget {
    /// Just a URL.
    pub fn new(url: String) -> Self {
        Self {
            url,
            ca_file: None,
            dial: None,
            headers: json!({}),
        }
    }

    /// Tells a program where it is, and how the names begin that it may use.
    pub fn point<'a>(&self, program: &'a mut Command, prefix: &str) -> &'a mut Command {
        program
            .env("OPENSEARCH_URL", &self.url)
            .env("OPENSEARCH_HEADERS", self.headers.to_string())
            .env("OPENSEARCH_PREFIX", prefix);
        if let Some(ca_file) = &self.ca_file {
            program.env("OPENSEARCH_CA_FILE", ca_file);
        }
        if let Some(dial) = &self.dial {
            program.env("OPENSEARCH_DIAL", dial);
        }
        program
    }
}

impl DirectOpenSearch {
    /// Starts one; without a Java the reason is printed, and there is none.
    ///
    /// # Panics
    /// Where `IRSA_REQUIRE_CLIENTS` is set, a missing Java fails the test.
    pub async fn unless_missing() -> Result<Option<Self>, Error> {
        let progress = |line: &str| eprint_line(line);
        let binaries = match OpenSearchBinaries::locate(None, &cache_folder()?, &progress).await {
            Err(error @ OpenSearchError::NoJava { .. }) => {
                skip(&error.to_string());
                return Ok(None);
            }
            located => located?,
        };
        let folder = run_as::private_folder(binaries.run_as())?;
        let options = OpenSearchOptions::new(folder.path());
        Ok(Some(Self {
            opensearch: OpenSearch::start(&binaries, options).await?,
            _folder: folder,
        }))
    }

    /// Straight to it, as its administrator.
    pub fn target(&self) -> OpenSearchTarget {
        let headers = identity::admin().map(|(name, value)| (name.to_owned(), json!(value)));
        OpenSearchTarget {
            headers: Value::Object(headers.into_iter().collect()),
            ..OpenSearchTarget::new(self.opensearch.url())
        }
    }
}
