//! OpenSearch: for each domain of the world a real OpenSearch, and before it a front that plays Amazon OpenSearch
//! Service.
//!
//! ```text
//! client -- TLS --> front -- loopback --> OpenSearch with its security plugin (a child process)
//! ```
//!
//! The front is where the service differs from OpenSearch, in this order: the size of the body, the signature, the
//! policies of the role and the access policy of the domain. What passes goes on as the role's ARN, path included, by
//! the security plugin's proxy authentication, so that fine-grained access control is the real one; without it
//! everybody is `all_access`. Each domain has a server of its own, of about 400 MB, so that indices of two domains never
//! meet: a world should have no more of them than it needs.
//!
//! What goes wrong is told to the client in AWS's words and to the [ledger](crate::Ledger) with its true cause.
//! A bulk of which the security plugin refuses single items is a refusal there, though its status is 200. Signatures may
//! be in the header or in the query.

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

/// All domains of a running lab. Dropped, it cuts all connections and stops the servers.
#[derive(Debug)]
pub struct OpenSearch {
    domains: Vec<RunningDomain>,
}

impl OpenSearch {
    /// Starts every domain of the world, one after the other. OpenSearch is fetched when it is not there yet.
    ///
    /// # Errors
    /// There is no Java, OpenSearch could not be fetched or started, or a front could not listen; servers that were
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

    /// Where the domains are.
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

/// An error of OpenSearch, with what helps.
fn failed(doing: &str, error: OpenSearchError) -> LabError {
    let remedy = error
        .remedy()
        .map(|remedy| format!(" ({remedy})"))
        .unwrap_or_default();
    LabError::opensearch(format!("{doing}{remedy}"), error)
}

#[cfg(test)]
mod tests;
