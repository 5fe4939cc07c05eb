//! The cluster, instance or proxy behind a database endpoint.

use irsa_aws::{DatabaseSettings, ReadErrorKind};
use irsa_chain::endpoint::{RdsEndpoint, RdsEndpointKind};
use irsa_chain::{Cause, DbResourceKind, Link, Region};

use super::reading::{CREDENTIALS, unread};
use super::session;
use super::state::Aws;
use super::text::quoted;
use crate::{Check, CheckOutcome, Commands, Place, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-database",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Does a cluster, an instance or a proxy with this endpoint exist?",
    description: "Looks up the endpoint among the clusters, instances or proxies in the region in its name \
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
    description: "Reads the status of the cluster, instance or proxy.",
    causes: &[Cause::NotAvailable],
    needs: &[EXISTS.id],
};

pub(super) const IAM: Check = Check {
    id: "aws-iam-authentication",
    place: Place::Aws,
    link: Link::Endpoint,
    question: "Is IAM authentication enabled?",
    description: "Reads whether IAM database authentication is enabled; for a proxy, whether at least one of its users is \
               allowed or required to use it.",
    causes: &[Cause::IamAuthenticationOff],
    needs: &[EXISTS.id],
};

/// The states in which no one can log in ("Viewing cluster status" and "Viewing instance status" in the Aurora user guide,
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
            Err(error) => return CheckOutcome::unsure(error.to_string()),
        };
        let own = aws
            .database(host)
            .and_then(|database| database.role.as_ref());
        if let Some(seen) = session::in_other_account(aws, own, "rds-db:connect") {
            return seen;
        }
        match aws.reader.database(&endpoint).await {
            Ok(found) => {
                let port = aws.database(host).map(|database| database.port);
                let seen = leads_to(&found, port);
                aws.facts.databases.insert(host.to_owned(), found);
                seen
            }
            Err(error) if error.kind == ReadErrorKind::Absent => absent(&endpoint, error.text),
            Err(error) => unread(aws, &error),
        }
    })
}

fn absent(endpoint: &RdsEndpoint, seen: String) -> CheckOutcome {
    let region = endpoint.region().map(Region::as_str).unwrap_or_default();
    let (list, query) = match endpoint.kind() {
        RdsEndpointKind::Instance => ("describe-db-instances", "DBInstances[].Endpoint"),
        RdsEndpointKind::Proxy => ("describe-db-proxies", "DBProxies[].Endpoint"),
        RdsEndpointKind::ProxyEndpoint => {
            ("describe-db-proxy-endpoints", "DBProxyEndpoints[].Endpoint")
        }
        _ => (
            "describe-db-clusters",
            "DBClusters[].[Endpoint,ReaderEndpoint]",
        ),
    };
    CheckOutcome::broken(Cause::ClusterUnknown, seen).remedy(format!(
        "use one of the endpoints that `aws rds {list} --region {region} --query '{query}'` prints, or check with \
         credentials of the account that owns this endpoint"
    ))
}

fn leads_to(found: &DatabaseSettings, port: Option<u16>) -> CheckOutcome {
    let DatabaseSettings {
        arn, resource_id, ..
    } = found;
    match (found.port, port) {
        (Some(has), Some(asked)) if has != asked => CheckOutcome::broken(
            Cause::ClusterUnknown,
            format!("`{arn}` listens on port {has}, but tokens are signed for port {asked}"),
        )
        .remedy(format!("use port {has}")),
        _ => CheckOutcome::holds(format!("`{arn}`, resource ID `{resource_id}`")),
    }
}

pub(super) fn available<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    from_settings(aws, host, is_up)
}

