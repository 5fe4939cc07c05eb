//! Privileges that the specification no longer gives.

use irsa_stack::sql::UserObject;

use super::stage::{Kind, Stage, on_each};
use super::{HOSTILE_DATABASE, objects, options, run, run_with, state};
use crate::Mode;

async fn execute(stage: &Stage, sql: &str) {
    let session = stage.session("postgres").await;
    session.batch_execute(sql).await.unwrap();
}

#[test]
fn a_writer_that_becomes_a_reader_loses_the_other_privileges() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let mut reading = objects();
        reading.databases[0].readers.push("reader".to_owned());
        run(stage, &reading).await.succeeded();
        let fresh = stage.state().await;
        stage.reset().await;

        let mut writing = objects();
        writing.databases[0].writers.push("reader".to_owned());
        run(stage, &writing).await.succeeded();
        let before = stage.state().await;
        let dry = run_with(stage, &reading, Mode::DryRun, &options()).await;
        assert_eq!(dry.succeeded().totals.would_change, 2);
        assert_eq!(stage.state().await, before);
        let ran = run(stage, &reading).await.succeeded();
        let text = ran.text();
        assert_eq!(ran.totals.changed, 2, "{text}");
        for part in [
            "user `reader` has no CREATE, TEMPORARY on database `orders`",
            "REVOKE CREATE, TEMPORARY ON DATABASE \"orders\" FROM \"reader\"",
            "user `reader` has no CREATE on schema public of database `orders`",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert_eq!(stage.state().await, fresh);
        assert_eq!(run(stage, &reading).await.succeeded().totals.changed, 0);
    });
}

#[test]
fn what_a_reader_owned_as_a_writer_is_reported() {
    on_each(&[Kind::Inherited], async |stage| {
        let mut objects = objects();
        objects.databases[0].writers.push("reader".to_owned());
        run(stage, &objects).await.succeeded();
        stage
            .execute("orders", "SET ROLE reader; CREATE TABLE mine (n int)")
            .await;
        objects.databases[0].readers = vec![objects.databases[0].writers.pop().unwrap()];
        let ran = run(stage, &objects).await.succeeded();
        let note = "user `reader` owns objects in database `orders`";
        assert!(ran.text().contains(note), "{}", ran.text());
    });
}

#[test]
fn a_user_that_moved_to_another_database_has_nothing_left_in_the_old_one() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let mut objects = objects();
        objects.databases[0].readers.push("reader".to_owned());
        run(stage, &objects).await.succeeded();
        let let_read = "SET ROLE api; CREATE TABLE notes (n int); GRANT SELECT ON notes TO reader";
        stage.execute("orders", let_read).await;
        // The old database is not in the specification any more, either.
        objects.users[0].name = "web".to_owned();
        objects.databases.remove(0);
        objects.databases[0].readers = vec!["reader".to_owned(), "web".to_owned()];
        let ran = run(stage, &objects).await.succeeded();
        let text = ran.text();
        assert!(
            text.contains(
                "user `reader` has no privileges on the tables of `api` in database `orders`"
            ),
            "{text}"
        );
        let left = "SELECT count(*) FROM pg_shdepend s JOIN pg_database d ON d.datname = 'orders'
              AND (s.dbid = d.oid OR s.classid = 'pg_database'::regclass AND s.objid = d.oid)
            WHERE s.refobjid = 'reader'::regrole";
        assert_eq!(state::rows(stage, "postgres", left).await, "0\n");
        let connects = format!(
            "SELECT has_database_privilege('reader', datname, 'CONNECT') FROM pg_database
            WHERE datname IN ('orders', {}) ORDER BY datname = 'orders'",
            irsa_stack::sql::literal(HOSTILE_DATABASE)
        );
        assert_eq!(state::rows(stage, "postgres", &connects).await, "t\nf\n");
        assert_eq!(run(stage, &objects).await.succeeded().totals.changed, 0);
    });
}

