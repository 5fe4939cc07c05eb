//! Aurora clusters: host names are derived, references between users are checked and ordered.

use irsa_chain::{Partition, Region};
use serde_saphyr::Spanned;

use super::Check;
use crate::file::{ClusterEntry, MasterUserEntry, UserEntry};
use crate::{Cluster, DatabaseUser, Instance, ManagedSecret, MasterUser};

/// The group that switches IAM authentication on; it exists in every cluster.
const RDS_IAM: &str = "rds_iam";
/// PostgreSQL cuts longer identifiers (`NAMEDATALEN` - 1).
const MAX_IDENTIFIER: usize = 63;

impl Check {
    pub(super) fn cluster(&mut self, entry: ClusterEntry, default_region: &Region) -> Cluster {
        self.account(&entry.account);
        self.label("cluster", &entry.name.value, &entry.name);
        self.label("`dns_id`", &entry.dns_id, &entry.name);
        for instance in &entry.instances {
            self.label("instance", instance, &entry.name);
        }
        for database in &entry.databases {
            self.identifier("database", database, &entry.name);
        }
        self.users(&entry);
        self.master_user(&entry);
        let region = entry.region.unwrap_or_else(|| default_region.clone());
        let domain = rds_domain(&region);
        let (name, dns_id) = (entry.name.value, entry.dns_id);
        let instance = |instance: String| Instance {
            endpoint: format!("{instance}.{dns_id}.{domain}"),
            name: instance,
        };
        Cluster {
            endpoint: format!("{name}.cluster-{dns_id}.{domain}"),
            reader_endpoint: format!("{name}.cluster-ro-{dns_id}.{domain}"),
            instances: entry.instances.into_iter().map(instance).collect(),
            name,
            account: entry.account.value,
            region,
            resource_id: entry.resource_id,
            port: entry.port,
            databases: entry.databases,
            users: groups_first(entry.users.into_iter().map(user).collect()),
            master_user: entry.master_user.map(master_user),
            iam_membership: entry.iam_membership,
        }
    }

    fn users(&mut self, entry: &ClusterEntry) {
        self.all_differ("user", entry.users.iter().map(|user| &user.name));
        let cluster = &entry.name.value;
        for user in &entry.users {
            self.identifier("user", &user.name.value, &user.name);
            for group in &user.member_of {
                self.group(entry, user, group);
            }
            for database in user
                .databases
                .iter()
                .filter(|database| !entry.databases.contains(&database.value))
            {
                self.mistake(
                    database,
                    format_args!(
                        "there is no database `{}` in cluster `{cluster}`",
                        database.value
                    ),
                );
            }
        }
    }

    fn master_user(&mut self, entry: &ClusterEntry) {
        let Some(master) = &entry.master_user else {
            return;
        };
        let name = &master.name.value;
        // The usual name on RDS. The lab's superuser has a different one.
        if name != "postgres" {
            self.identifier("master user", name, &master.name);
        }
        if entry.users.iter().any(|user| user.name.value == *name) {
            self.mistake(
                &master.name,
                format_args!("`{name}` is both the master user and one of `users`"),
            );
        }
        let Some(secret) = &master.secret else {
            return;
        };
        if master.password.is_some() {
            self.mistake(
                &master.name,
                format_args!("master user `{name}` has both a `password` and a `secret`"),
            );
        }
        for (arn, service) in [
            (Some(&secret.arn), "secretsmanager"),
            (secret.kms_key.as_ref(), "kms"),
        ] {
            if let Some(arn) = arn.filter(|arn| arn.service() != service) {
                self.mistake(
                    &master.name,
                    format_args!("`{arn}` is not an ARN of the service {service}"),
                );
            }
        }
    }

    fn group(&mut self, entry: &ClusterEntry, user: &UserEntry, group: &Spanned<String>) {
        let exists = group.value == RDS_IAM
            || entry
                .users
                .iter()
                .any(|other| other.name.value == group.value);
        if !exists {
            let cluster = &entry.name.value;
            self.mistake(
                group,
                format_args!("there is no role `{}` in cluster `{cluster}`", group.value),
            );
        } else if reaches(
            &entry.users,
            &group.value,
            &user.name.value,
            entry.users.len(),
        ) {
            self.mistake(
                group,
                format_args!(
                    "`{}` is a member of itself through `{}`",
                    user.name.value, group.value
                ),
            );
        }
    }

    fn identifier<T>(&mut self, what: &str, name: &str, at: &Spanned<T>) {
        let reserved =
            name == RDS_IAM || name == "rdsadmin" || name == "postgres" || name.starts_with("pg_");
        if name.is_empty() || name.len() > MAX_IDENTIFIER || name.contains('\0') || reserved {
            self.mistake(
                at,
                format_args!(
                    "{what} `{name}` is reserved, empty or longer than {MAX_IDENTIFIER} bytes"
                ),
            );
        }
    }
}

/// Returns whether `from` is `target`, or is a direct or indirect member of it.
fn reaches(users: &[UserEntry], from: &str, target: &str, steps: usize) -> bool {
    let mut groups = users
        .iter()
        .filter(|user| user.name.value == from)
        .flat_map(|user| &user.member_of);
    from == target
        || (steps > 0 && groups.any(|group| reaches(users, &group.value, target, steps - 1)))
}

/// The DNS domain of the RDS endpoints in a region. In China, the service comes before the region.
fn rds_domain(region: &Region) -> String {
    let partition = region.partition();
    let suffix = partition.dns_suffix();
    if partition == Partition::AwsCn {
        format!("rds.{region}.{suffix}")
    } else {
        format!("{region}.rds.{suffix}")
    }
}

fn master_user(entry: MasterUserEntry) -> MasterUser {
    let secret = entry.secret.map(|secret| ManagedSecret {
        arn: secret.arn,
        kms_key: secret.kms_key,
    });
    MasterUser {
        name: entry.name.value,
        password: entry.password,
        secret,
    }
}

fn user(entry: UserEntry) -> DatabaseUser {
    let plain = |names: Vec<Spanned<String>>| names.into_iter().map(|name| name.value).collect();
    DatabaseUser {
        name: entry.name.value,
        login: entry.login,
        password: entry.password,
        member_of: plain(entry.member_of),
        databases: plain(entry.databases),
    }
}

/// Orders users so that each comes after its groups. The users of a cycle, which is reported elsewhere, keep their
/// order.
fn groups_first(mut waiting: Vec<DatabaseUser>) -> Vec<DatabaseUser> {
    let mut ordered: Vec<DatabaseUser> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let is_waiting = |name: &String| waiting.iter().any(|user| user.name == *name);
        let next = waiting
            .iter()
            .position(|user| !user.member_of.iter().any(is_waiting))
            .unwrap_or_default();
        ordered.push(waiting.remove(next));
    }
    ordered
}
