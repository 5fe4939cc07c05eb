//! Databases: the way there, whether the server asks for a token, whether it takes one, and what it lets in to.

mod checks;
mod login;
mod refusal;
mod wire;

use irsa_chain::Cause;
use irsa_chain::endpoint::RdsEndpoint;
use irsa_identity::{RdsTarget, sign_rds_token};
use irsa_net::tls::Roots;

pub(super) use self::checks::{
    ANSWER, CONNECT, DNS, ENDPOINT, LOGIN, MEMBERSHIP, SESSION, TCP, TLS,
};
use self::login::{Admitted, Asked};
use self::refusal::Refused;
use super::background::Background;
use super::endpoint::{Fault, Protocol, Way, go};
use super::options::{DatabaseTarget, Route};
use super::state::{Pod, cut_off};
use super::store::{self, Store};
use crate::Seen;

/// A database under examination.
#[derive(Debug)]
pub(super) struct DatabaseState {
    pub(super) target: DatabaseTarget,
    look: Background<Look>,
    login: Option<Background<Result<Admitted, Refused>>>,
}

/// What can be seen of a database by anybody.
#[derive(Debug)]
struct Look {
    way: Way,
    /// `None` where one did not get so far, or no user is known; taken when the token is sent.
    asked: Option<Result<Asked, Fault>>,
}

impl DatabaseState {
    /// Begins to go there, and to ask as the user.
    pub(super) fn new(target: DatabaseTarget, roots: &Result<Roots, String>) -> Self {
        let (to, roots) = (target.clone(), roots.clone());
        Self {
            target,
            look: Background::start(async move {
                let (way, secured) = go(&to.route, &roots, Protocol::Postgres).await;
                let asked = match (secured, &to.user) {
                    (Some(secured), Some(user)) => {
                        Some(login::ask(secured, user, to.name.as_deref()).await)
                    }
                    _ => None,
                };
                Look { way, asked }
            }),
            login: None,
        }
    }
}

impl Store for DatabaseState {
    fn all(pod: &Pod) -> &[Self] {
        &pod.databases
    }

    fn all_mut(pod: &mut Pod) -> &mut [Self] {
        &mut pod.databases
    }

    fn label(&self) -> String {
        self.target.label()
    }

    async fn way(&mut self) -> Option<&Way> {
        self.look.outcome().await.map(|look| &look.way)
    }
}

fn labels(pod: &Pod) -> Vec<String> {
    store::labels::<DatabaseState>(pod)
}

fn find<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut DatabaseState> {
    store::find(pod, label)
}

/// Whether tokens are signed for what RDS knows ("Limitations" of IAM database authentication, Aurora user guide).
fn endpoint(pod: &mut Pod, label: &str) -> Seen {
    let Some(database) = find(pod, label) else {
        return cut_off();
    };
    let Route {
        sign_host, region, ..
    } = &database.target.route;
    let Ok(endpoint) = sign_host.parse::<RdsEndpoint>() else {
        let seen = format!(
            "`{sign_host}` is no endpoint of RDS: a token signed for another name is refused"
        );
        return Seen::broken(Cause::SignedForAnotherHost, seen);
    };
    match endpoint.region() {
        Some(own) if own != region => Seen::broken(
            Cause::SignedForAnotherRegion,
            format!("it is signed for `{region}`, and the endpoint is in `{own}`"),
        ),
        Some(_) => Seen::holds(format!("`{sign_host}` in `{region}`")),
        None => Seen::holds(format!(
            "`{sign_host}`, whose name has no region, in `{region}`"
        )),
    }
}

/// Whether the server takes logins at all, whoever's.
async fn answer(pod: &mut Pod, label: &str) -> Seen {
    let Some(database) = find(pod, label) else {
        return cut_off();
    };
    if database.target.user.is_none() {
        return Seen::not_applicable("no database user is named that it could be asked as");
    }
    match database.look.outcome().await {
        Some(Look {
            asked: Some(Err(fault)),
            ..
        }) if fault.is_of_endpoint() => fault.seen(),
        Some(Look { asked: Some(_), .. }) => Seen::holds("it answers the start-up packet"),
        _ => cut_off(),
    }
}

