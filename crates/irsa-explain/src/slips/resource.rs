//! Slips around databases and domains: actions and the ARNs that they are about.

use irsa_chain::DbResourceId;

use super::Slip;

/// Slips in the name of an action.
pub(crate) fn of_action(action: &str) -> Option<Slip> {
    let lowercase = action.to_ascii_lowercase();
    let slip = |id, what, instead: String| {
        Some(Slip {
            id,
            what,
            about: action.to_owned(),
            instead: Some(instead),
        })
    };
    let name = action.split_once(':').map_or(action, |(_, name)| name);
    if name.is_empty() || name.contains(' ') {
        let bare = action.replace(' ', "");
        return Some(Slip {
            id: "no-such-action",
            what: "no action has such a name, so this matches nothing",
            about: action.to_owned(),
            instead: (!bare.ends_with(':')).then_some(bare),
        });
    }
    if lowercase == "rds:connect" {
        return slip(
            "connect-of-rds",
            "logging in to a database is an action of `rds-db`",
            "rds-db:connect".to_owned(),
        );
    }
    let name = lowercase
        .strip_prefix("opensearch:")
        .or_else(|| lowercase.strip_prefix("aoss:"))?;
    let name = name
        .starts_with("eshttp")
        .then(|| action.split_once(':'))??
        .1;
    slip(
        "http-of-es",
        "requests to a domain are actions of `es`",
        format!("es:{name}"),
    )
}

/// Slips in the ARN of a resource, one of `all` of its statement.
pub(crate) fn of_resource(actions: &[String], resource: &str, all: &[String]) -> Option<Slip> {
    let mut parts = resource.splitn(6, ':');
    let (service, rest) = (parts.nth(2)?, parts.nth(2)?);
    let slip = |id, what, instead| {
        Some(Slip {
            id,
            what,
            about: resource.to_owned(),
            instead,
        })
    };
    let head = resource.len() - rest.len();
    if resource.find("${").is_some_and(|at| at < head) {
        return slip(
            "variable-in-arn",
            "a policy variable has no value before the fifth colon, so this matches nothing: `*` does, with a condition such as on `aws:ResourceAccount`",
            None,
        );
    }
    let asks = |prefix: &str| {
        actions
            .iter()
            .any(|action| action.to_ascii_lowercase().starts_with(prefix))
    };
    match service {
        "rds" if rest.starts_with("dbuser") => slip(
            "dbuser-of-rds",
            "a database user is a resource of `rds-db`",
            Some(resource.replacen(":rds:", ":rds-db:", 1)),
        ),
        "rds" if asks("rds-db:connect") => slip(
            "cluster-as-dbuser",
            "`rds-db:connect` is about `arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE-ID/USER`",
            None,
        ),
        "rds-db" => {
            let (id, what) = of_dbuser(rest)?;
            slip(
                id,
                what,
                rest.starts_with("dbuser/")
                    .then(|| resource.replacen("dbuser/", "dbuser:", 1)),
            )
        }
        "es" if asks("es:eshttp") && is_whole_domain(rest) => {
            let below = format!("{resource}/*");
            let what = "requests are about what is below the domain, and this is the domain alone";
            (!all.contains(&below)).then_some(())?;
            slip("domain-without-paths", what, Some(below))
        }
        _ => None,
    }
}

/// An instance's id where the database is a cluster.
pub(super) fn of_instance(resource: &str, was: &str) -> Option<Slip> {
    let is_meant = resource.contains(":dbuser:db-") && was.contains(":dbuser:cluster-");
    is_meant.then(|| Slip {
        id: "instance-of-cluster",
        what: "this is the id of an instance; of a cluster its own counts, `cluster-ABC…` (`DbClusterResourceId`)",
        about: resource.to_owned(),
        instead: None,
    })
}

fn of_dbuser(resource: &str) -> Option<(&'static str, &'static str)> {
    if resource.starts_with("dbuser/") {
        return Some((
            "dbuser-separator",
            "`dbuser` is followed by a colon, and the id by `/USER`",
        ));
    }
    let resource = resource.strip_prefix("dbuser:")?;
    let Some((database, _)) = resource.split_once('/') else {
        let without = ("dbuser-without-user", "the id is followed by `/USER`");
        return (!resource.contains('*')).then_some(without);
    };
    let has_wildcards = database.contains(['*', '?', '$']);
    let is_id = database.parse::<DbResourceId>().is_ok();
    (!has_wildcards && !is_id).then_some((
        "name-as-resource-id",
        "this is the database's name, where its resource id belongs: `cluster-ABC…` (`DbClusterResourceId`), or `db-ABC…` (`DbiResourceId`) of an instance without a cluster",
    ))
}

