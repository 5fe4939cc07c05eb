//! What is left over from earlier runs, and what of it is removed.

use std::collections::BTreeSet;

use irsa_chain::untrusted::quoted;
use irsa_stack::sql::PostgresObjects;

use super::stage::{Kind, Stage, on_each};
use super::{HOSTILE_USER, Options, Ran, objects, options, run, run_with, state};
use crate::Mode;

/// What the owner of a database lets a reader read, as the script of `irsa render sql` does.
const LET_READ: &str = "CREATE TABLE notes (n int); CREATE VIEW more AS SELECT n FROM notes;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader";

/// The roles that the administrator is a member of.
const MEMBERSHIPS: &str =
    "SELECT m::text FROM pg_auth_members m WHERE m.member = 'camunda_admin'::regrole ORDER BY 1";

async fn prune(stage: &Stage, objects: &PostgresObjects) -> Ran {
    let options = Options {
        prune: true,
        ..options()
    };
    run_with(stage, objects, Mode::Apply, &options).await
}

async fn removes_reader(stage: &Stage, objects: &PostgresObjects) {
    let text = prune(stage, objects).await.succeeded().text();
    assert!(text.contains("user `reader` is removed"), "{text}");
}

/// A setup in which the reader reads what the owner of `orders` writes.
async fn with_reader(stage: &Stage) -> PostgresObjects {
    let mut objects = objects();
    objects.databases[0].readers = vec!["reader".to_owned()];
    run(stage, &objects).await.succeeded();
    stage
        .execute("orders", &format!("SET ROLE api; {LET_READ}"))
        .await;
    objects
}

fn without_reader(objects: &PostgresObjects) -> PostgresObjects {
    let mut objects = objects.clone();
    objects.users.retain(|user| user.name != "reader");
    for database in &mut objects.databases {
        database.readers.clear();
    }
    objects
}

#[test]
fn a_reader_is_removed_with_the_tables_privileges_that_its_owner_gave_it() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = without_reader(&with_reader(stage).await);
        let memberships = state::rows(stage, "postgres", MEMBERSHIPS).await;
        let ran = prune(stage, &objects).await.succeeded();
        let text = ran.text();
        for part in [
            "user `reader` has no CONNECT on database `orders`",
            "user `reader` has no USAGE on schema public of database `orders`",
            "user `reader` has no privileges on the tables of `api` in database `orders`",
            "REVOKE ALL ON TABLE public.more, public.notes FROM reader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE api IN SCHEMA public REVOKE ALL ON TABLES FROM reader",
            "user `reader` is removed",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let now = state::rows(stage, "postgres", MEMBERSHIPS).await;
        let kept = memberships
            .lines()
            .filter(|line| now.contains(line))
            .count();
        assert_eq!(kept, now.lines().count(), "{now}\n{memberships}");
        stage.check_admin().await;
        assert_eq!(prune(stage, &objects).await.succeeded().totals.changed, 0);
    });
}

/// Granting and revoking a membership for the transaction would end the one that exists.
#[test]
fn an_administrator_who_is_a_member_of_the_owner_stays_one() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let mut objects = without_reader(&with_reader(stage).await);
        objects.users.retain(|user| user.name != "api");
        objects.databases[0].writers.clear();
        // On 15, every membership counts for rds_iam, which would end the administrator's login by password.
        let membership = match stage.kind {
            Kind::Old => "REVOKE rds_iam FROM api; GRANT api TO camunda_admin",
            _ => "GRANT api TO camunda_admin WITH INHERIT FALSE",
        };
        let session = stage.session("postgres").await;
        session.batch_execute(membership).await.unwrap();
        let memberships = "SELECT m::text FROM pg_auth_members m
            WHERE m.member = 'camunda_admin'::regrole AND m.roleid = 'api'::regrole ORDER BY 1";
        let before = state::rows(stage, "postgres", memberships).await;
        removes_reader(stage, &objects).await;
        let now = state::rows(stage, "postgres", memberships).await;
        assert_eq!(now, before);
        assert!(!now.is_empty());
        stage.check_admin().await;
    });
}

/// A cluster and its RDS Proxy are two stores of the specification, and one server.
#[test]
fn a_user_of_another_store_or_one_that_is_acted_as_is_kept() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let mut objects = without_reader(&with_reader(stage).await);
        objects.users_of_other_stores = BTreeSet::from(["reader".to_owned()]);
        let ran = prune(stage, &objects).await.succeeded();
        assert!(!ran.text().contains("`reader`"), "{}", ran.text());

        objects.users_of_other_stores.clear();
        objects.users[0].name = "api_iam".to_owned();
        objects.users[0].acts_as = Some("reader".to_owned());
        let text = run(stage, &objects).await.text();
        assert!(!text.contains("`reader` is no longer"), "{text}");
    });
}

#[test]
fn a_user_that_row_level_security_policies_name_is_kept() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = without_reader(&with_reader(stage).await);
        let policy = "CREATE POLICY \"own rows\" ON notes FOR SELECT TO reader USING (n > 0)";
        stage
            .execute("orders", &format!("SET ROLE api; {policy}"))
            .await;
        let before = stage.state().await;
        for options in [false, true].map(|prune| Options { prune, ..options() }) {
            let ran = run_with(stage, &objects, Mode::Apply, &options).await;
            let ran = ran.succeeded();
            let note = ran.notes()[0];
            let what = "user `reader` is no longer in irsa.yaml; row-level security policies name it, and it is kept";
            assert!(note.what.starts_with(what), "{}", ran.text());
            let policy = "database `orders`: POLICY \"own rows\" ON public.notes";
            assert_eq!(note.details, [policy]);
            assert_eq!(stage.state().await, before, "it can still log in");
        }
        // What the note recommends.
        let drop = "SET ROLE api; DROP POLICY \"own rows\" ON public.notes";
        stage.execute("orders", drop).await;
        removes_reader(stage, &objects).await;
    });
}

