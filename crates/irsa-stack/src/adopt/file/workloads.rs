//! The workloads in the file.

use std::collections::BTreeSet;

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::untrusted::printable;

use super::File;
use crate::adopt::Adopted;
use crate::adopt::connections::{FoundOpenSearch, FoundPostgres};
use crate::adopt::lines::CHANGE;
use crate::adopt::names::label;
use crate::adopt::workloads::{FoundRole, FoundWorkload};

/// What is appended to the name of a user who logs in by password, for the one who logs in by IAM.
const SUFFIX: &str = "_iam";
/// PostgreSQL truncates longer identifiers (`NAMEDATALEN` - 1).
const MAX_IDENTIFIER_BYTES: usize = 63;
/// The length of an IAM role name (IAM API Reference, `CreateRole`).
const MAX_ROLE_NAME: usize = 64;

impl File<'_> {
    pub(super) fn workloads(&mut self) -> Vec<Adopted> {
        let workloads = &self.found.workloads;
        self.lines.key(0, "workloads", "");
        let mut users = BTreeSet::new();
        workloads
            .iter()
            .map(|workload| self.workload(workload, &mut users))
            .collect()
    }

    fn workload(&mut self, workload: &FoundWorkload, users: &mut BTreeSet<String>) -> Adopted {
        let account = format!("{}/{}", self.facts.namespace, workload.account);
        self.lines
            .key(1, &workload.key, &workload.objects.join(", "));
        if let Some((component, comment)) = &workload.component {
            self.lines.text(2, "component", component.name(), comment);
        }
        let comment = if workload.account == "default" {
            "every pod of the namespace without its own service account has it, too"
        } else {
            ""
        };
        self.lines.text(2, "service_account", &account, comment);
        self.role(workload);
        let postgres = workload
            .postgres
            .as_ref()
            .map(|used| self.use_postgres(workload, used, users));
        let opensearch = workload
            .opensearch
            .as_ref()
            .map(|used| self.use_opensearch(workload, used));
        let has_password = workload
            .postgres
            .as_ref()
            .is_some_and(|one| one.password.is_some())
            || workload
                .opensearch
                .as_ref()
                .is_some_and(|one| one.password.is_some());
        Adopted {
            key: workload.key.clone(),
            objects: workload.objects.clone(),
            service_account: account,
            postgres,
            opensearch,
            has_password,
        }
    }

    fn role(&mut self, workload: &FoundWorkload) {
        let none = FoundRole::default();
        let role = self.found.roles.get(&workload.account).unwrap_or(&none);
        if role.uses_pod_identity {
            self.lines.text(2, "identity", "pod-identity", "");
        } else if role.has_annotation {
            let comment = "remove it to give the role only to irsa's sidecar";
            self.lines.text(2, "application_identity", "keep", comment);
        }
        if let Some(arn) = &role.arn {
            self.lines.key(2, "role", "");
            let arn = arn.to_string();
            let is_missing = self.aws.missing_roles.contains(&arn);
            let missing = format!("{CHANGE}: IAM has no such role ({})", role.comment);
            self.lines.text(
                3,
                "arn",
                &arn,
                if is_missing { &missing } else { &role.comment },
            );
            return;
        }
        if !role.comment.is_empty() {
            self.lines.key(2, "role", "");
            return self.lines.unknown(3, "arn", &role.comment);
        }
        if role.uses_pod_identity {
            let cluster = super::cluster_key(self.facts, self.cluster)
                .value
                .unwrap_or_default();
            let comment = format!(
                "{CHANGE}: role: {{arn: ...}} of `aws eks list-pod-identity-associations --cluster-name {cluster} \
                 --namespace {} --service-account {}`",
                self.facts.namespace, workload.account
            );
            self.lines.comment(2, &comment);
        }
        // Workloads with one service account have one role.
        let mut sharing = self
            .found
            .workloads
            .iter()
            .filter(|one| one.account == workload.account);
        if sharing.nth(1).is_some() {
            let name = format!(
                "{}-{}",
                self.name,
                label(&workload.account, "shared", MAX_ROLE_NAME)
            );
            let name: String = name.chars().take(MAX_ROLE_NAME).collect();
            self.lines.key(2, "role", "");
            self.lines.text(
                3,
                "name",
                &name,
                "its service account is also that of other workloads",
            );
        }
    }

    fn use_postgres(
        &mut self,
        workload: &FoundWorkload,
        found: &FoundPostgres,
        users: &mut BTreeSet<String>,
    ) -> String {
        let host = found.endpoint.as_ref().map(RdsEndpoint::host);
        let store = host
            .and_then(|host| self.stores.key(host))
            .map(str::to_owned);
        self.lines.key(2, "postgres", "");
        match &store {
            Some(store) => self.lines.text(3, "store", store, &found.origin),
            None => self
                .lines
                .unknown(3, "store", &unknown_store("postgres", &found.origin)),
        }
        self.lines.value(
            3,
            "database",
            found.database.value.as_deref(),
            &found.database.comment,
        );
        let admin = store.as_deref().and_then(|key| self.admin_of(key));
        let user = match (found.user.value.as_deref(), admin) {
            (Some(user), Some(admin)) if user == admin => {
                let comment = format!(
                    "create a user for it: {} is the master user, as which no application should log in ({})",
                    printable(user),
                    found.user.comment
                );
                self.lines.unknown(3, "user", &comment);
                None
            }
            _ => self.user(workload, found, users),
        };
        if let Some(port) = found.listen.filter(|port| *port != 5432) {
            self.lines
                .plain(3, "listen", &port.to_string(), "from the sidecar");
        }
        let shown = |value: Option<&str>| value.unwrap_or("?").to_owned();
        let (database, store) = (
            shown(found.database.value.as_deref()),
            shown(store.as_deref()),
        );
        format!("{database} of {store} as {}", shown(user.as_deref()))
    }

    /// The master user of a store, if AWS named it.
    fn admin_of(&self, key: &str) -> Option<&str> {
        let mut stores = self.stores.postgres.iter();
        let known = stores.find(|one| one.key == key)?.known.as_ref()?;
        known.master_user.as_deref()
    }

    /// Writes the user, and returns it. One who logs in by password keeps the password: a second one, which acts as the
    /// first, logs in by IAM.
    fn user(
        &mut self,
        workload: &FoundWorkload,
        found: &FoundPostgres,
        users: &mut BTreeSet<String>,
    ) -> Option<String> {
        let Some(user) = found.user.value.as_deref() else {
            self.lines.unknown(3, "user", &found.user.comment);
            return None;
        };
        let Some(password) = &found.password else {
            self.lines.text(3, "user", user, &found.user.comment);
            return Some(user.to_owned());
        };
        let mut second = with_suffix(user, SUFFIX);
        if !users.insert(second.clone()) {
            second = with_suffix(
                user,
                &format!("_{}{SUFFIX}", workload.key.replace('-', "_")),
            );
            users.insert(second.clone());
        }
        let comment = format!(
            "a new user: {} logs in with a password ({password})",
            printable(user)
        );
        self.lines.text(3, "user", &second, &comment);
        self.lines.text(3, "acts_as", user, &found.user.comment);
        Some(second)
    }

    fn use_opensearch(&mut self, workload: &FoundWorkload, used: &FoundOpenSearch) -> String {
        let host = used.endpoint.as_ref().map(OpenSearchEndpoint::host);
        let store = host
            .and_then(|host| self.stores.key(host))
            .map(str::to_owned);
        self.lines.key(2, "opensearch", "");
        match &store {
            Some(store) => self.lines.text(3, "store", store, &used.origin),
            None => self
                .lines
                .unknown(3, "store", &unknown_store("opensearch", &used.origin)),
        }
        if let Some(password) = &used.password {
            let comment = format!(
                "Today it sends a password ({password}); with irsa, its IAM role is mapped instead"
            );
            self.lines.comment(3, &comment);
        }
        let mut domains = self.stores.opensearch.iter();
        let domain = domains.find(|one| Some(&one.key) == store.as_ref());
        let is_fine_grained = domain
            .and_then(|one| one.known.as_ref())
            .is_none_or(|one| one.is_fine_grained);
        let has_indices = workload
            .component
            .as_ref()
            .is_some_and(|(one, _)| !one.indices().is_empty());
        if is_fine_grained && !has_indices {
            self.lines.comment(
                3,
                &format!("indices: {{\"orders-*\": write}}  # {CHANGE}: the indices that it uses"),
            );
        }
        if let Some(port) = used.listen.filter(|port| *port != 9200) {
            self.lines
                .plain(3, "listen", &port.to_string(), "from the sidecar");
        }
        store.unwrap_or_else(|| "?".to_owned())
    }
}

fn unknown_store(section: &str, origin: &str) -> String {
    format!("define the store under `{section}`, and write its key here: {origin}")
}

/// The name with a suffix, shortened to what PostgreSQL keeps.
fn with_suffix(name: &str, suffix: &str) -> String {
    let suffix: String = suffix.chars().take(MAX_IDENTIFIER_BYTES / 2).collect();
    let longest = MAX_IDENTIFIER_BYTES.saturating_sub(suffix.len());
    let mut end = name.len().min(longest);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", name.get(..end).unwrap_or_default())
}