fn is_up(found: &DatabaseSettings) -> CheckOutcome {
    let (name, status) = (&found.name, found.status.as_str());
    let seen = format!("the status of {} is {}", quoted(name), quoted(status));
    if !status.is_empty() && !DOWN.contains(&status) {
        return CheckOutcome::holds(seen);
    }
    let region = found.arn.region();
    let start = match (status, found.resource_id.kind()) {
        ("stopped", DbResourceKind::Cluster) => "start-db-cluster --db-cluster-identifier",
        ("stopped", DbResourceKind::Instance) => "start-db-instance --db-instance-identifier",
        _ => {
            return CheckOutcome::broken(Cause::NotAvailable, seen).remedy(format!(
                "wait until it is available; run `aws rds describe-events --region {region} --duration 60` to see what \
                 happened"
            ));
        }
    };
    let command = format!("aws rds {start} {name} --region {region}");
    let note = "then wait until it is available";
    let remedy = Commands::new([command]).with_note(note);
    CheckOutcome::broken(Cause::NotAvailable, seen).remedy(remedy)
}

pub(super) fn iam<'a>(aws: &'a mut Aws, host: &'a str) -> Work<'a> {
    from_settings(aws, host, accepts_iam)
}

fn accepts_iam(found: &DatabaseSettings) -> CheckOutcome {
    let name = &found.name;
    if found.iam_authentication {
        return CheckOutcome::holds(format!("IAM authentication is enabled on {}", quoted(name)));
    }
    let seen = format!("IAM authentication is not enabled on {}", quoted(name));
    let command = match found.resource_id.kind() {
        DbResourceKind::Cluster => format!("modify-db-cluster --db-cluster-identifier {name}"),
        DbResourceKind::Instance => format!("modify-db-instance --db-instance-identifier {name}"),
        DbResourceKind::Proxy => {
            return CheckOutcome::broken(Cause::IamAuthenticationOff, seen).remedy(format!(
                "set `IAMAuth` to `REQUIRED` for the user's secret with `aws rds modify-db-proxy --db-proxy-name {name} \
                 --auth`; pass all secrets that `aws rds describe-db-proxies --db-proxy-name {name} --query \
                 'DBProxies[].Auth'` lists"
            ));
        }
    };
    let command = format!(
        "aws rds {command} --enable-iam-database-authentication --apply-immediately --region {}",
        found.arn.region()
    );
    CheckOutcome::broken(Cause::IamAuthenticationOff, seen).remedy(Commands::new([command]))
}

fn from_settings<'a>(
    aws: &'a Aws,
    host: &str,
    check: fn(&DatabaseSettings) -> CheckOutcome,
) -> Work<'a> {
    let found = aws.facts.databases.get(host);
    let seen = found.map_or_else(|| CheckOutcome::unsure("the database was not read"), check);
    Box::pin(std::future::ready(seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn database(id: &str, status: &str) -> DatabaseSettings {
        DatabaseSettings {
            arn: "arn:aws:rds:eu-central-1:111122223333:db:orders"
                .parse()
                .unwrap(),
            name: "orders".to_owned(),
            resource_id: id.parse().unwrap(),
            status: status.to_owned(),
            iam_authentication: false,
            port: None,
            master_user: None,
            master_user_secret: None,
            engine_version: None,
        }
    }

    #[test]
    fn each_kind_has_its_own_commands() {
        for (id, command) in [
            ("cluster-ABC", "modify-db-cluster"),
            ("db-ABC", "modify-db-instance"),
            ("prx-0f9d9414be09b1c57", "modify-db-proxy"),
        ] {
            let seen = accepts_iam(&database(id, "available"));
            let remedy = seen.remedy.unwrap().to_string();
            assert!(remedy.contains(command), "{remedy}");
        }
        assert!(
            is_up(&database("db-ABC", "stopped"))
                .remedy
                .unwrap()
                .to_string()
                .contains("start-db-instance")
        );
    }

    #[test]
    fn a_database_that_is_being_modified_accepts_logins() {
        for (status, verdict) in [
            ("available", Verdict::Holds),
            ("modifying", Verdict::Holds),
            ("creating", Verdict::Broken),
            ("", Verdict::Broken),
        ] {
            assert_eq!(
                is_up(&database("cluster-ABC", status)).verdict,
                verdict,
                "{status}"
            );
        }
    }
}
