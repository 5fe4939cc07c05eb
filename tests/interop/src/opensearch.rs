//! A real OpenSearch without a proxy, and the targets of OpenSearch clients.

use std::path::PathBuf;
use std::process::Command;

use irsa_components::opensearch::{
    OpenSearch, OpenSearchBinaries, OpenSearchError, OpenSearchOptions, identity,
};
use irsa_components::run_as;
use irsa_testing::{print_line, skip};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Error;
use crate::server::cache_folder;

/// The address of an OpenSearch for a client program.
#[derive(Debug, Clone)]
pub struct OpenSearchTarget {
    /// The base URL.
    pub url: String,
    /// The CA of its certificate.
    pub ca_file: Option<PathBuf>,
    /// The address to connect to, whatever the URL contains: `HOST:PORT`.
    pub dial: Option<String>,
    /// Headers of every request.
    pub headers: Value,
}

/// An OpenSearch that accepts every local user as its administrator, as clients see it without a proxy. It ends when
/// this value is dropped.
#[derive(Debug)]
pub struct DirectOpenSearch {
    opensearch: OpenSearch,
    _folder: TempDir,
}

impl OpenSearchTarget {
    /// Returns a target with only a URL.
    pub fn new(url: String) -> Self {
        Self {
            url,
            ca_file: None,
            dial: None,
            headers: json!({}),
        }
    }

    /// Sets the target, and the prefix of names that the program may use.
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
    /// Starts OpenSearch; without Java prints the reason and returns `None`.
    ///
    /// # Panics
    /// Java is missing and `IRSA_REQUIRE_CLIENTS=1`.
    pub async fn unless_missing() -> Result<Option<Self>, Error> {
        let binaries = match OpenSearchBinaries::locate(None, &cache_folder()?, &print_line).await {
            Err(error @ OpenSearchError::NoJava { .. }) => {
                skip(error);
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

    /// Returns the direct target, as its administrator.
    pub fn target(&self) -> OpenSearchTarget {
        let headers = identity::admin().map(|(name, value)| (name.to_owned(), json!(value)));
        OpenSearchTarget {
            headers: Value::Object(headers.into_iter().collect()),
            ..OpenSearchTarget::new(self.opensearch.url())
        }
    }
}
