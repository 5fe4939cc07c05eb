//! The outcomes of the checks of a database.

use irsa_chain::Cause;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_identity::RdsTarget;

use crate::CheckOutcome;
use crate::pod::background::Background;
use crate::pod::database::probe::{self, DatabaseFacts, LoginError, Session};
use crate::pod::options::{DatabaseTarget, Route};
use crate::pod::outcome::{cancelled, from_fault};
use crate::pod::state::Pod;
use crate::pod::state::data_store::{self, DatabaseState};

pub(super) fn labels(pod: &Pod) -> Vec<String> {
    data_store::labels::<DatabaseState>(pod)
}

fn find<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut DatabaseState> {
    data_store::find(pod, label)
}

/// Checks that tokens are signed for a name and region that RDS accepts ("Limitations" of IAM database authentication,
/// Aurora user guide).
pub(super) fn endpoint(pod: &mut Pod, label: &str) -> CheckOutcome {
    let Some(database) = find(pod, label) else {
        return cancelled();
    };
    let Route {
        sign_host, region, ..
    } = &database.target.route;
    let Ok(endpoint) = sign_host.parse::<RdsEndpoint>() else {
        let seen = format!(
            "`{sign_host}` is not an RDS endpoint: RDS rejects a token that is signed for a different name"
        );
        return CheckOutcome::broken(Cause::SignedForAnotherHost, seen);
    };
    match endpoint.region() {
        Some(own) if own != region => CheckOutcome::broken(
            Cause::SignedForAnotherRegion,
            format!("tokens are signed for `{region}`, but the endpoint is in `{own}`"),
        ),
        Some(_) => CheckOutcome::holds(format!("`{sign_host}` in `{region}`")),
        None => CheckOutcome::holds(format!(
            "`{sign_host}`, whose name contains no region, in `{region}`"
        )),
    }
}

/// Checks that the server accepts logins at all, for any user.
pub(super) async fn answer(pod: &mut Pod, label: &str) -> CheckOutcome {
    let Some(database) = find(pod, label) else {
        return cancelled();
    };
    if database.target.user.is_none() {
        return CheckOutcome::not_applicable("no database user given; pass --user to test a login");
    }
    match database.facts.outcome().await {
        Some(DatabaseFacts {
            startup: Some(Err(fault)),
            ..
        }) if fault.is_in_endpoint() => from_fault(fault),
        Some(DatabaseFacts {
            startup: Some(_), ..
        }) => CheckOutcome::holds("it responds to the startup message"),
        _ => cancelled(),
    }
}

/// Reports what the server asks the user for.
pub(super) async fn membership(pod: &mut Pod, label: &str) -> CheckOutcome {
    let Some(database) = find(pod, label) else {
        return cancelled();
    };
    let Some(user) = database.target.user.clone() else {
        return CheckOutcome::unsure("the authentication method depends on the user: set `--user`");
    };
    match database.facts.outcome().await {
        Some(DatabaseFacts {
            startup: Some(Ok(_)),
            ..
        }) => CheckOutcome::holds(format!(
            "the server asks `{user}` for a clear-text password over verified TLS, as it does for members of rds_iam"
        )),
        Some(DatabaseFacts {
            startup: Some(Err(fault)),
            ..
        }) => from_fault(fault),
        _ => cancelled(),
    }
}

/// Checks that the server decides on the login. All logins run in parallel.
pub(super) async fn login(pod: &mut Pod, label: &str) -> CheckOutcome {
    begin_logins(pod).await;
    match outcome(pod, label).await {
        Some(Err(LoginError::Token(fault) | LoginError::Session(fault)))
            if fault.is_in_endpoint() =>
        {
            from_fault(fault)
        }
        Some(_) => CheckOutcome::holds("it responded to the login"),
        None => cancelled(),
    }
}

/// Checks that the token is accepted.
pub(super) async fn connect(pod: &mut Pod, label: &str) -> CheckOutcome {
    let target = find(pod, label).map(|database| database.target.clone());
    let suspects = target.and_then(|target| suspects(pod, &target));
    match outcome(pod, label).await {
        Some(Err(LoginError::Token(fault))) => match (fault.cause, suspects) {
            (Some(Cause::IamLoginRefused), Some(suspects)) => from_fault(fault).remedy(suspects),
            _ => from_fault(fault),
        },
        Some(Err(LoginError::Session(_)) | Ok(_)) => {
            CheckOutcome::holds("the server accepted a new token")
        }
        None => cancelled(),
    }
}

pub(super) async fn session(pod: &mut Pod, label: &str) -> CheckOutcome {
    match outcome(pod, label).await {
        Some(Err(LoginError::Token(fault) | LoginError::Session(fault))) => from_fault(fault),
        Some(Ok(session)) => CheckOutcome::holds(session.to_string()),
        None => cancelled(),
    }
}

async fn outcome<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut Result<Session, LoginError>> {
    find(pod, label)?.login.as_mut()?.outcome().await
}

async fn begin_logins(pod: &mut Pod) {
    // The proxy uses the same time for its tokens.
    let now = if pod.learns_time_from_sts() {
        pod.aws_time()
    } else {
        pod.now()
    };
    for label in labels(pod) {
        let credentials = pod.credentials_for(&label).await;
        let (Some(credentials), Some(database)) = (credentials, find(pod, &label)) else {
            continue;
        };
        let (Some(user), None) = (&database.target.user, &database.login) else {
            continue;
        };
        let target = rds_target(&database.target.route, user);
        let facts = database.facts.outcome().await;
        let Some(Ok(waiting)) = facts.and_then(|facts| facts.startup.as_mut()) else {
            continue;
        };
        let Some(waiting) = waiting.take() else {
            continue;
        };
        let login = probe::log_in(waiting, target, credentials, now);
        database.login = Some(Background::start(login));
    }
}

fn rds_target(route: &Route, user: &str) -> RdsTarget {
    RdsTarget {
        sign_host: route.sign_host.clone(),
        port: route.sign_port,
        user: user.to_owned(),
        region: route.region.clone(),
    }
}

/// The remaining causes after the server asked for a token and rejected it.
fn suspects(pod: &Pod, target: &DatabaseTarget) -> Option<String> {
    let own = target.role.as_ref().map(|step| &step.role);
    let role = own.or(pod.workload.role.as_ref())?;
    let Route {
        sign_host, region, ..
    } = &target.route;
    let (partition, account) = (role.partition(), role.account());
    let user = target.user.as_deref()?;
    Some(format!(
        "to find the reason automatically, run `irsa doctor --from pod,aws --aws-profile NAME` with credentials that can \
         read IAM and RDS; otherwise, check (the user is in rds_iam, because the server asked for a token): 1. a policy of \
         the role `{}` allows rds-db:connect on \
         `arn:{partition}:rds-db:{region}:{account}:dbuser:RESOURCE_ID/{user}` (to get RESOURCE_ID, run `aws rds \
         describe-db-clusters --region {region} --query \"DBClusters[?Endpoint=='{sign_host}'].DbClusterResourceId\"`); \
         2. its permissions boundary allows it too; 3. IAM authentication is enabled on the cluster: `aws rds \
         describe-db-clusters --region {region} --query \
         'DBClusters[].[DBClusterIdentifier,IAMDatabaseAuthenticationEnabled]'`; the CloudWatch log export \
         iam-db-auth-error also has the reason",
        role.name()
    ))
}