#[test]
fn a_user_that_acts_as_no_one_any_more_is_no_member() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        execute(stage, "CREATE ROLE mover LOGIN PASSWORD 'x'").await;
        execute(stage, "CREATE ROLE other LOGIN PASSWORD 'x'").await;
        let mut objects = objects();
        objects.users[0] = UserObject {
            name: "mover_iam".to_owned(),
            acts_as: Some("mover".to_owned()),
        };
        objects.databases[0].writers = vec!["mover".to_owned()];
        run(stage, &objects).await.succeeded();
        objects.users[0].acts_as = Some("other".to_owned());
        objects.databases[0].writers = vec!["other".to_owned()];
        let dry = run_with(stage, &objects, Mode::DryRun, &options()).await;
        let ran = run(stage, &objects).await.succeeded();
        assert_eq!(ran.totals.changed, dry.succeeded().totals.would_change);
        let text = ran.text();
        let step = "user `mover_iam` acts as `other`\n    REVOKE \"mover\" FROM \"mover_iam\"\n    GRANT \"other\"";
        assert!(text.contains(step), "{text}");
        let members = "SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = 'mover_iam'::regrole ORDER BY 1";
        let settings =
            "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'mover_iam'::regrole";
        let rows = |sql| state::rows(stage, "postgres", sql);
        assert_eq!(rows(members).await, "other\nrds_iam\n");
        assert_eq!(rows(settings).await, "{role=other}\n");
        objects.users[0].acts_as = None;
        objects.databases[0].writers = vec!["mover_iam".to_owned()];
        let text = run(stage, &objects).await.succeeded().text();
        let step = "user `mover_iam` has no membership in `other`";
        assert!(text.contains(step), "{text}");
        assert_eq!(rows(members).await, "rds_iam\n");
        assert_eq!(rows(settings).await, "");
        assert_eq!(run(stage, &objects).await.succeeded().totals.changed, 0);
    });
}

/// What the documentation recommends for privileges that the file cannot give.
#[test]
fn a_membership_in_a_group_that_was_granted_by_hand_stays() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        run(stage, &objects()).await.succeeded();
        for sql in [
            "CREATE ROLE team",
            "CREATE DATABASE archive",
            "REVOKE CONNECT ON DATABASE archive FROM PUBLIC",
            "GRANT CONNECT ON DATABASE archive TO team",
            "GRANT team TO reader",
        ] {
            execute(stage, sql).await;
        }
        let before = stage.state().await;
        let ran = run(stage, &objects()).await.succeeded();
        assert_eq!(ran.totals.changed, 0, "{}", ran.text());
        let note = "user `reader` has membership in `team`, which irsa.yaml does not give; `camunda_admin` granted it";
        assert_eq!(ran.notes()[0].what, note);
        assert_eq!(stage.state().await, before);
        let can = "SELECT has_database_privilege('reader', 'archive', 'CONNECT')";
        assert_eq!(state::rows(stage, "postgres", can).await, "t\n");
    });
}

#[test]
fn what_others_granted_is_reported_only() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        run(stage, &objects()).await.succeeded();
        for sql in [
            "CREATE ROLE boss",
            "CREATE DATABASE archive OWNER boss",
            "SET ROLE boss; GRANT CONNECT ON DATABASE archive TO api",
            "GRANT boss TO reader",
        ] {
            stage.execute("postgres", sql).await;
        }
        let before = stage.state().await;
        let ran = run(stage, &objects()).await.succeeded();
        assert_eq!(ran.totals.changed, 0, "{}", ran.text());
        let notes: Vec<_> = ran.notes().iter().map(|note| note.what.as_str()).collect();
        assert_eq!(
            notes,
            [
                "user `reader` has membership in `boss`, which irsa.yaml does not give; `rdsadmin` granted it",
                "user `api` has CONNECT on database `archive`, which irsa.yaml does not give; `boss` granted it",
            ]
        );
        assert_eq!(stage.state().await, before);
    });
}
