//! The set-up checked against itself: every workload can do what it needs, and nothing else can.
//!
//! Each row of the table is decided by the policy engine from the policies that are rendered; access to indices is decided
//! from the rendered roles of OpenSearch.

mod indices;
mod inventory;

use std::fmt::Write as _;

use irsa_chain::{DbUserArn, Link, ServiceAccount};
use irsa_explain::PodIdentity;
use irsa_explain::chain::report::{Answers, Verdict, documents};
use irsa_explain::chain::{Access, Credential, Scenario, Token, steps};
use irsa_explain::inventory::{Inventory, Role as InventoryRole};
use irsa_policy::Context;
use serde_json::{Value, json};

use crate::policies::AUDIENCE;
use crate::stack::{Cluster, OpenSearchStore, PostgresStore, Role, Stack, Workload};

/// The table of decisions.
#[derive(Debug)]
pub struct Table {
    /// The decisions, workload by workload.
    pub rows: Vec<Row>,
    /// What is as the file says, and still worth knowing.
    pub remarks: Vec<String>,
}

/// A question with its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Key of the workload.
    pub workload: String,
    /// What is asked.
    pub question: String,
    /// Whether it must be allowed.
    pub expected: bool,
    /// The decision; `None` if it could not be made.
    pub allowed: Option<bool>,
    /// The link that denies.
    pub link: Option<Link>,
    /// Why a decision that is not the expected one is still right: the file shares a role.
    pub shared: Option<String>,
}

/// Decides everything.
pub fn check(stack: &Stack) -> Table {
    let check = Check {
        stack,
        inventory: inventory::of_stack(stack),
        context: Context::new(),
    };
    let mut rows = Vec::new();
    let mut remarks = Vec::new();
    for workload in &stack.workloads {
        match stack.role(workload) {
            Some(role) if role.is_external => remarks.push(format!(
                "{}: role {} exists and is left alone: its policies were not checked",
                workload.key, role.arn
            )),
            Some(role) => rows.extend(check.workload(workload, role)),
            None => {}
        }
        rows.extend(indices::rows(stack, workload));
    }
    remarks.extend(remarks_on(stack));
    Table { rows, remarks }
}

struct Check<'s> {
    stack: &'s Stack,
    inventory: Inventory,
    context: Context,
}

impl Check<'_> {
    fn workload(&self, workload: &Workload, role: &Role) -> Vec<Row> {
        let Some(found) = self.inventory.role(role.arn.as_str()) else {
            return Vec::new();
        };
        let asked = Asked {
            check: self,
            workload,
            role,
            found,
        };
        let mut rows = asked.own();
        rows.extend(asked.other_service_accounts());
        rows.extend(asked.other_clusters());
        rows.extend(asked.other_users());
        rows.extend(asked.other_domains());
        rows
    }

    /// Whether every link lets it through.
    fn decide(
        &self,
        role: &InventoryRole,
        workload: &Workload,
        account: &ServiceAccount,
        cluster: &Cluster,
        access: Option<Access<'_>>,
    ) -> (Option<bool>, Option<Link>) {
        let credential = if workload.uses_pod_identity {
            Credential::PodIdentity(PodIdentity {
                service_account: account,
                cluster: Some(&cluster.arn),
                has_tags: true,
            })
        } else {
            Credential::Token(Token {
                service_account: account,
                issuer: &cluster.issuer,
                audience: AUDIENCE,
            })
        };
        let scenario = Scenario {
            credential: Some(credential),
            role,
            access,
            context: &self.context,
            time: None,
            is_complete: true,
            documents: &[],
        };
        verdict(&self.inventory, &scenario).unwrap_or((None, None))
    }
}

fn verdict(inventory: &Inventory, scenario: &Scenario<'_>) -> Option<(Option<bool>, Option<Link>)> {
    let steps = steps(inventory, scenario).ok()?;
    let documents = documents(&steps).ok()?;
    let answers = Answers::new(&steps, &documents);
    Some(match answers.verdict() {
        Verdict::Allowed => (Some(true), None),
        Verdict::Denied => (Some(false), answers.broken()),
        Verdict::Unsure => (None, answers.broken()),
    })
}

/// The questions about one workload.
struct Asked<'a> {
    check: &'a Check<'a>,
    workload: &'a Workload,
    role: &'a Role,
    found: &'a InventoryRole,
}

