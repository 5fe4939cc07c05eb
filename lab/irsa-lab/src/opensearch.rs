//! OpenSearch: for each domain of the world a real OpenSearch, and in front of it a proxy that plays Amazon OpenSearch
//! Service (the *front*).
//!
//! ```text
//! client -- TLS --> front -- loopback --> OpenSearch with its security plugin (a child process)
//! ```
//!
//! The front implements the differences between the service and OpenSearch, in this order: the size of the body, the
//! signature, the policies of the role and the access policy of the domain. Accepted requests are forwarded as the
//! role's ARN, including its path, by the security plugin's proxy authentication, so that fine-grained access control
//! is the real one; without it every caller has `all_access`. Each domain has a separate server of about 400 MB, so
//! that their indices never mix: a world should have no more domains than it needs.
//!
//! On a failure, the client receives AWS's error text and the [ledger](crate::Ledger) the true cause. A bulk in which
//! the security plugin refuses single items is recorded as a refusal, though its status is 200. Signatures may be in
//! the header or in the query.

mod authorize;
mod backend;
mod body;
mod domain;
mod front;
mod health;
mod nodes;
mod refusal;
mod server;
mod setup;
mod signature;
mod verdict;

use irsa_components::opensearch::{OpenSearchBinaries, OpenSearchError};

use self::domain::RunningDomain;
use crate::deps::FrontDeps;
use crate::error::LabError;
use crate::facts::DomainFacts;

pub(crate) use self::health::Health;

/// All domains of a running lab. Dropping it cuts all connections and stops the servers.
#[derive(Debug)]
pub struct OpenSearch {
    domains: Vec<RunningDomain>,
}

impl OpenSearch {
    /// Starts every domain of the world, one after the other, and downloads OpenSearch if it is missing.
    ///
    /// # Errors
    /// Java is missing, OpenSearch could not be downloaded or started, or a front could not listen. Servers that were
    /// started are stopped.
    pub async fn start(deps: FrontDeps) -> Result<Self, LabError> {
        let mut domains = Vec::new();
        if deps.world.domains().is_empty() {
            return Ok(Self { domains });
        }
        let binaries =
            OpenSearchBinaries::locate(deps.java_home.as_deref(), &deps.cache_dir, &*deps.progress)
                .await
                .map_err(|error| failed("looking for OpenSearch", error))?;
        for domain in deps.world.domains() {
            domains.push(RunningDomain::start(&deps, &binaries, domain).await?);
        }
        Ok(Self { domains })
    }

    /// Returns the addresses of the domains.
    pub fn domains(&self) -> Vec<DomainFacts> {
        let facts = self.domains.iter().map(RunningDomain::facts);
        facts.cloned().collect()
    }

    /// The state of the servers behind the domains.
    pub(crate) fn health(&self) -> Vec<Health> {
        self.domains.iter().map(RunningDomain::health).collect()
    }

    /// Cuts all connections and stops the servers.
    pub async fn stop(self) {
        for domain in self.domains {
            domain.stop().await;
        }
    }
}

/// Returns an OpenSearch error with its remedy.
fn failed(doing: &str, error: OpenSearchError) -> LabError {
    let remedy = error
        .remedy()
        .map(|remedy| format!(" ({remedy})"))
        .unwrap_or_default();
    LabError::opensearch(format!("{doing}{remedy}"), error)
}

#[cfg(test)]
mod tests;
