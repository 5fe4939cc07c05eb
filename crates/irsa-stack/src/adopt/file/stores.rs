//! The data stores in the file.

use irsa_chain::endpoint::RdsEndpointKind;
use irsa_chain::untrusted::printable;

use super::File;
use crate::adopt::lines::{CHANGE, refused};
use crate::adopt::names::label;
use crate::adopt::stores::{OpenSearchStore, PostgresStore};

/// The port that the specification has by default.
const POSTGRES_PORT: u16 = 5432;

impl File<'_> {
    pub(super) fn postgres(&mut self) {
        let stores = &self.stores.postgres;
        if stores.is_empty() {
            return;
        }
        self.lines.key(0, "postgres", "");
        for store in stores {
            self.postgres_store(store);
        }
    }

    fn postgres_store(&mut self, store: &PostgresStore) {
        self.lines.key(1, &store.key, "");
        self.postgres_remarks(store);
        if let Some(identifier) = store.identifier() {
            self.lines.text(2, "existing", identifier, &store.origin);
        } else if let Some(instance) = store.instance() {
            self.lines.key(2, "existing", &store.origin);
            self.lines.text(3, "instance", instance, "");
        } else {
            self.lines.key(2, "existing", &store.origin);
            self.lines.text(3, "endpoint", store.endpoint.host(), "");
            self.resource_id(store);
        }
        if let Some(region) = store.endpoint.region().map(ToString::to_string) {
            self.elsewhere("region", Some(&region));
        }
        self.elsewhere(
            "account",
            store.known.as_ref().map(|known| known.account.as_str()),
        );
        if let Some(port) = store.port.filter(|port| *port != POSTGRES_PORT) {
            self.lines.plain(2, "port", &port.to_string(), "");
        }
        self.admin(store);
        let mut databases = store
            .databases
            .iter()
            .filter(|name| refused(name).is_none())
            .peekable();
        if databases.peek().is_none() {
            let comment = format!("{CHANGE}: the databases that its workloads use");
            self.lines.plain(2, "databases", "{}", &comment);
            return;
        }
        self.lines.key(2, "databases", "");
        for database in databases {
            self.lines.plain(3, database, "{}", "");
        }
    }

    /// The master user as the administrator, if irsa can read its password in Secrets Manager.
    fn admin(&mut self, store: &PostgresStore) {
        let Some(known) = &store.known else {
            return;
        };
        let Some(user) = &known.master_user else {
            return;
        };
        if known.admin_secret.is_none() {
            let comment = format!(
                "RDS does not manage the password of the master user {}: select a login with `irsa apply sql --admin`",
                printable(user)
            );
            self.lines.comment(2, &comment);
            return;
        }
        self.lines.key(2, "admin", "");
        self.lines
            .text(3, "user", user, "the master user, from AWS");
        let comment = "RDS manages it in Secrets Manager";
        self.lines.text(3, "password", "managed", comment);
    }

    fn resource_id(&mut self, store: &PostgresStore) {
        if let Some(known) = &store.known {
            self.lines
                .text(3, "resource_id", &known.resource_id, "from AWS");
        } else {
            let command = resource_id_command(store);
            self.lines
                .unknown(3, "resource_id", &format!("run `{command}`"));
        }
    }

    fn postgres_remarks(&mut self, store: &PostgresStore) {
        let Some(known) = &store.known else {
            if store.identifier().is_some() {
                let command = resource_id_command(store);
                self.lines
                    .comment(2, &format!("The resource ID is unknown: `{command}`"));
            }
            return;
        };
        if let Some(version) = &known.engine_version {
            self.lines.comment(2, &format!("Engine version {version}"));
        }
        if !known.has_iam_authentication {
            let command = match store.endpoint.kind() {
                RdsEndpointKind::Instance => "aws rds modify-db-instance --db-instance-identifier",
                _ => "aws rds modify-db-cluster --db-cluster-identifier",
            };
            let region = region_option(store);
            let is_name = label(&known.identifier, "", 63) == known.identifier;
            let name = if is_name {
                &known.identifier
            } else {
                store.endpoint.identifier()
            };
            let command = format!(
                "{command} {name}{region} --enable-iam-database-authentication --apply-immediately"
            );
            self.lines
                .comment(2, "IAM authentication is off: see the command below");
            self.lines.comment(2, &format!("  {command}"));
            self.changes.push(format!(
                "IAM authentication of {} is off: run `{command}`",
                store.key
            ));
        }
    }

    pub(super) fn opensearch(&mut self) {
        let stores = &self.stores.opensearch;
        if stores.is_empty() {
            return;
        }
        self.lines.key(0, "opensearch", "");
        for store in stores {
            self.domain(store);
        }
    }

    fn domain(&mut self, store: &OpenSearchStore) {
        self.lines.key(1, &store.key, "");
        if let Some(version) = store
            .known
            .as_ref()
            .and_then(|known| known.engine_version.as_ref())
        {
            self.lines.comment(2, &format!("Engine version {version}"));
        }
        if let Some(name) = store.name() {
            self.lines.text(2, "existing", name, &store.origin);
        } else {
            self.lines.key(2, "existing", &store.origin);
            self.lines.text(3, "endpoint", store.endpoint.host(), "");
        }
        self.elsewhere("region", Some(store.endpoint.region().as_str()));
        self.elsewhere(
            "account",
            store.known.as_ref().map(|known| known.account.as_str()),
        );
        if let Some(known) = &store.known {
            let access = if known.is_fine_grained {
                "fine-grained"
            } else {
                "domain-policy"
            };
            self.lines.text(2, "access", access, "from AWS");
        } else {
            let (name, region) = (store.name().unwrap_or(&store.key), store.endpoint.region());
            let comment = format!(
                "access: domain-policy  # {CHANGE} if this prints false: `aws opensearch describe-domain --domain-name \
                 {name} --region {region} --query DomainStatus.AdvancedSecurityOptions.Enabled`"
            );
            self.lines.comment(2, &comment);
        }
    }

    /// The region or account of a store, if it is not that of the setup.
    fn elsewhere(&mut self, key: &str, value: Option<&str>) {
        let own = if key == "region" {
            &self.region
        } else {
            &self.account
        };
        if let Some(value) = value.filter(|value| own.value.as_deref() != Some(*value)) {
            self.lines.text(2, key, value, "");
        }
    }
}

fn region_option(store: &PostgresStore) -> String {
    let region = store.endpoint.region();
    region.map_or_else(String::new, |region| format!(" --region {region}"))
}

fn resource_id_command(store: &PostgresStore) -> String {
    use RdsEndpointKind as Kind;
    let (name, region) = (store.endpoint.identifier(), region_option(store));
    match store.endpoint.kind() {
        Kind::Instance => format!(
            "aws rds describe-db-instances --db-instance-identifier {name}{region} --query \
             'DBInstances[0].DbiResourceId'"
        ),
        Kind::Proxy => format!(
            "aws rds describe-db-proxies --db-proxy-name {name}{region} --query 'DBProxies[0].DBProxyArn'"
        ),
        _ => format!(
            "aws rds describe-db-clusters --db-cluster-identifier {name}{region} --query \
             'DBClusters[0].DbClusterResourceId'"
        ),
    }
}
