//! The databases and domains to check, each with its label in reports and its running probes.

use irsa_net::tls::Roots;

use super::Pod;
use crate::pod::background::Background;
use crate::pod::database::probe::{self as database, DatabaseFacts, LoginError, Session};
use crate::pod::domain::probe::{self as domain, Reply};
use crate::pod::endpoint::probe::Connectivity;
use crate::pod::options::{DatabaseTarget, DomainTarget};

/// A data store to check.
pub(in crate::pod) trait DataStore: Sized {
    /// All data stores of this type.
    fn all(pod: &Pod) -> &[Self];

    /// All data stores of this type, mutably.
    fn all_mut(pod: &mut Pod) -> &mut [Self];

    /// Its unique label in reports.
    fn label(&self) -> String;

    /// The steps of a connection; `None` if the probe was cancelled.
    fn connectivity(&mut self) -> impl Future<Output = Option<&Connectivity>> + Send;
}

/// A database to check.
#[derive(Debug)]
pub(in crate::pod) struct DatabaseState {
    pub(in crate::pod) target: DatabaseTarget,
    pub(in crate::pod) facts: Background<DatabaseFacts>,
    pub(in crate::pod) login: Option<Background<Result<Session, LoginError>>>,
}

/// A domain to check.
#[derive(Debug)]
pub(in crate::pod) struct DomainState {
    pub(in crate::pod) target: DomainTarget,
    connectivity: Background<Connectivity>,
    pub(in crate::pod) reply: Option<Background<Reply>>,
}

impl DatabaseState {
    /// Starts to connect and to send the startup message.
    pub(super) fn new(target: DatabaseTarget, roots: &Result<Roots, String>) -> Self {
        let facts = Background::start(database::start(target.clone(), roots.clone()));
        Self {
            target,
            facts,
            login: None,
        }
    }
}

impl DomainState {
    /// Starts to connect.
    pub(super) fn new(target: DomainTarget, roots: &Result<Roots, String>) -> Self {
        let connectivity = domain::connectivity(target.route.clone(), roots.clone());
        Self {
            target,
            connectivity: Background::start(connectivity),
            reply: None,
        }
    }
}

impl DataStore for DatabaseState {
    fn all(pod: &Pod) -> &[Self] {
        &pod.databases
    }

    fn all_mut(pod: &mut Pod) -> &mut [Self] {
        &mut pod.databases
    }

    fn label(&self) -> String {
        self.target.label()
    }

    async fn connectivity(&mut self) -> Option<&Connectivity> {
        self.facts.outcome().await.map(|facts| &facts.connectivity)
    }
}

impl DataStore for DomainState {
    fn all(pod: &Pod) -> &[Self] {
        &pod.domains
    }

    fn all_mut(pod: &mut Pod) -> &mut [Self] {
        &mut pod.domains
    }

    fn label(&self) -> String {
        self.target.label()
    }

    async fn connectivity(&mut self) -> Option<&Connectivity> {
        self.connectivity.outcome().await.map(|one| &*one)
    }
}

pub(in crate::pod) fn labels<S: DataStore>(pod: &Pod) -> Vec<String> {
    S::all(pod).iter().map(DataStore::label).collect()
}

pub(in crate::pod) fn find<'a, S: DataStore>(pod: &'a mut Pod, label: &str) -> Option<&'a mut S> {
    S::all_mut(pod).iter_mut().find(|one| one.label() == label)
}
