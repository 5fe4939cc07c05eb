//! What a database's endpoint leads to.

use irsa_aws::{DatabaseSettings, ReadErrorKind};
use irsa_chain::endpoint::RdsEndpoint;
use irsa_chain::{Cause, DbResourceKind, Link};

use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use super::text::quoted;
use crate::{Check, Place, Seen, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-database",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is there a cluster, an instance or a proxy with this endpoint?",
    looks_at: "Looks the endpoint up among the clusters, instances or proxies of the region in its name \
               (`rds:DescribeDBClusters`, `rds:DescribeDBInstances`, `rds:DescribeDBProxies`), in the account that is \
               read, and compares the port.",
    causes: &[Cause::ClusterUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const AVAILABLE: Check = Check {
    id: "aws-database-available",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is the database available?",
    looks_at: "Reads the status of the cluster, instance or proxy.",
    causes: &[Cause::NotAvailable],
    needs: &[EXISTS.id],
};

pub(super) const IAM: Check = Check {
    id: "aws-iam-authentication",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Does the database take logins by IAM?",
    looks_at: "Reads whether IAM database authentication is enabled; for a proxy, whether any of its users may or must \
               log in by IAM.",
    causes: &[Cause::IamAuthenticationOff],
    needs: &[EXISTS.id],
};

/// Under which nobody can log in ("Viewing cluster status" and "Viewing instance status" in the Aurora user guide,
/// "RDS Proxy" in its API reference).
const DOWN: [&str; 11] = [
    "creating",
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-network",
    "inaccessible-encryption-credentials-recoverable",
    "starting",
    "stopped",
    "stopping",
    "storage-full",
    "suspended",
];

pub(super) fn exists<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    Box::pin(async move {
        let endpoint: RdsEndpoint = match host.parse() {
            Ok(endpoint) => endpoint,
            Err(error) => return Seen::unsure(error.to_string()),
        };
        match aws.reader.database(&endpoint).await {
            Ok(found) => {
                let port = aws.database(host).map(|database| database.port);
                let seen = leads_to(&found, port);
                aws.facts.databases.insert(host.to_owned(), found);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => {
                Seen::broken(Cause::ClusterUnknown, error.text)
            }
            Err(error) => unread(aws, &error),
        }
    })
}

fn leads_to(found: &DatabaseSettings, port: Option<u16>) -> Seen {
    let DatabaseSettings {
        arn, resource_id, ..
    } = found;
    match (found.port, port) {
        (Some(has), Some(asked)) if has != asked => Seen::broken(
            Cause::ClusterUnknown,
            format!("`{arn}` listens at port {has}, tokens are signed for {asked}"),
        )
        .remedy(format!("use the port {has}")),
        _ => Seen::holds(format!(
            "it leads to `{arn}`, whose resource ID is `{resource_id}`"
        )),
    }
}

pub(super) fn available<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, |found| {
        let seen = format!(
            "the status of {} is {}",
            quoted(&found.name),
            quoted(&found.status)
        );
        if DOWN.contains(&found.status.as_str()) || found.status.is_empty() {
            return Seen::broken(Cause::NotAvailable, seen).remedy(if found.status == "stopped" {
                format!(
                    "run `aws rds start-db-cluster --db-cluster-identifier {}`",
                    found.name
                )
            } else {
                "wait for it, or look why: `aws rds describe-events --duration 60`".to_owned()
            });
        }
        Seen::holds(seen)
    })
}

pub(super) fn iam<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    at_once(aws, host, |found| {
        let name = &found.name;
        if found.iam_authentication {
            return Seen::holds(format!("IAM authentication is enabled on {}", quoted(name)));
        }
        let seen = format!("IAM authentication is not enabled on {}", quoted(name));
        Seen::broken(Cause::IamAuthenticationOff, seen).remedy(match found.resource_id.kind() {
            DbResourceKind::Cluster => format!(
                "run `aws rds modify-db-cluster --db-cluster-identifier {name} \
                 --enable-iam-database-authentication --apply-immediately`"
            ),
            DbResourceKind::Instance => format!(
                "run `aws rds modify-db-instance --db-instance-identifier {name} \
                 --enable-iam-database-authentication --apply-immediately`"
            ),
            DbResourceKind::Proxy => format!(
                "set `IAMAuth` to `REQUIRED` for the user's secret: `aws rds modify-db-proxy --db-proxy-name {name} \
                 --auth …`"
            ),
        })
    })
}

fn at_once<'a>(aws: &'a Aws, host: &str, look: fn(&DatabaseSettings) -> Seen) -> Work<'a> {
    let found = aws.facts.databases.get(host);
    let seen = found.map_or_else(|| Seen::unsure("the database was not read"), look);
    Box::pin(std::future::ready(seen))
}
