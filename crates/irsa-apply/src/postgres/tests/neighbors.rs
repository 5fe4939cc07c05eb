//! Who else can connect.

use super::stage::{Kind, on_each};
use super::{HOSTILE_USER, objects, run, state};

/// The users with passwords of a test that can connect to `orders`.
const CONNECTS: &str = "SELECT rolname FROM pg_roles WHERE rolname IN ('at_work', 'neighbor')
    AND has_database_privilege(oid, (SELECT oid FROM pg_database WHERE datname = 'orders'), 'CONNECT') ORDER BY 1";

#[test]
fn a_neighbor_cannot_connect_to_a_new_database() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let session = stage.session("postgres").await;
        session
            .batch_execute("CREATE ROLE neighbor LOGIN PASSWORD 'x'")
            .await
            .unwrap();
        run(stage, &objects()).await.succeeded();
        let refused = stage
            .user("neighbor", "x")
            .log_in("orders")
            .await
            .unwrap_err();
        assert!(
            refused.reason().contains("permission denied for database"),
            "{refused:?}"
        );
    });
}

#[test]
fn an_existing_database_is_closed_only_if_it_is_exclusive() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let session = stage.session("postgres").await;
        for sql in [
            "CREATE DATABASE orders",
            "CREATE ROLE at_work LOGIN PASSWORD 'x'",
            "CREATE ROLE neighbor LOGIN PASSWORD 'x'",
            "CREATE ROLE rdsreports LOGIN PASSWORD 'x'",
        ] {
            session.batch_execute(sql).await.unwrap();
        }
        stage
            .execute("orders", "CREATE SCHEMA work AUTHORIZATION at_work")
            .await;
        let mut objects = objects();
        let ran = run(stage, &objects).await.succeeded();
        let notes = ran.notes();
        assert!(
            notes[0]
                .what
                .contains("every user can connect to database `orders`"),
            "{}",
            ran.text()
        );
        let names = ["at_work", "neighbor", HOSTILE_USER, "rdsreports", "reader"];
        assert_eq!(notes[0].details, names);
        assert_eq!(
            state::rows(stage, "postgres", CONNECTS).await,
            "at_work\nneighbor\n"
        );

        objects.databases[0].is_exclusive = true;
        let ran = run(stage, &objects).await.succeeded();
        assert_eq!(ran.totals.changed, 1, "{}", ran.text());
        let text = ran.text();
        assert!(
            text.contains("GRANT CONNECT ON DATABASE \"orders\" TO \"at_work\""),
            "{text}"
        );
        assert_eq!(state::rows(stage, "postgres", CONNECTS).await, "at_work\n");
        let temporary = "SELECT has_database_privilege('at_work', 'orders', 'TEMPORARY')";
        assert_eq!(state::rows(stage, "postgres", temporary).await, "t\n");
        assert_eq!(run(stage, &objects).await.succeeded().totals.changed, 0);
    });
}

#[test]
fn a_database_that_someone_closed_stays_closed() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let session = stage.session("postgres").await;
        for sql in [
            "CREATE DATABASE orders ALLOW_CONNECTIONS false CONNECTION LIMIT 0",
            "COMMENT ON DATABASE orders IS 'closed for a migration'",
        ] {
            session.batch_execute(sql).await.unwrap();
        }
        assert!(run(stage, &objects()).await.outcome.is_err());
        let is_open = "SELECT datallowconn FROM pg_database WHERE datname = 'orders'";
        assert_eq!(state::rows(stage, "postgres", is_open).await, "f\n");
    });
}
