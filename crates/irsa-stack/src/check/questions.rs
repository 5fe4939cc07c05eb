//! The requests of one workload: those that it needs, and those that must be denied.

use irsa_chain::{DbUserArn, ServiceAccount};
use irsa_explain::chain::Access;
use irsa_explain::inventory::Role as InventoryRole;

use super::neighbors::{NeighborRows, Patterns};
use super::request::{Action, Request};
use super::{Check, Row};
use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Role, Workload};

/// The questions about one workload.
pub(super) struct Questions<'a> {
    pub(super) check: &'a Check<'a>,
    pub(super) workload: &'a Workload,
    pub(super) role: &'a Role,
    pub(super) found: &'a InventoryRole,
    /// The workloads that have the role.
    pub(super) sharing: Vec<&'a Workload>,
    /// The names in the policies of the role.
    pub(super) patterns: Patterns,
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
                    "connect to {} as {}, from cluster {}",
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
                    let question =
                        format!("{action} on {}, from cluster {}", store.key, cluster.name);
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
        let accounts = self.check.other_accounts(&self.workload.service_account);
        let mut rows = Vec::new();
        for cluster in self.own_clusters() {
            let mut neighbors = NeighborRows::default();
            for account in &accounts {
                let row = || self.assumes(account, cluster);
                if self.has_the_role(account, cluster) {
                    neighbors.push(row());
                } else {
                    let subject = account.subject();
                    let values = [subject.as_str(), account.namespace(), account.name()];
                    neighbors.push_to_group(self.patterns.key(&values), row);
                }
            }
            rows.extend(neighbors.into_rows());
        }
        rows
    }

    /// The clusters in which it does not run.
    fn other_clusters(&self) -> Vec<Row> {
        let clusters = self.check.stack.clusters.iter();
        let others = clusters.filter(|one| !self.workload.clusters.contains(&one.name));
        let row = |cluster| self.assumes(&self.workload.service_account, cluster);
        others.map(row).collect()
    }

    /// Users of other workloads, administrators, and names that only begin like the own one.
    fn other_users(&self) -> Vec<Row> {
        let stores = self.check.stack.postgres.iter();
        stores
            .flat_map(|store| self.other_users_of(store))
            .collect()
    }

    fn other_users_of(&self, store: &PostgresStore) -> Vec<Row> {
        let own = self.workload.postgres.as_ref();
        let own = own.filter(|one| one.store == store.key);
        let known = self.check.stack.uses_of_postgres(store);
        let mut users: Vec<_> = known
            .map(|(_, one)| one.user.clone())
            .chain(store.admin.clone())
            .chain(["postgres".to_owned()])
            .chain(own.map(|own| format!("{}x", own.user)))
            .collect();
        users.retain(|user| own.is_none_or(|own| own.user != *user));
        users.sort();
        users.dedup();
        self.rows_of_users(store, &users)
    }

    fn rows_of_users(&self, store: &PostgresStore, users: &[String]) -> Vec<Row> {
        let Some(cluster) = self.own_clusters().next() else {
            return Vec::new();
        };
        let mut rows = NeighborRows::default();
        for user in users {
            let arn = user_arn(store, user);
            let has_user = |one: &Workload| {
                let database = one.postgres.as_ref();
                database.is_some_and(|one| one.store == store.key && one.user == *user)
            };
            let shared = self.shared_with(has_user);
            let row = || {
                let question = format!("connect to {} as {user}", store.key);
                self.denied(question, cluster, Access::Connect(arn.as_str()))
            };
            match shared {
                Some(_) => rows.push(Row { shared, ..row() }),
                None => rows.push_to_group(self.patterns.key(&[arn.as_str()]), row),
            }
        }
        rows.into_rows()
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
        let Some(cluster) = self.own_clusters().next() else {
            return Vec::new();
        };
        let row = |(name, arn): (String, String)| {
            let access = Access::Open {
                domain: &arn,
                action: "es:ESHttpGet",
            };
            let uses = |one: &Workload| {
                let domain = one.opensearch.as_ref();
                domain.is_some_and(|one| one.store == name)
            };
            Row {
                shared: self.shared_with(uses),
                ..self.denied(format!("es:ESHttpGet on {name}"), cluster, access)
            }
        };
        domains.into_iter().map(row).collect()
    }

    /// The question whether a service account assumes the role.
    fn assumes(&self, account: &ServiceAccount, cluster: &Cluster) -> Row {
        let role = self.role.arn.name();
        let question = format!("assume {role} as {account}, from cluster {}", cluster.name);
        let has_account = |one: &Workload| is_workload(one, account, cluster);
        Row {
            shared: self.shared_with(has_account),
            ..self.row(question, false, account, cluster, None)
        }
    }

    fn has_the_role(&self, account: &ServiceAccount, cluster: &Cluster) -> bool {
        let mut workloads = self.sharing.iter();
        workloads.any(|one| is_workload(one, account, cluster))
    }

    /// The reason why the workload may do something: the file gives its role to another workload that has to.
    fn shared_with(&self, has_to: impl Fn(&Workload) -> bool) -> Option<String> {
        let found = self.sharing.iter().find(|one| has_to(one))?;
        Some(format!("{} has the same role", found.key))
    }

    fn denied(&self, question: String, cluster: &Cluster, access: Access<'_>) -> Row {
        let account = &self.workload.service_account;
        self.row(question, false, account, cluster, Some(access))
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
        let issuer = Some(&cluster.issuer).filter(|_| !self.workload.uses_pod_identity);
        let request = Request {
            role: self.role.arn.clone(),
            service_account: account.clone(),
            cluster: cluster.arn.clone(),
            issuer: issuer.cloned(),
            action: access.map(Action::from_access),
            condition: None,
        };
        Row {
            workload: self.workload.key.clone(),
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

fn is_workload(workload: &Workload, account: &ServiceAccount, cluster: &Cluster) -> bool {
    workload.service_account == *account && workload.clusters.contains(&cluster.name)
}

fn user_arn(store: &PostgresStore, user: &str) -> DbUserArn {
    DbUserArn::new(&store.region, &store.account, &store.resource_id, user)
}
