//! Keycloak: the stock build through irsa, and the build with the AWS JDBC wrapper.

mod faults;
mod load;
mod move_to_iam;
mod stage;
mod two_phases;

use std::sync::Arc;
use std::time::Duration;

use interop::port;
use interop::proxy::Proxy;
use irsa_demo::reference_apps::keycloak::{ADA, Keycloak, KeycloakHome, KeycloakOptions};
use irsa_lab::Lab;
use irsa_lab::faults::{StsFault, StsFaultKind};
use irsa_lab::ledger::Service;
use load::{Load, Seen};
pub(crate) use stage::keycloak_unless_missing;
use stage::{database, lab, own_signing, proxy, served, tell, through_irsa};

use super::until;

/// Session lifetime in seconds; irsa renews after 15 s at the latest, which leaves 5 s for a failing STS.
const SESSION_SECONDS: u64 = 20;
/// Time limit until logins work again after a restart of the proxy.
const RECOVERY: Duration = Duration::from_secs(30);
/// Number of logins after it, enough to use every connection that was cut.
const LOGINS_AFTER: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stock_build_with_xa_survives_expiry_a_failing_sts_and_a_restart_of_irsa() {
    let Some(home) = keycloak_unless_missing().await else {
        return;
    };
    let lab = lab(Some(SESSION_SECONDS)).await;
    let port = port::to_return_to().unwrap();
    let irsa = proxy(&lab, port);
    let keycloak = stock(&home, port).await;
    assert!(
        keycloak.log().contains("Initializing database schema"),
        "{}",
        keycloak.log()
    );
    keycloak.token(&ADA).await.unwrap();
    lives_through_expiry_and_a_failing_sts(&lab, &keycloak).await;
    let irsa = lives_through_a_restart(&lab, &keycloak, irsa, port).await;
    assert_eq!(lab.ledger().asked(Service::Imds), 0);
    assert_eq!(lab.ledger().last_refusal(), None);
    Arc::into_inner(keycloak).unwrap().stop().await.unwrap();
    let irsa = two_phases::outlive_irsa(&lab, irsa, port).await;
    two_phases::are_keycloaks_with_two_data_sources(&home, port).await;
    irsa.stop().unwrap();
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_build_with_the_wrapper_works_except_for_xa() {
    let Some(home) = keycloak_unless_missing().await else {
        return;
    };
    let lab = lab(None).await;
    let mut options = KeycloakOptions::new(database(), own_signing(&lab));
    home.build(&options, &tell).await.unwrap();
    let keycloak = Keycloak::start(&home, &options).await.unwrap();
    keycloak.token(&ADA).await.unwrap();
    keycloak.stop().await.unwrap();
    refuses_whom_the_policy_does_not_name(&home, options.clone()).await;
    options.xa = true;
    let error = home.build(&options, &tell).await.unwrap_err().to_string();
    assert!(error.contains("Driver is not an XA dataSource"), "{error}");
    lab.stop().await;
}

/// Starts Keycloak with XA, without a password, and with a pool that always opens new connections.
async fn stock(home: &KeycloakHome, port: u16) -> Arc<Keycloak> {
    let mut options = KeycloakOptions::new(database(), through_irsa(port));
    home.build(&options, &tell).await.unwrap();
    let pool = [
        ("KC_DB_POOL_INITIAL_SIZE", "1"),
        ("KC_DB_POOL_MIN_SIZE", "1"),
        ("KC_DB_POOL_MAX_SIZE", "10"),
        ("KC_DB_POOL_MAX_LIFETIME", "2s"),
    ];
    let pool = pool.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options.more.extend(pool);
    Arc::new(Keycloak::start(home, &options).await.unwrap())
}

/// Waits for three more sessions; STS fails twice before the second of them.
async fn lives_through_expiry_and_a_failing_sts(lab: &Lab, keycloak: &Arc<Keycloak>) {
    let load = Load::start(keycloak);
    let (sessions, logins) = served(lab);
    for more in 1..=3 {
        until("a new session", || served(lab).0 >= sessions + more).await;
        let made = served(lab).1;
        until("a connection by it", || served(lab).1 > made).await;
        if more == 1 {
            let fault = StsFault {
                kind: Some(StsFaultKind::InternalError),
                requests: Some(2),
                ..StsFault::default()
            };
            lab.faults().change(|plan| plan.sts = Some(fault));
        }
    }
    let Seen {
        logins: seen,
        errors,
        ..
    } = load.stop().await;
    assert_eq!(errors, [] as [String; 0]);
    let connections = served(lab).1 - logins;
    tell(&format!(
        "{seen} logins, {connections} new connections, 3 sessions, no error"
    ));
}

/// Stops irsa until a login fails, then starts it again: Keycloak's pool reconnects by itself.
async fn lives_through_a_restart(
    lab: &Lab,
    keycloak: &Arc<Keycloak>,
    irsa: Proxy,
    port: u16,
) -> Proxy {
    let load = Load::start(keycloak);
    assert!(irsa.stop().unwrap().success());
    let is_noticed = || !load.seen().errors.is_empty();
    until("an error", is_noticed).await;
    let irsa = proxy(lab, port);
    let before = load.seen().logins;
    let again = || load.seen().logins >= before + LOGINS_AFTER;
    until("logins", again).await;
    let seen = load.stop().await;
    tell(&format!("restart: {seen:?}"));
    assert!(seen.outage < RECOVERY, "{seen:?}");
    let refused = |error: &String| error.contains("500 Internal Server Error");
    assert!(seen.errors.iter().all(refused), "{seen:?}");
    irsa
}

async fn refuses_whom_the_policy_does_not_name(home: &KeycloakHome, mut options: KeycloakOptions) {
    "reports".clone_into(&mut options.database.user);
    let mut keycloak = Keycloak::launch(home, &options).await.unwrap();
    keycloak.until_ready().await.unwrap_err();
    let log = keycloak.log();
    assert!(
        log.contains(r#"FATAL: PAM authentication failed for user "reports""#),
        "{log}"
    );
}
