//! The requests of one workload: those that it needs, and those that must be denied.

use irsa_chain::{DbUserArn, ServiceAccount};
use irsa_explain::chain::Access;
use irsa_explain::inventory::Role as InventoryRole;

use super::{Check, Row};
use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Role, Workload};

/// The questions about one workload.
pub(super) struct Questions<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) workload: &'a Workload,
    pub(super) role: &'a Role,
    pub(super) found: &'a InventoryRole,
}

impl Questions<'_> {
    /// All requests.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows = self.own();
        rows.extend(self.other_service_accounts());
        rows.extend(self.other_clusters());
        rows.extend(self.other_users());
        rows.extend(self.other_domains());
        rows
    }

    /// The requests that it needs, from every cluster in which it runs.
    fn own(&self) -> Vec<Row> {
        let stack = self.check.stack;
        let mut rows = Vec::new();
        for cluster in self.own_clusters() {
            let account = &self.workload.service_account;
            if let Some(used) = &self.workload.postgres
                && let Some(store) = stack.postgres_store(&used.store)
            {
                let arn = user_arn(store, &used.user);
                let question = format!(
                    "connect to {} as {}, from {}",
                    store.key, used.user, cluster.name
                );
                let access = Access::Connect(arn.as_str());
                rows.push(self.row(question, true, account, cluster, Some(access)));
            }
            if let Some(used) = &self.workload.opensearch
                && let Some(store) = stack.opensearch_store(&used.store)
            {
                for action in [
                    "es:ESHttpGet",
                    "es:ESHttpPost",
                    "es:ESHttpPut",
                    "es:ESHttpDelete",
                ] {
                    let question = format!("{action} on {}, from {}", store.key, cluster.name);
                    let access = Access::Open {
                        domain: &store.arn(),
                        action,
                    };
                    rows.push(self.row(question, true, account, cluster, Some(access)));
                }
            }
        }
        rows
    }

    /// The service accounts of other workloads, and the same name in a different namespace.
    fn other_service_accounts(&self) -> Vec<Row> {
        let stack = self.check.stack;
        let own = &self.workload.service_account;
        let same_name = ServiceAccount::new("another-namespace", own.name()).ok();
        let same_namespace = ServiceAccount::new(own.namespace(), "default").ok();
        let others = stack
            .workloads
            .iter()
            .map(|one| one.service_account.clone());
        let mut accounts: Vec<_> = others.chain(same_name).chain(same_namespace).collect();
        accounts.retain(|account| account != own);
        accounts.sort();
        accounts.dedup();
        let mut rows = Vec::new();
        for cluster in self.own_clusters() {
            for account in &accounts {
                let question = format!(
                    "service account {account} of {} assumes {}",
                    cluster.name,
                    self.role.arn.name()
                );
                let mut row = self.row(question, false, account, cluster, None);
                let has_account = |one: &&Workload| {
                    one.service_account == *account && one.clusters.contains(&cluster.name)
                };
                let shared = stack.workloads_of(self.role).find(has_account);
                row.shared = shared.map(|one| format!("{} has the same role", one.key));
                rows.push(row);
            }
        }
        rows
    }

    /// The clusters in which it does not run.
    fn other_clusters(&self) -> Vec<Row> {
        let stack = self.check.stack;
        let others = stack
            .clusters
            .iter()
            .filter(|one| !self.workload.clusters.contains(&one.name));
        let account = &self.workload.service_account;
        let row = |cluster: &Cluster| {
            let question = format!(
                "service account {account} of {} assumes {}",
                cluster.name,
                self.role.arn.name()
            );
            let mut row = self.row(question, false, account, cluster, None);
            let has_account = |one: &&Workload| {
                one.service_account == *account && one.clusters.contains(&cluster.name)
            };
            let shared = stack.workloads_of(self.role).find(has_account);
            row.shared = shared.map(|one| format!("{} has the same role", one.key));
            row
        };
        others.map(row).collect()
    }

    /// Users of other workloads, administrators, and names that only begin like the own one.
    fn other_users(&self) -> Vec<Row> {
        let stack = self.check.stack;
        let own = self.workload.postgres.as_ref();
        let mut rows = Vec::new();
        for store in &stack.postgres {
            let is_own_store = own.is_some_and(|one| one.store == store.key);
            let known = stack
                .uses_of_postgres(store)
                .map(|(_, one)| one.user.clone());
            let mut users: Vec<_> = known
                .chain(store.admin.clone())
                .chain(["postgres".to_owned()])
                .collect();
            if let Some(own) = own.filter(|_| is_own_store) {
                users.push(format!("{}x", own.user));
                users.retain(|user| *user != own.user);
            }
            users.sort();
            users.dedup();
            for user in users {
                let arn = user_arn(store, &user);
                let question = format!("connect to {} as {user}", store.key);
                if let Some(mut row) = self.denied(question, Access::Connect(arn.as_str())) {
                    let mut sharing = stack.workloads_of(self.role);
                    let has_user = |one: &Workload| {
                        let database = one.postgres.as_ref();
                        database.is_some_and(|one| one.store == store.key && one.user == user)
                    };
                    row.shared = sharing
                        .find(|one| has_user(one))
                        .map(|one| format!("{} has the same role", one.key));
                    rows.push(row);
                }
            }
        }
        rows
    }

    /// Domains of other workloads, and one whose name only begins like the own one's.
    fn other_domains(&self) -> Vec<Row> {
        let stack = self.check.stack;
        let own = self.workload.opensearch.as_ref();
        let is_own = |store: &OpenSearchStore| own.is_some_and(|one| one.store == store.key);
        let others = stack.opensearch.iter().filter(|store| !is_own(store));
        let mut domains: Vec<(String, String)> = others
            .map(|store| (store.key.clone(), store.arn()))
            .collect();
        if let Some(store) = own.and_then(|one| stack.opensearch_store(&one.store)) {
            domains.push((format!("{}x", store.name), format!("{}x", store.arn())));
        }
        let mut rows = Vec::new();
        for (name, arn) in domains {
            let access = Access::Open {
                domain: &arn,
                action: "es:ESHttpGet",
            };
            if let Some(mut row) = self.denied(format!("es:ESHttpGet on {name}"), access) {
                let mut sharing = stack.workloads_of(self.role);
                let uses =
                    |one: &Workload| one.opensearch.as_ref().is_some_and(|one| one.store == name);
                row.shared = sharing
                    .find(|one| uses(one))
                    .map(|one| format!("{} has the same role", one.key));
                rows.push(row);
            }
        }
        rows
    }

    fn denied(&self, question: String, access: Access<'_>) -> Option<Row> {
        let cluster = self.own_clusters().next()?;
        Some(self.row(
            question,
            false,
            &self.workload.service_account,
            cluster,
            Some(access),
        ))
    }

    fn own_clusters(&self) -> impl Iterator<Item = &Cluster> {
        let names = self.workload.clusters.iter();
        names.filter_map(|name| self.check.stack.cluster(name))
    }

    fn row(
        &self,
        question: String,
        expected: bool,
        account: &ServiceAccount,
        cluster: &Cluster,
        access: Option<Access<'_>>,
    ) -> Row {
        let (allowed, link) =
            self.check
                .decide(self.found, self.workload, account, cluster, access);
        Row {
            workload: self.workload.key.clone(),
            question,
            expected,
            allowed,
            link,
            shared: None,
        }
    }
}

fn user_arn(store: &PostgresStore, user: &str) -> DbUserArn {
    DbUserArn::new(&store.region, &store.account, &store.resource_id, user)
}