impl Asked<'_> {
    /// What it needs, from every cluster that it runs in.
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

    /// Other workloads, and the same name in another namespace.
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
                let shares = |one: &&Workload| {
                    one.service_account == *account && one.clusters.contains(&cluster.name)
                };
                let shared = stack.workloads_of(self.role).find(shares);
                row.shared = shared.map(|one| format!("{} has the same role", one.key));
                rows.push(row);
            }
        }
        rows
    }

    /// Clusters that it does not run in.
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
            let shares = |one: &&Workload| {
                one.service_account == *account && one.clusters.contains(&cluster.name)
            };
            let shared = stack.workloads_of(self.role).find(shares);
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
            let uses = stack
                .uses_of_postgres(store)
                .map(|(_, one)| one.user.clone());
            let mut users: Vec<_> = uses
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
                        let used = one.postgres.as_ref();
                        used.is_some_and(|one| one.store == store.key && one.user == user)
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

/// What the file asks for, and its author may not have meant.
fn remarks_on(stack: &Stack) -> Vec<String> {
    let mut remarks = Vec::new();
    for role in stack.roles.iter().filter(|role| role.workloads.len() > 1) {
        let workloads = role.workloads.join(", ");
        remarks.push(format!(
            "role {} is shared by {workloads}: each can act as the others; a role for each workload keeps them apart",
            role.arn.name()
        ));
    }
    for store in stack
        .opensearch
        .iter()
        .filter(|store| !store.is_fine_grained)
    {
        remarks.push(format!(
            "{} has no fine-grained access control: each of its workloads reaches all of its indices",
            store.key
        ));
    }
    for mapping in stack.opensearch.iter().flat_map(|store| &store.mappings) {
        if mapping.role == "all_access" {
            remarks.push(
                "all_access makes its IAM roles administrators of the domain: remove `opensearch.role` to give each \
                 workload a role of its own"
                    .to_owned(),
            );
        }
    }
    for workload in &stack.workloads {
        if workload
            .opensearch
            .as_ref()
            .is_some_and(|one| one.has_documented_actions)
        {
            remarks.push(format!(
                "{}: the `Describe` and `List` actions of the documented list don't apply to `domain/NAME/*`, and no \
                 client of OpenSearch needs them: remove `opensearch.actions`",
                workload.key
            ));
        }
    }
    remarks.dedup();
    remarks
}

// === impl Row ===

impl Row {
    /// Whether the decision is the expected one, or the file shares a role on purpose.
    pub fn is_right(&self) -> bool {
        self.allowed == Some(self.expected) || (self.allowed == Some(true) && self.shared.is_some())
    }

    fn decision(&self) -> &'static str {
        match self.allowed {
            Some(true) => "allowed",
            Some(false) => "denied",
            None => "unsure",
        }
    }
}

// === impl Table ===

impl Table {
    /// Whether every decision is as it should be.
    pub fn is_right(&self) -> bool {
        self.rows.iter().all(Row::is_right)
    }

    /// The table as text, one row a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut workload = "";
        for row in &self.rows {
            if row.workload != workload {
                workload = &row.workload;
                let _ = writeln!(text, "{workload}");
            }
            let mark = if row.is_right() { "ok   " } else { "WRONG" };
            let link = row
                .link
                .map_or_else(String::new, |link| format!(" by the {}", link.title()));
            let shared = row.shared.as_ref().filter(|_| row.allowed == Some(true));
            let shared = shared.map_or_else(String::new, |shared| format!(" ({shared})"));
            let _ = writeln!(
                text,
                "  {mark} {:7} {}{link}{shared}",
                row.decision(),
                row.question
            );
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "note: {remark}");
        }
        let wrong = self.rows.iter().filter(|row| !row.is_right()).count();
        let _ = writeln!(text, "{} decisions, {wrong} wrong", self.rows.len());
        text
    }

    /// The table for programs.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            json!({
                "workload": row.workload,
                "question": row.question,
                "expected": if row.expected { "allowed" } else { "denied" },
                "decision": row.decision(),
                "link": row.link.map(Link::id),
                "shared": row.shared,
                "right": row.is_right(),
            })
        };
        json!({
            "right": self.is_right(),
            "decisions": self.rows.iter().map(row).collect::<Vec<_>>(),
            "remarks": self.remarks,
        })
    }
}