#[test]
fn a_user_with_members_is_kept() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = without_reader(&with_reader(stage).await);
        stage
            .execute("postgres", "CREATE ROLE member; GRANT reader TO member")
            .await;
        let text = prune(stage, &objects).await.succeeded().text();
        let kept = "user `reader` is no longer in irsa.yaml; it has members and is kept";
        assert!(text.contains(kept), "{text}");
    });
}

#[test]
fn a_user_with_an_open_session_is_kept() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = without_reader(&objects());
        run(stage, &super::objects()).await.succeeded();
        let password = "REVOKE rds_iam FROM reader; ALTER ROLE reader PASSWORD 'x'";
        let session = stage.session("postgres").await;
        session.batch_execute(password).await.unwrap();
        let reader = stage.user("reader", "x").log_in("postgres").await;
        let reader = reader.map_err(|error| error.reason().to_owned()).unwrap();
        let row = reader
            .query_one("SELECT pg_backend_pid()", &[])
            .await
            .unwrap();
        let before = stage.state().await;
        let ran = prune(stage, &objects).await.succeeded();
        let note = ran.notes()[0];
        assert_eq!(
            note.what,
            "user `reader` is no longer in irsa.yaml; it has open sessions (1) and is kept"
        );
        assert_eq!(note.details, [format!("PIDs: {}", row.get::<_, i32>(0))]);
        assert_eq!(stage.state().await, before);
        let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'reader'";
        stage.execute("postgres", end).await;
        removes_reader(stage, &objects).await;
    });
}

#[test]
fn a_user_with_privileges_that_others_granted_is_kept() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        run(stage, &super::objects()).await.succeeded();
        for sql in [
            "CREATE ROLE boss",
            "CREATE DATABASE archive OWNER boss",
            "SET ROLE boss; GRANT CONNECT ON DATABASE archive TO reader",
        ] {
            stage.execute("postgres", sql).await;
        }
        let objects = without_reader(&objects());
        for _ in 0..2 {
            let ran = prune(stage, &objects).await.succeeded();
            let text = ran.text();
            let grant = "user `reader` has CONNECT on database `archive`, which irsa.yaml does not give; `boss` granted it";
            assert!(text.contains(grant), "{text}");
            assert!(
                text.contains("it has privileges that this run cannot revoke, and is kept"),
                "{text}"
            );
        }
        let revoke = "SET ROLE boss; REVOKE CONNECT ON DATABASE archive FROM reader";
        stage.execute("postgres", revoke).await;
        removes_reader(stage, &objects).await;
    });
}

#[test]
fn a_removal_that_was_cut_anywhere_is_completed_by_the_next() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = without_reader(&with_reader(stage).await);
        prune(stage, &objects).await.succeeded();
        let whole = stage.state().await;
        for statements in 1.. {
            stage.reset().await;
            with_reader(stage).await;
            stage.cut_after = Some(statements);
            let cut = prune(stage, &objects).await;
            stage.cut_after = None;
            stage.check_admin().await;
            if cut.outcome.is_ok() {
                assert!(statements > 6, "only {statements} statements");
                return;
            }
            prune(stage, &objects).await.succeeded();
            assert_eq!(stage.state().await, whole, "after {}", cut.text());
        }
    });
}

/// Setups of two accounts that share a cluster.
#[test]
fn two_setups_of_one_name_leave_each_other_alone() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        run(stage, &objects()).await.succeeded();
        let first = stage.state().await;
        let mut other = objects();
        other.mark = "irsa: shop (444455556666)".to_owned();
        prune(stage, &other)
            .await
            .failed_with("user `api` belongs to the setup `shop (111122223333)`");
        other.users.clear();
        other.databases.clear();
        let ran = prune(stage, &other).await.succeeded();
        assert!(ran.steps.is_empty(), "{}", ran.text());
        assert_eq!(stage.state().await, first);
    });
}

#[test]
fn only_what_is_ours_and_owns_nothing_is_removed() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let session = stage.session("postgres").await;
        session
            .batch_execute("CREATE ROLE foreign_user LOGIN")
            .await
            .unwrap();
        session
            .batch_execute("COMMENT ON ROLE foreign_user IS 'irsa: other (111122223333)'")
            .await
            .unwrap();
        let mut objects = objects();
        run(stage, &objects).await.succeeded();
        stage
            .execute("orders", "SET ROLE api; CREATE TABLE notes (n int)")
            .await;
        objects.users.clear();
        objects.databases.clear();
        let ran = run(stage, &objects).await.succeeded();
        assert_eq!(ran.totals.changed, 0, "{}", ran.text());
        let ran = prune(stage, &objects).await.succeeded();
        let text = ran.text();
        for user in [HOSTILE_USER, "reader"] {
            assert!(
                text.contains(&format!("user {} is removed", quoted(user))),
                "{text}"
            );
        }
        assert!(
            text.contains("user `api` is no longer in irsa.yaml; it owns objects and is kept"),
            "{text}"
        );
        assert!(
            text.contains("database `orders` is no longer in irsa.yaml"),
            "{text}"
        );
        let left = "SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE 'irsa%' ORDER BY 1";
        assert_eq!(
            state::rows(stage, "postgres", left).await,
            "api\nforeign_user\n"
        );
    });
}
