//! Web Modeler's stack: without a signing library through irsa, and with its own signing.

mod faults;
mod load;

use std::fs;
use std::path::{Path, PathBuf};

use interop::Error;
use interop::faults::database::DatabaseStage;
use interop::proxy::Proxy;
use interop::server::cache_folder;
use irsa_demo::reference_apps::web_modeler::{self, WebModeler};
use irsa_demo::reference_apps::{AppError, DatabaseMode};
use irsa_lab::ledger::{Outcome, Service};
use irsa_testing::skip;
use load::Load;

use super::until;

/// The application's name in its world, also that of its database and user.
const NAME: &str = "webmodeler";
/// Lifetime in seconds of sessions, and of the tokens signed with them.
const SESSION_SECONDS: u64 = 8;
/// Number of times that all database sessions are cut, each after two renewals, so that earlier credentials have
/// expired.
const CUTS: usize = 2;

/// Makes Hikari test a connection before each use, even within half a second after the last one.
const ASK_ALWAYS: (&str, &str) = (
    "JAVA_TOOL_OPTIONS",
    "-Dcom.zaxxer.hikari.aliveBypassWindowMs=0",
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_modes_serve_while_credentials_expire_and_connections_are_replaced() {
    let Some(built) = built_unless_missing().await else {
        return;
    };
    let stage = DatabaseStage::set(NAME, Some(SESSION_SECONDS))
        .await
        .unwrap();
    let (mut own, through) = (stage.pod().unwrap(), stage.pod().unwrap());
    own.database.push_str("_own");
    let irsa = through.proxy().unwrap();
    let ways = [
        (&own, own.own_signing().unwrap()),
        (&through, through.through(&irsa)),
    ];
    let mut loads = Vec::new();
    for (pod, mode) in ways {
        let started = WebModeler::start(&built, &pod.database(), &mode, &[ASK_ALWAYS])
            .await
            .unwrap();
        assert!(
            started.log().contains("Successfully applied 2 migrations"),
            "{}",
            started.log()
        );
        loads.push((Load::start(&started.url()), started));
    }
    for _ in 0..CUTS {
        live_through_a_cut(&stage, &irsa, &loads).await;
    }
    for (load, service) in loads {
        let seen = load.stop().await;
        assert!(
            seen.errors.is_empty(),
            "{:#?}\n{}",
            seen.errors,
            service.log()
        );
        assert_eq!(seen.listed, seen.created);
        service.stop().await.unwrap();
    }
    assert!(!irsa.log().contains("login refused"), "{}", irsa.log());
    assert_eq!(stage.lab().ledger().asked(Service::Imds), 0);
    irsa.stop().unwrap();
    stage.strike().await;
}

#[tokio::test]
async fn through_irsa_no_library_signs() {
    let Some(built) = built_unless_missing().await else {
        return;
    };
    let mode = DatabaseMode::ThroughIrsa {
        host: "localhost".to_owned(),
        port: 5432,
    };
    let jars: Vec<String> = web_modeler::libraries(&mode)
        .iter()
        .flat_map(|folder| jars(&built.join(folder)))
        .collect();
    let signing = jars_of_signing(&built);
    assert!(
        signing
            .iter()
            .any(|jar| jar.starts_with("aws-advanced-jdbc-wrapper")),
        "{signing:?}"
    );
    assert!(
        jars.iter().any(|jar| jar.starts_with("postgresql")),
        "{jars:?}"
    );
    let both: Vec<&String> = jars
        .iter()
        .filter(|jar| signing.contains(jar) || jar.contains("aws"))
        .collect();
    assert!(both.is_empty(), "{both:?}");
}

/// Waits for two renewals, cuts all database sessions between two requests, and checks that both modes continue with
/// new connections.
async fn live_through_a_cut(stage: &DatabaseStage, irsa: &Proxy, loads: &[(Load, WebModeler)]) {
    let renewals = || irsa.log().matches("credentials renewed").count();
    let logins = || {
        stage
            .lab()
            .ledger()
            .count(Service::Aurora, "login", Outcome::Served)
    };
    let before = renewals();
    until("two renewals", || renewals() >= before + 2).await;
    let mut held = Vec::new();
    for (load, _) in loads {
        held.push(load.hold().await);
    }
    cut_sessions(irsa).await.unwrap();
    let (served, made) = (
        loads
            .iter()
            .map(|(load, _)| load.served())
            .collect::<Vec<_>>(),
        logins(),
    );
    drop(held);
    let goes_on = || {
        loads
            .iter()
            .zip(&served)
            .all(|((load, _), before)| load.served() >= before + 20)
    };
    until("requests served since", goes_on).await;
    assert!(logins() >= made + 2, "each made a connection");
}

/// Runs as the application's user, who may terminate its own sessions.
async fn cut_sessions(irsa: &Proxy) -> Result<(), Error> {
    let mut config = tokio_postgres::Config::new();
    config
        .host("127.0.0.1")
        .port(irsa.address().port())
        .user(NAME)
        .dbname(NAME);
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    // Waits up to this many milliseconds for each to end.
    let others = "select pg_terminate_backend(pid, 60000) from pg_stat_activity \
                  where usename = current_user and pid <> pg_backend_pid()";
    client.simple_query(others).await?;
    Ok(())
}

async fn built_unless_missing() -> Option<PathBuf> {
    match web_modeler::build(&cache_folder().unwrap(), &|_| {}).await {
        Ok(built) => Some(built),
        Err(missing @ AppError::Missing { .. }) => {
            skip(missing);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn jars_of_signing(built: &Path) -> Vec<String> {
    jars(&built.join("signing"))
}

fn jars(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}
