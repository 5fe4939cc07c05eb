//! Users that act as another role.

use irsa_stack::sql::UserObject;

use super::stage::{Kind, Stage, on_each};
use super::{objects, run, state};

/// The privileges on the database and on its schema that were granted to someone.
const GRANTS: &str = "SELECT datacl FROM pg_database WHERE datname = 'legacy'
    UNION ALL SELECT nspacl FROM pg_namespace WHERE nspname = 'public'";

/// A database of the group `app`, in which `mover` works as a member of it, as the administrator created them.
async fn create_application(stage: &Stage) {
    let session = stage.session("postgres").await;
    for sql in [
        "CREATE ROLE app",
        "CREATE ROLE mover LOGIN PASSWORD 'today'",
        "GRANT app TO mover",
    ] {
        session.batch_execute(sql).await.unwrap();
    }
    stage
        .execute("postgres", "CREATE DATABASE legacy OWNER app")
        .await;
    stage
        .execute("legacy", "SET ROLE app; CREATE TABLE notes (n int)")
        .await;
}

#[test]
fn a_user_acts_as_a_member_of_the_group_that_owns_the_database() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        create_application(stage).await;
        let grants = state::rows(stage, "postgres", GRANTS).await;
        for acts_as in ["mover", "app"] {
            let mut objects = objects();
            objects.users.truncate(1);
            objects.databases.truncate(1);
            objects.users[0] = UserObject {
                name: "mover_iam".to_owned(),
                acts_as: Some(acts_as.to_owned()),
            };
            objects.databases[0].name = "legacy".to_owned();
            objects.databases[0].writers = vec![acts_as.to_owned()];
            run(stage, &objects).await.succeeded();
            let again = run(stage, &objects).await.succeeded();
            assert_eq!(again.totals.changed, 0, "{}", again.text());
            // The group has what it needs as the owner, and its members have it from the group.
            assert_eq!(state::rows(stage, "postgres", GRANTS).await, grants);
            let works = format!(
                "SET SESSION AUTHORIZATION mover_iam; SET ROLE {acts_as};
                 INSERT INTO notes VALUES (1); CREATE TABLE {acts_as}_notes (n int)"
            );
            stage.execute("legacy", &works).await;
        }
        let close = "REVOKE CONNECT ON DATABASE legacy FROM PUBLIC";
        stage.execute("postgres", close).await;
        let mut objects = objects();
        objects.databases[0].name = "legacy".to_owned();
        objects.databases[0].writers = vec!["app".to_owned()];
        let ran = run(stage, &objects).await;
        let ran = ran.failed_with("permission denied for database \"legacy\" (SQLSTATE 42501)");
        assert_eq!(
            ran.outcome.unwrap_err().remedy.unwrap(),
            "as the owner of the database, run `GRANT CONNECT ON DATABASE \"legacy\" TO \"camunda_admin\"`"
        );
    });
}
