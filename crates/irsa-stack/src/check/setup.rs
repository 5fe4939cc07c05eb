//! The requests of the role of the setup, and who must not have it.

use irsa_chain::ServiceAccount;
use irsa_explain::chain::Access;
use irsa_explain::inventory::Role as InventoryRole;
use irsa_policy::Context;

use super::neighbors::{NeighborRows, Patterns};
use super::request::{Action, Request};
use super::{Check, Row, credential};
use crate::policies::{self, DECRYPT, READ_SECRET, VIA_SERVICE};
use crate::stack::{Cluster, Setup};

/// What stands for the key of a workload, which has no parentheses.
const NAME: &str = "(setup)";

/// The questions about the setup.
pub(super) struct SetupQuestions<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) setup: &'a Setup,
    pub(super) found: &'a InventoryRole,
    /// The names in the policies of the role.
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
            let read = (READ_SECRET, secret.arn.as_str());
            rows.push(self.call(cluster, &store.key, read, None));
            if let Some(key) = &secret.kms_key {
                let decrypt = (DECRYPT, key.as_str());
                let via = (VIA_SERVICE, policies::secrets_manager(store));
                rows.push(self.call(cluster, &store.key, decrypt, Some(via)));
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
                rows.push(self.row(question, (true, Some(access)), (account, cluster), None));
            }
        }
        rows
    }

    fn call(
        &self,
        cluster: &Cluster,
        store: &str,
        (action, resource): (&str, &str),
        condition: Option<(&'static str, String)>,
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
        self.row(
            question,
            (true, Some(access)),
            (account, cluster),
            condition,
        )
    }

    /// The service accounts of the workloads, and those with a similar name.
    fn others(&self, cluster: &Cluster) -> Vec<Row> {
        let mut neighbors = NeighborRows::default();
        for account in self.check.other_accounts(&self.setup.service_account) {
            let subject = account.subject();
            let values = [subject.as_str(), account.namespace(), account.name()];
            let row = || {
                let question = format!(
                    "assume {} as {account}, from cluster {}",
                    self.setup.role.name(),
                    cluster.name
                );
                self.row(question, (false, None), (&account, cluster), None)
            };
            neighbors.push_to_group(self.patterns.key(&values), row);
        }
        neighbors.into_rows()
    }

    fn row(
        &self,
        question: String,
        (expected, access): (bool, Option<Access<'_>>),
        (account, cluster): (&ServiceAccount, &Cluster),
        condition: Option<(&'static str, String)>,
    ) -> Row {
        let uses_pod_identity = !self.check.stack.uses_tokens(cluster);
        let credential = credential(uses_pod_identity, account, cluster);
        let mut context = Context::new();
        if let Some((key, value)) = &condition {
            context.insert(key, [value.clone()]);
        }
        let (allowed, link) = self
            .check
            .evaluate(self.found, credential, access, &context);
        let request = Request {
            role: self.setup.role.clone(),
            service_account: account.clone(),
            cluster: cluster.arn.clone(),
            issuer: (!uses_pod_identity).then(|| cluster.issuer.clone()),
            action: access.map(Action::from_access),
            condition,
        };
        Row {
            workload: NAME.to_owned(),
            question,
            request: Some(request),
            expected,
            allowed,
            link,
            shared: None,
            others: 0,
        }
    }
}
