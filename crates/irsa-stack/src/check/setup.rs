//! The requests of the role of the setup, and who must not have it.

use irsa_chain::ServiceAccount;
use irsa_explain::chain::{Access, Credential, Token};
use irsa_explain::inventory::Role as InventoryRole;
use irsa_policy::Context;
use irsa_sidecar::AUDIENCE;

use super::neighbors::{NeighborRows, Patterns};
use super::{Check, Row};
use crate::policies::{self, DECRYPT, READ_SECRET, VIA_SERVICE};
use crate::stack::{Cluster, Setup};

/// What stands for the key of a workload, which has no parentheses.
const NAME: &str = "(setup)";

/// The questions about the setup.
pub(super) struct SetupQuestions<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) setup: &'a Setup,
    pub(super) found: &'a InventoryRole,
    /// What the policies of the role name.
    pub(super) patterns: Patterns,
}

impl SetupQuestions<'_> {
    /// All requests.
    pub(super) fn rows(&self) -> Vec<Row> {
        let clusters = &self.check.stack.clusters;
        let own = clusters.iter().flat_map(|cluster| self.own(cluster));
        let others = clusters.iter().flat_map(|cluster| self.others(cluster));
        own.chain(others).collect()
    }

    /// The requests by which it sets up the data stores.
    fn own(&self, cluster: &Cluster) -> Vec<Row> {
        let stack = self.check.stack;
        let mut rows = Vec::new();
        for (store, secret) in stack.setup_clusters(self.setup) {
            let mut via = Context::new();
            rows.push(self.call(
                cluster,
                &store.key,
                (READ_SECRET, secret.arn.as_str()),
                &via,
            ));
            if let Some(key) = &secret.kms_key {
                via.insert(VIA_SERVICE, [policies::secrets_manager(store)]);
                rows.push(self.call(cluster, &store.key, (DECRYPT, key.as_str()), &via));
            }
        }
        for store in stack.setup_domains(self.setup) {
            for action in [
                "es:ESHttpGet",
                "es:ESHttpPut",
                "es:ESHttpPatch",
                "es:ESHttpDelete",
            ] {
                let domain = store.arn();
                let access = Access::Open {
                    domain: &domain,
                    action,
                };
                let question = format!("{action} on {}, from cluster {}", store.key, cluster.name);
                let account = &self.setup.service_account;
                let context = Context::new();
                rows.push(self.row(question, (true, Some(access)), (account, cluster), &context));
            }
        }
        rows
    }

    fn call(
        &self,
        cluster: &Cluster,
        store: &str,
        (action, resource): (&str, &str),
        context: &Context,
    ) -> Row {
        let what = if action == DECRYPT {
            "key of the secret"
        } else {
            "secret"
        };
        let question = format!(
            "{action} on the {what} of {store}, from cluster {}",
            cluster.name
        );
        let access = Access::Call {
            action,
            resource: Some(resource),
        };
        let account = &self.setup.service_account;
        self.row(question, (true, Some(access)), (account, cluster), context)
    }

    /// The service accounts of the workloads, and those with a similar name.
    fn others(&self, cluster: &Cluster) -> Vec<Row> {
        let mut neighbors = NeighborRows::default();
        for account in self.other_accounts() {
            let subject = account.subject();
            let values = [subject.as_str(), account.namespace(), account.name()];
            let row = || {
                let question = format!(
                    "assume {} as {account}, from cluster {}",
                    self.setup.role.name(),
                    cluster.name
                );
                self.row(
                    question,
                    (false, None),
                    (&account, cluster),
                    &Context::new(),
                )
            };
            neighbors.push_to_group(self.patterns.key(&values), row);
        }
        neighbors.into_rows()
    }

    fn other_accounts(&self) -> Vec<ServiceAccount> {
        let own = &self.setup.service_account;
        let same_name = ServiceAccount::new("another-namespace", own.name()).ok();
        let same_namespace = ServiceAccount::new(own.namespace(), "default").ok();
        let workloads = self.check.stack.workloads.iter();
        let workloads = workloads.map(|one| one.service_account.clone());
        let mut accounts: Vec<_> = workloads.chain(same_name).chain(same_namespace).collect();
        accounts.retain(|account| account != own);
        accounts.sort();
        accounts.dedup();
        accounts
    }

    fn row(
        &self,
        question: String,
        (expected, access): (bool, Option<Access<'_>>),
        (account, cluster): (&ServiceAccount, &Cluster),
        context: &Context,
    ) -> Row {
        let credential = Credential::Token(Token {
            service_account: account,
            issuer: &cluster.issuer,
            audience: AUDIENCE,
        });
        let (allowed, link) = self.check.evaluate(self.found, credential, access, context);
        Row {
            workload: NAME.to_owned(),
            question,
            expected,
            allowed,
            link,
            shared: None,
            others: 0,
        }
    }
}