/// `domain/NAME` and nothing below.
fn is_whole_domain(resource: &str) -> bool {
    let name = resource.strip_prefix("domain/");
    name.is_some_and(|name| !name.contains(['/', '*']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip(action: &str, resource: &str) -> Option<(&'static str, Option<String>)> {
        let slip = of_resource(&[action.to_owned()], resource, &[resource.to_owned()])?;
        Some((slip.id, slip.instead))
    }

    #[test]
    fn actions_of_the_wrong_service_are_told() {
        for (action, instead) in [
            ("rds:connect", Some("rds-db:connect")),
            ("RDS:Connect", Some("rds-db:connect")),
            ("opensearch:ESHttpGet", Some("es:ESHttpGet")),
            ("rds-db:connect", None),
            ("es:ESHttpGet", None),
            ("rds:*", None),
            ("aoss:APIAccessAll", None),
            ("es:ESHttpGet ", Some("es:ESHttpGet")),
            ("es: ", None),
        ] {
            let found = of_action(action).and_then(|slip| slip.instead);
            assert_eq!(found.as_deref(), instead, "{action}");
        }
        assert_eq!(of_action("es:").unwrap().id, "no-such-action");
    }

    #[test]
    fn databases_are_named_by_their_resource_ids() {
        let arn = |rest: &str| format!("arn:aws:rds-db:eu-central-1:111122223333:{rest}");
        for (rest, id) in [
            ("dbuser:orders/app", Some("name-as-resource-id")),
            ("dbuser:cluster-orders/app", Some("name-as-resource-id")),
            ("dbuser:cluster-ABCDEFGH", Some("dbuser-without-user")),
            ("dbuser/cluster-ABCDEFGH/app", Some("dbuser-separator")),
            ("dbuser:cluster-ABCDEFGH/app", None),
            ("dbuser:prx-0f9d9414be09b1c57/app", None),
            ("dbuser:*/app", None),
            ("dbuser:*", None),
            ("*", None),
        ] {
            let found = slip("rds-db:connect", &arn(rest)).map(|slip| slip.0);
            assert_eq!(found, id, "{rest}");
        }
        let user = "arn:aws:rds:eu-central-1:111122223333:dbuser:cluster-ABC/app";
        let instead = Some(user.replace(":rds:", ":rds-db:"));
        assert_eq!(
            slip("rds-db:connect", user),
            Some(("dbuser-of-rds", instead))
        );
        let cluster = "arn:aws:rds:eu-central-1:111122223333:cluster:orders";
        assert_eq!(
            slip("rds-db:connect", cluster).unwrap().0,
            "cluster-as-dbuser"
        );
        assert_eq!(slip("rds:DescribeDBClusters", cluster), None);
    }

    #[test]
    fn an_instance_in_place_of_its_cluster_is_told() {
        let user = |id: &str| format!("arn:aws:rds-db:eu-central-1:111122223333:dbuser:{id}/app");
        let found = |policy, was| of_instance(&user(policy), &user(was)).is_some();
        assert!(found("db-ABCDEFGH", "cluster-ABCDEFGH"));
        assert!(!found("cluster-ABCDEFGH", "cluster-ABCDEFGI"));
        assert!(!found("db-ABCDEFGH", "db-ABCDEFGI"));
    }

    #[test]
    fn a_variable_in_the_wrong_part_is_told() {
        for (arn, id) in [
            (
                "arn:aws:kms:*:${aws:PrincipalAccount}:key/*",
                Some("variable-in-arn"),
            ),
            ("arn:aws:s3:::b/${aws:username}", None),
            ("arn:aws:s3:::${aws:username}", None),
        ] {
            assert_eq!(slip("s3:*", arn).map(|slip| slip.0), id, "{arn}");
        }
    }

    #[test]
    fn a_domain_without_what_is_below_it_is_told() {
        let domain = "arn:aws:es:eu-central-1:111122223333:domain/logs";
        let below = format!("{domain}/*");
        assert_eq!(
            slip("es:ESHttpGet", domain),
            Some(("domain-without-paths", Some(below.clone())))
        );
        assert_eq!(slip("es:DescribeDomain", domain), None);
        assert_eq!(slip("es:ESHttpGet", &below), None);
        let both = [domain.to_owned(), below];
        assert_eq!(of_resource(&["es:ESHttp*".to_owned()], domain, &both), None);
    }
}