/// What the server asks the user for.
async fn membership(pod: &mut Pod, label: &str) -> Seen {
    let Some(database) = find(pod, label) else {
        return cut_off();
    };
    let Some(user) = database.target.user.clone() else {
        return Seen::unsure(
            "no database user is named, and the server asks each for what is his: see `--user`",
        );
    };
    match database.look.outcome().await {
        Some(Look {
            asked: Some(Ok(_)), ..
        }) => Seen::holds(format!(
            "`{user}` is asked for a clear-text password over verified TLS, as members of rds_iam are"
        )),
        Some(Look {
            asked: Some(Err(fault)),
            ..
        }) => fault.seen(),
        _ => cut_off(),
    }
}

/// Whether the login comes to an end that the server decides on. All logins go on at once.
async fn login(pod: &mut Pod, label: &str) -> Seen {
    begin_logins(pod).await;
    match outcome(pod, label).await {
        Some(Err(Refused::Token(fault) | Refused::Session(fault))) if fault.is_of_endpoint() => {
            fault.seen()
        }
        Some(_) => Seen::holds("it answered the login"),
        None => cut_off(),
    }
}

/// Whether the token is accepted.
async fn connect(pod: &mut Pod, label: &str) -> Seen {
    let target = find(pod, label).map(|database| database.target.clone());
    let suspects = target.and_then(|target| suspects(pod, &target));
    match outcome(pod, label).await {
        Some(Err(Refused::Token(fault))) => match (fault.cause, suspects) {
            (Some(Cause::IamLoginRefused), Some(suspects)) => fault.seen().remedy(suspects),
            _ => fault.seen(),
        },
        Some(Err(Refused::Session(_)) | Ok(_)) => Seen::holds("the server accepted a fresh token"),
        None => cut_off(),
    }
}

async fn session(pod: &mut Pod, label: &str) -> Seen {
    match outcome(pod, label).await {
        Some(Err(Refused::Token(fault) | Refused::Session(fault))) => fault.seen(),
        Some(Ok(admitted)) => Seen::holds(admitted.to_string()),
        None => cut_off(),
    }
}

async fn outcome<'a>(pod: &'a mut Pod, label: &str) -> Option<&'a mut Result<Admitted, Refused>> {
    find(pod, label)?.login.as_mut()?.outcome().await
}

async fn begin_logins(pod: &mut Pod) {
    let now = pod.now();
    for label in labels(pod) {
        let credentials = pod.credentials_for(&label).await;
        let (Some(credentials), Some(database)) = (credentials, find(pod, &label)) else {
            continue;
        };
        let (Some(user), None) = (&database.target.user, &database.login) else {
            continue;
        };
        let Route {
            sign_host,
            sign_port,
            region,
            ..
        } = &database.target.route;
        let target = RdsTarget {
            sign_host: sign_host.clone(),
            port: *sign_port,
            user: user.clone(),
            region: region.clone(),
        };
        let asked = database
            .look
            .outcome()
            .await
            .and_then(|look| look.asked.as_mut());
        let Some(Ok(asked)) = asked else { continue };
        let Some(wire) = asked.take() else { continue };
        let token = sign_rds_token(&target, &credentials, now);
        database.login = Some(Background::start(async move {
            match token {
                Ok(token) => login::log_in(wire, &token).await,
                Err(error) => Err(Refused::Token(Fault::unclear(error))),
            }
        }));
    }
}

/// What is left to suspect once the server has asked for a token, and refused it.
fn suspects(pod: &Pod, target: &DatabaseTarget) -> Option<String> {
    let own = target.role.as_ref().map(|step| &step.role);
    let role = own.or(pod.workload.role.as_ref())?;
    let Route {
        sign_host, region, ..
    } = &target.route;
    let (partition, account) = (role.partition(), role.account());
    let user = target.user.as_deref()?;
    Some(format!(
        "the user is a member of rds_iam, else the server had not asked so; look in this order: does a policy of the role \
         `{}` allow rds-db:connect on `arn:{partition}:rds-db:{region}:{account}:dbuser:RESOURCE_ID/{user}` \
         (RESOURCE_ID by `aws rds describe-db-clusters --query \"DBClusters[?Endpoint=='{sign_host}'].DbClusterResourceId\"`), \
         does its permissions boundary, is IAM authentication enabled on the cluster \
         (`--query 'DBClusters[].IAMDatabaseAuthenticationEnabled'`); the log export iam-db-auth-error in CloudWatch names \
         the reason; `irsa doctor --from pod,aws --aws-profile NAME`, with credentials that may read IAM and RDS, tells \
         the first two apart",
        role.name()
    ))
}
